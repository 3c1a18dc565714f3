"""Checks of a solution: its bracket, and every number that follows from its proof."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mfmgame.answers.coverage_index import index_of
from mfmgame.answers.solution import Solution
from mfmgame.documents.result import IndexResult
from mfmgame.errors import CertificateError
from mfmgame.game.attacker import best_response
from mfmgame.verification.agreement import check_between, check_each, check_keys, check_number
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.proofs import check_held, proven

__all__ = ["check_index", "check_solution"]


def check_solution(solution: Solution, exact: ExactGame) -> tuple[Fraction, Fraction]:
    """Check a solution, and return its proven bracket.

    Parameters
    ----------
    solution : Solution
    exact : ExactGame
        The exact game that the solution claims to solve.

    Returns
    -------
    lower, upper : Fraction

    Raises
    ------
    CertificateError
        If any number does not follow; the pointer refers to the result's JSON.
    """
    game, allocation, proof = exact.game, solution.allocation.array, solution.certificate
    if len(allocation) != game.n_defenses or len(solution.attack) != game.n_threats:
        raise CertificateError("found a solution of another size, expected the game's own")
    exact.check_allocation(("allocation",), allocation, game.limits)
    budget = game.attacker_bandwidth
    lower = proven(("certificate",), ("prices", "limits"), proof, exact, budget)
    exposure = exact.composition.exposure(allocation)
    residual = game.severity * exposure
    response = best_response(residual, game.ways, budget)
    ids, resources = game.threat_ids, game.resources
    if game.is_discrete:
        check_held(solution)
    check_each(("attack",), ids, solution.attack, proof.attack(game, response))
    ones = np.ones(game.n_threats)
    check_each(("threats",), ids, solution.coverage, 1.0 - exposure, ones, last=("coverage",))
    check_each(("threats",), ids, solution.residual, residual, game.severity, last=("residual",))
    check_each(("prices", "limits"), resources, solution.limit_prices, proof.priced.limit_prices)
    check_number(("prices", "attacker_bandwidth"), solution.bandwidth_price, response.price)
    upper = exact.excess(allocation, response.price)
    upper += Fraction(response.price) * Fraction(budget)
    slack = exact.slack(upper)
    check_between(("value",), solution.value, upper - slack, upper + slack)
    check_between(("bounds", "lower"), solution.lower, lower - slack, lower)
    check_between(("bounds", "upper"), solution.upper, upper, upper + slack)
    return lower, upper


def check_index(claimed: IndexResult, solution: Solution) -> None:
    """Check the coverage index that a result claims for a solution.

    Raises
    ------
    CertificateError
        If any number does not follow from the solution.
    """
    found = index_of(solution.game, solution.allocation.array, solution.game.severity)
    for name in ("portfolio", "worst_class", "adversarial"):
        check_number(("dci", name), getattr(claimed, name), _or_none(getattr(found, name)), 1.0)
    check_keys(("dci", "defenses"), claimed.defenses, solution.game.defense_ids)
    for j, defense in enumerate(solution.game.defense_ids):
        entry, place = claimed.defenses[defense], ("dci", "defenses", defense)
        for name, column in (("index", found.defenses), ("consistency", found.consistency)):
            check_number((*place, name), getattr(entry, name), _or_none(column.array[j]), 1.0)
        classes = (*place, "classes")
        check_keys(classes, entry.classes, found.classes)
        claims = [entry.classes[name] for name in found.classes]
        check_each(classes, found.classes, claims, found.by_class[j], np.ones(len(claims)))


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
