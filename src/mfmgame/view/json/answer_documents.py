"""Answers as JSON documents: keys in the catalog's order, floats with every digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from mfmgame.answers.basis_summary import stated_bases
from mfmgame.answers.coverage_index import CoverageIndex, TechniqueIndex
from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.answers.sensitivity import Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.answers.threshold import Threshold
from mfmgame.catalogs.gaps import CatalogGaps, Group
from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.certificates.proof import Proof
from mfmgame.certificates.tree_certificate import Split, TreeProof
from mfmgame.documents.result import Decision, SensitivityResult
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import refuse_other_types
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    from mfmgame.assessment import Assessment


__all__ = [
    "allocation_members",
    "bases_members",
    "certificate_members",
    "displays",
    "frontier_document",
    "gaps_document",
    "head",
    "index_document",
    "result_document",
    "threat_members",
    "threshold_document",
]


def result_document(assessment: Assessment) -> dict[str, Any]:
    """Build the answer to a scenario as a document of schema ``mfmgame/result/1``.

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
    from mfmgame.assessment import Assessment  # which imports the solver

    refuse_other_types(assessment, "assessment", Assessment)
    solution, threshold = assessment.solution, assessment.threshold
    document = {
        **head("mfmgame/result/1", solution.game),
        "value": solution.value,
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "status": assessment.status,
        **allocation_members(solution.game, solution.allocation.array),
        "attack": dict(solution.attack),
        "threats": threat_members(solution.game, solution.coverage, solution.residual),
        "prices": {
            "attacker_bandwidth": solution.bandwidth_price,
            "limits": dict(solution.limit_prices),
        },
    }
    document["sensitivity"] = _sensitivity(assessment.sensitivity)
    if threshold is not None:
        document["threshold"] = _threshold(threshold)
    document["dci"] = _index(assessment.index)
    proof = certificate_members(solution.game, solution.certificate)
    del proof["limits"]  # they stand among the prices
    document["certificate"] = proof
    document |= bases_members(solution)
    document["notes"] = list(assessment.notes)
    return document


def threshold_document(threshold: Threshold) -> dict[str, Any]:
    """Build the threshold alone as a document of schema ``mfmgame/threshold/1``."""
    return {
        **head("mfmgame/threshold/1", threshold.game),
        "status": threshold.status,
        "threshold": _threshold(threshold),
        "notes": list(threshold.notes),
    }


def index_document(index: CoverageIndex) -> dict[str, Any]:
    """Build the coverage index alone as a document of schema ``mfmgame/dci/1``."""
    return {
        **head("mfmgame/dci/1", index.game),
        "status": index.status,
        "dci": _index(index),
        "notes": list(index.notes),
    }


def frontier_document(frontier: Frontier, at: Sequence[float] = ()) -> dict[str, Any]:
    """Build a frontier as a document of schema ``mfmgame/frontier/1``.

    Parameters
    ----------
    frontier : Frontier
    at : sequence of float, optional
        Points to list the value at, besides the breakpoints.

    Returns
    -------
    dict
        Breakpoints with the proven bracket and pieces with their slope. Over the
        attacker's bandwidth each piece has its allocation and each breakpoint its
        certificate; over a limit it is the other way round.
    """
    game = frontier.game
    points = frontier.breakpoints.tolist()
    columns = points, frontier.values.tolist(), frontier.lower.tolist(), frontier.upper.tolist()
    breakpoints: list[dict[str, Any]] = [
        {"at": at, "value": value, "bounds": {"lower": lower, "upper": upper}}
        for at, value, lower, upper in zip(*columns, strict=True)
    ]
    pieces: list[dict[str, Any]] = [
        {"from": start, "to": end, "slope": slope}
        for start, end, slope in zip(points[:-1], points[1:], frontier.slopes.tolist(), strict=True)
    ]
    over_bandwidth = frontier.parameter == ATTACKER_BANDWIDTH
    allocating, certifying = (pieces, breakpoints) if over_bandwidth else (breakpoints, pieces)
    for entry, allocation in zip(allocating, frontier.allocations, strict=True):
        entry |= allocation_members(game, allocation)
    for entry, proof in zip(certifying, frontier.certificates, strict=True):
        entry["certificate"] = certificate_members(game, proof)
    return {
        **head("mfmgame/frontier/1", game),
        "parameter": frontier.parameter,
        "status": frontier.status,
        "decisions": [_region(*region) for region in frontier.regions()] or None,
        "breakpoints": breakpoints,
        "pieces": pieces,
        "points": [{"at": point, "value": frontier(point)} for point in at],
        "notes": list(frontier.notes),
    }


def _region(decision: Decision, start: float, stop: float) -> dict[str, Any]:
    return {"decision": decision, "from": start, "to": stop}


def gaps_document(gaps: CatalogGaps) -> dict[str, Any]:
    """Build the gaps of a catalog as a document of schema ``mfmgame/gaps/1``."""
    document = {
        "schema": "mfmgame/gaps/1",
        **asdict(gaps),
        "covered_share": _or_null(gaps.covered_share),
        "uncovered": [
            {**asdict(threat), "share": _or_null(threat.share)} for threat in gaps.uncovered
        ],
        "bases": {
            kind: {basis.replace(" ", "_"): count for basis, count in counts.items()}
            for kind, counts in gaps.bases.items()
        },
        "duplicates": [{**asdict(found), "ids": list(found.ids)} for found in gaps.duplicates],
        "classes": [_group(group) for group in gaps.classes],
        "tactics": [_group(group) for group in gaps.tactics],
    }
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in document.items()
    }


