"""Check the solution of a graph game without a solver."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import Certificate, attack_plan
from mfmgame.errors import CertificateError
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.graph_solution import GraphSolution
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_search import PathSearch
from mfmgame.verification.agreement import (
    check_between,
    check_each,
    refuse,
    rounded,
    rounded_outwards,
)
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.verify import Verification

__all__ = ["check_paths", "verify_graph"]

_ROUNDING = Fraction(1, 10**11)
"""Relative difference allowed to bounds that carry the rounding errors of long sums."""


def verify_graph(solution: GraphSolution, game: GraphGame) -> Verification:
    """Check that the solution of a graph game follows from its own proof.

    The lower bound is that of the listed paths, checked in interval arithmetic: fewer paths can
    only lower the value. The upper bound searches the graph again, with rounding to the safe side,
    so that no path, listed or not, can cause more.

    Parameters
    ----------
    solution : GraphSolution
    game : GraphGame
        The game, built independently of the answer.

    Returns
    -------
    Verification

    Raises
    ------
    CertificateError
        If a path is not a path of the graph, or any number does not follow.
    SolverError
        If the graph needs too many labels.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_graph_game(mg.load_scenario("examples/attack_graph.json"))
    >>> mg.verify_graph(mg.solve_graph(game), game).gap < 1e-6
    True
    """
    check_paths(game, solution.listed.losses, solution.listed.paths)
    listed = ListedPaths(game)
    listed.numbers(solution.listed.losses, solution.listed.paths)
    if len(listed) != len(solution.attack):
        raise CertificateError("found a path twice or an attack of another length")
    threats, budget = listed.game(game.attacker_bandwidth), game.attacker_bandwidth
    exact, proof = ExactGame(threats, listed.composition()), solution.certificate
    if not isinstance(proof, Certificate):
        raise refuse(("certificate",), "found a proof by cases, expected cuts of paths")
    allocation, price = solution.allocation.array, solution.bandwidth_price
    exact.check_allocation(("allocation",), allocation, threats.limits)
    exact.check_certificate(("certificate", "cuts"), ("prices", "limits"), proof, budget)
    lower = max(exact.lower(proof, budget, threats.limits), Fraction(0))
    if not 0.0 <= price < np.inf:
        raise refuse(("prices", "attacker_bandwidth"), "expected a price of at least 0")
    exposure, ids = exact.composition.exposure(allocation), threats.threat_ids
    check_each(("attack",), ids, solution.attack, attack_plan(threats, proof))
    check_each(("coverage",), ids, solution.coverage, 1.0 - exposure, np.ones(len(ids)))
    check_each(("residual",), ids, solution.residual, threats.severity * exposure)
    upper = Fraction(PathSearch(game, allocation).bound(budget, price))
    slack = max(exact.slack(upper), _ROUNDING * upper)
    check_between(("value",), solution.value, lower - slack, upper + slack)
    check_between(("bounds", "lower"), solution.lower, Fraction(0), lower)
    check_between(("bounds", "upper"), solution.upper, upper - slack, upper + slack)
    gap = (upper - lower) / Fraction(scale_of(threats, float(upper)))
    return Verification(
        threats, rounded_outwards(lower, -1), rounded_outwards(upper, 1), rounded(gap)
    )


def check_paths(game: GraphGame, losses: list[int], paths: list[tuple[int, ...]]) -> None:
    """Check that each path leads from an entry to its loss along edges of the graph.

    Raises
    ------
    CertificateError
        At the first path that does not.
    """
    graph, entries = game.graph, set(game.graph.entries.tolist())
    for k, (loss, path) in enumerate(zip(losses, paths, strict=True)):
        tails = graph.tail[list(path)].tolist()
        heads = graph.head[list(path)].tolist()
        starts, ends = (set(tails[:1]), set(heads[-1:])) if path else (entries, entries)
        reached = {int(graph.node_loss[end]) for end in ends}
        if not (starts <= entries and tails[1:] == heads[:-1] and loss in reached):
            raise refuse(
                ("paths", k), "found edges that do not connect, expected a path to the loss"
            )
