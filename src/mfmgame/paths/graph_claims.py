"""The solution of a graph rebuilt from its document, with every claim unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.documents.graph_result import GraphResult, PathResult
from mfmgame.game.labels import Labelled
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.graph_solution import GraphSolution
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.verification.agreement import check_each, check_equal, refuse
from mfmgame.verification.claims import check_head, claimed_allocation, claimed_vector

__all__ = ["claimed_graph_solution"]


def claimed_graph_solution(
    result: GraphResult, game: GraphGame, tolerance: float | None
) -> GraphSolution:
    """Rebuild the solution that a document claims for a graph game.

    Parameters
    ----------
    result : GraphResult
    game : GraphGame
    tolerance : float, optional
        Tolerance of the claims; 1e-6 by default.

    Returns
    -------
    GraphSolution

    Raises
    ------
    CertificateError
        If a claim refers to an unknown edge, loss, defense or resource, or its numbers are not
        those of the graph.
    """
    frame, budget = game.techniques, game.attacker_bandwidth
    check_head(result, frame)
    edges, losses = _positions(game.edge_ids), _positions(game.loss_ids)
    listed = ListedPaths(game)
    for k, path in enumerate(result.paths):
        place = ("paths", k)
        loss = _found(path.loss, losses, (*place, "loss"))
        steps = [
            _found(edge, edges, (*place, "path", position))
            for position, edge in enumerate(path.path)
        ]
        if listed.numbers([loss], [tuple(steps)])[0] != k:
            raise refuse(place, "found a path twice, expected each path once")
    paths = listed.game(budget)
    _check_paths(result.paths, listed, paths.severity, paths.bandwidth)
    cuts = result.certificate.cuts
    for k, cut in enumerate(cuts):
        if cut.path >= len(listed):
            raise refuse(
                ("certificate", "cuts", k, "path"),
                f"found {cut.path}, expected the position of one of {len(listed)} paths",
            )
    limits = claimed_vector(("prices", "limits"), result.prices.limits, frame.resources)
    certificate = Certificate(
        threats=np.array([cut.path for cut in cuts], dtype=np.intp),
        anchors=np.array([cut.anchor for cut in cuts], dtype=np.float64),
        weights=np.array([cut.weight for cut in cuts], dtype=np.float64),
        limit_prices=limits.array,
    )
    columns = {
        name: Labelled(paths.threat_ids, np.array([getattr(path, name) for path in result.paths]))
        for name in ("effort", "coverage", "residual")
    }
    return GraphSolution(
        game=paths,
        value=result.value,
        lower=result.bounds.lower,
        upper=result.bounds.upper,
        allocation=claimed_allocation((), result.allocation, result.use, frame),
        attack=columns["effort"],
        coverage=columns["coverage"],
        residual=columns["residual"],
        bandwidth_price=result.prices.attacker_bandwidth,
        limit_prices=limits,
        certificate=certificate,
        rounds=0,
        tolerance=tolerance or 1e-6,
        stopped="numerical" if result.status == "proven" else result.status,
        graph_game=game,
        listed=listed,
    )


def _check_paths(
    claimed: Sequence[PathResult], listed: ListedPaths, severity: FloatArray, bandwidth: FloatArray
) -> None:
    """Check the nodes, severity and bandwidth of each path."""
    numbers = list(map(str, range(len(claimed))))
    for name, found in (("severity", severity), ("bandwidth", bandwidth)):
        claims = [getattr(path, name) for path in claimed]
        check_each(("paths",), numbers, claims, found, last=(name,))
    for k, path in enumerate(claimed):
        check_equal(("paths", k, "nodes"), path.nodes, list(listed.node_ids(k)))


def _positions(names: Sequence[str]) -> dict[str, int]:
    return {name: position for position, name in enumerate(names)}


def _found(name: str, known: Mapping[str, int], place: tuple[str | int, ...]) -> int:
    if name not in known:
        noun = "a loss" if place[-1] == "loss" else "an edge"
        raise refuse(place, f"found {shown(name)}, expected {noun} of the graph")
    return known[name]