def _group(group: Group) -> dict[str, Any]:
    return {**asdict(group), "share": _or_null(group.share)}


def head(schema: str, game: DefenseGame) -> dict[str, Any]:
    """Build the first members of every answer document."""
    first = {"schema": schema, "scenario": game.name, "composition": game.composition}
    return {**first, **displays(game)}


def displays(game: DefenseGame) -> dict[str, Any]:
    """Build the member that says how resources are shown; none where the game does not say."""
    shown = {name: {"shown_as": display} for name, display in game.shown_as.items()}
    return {"resources": shown} if shown else {}


def threat_members(game: DefenseGame, coverage: Labelled, residual: Labelled) -> dict[str, Any]:
    """Build the numbers of each threat under an allocation, its loss and its steps."""
    columns = {
        "severity": game.severity.tolist(),
        "bandwidth": game.bandwidth.tolist(),
        "coverage": coverage.array.tolist(),
        "residual": residual.array.tolist(),
    }
    rows = zip(*columns.values(), strict=True)
    return {
        threat: {**dict(zip(columns, row, strict=True)), **_parts(game, i)}
        for i, (threat, row) in enumerate(zip(game.threat_ids, rows, strict=True))
    }


def _parts(game: DefenseGame, threat: int) -> dict[str, Any]:
    """Build the members of a threat's loss and steps; none where it has none."""
    loss = game.threat_losses[threat]
    steps = () if game.chains is None else game.chains.steps_of(threat)
    return {**({"loss": loss} if loss else {}), **({"steps": list(steps)} if steps else {})}


def _threshold(threshold: Threshold) -> dict[str, Any]:
    game, proof = threshold.game, threshold.certificate
    return {
        "bandwidth": threshold.bandwidth,
        "plan_bandwidth": threshold.plan_bandwidth,
        "reachable": threshold.reachable,
        "undefended": threshold.undefended,
        "decision": threshold.decision,
        "margin": threshold.margin,
        **allocation_members(game, threshold.allocation.array),
        "bandwidth_per_loss": threshold.bandwidth_per_loss,
        "lower": threshold.lower,
        "certificate": None if proof is None else certificate_members(game, proof),
    }


def _sensitivity(found: Sensitivity) -> dict[str, Any]:
    levels = zip(found.roles.items(), found.least.values(), found.greatest.values(), strict=True)
    document = {
        "defenses": {
            defense: {"least": least, "greatest": greatest, "role": role}
            for (defense, role), least, greatest in levels
        },
        "prices": {
            "attacker_bandwidth": found.bandwidth_price._asdict(),
            "limits": {name: price._asdict() for name, price in found.limit_prices.items()},
        },
    }
    return {
        **document,
        "digest": SensitivityResult.model_validate({**document, "digest": ""}).found_digest(),
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
                **_by_technique(index.techniques, j),
            }
            for j, (defense, by_class) in enumerate(
                zip(index.defenses, index.by_class.tolist(), strict=True)
            )
        },
        **({} if index.techniques is None else {"technique_weights": index.techniques.weights}),
    }


def _by_technique(found: TechniqueIndex | None, defense: int) -> dict[str, Any]:
    """Build the members of a defense's index by technique; none where there are no chains."""
    if found is None:
        return {}
    return {
        "by_technique": _or_null(found.defenses[defense]),
        "techniques": dict(zip(found.weights, found.shares[defense].tolist(), strict=True)),
    }


def allocation_members(game: DefenseGame, levels: FloatArray) -> dict[str, Any]:
    """Build the members of an allocation and its resource use."""
    return {
        "allocation": dict(Labelled(game.defense_ids, levels)),
        "use": dict(Labelled(game.resources, game.use @ levels)),
    }


def bases_members(answer: Solution | PlanEvaluation) -> dict[str, Any]:
    """Build the member of what an answer rests on; none if no number states its basis."""
    found = stated_bases(answer)
    if found is None:
        return {}
    return {
        "bases": [
            {
                "basis": basis.replace(" ", "_"),
                "numbers": count,
                "share": _or_null(found.shares[basis]),
            }
            for basis, count in found.numbers.items()
        ]
    }


def certificate_members(game: DefenseGame, proof: Proof) -> dict[str, Any]:
    """Build the certificate of a lower bound, with the prices of the limits."""
    return _members(proof, game)


@singledispatch
def _members(proof: Proof, game: DefenseGame) -> dict[str, Any]:
    """List the members of one kind of proof; by default there are none."""
    raise TypeError(f"no JSON for a {type(proof).__name__} of {game.name!r}")


@_members.register(Certificate)
def _(proof: Certificate, game: DefenseGame) -> dict[str, Any]:
    prices = Labelled(game.resources, proof.limit_prices)
    return {"cuts": _cuts(game, proof), "limits": dict(prices)}


@_members.register(TreeProof)
def _(proof: TreeProof, game: DefenseGame) -> dict[str, Any]:
    return {
        **_members(proof.held, game),
        "tree": [
            {"defense": game.defense_ids[node.defense], "at_most": node.at_most}
            if isinstance(node, Split)
            else {"proof": node}
            for node in proof.nodes
        ],
        "proofs": [_members(leaf, game) for leaf in proof.proofs],
    }


def _cuts(game: DefenseGame, proof: Certificate) -> list[dict[str, Any]]:
    columns = proof.threats.tolist(), proof.anchors.tolist(), proof.weights.tolist()
    return [
        {"threat": game.threat_ids[threat], "anchor": anchor, "weight": weight}
        for threat, anchor, weight in zip(*columns, strict=True)
    ]


def _or_null(number: float) -> float | None:
    return None if math.isnan(number) else number
