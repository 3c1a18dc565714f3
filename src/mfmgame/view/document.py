"""Answers as JSON documents: keys in the catalog's order, floats in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mfmgame.assessment import Assessment
from mfmgame.coverage_index import CoverageIndex
from mfmgame.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.game import DefenseGame
from mfmgame.solution import Solution
from mfmgame.threshold import Threshold

__all__ = [
    "frontier_document",
    "index_document",
    "result_document",
    "threshold_document",
    "unproven_notes",
]


def result_document(assessment: Assessment) -> dict[str, Any]:
    """The answer to a scenario, as a document of schema ``mfmgame/result/1``.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    dict
        Ready for :func:`json.dump`; ``threshold`` is left out where there is none.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0], bandwidth=[1.0], effectiveness=[[0.5]],
    ...                       attacker_bandwidth=1.0)
    >>> result_document(mg.assess(game))["allocation"]
    {'d0': 1.0}
    """
    solution, threshold = assessment.solution, assessment.threshold
    document = {
        **_head("mfmgame/result/1", solution.game),
        "value": solution.value,
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "allocation": dict(solution.allocation),
        "attack": dict(solution.attack),
        "threats": _threats(solution),
        "prices": {
            "attacker_bandwidth": solution.bandwidth_price,
            "limits": dict(solution.limit_prices),
        },
    }
    if threshold is not None:
        document["threshold"] = _threshold(threshold)
    document["dci"] = _index(assessment.index)
    document["certificate"] = _certificate(solution)
    document["notes"] = [*solution.game.notes, *unproven_notes(solution)]
    return document


def threshold_document(game: DefenseGame, threshold: Threshold) -> dict[str, Any]:
    """The threshold alone, as a document of schema ``mfmgame/threshold/1``."""
    return {
        **_head("mfmgame/threshold/1", game),
        "threshold": _threshold(threshold),
        "notes": list(game.notes),
    }


def index_document(game: DefenseGame, index: CoverageIndex) -> dict[str, Any]:
    """The coverage index alone, as a document of schema ``mfmgame/dci/1``."""
    return {
        **_head("mfmgame/dci/1", game),
        "dci": _index(index),
        "notes": list(game.notes),
    }


def frontier_document(frontier: Frontier, at: Sequence[float] = ()) -> dict[str, Any]:
    """A frontier, as a document of schema ``mfmgame/frontier/1``.

    Parameters
    ----------
    frontier : Frontier
    at : sequence of float, optional
        Points to list the value at, besides the breakpoints.

    Returns
    -------
    dict
        Breakpoints with the proven bracket, pieces with their slope, and allocations: of
        the pieces, over the attacker's bandwidth; at the breakpoints, over a limit.
    """
    ids = list(frontier.game.defense_ids)
    allocations = [dict(zip(ids, row, strict=True)) for row in frontier.allocations.tolist()]
    points, values = frontier.breakpoints.tolist(), frontier.values.tolist()
    breakpoints = [
        {"at": point, "value": value, "bounds": {"lower": lower, "upper": value}}
        for point, value, lower in zip(points, values, frontier.lower.tolist(), strict=True)
    ]
    pieces = [
        {"from": start, "to": end, "slope": slope}
        for start, end, slope in zip(points[:-1], points[1:], frontier.slopes.tolist(), strict=True)
    ]
    owners = pieces if frontier.parameter == ATTACKER_BANDWIDTH else breakpoints
    for owner, allocation in zip(owners, allocations, strict=False):
        owner["allocation"] = allocation
    return {
        **_head("mfmgame/frontier/1", frontier.game),
        "parameter": frontier.parameter,
        "breakpoints": breakpoints,
        "pieces": pieces,
        "points": [{"at": point, "value": frontier(point)} for point in at],
        "notes": list(frontier.game.notes),
    }


def unproven_notes(solution: Solution) -> list[str]:
    """What a reader must know of a solution whose bracket stayed too wide."""
    if solution.is_proven:
        return []
    bracket = f"from {solution.lower!r} to {solution.upper!r}"
    return [f"the value is proven only {bracket}, wider than the tolerance asked for"]


def _head(schema: str, game: DefenseGame) -> dict[str, Any]:
    return {"schema": schema, "scenario": game.name, "composition": game.composition}


def _threats(solution: Solution) -> dict[str, Any]:
    game = solution.game
    columns = {
        "severity": game.severity.tolist(),
        "bandwidth": game.bandwidth.tolist(),
        "coverage": solution.coverage.array.tolist(),
        "residual": solution.residual.array.tolist(),
    }
    rows = zip(*columns.values(), strict=True)
    return {
        threat: dict(zip(columns, row, strict=True))
        for threat, row in zip(game.threat_ids, rows, strict=True)
    }


def _threshold(threshold: Threshold) -> dict[str, Any]:
    allocation = threshold.allocation
    return {
        "bandwidth": threshold.bandwidth,
        "reachable": threshold.reachable,
        "undefended": threshold.undefended,
        "decision": threshold.decision,
        "margin": threshold.margin,
        "allocation": None if allocation is None else dict(allocation),
        "bandwidth_per_loss": threshold.bandwidth_per_loss,
    }


def _index(index: CoverageIndex) -> dict[str, Any]:
    return {
        "portfolio": _or_null(index.portfolio),
        "worst_class": _or_null(index.worst_class),
        "adversarial": _or_null(index.adversarial),
        "defenses": {
            defense: {
                "index": _or_null(index.defenses[defense]),
                "consistency": _or_null(index.consistency[defense]),
                "classes": dict(zip(index.classes, by_class, strict=True)),
            }
            for defense, by_class in zip(index.defenses, index.by_class.tolist(), strict=True)
        },
    }


def _certificate(solution: Solution) -> dict[str, Any]:
    proof, ids = solution.certificate, solution.game.threat_ids
    columns = proof.threats.tolist(), proof.anchors.tolist(), proof.weights.tolist()
    return {
        "cuts": [
            {"threat": ids[threat], "anchor": anchor, "weight": weight}
            for threat, anchor, weight in zip(*columns, strict=True)
        ]
    }


def _or_null(number: float) -> float | None:
    return None if math.isnan(number) else number
