"""Check the solution of a graph game without a solver."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mfmgame.answers.decision import decide
from mfmgame.answers.solution import refuse_other_tolerances, scale_of
from mfmgame.certificates.duality_certificate import Certificate, attack_plan
from mfmgame.documents.graph_result import GraphResult
from mfmgame.errors import CertificateError
from mfmgame.messages import refuse_other_types
from mfmgame.paths.graph_claims import claimed_graph_solution
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.graph_solution import GraphSolution
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_search import PathSearch
from mfmgame.verification.agreement import (
    check_between,
    check_each,
    check_equal,
    refuse,
    rounded,
    rounded_outwards,
)
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.claims import check_notes, check_status
from mfmgame.verification.verify import Verification

__all__ = ["check_paths", "verify_graph"]

_ROUNDING = Fraction(1, 10**11)
"""Relative difference allowed to bounds that carry the rounding errors of long sums."""


def verify_graph(
    answer: GraphSolution | GraphResult, game: GraphGame, *, tolerance: float | None = None
) -> Verification:
    """Check that the solution of a graph game follows from its own proof.

    The lower bound is that of the listed paths, checked in interval arithmetic: fewer paths can
    only lower the value. The upper bound searches the graph again, with rounding to the safe side,
    so that no path, listed or not, can cause more.

    Parameters
    ----------
    answer : GraphSolution or GraphResult
        The claims, from this process or from a file (see :func:`mfmgame.load_result`).
    game : GraphGame
        The game, built independently of the answer.
    tolerance : float, optional
        Tolerance that :func:`solve_graph` was asked for, if not the default; it decides whether
        the bracket of a document may be called proven.

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
    refuse_other_types(answer, "answer", GraphSolution, GraphResult)
    refuse_other_types(game, "game", GraphGame)
    refuse_other_tolerances(tolerance)
    if isinstance(answer, GraphSolution):
        return _check_solution(answer, game)
    solution = claimed_graph_solution(answer, game, tolerance)
    proven = _check_solution(solution, game)
    check_status(("status",), answer.status, solution)
    loss = game.techniques.termination_loss
    decision = None
    if loss is not None:
        decision = decide(solution.game, solution.lower, solution.upper, loss)
    check_equal(("decision",), answer.decision, decision)
    check_notes(answer.notes, solution.notes)
    return proven


def _check_solution(solution: GraphSolution, game: GraphGame) -> Verification:
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
    exposure, ones = exact.composition.exposure(allocation), np.ones(len(listed))
    numbered = list(map(str, range(len(listed))))
    check_each(("paths",), numbered, solution.attack, attack_plan(threats, proof), last=("effort",))
    covered = 1.0 - exposure
    check_each(("paths",), numbered, solution.coverage, covered, ones, last=("coverage",))
    residual = threats.severity * exposure
    check_each(
        ("paths",), numbered, solution.residual, residual, threats.severity, last=("residual",)
    )
    upper = Fraction(PathSearch(game, allocation).least_bound(budget, price))
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
