"""Checks of a solution: its bracket, and every number that follows from its proof."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from mfmgame.answers.coverage_index import CoverageIndex, index_of
from mfmgame.answers.solution import Solution
from mfmgame.documents.result import IndexResult
from mfmgame.errors import CertificateError
from mfmgame.game.attacker import best_response
from mfmgame.verification.agreement import (
    Pointer,
    check_absent,
    check_between,
    check_each,
    check_keys,
    check_number,
)
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
    _check_techniques(claimed, found)


def _check_techniques(claimed: IndexResult, index: CoverageIndex) -> None:
    """Check the index by technique that a result claims; null where there are no chains."""
    found, place = index.techniques, ("dci", "technique_weights")
    if found is None:
        check_absent(place, claimed.technique_weights)
    else:
        _check_shares(place, claimed.technique_weights, found.weights)
    for j, defense in enumerate(index.defenses):
        entry = claimed.defenses[defense]
        one: Pointer = ("dci", "defenses", defense)
        if found is None:
            check_absent((*one, "by_technique"), entry.by_technique)
            check_absent((*one, "techniques"), entry.techniques)
        else:
            mean = _or_none(found.defenses[j])
            check_number((*one, "by_technique"), entry.by_technique, mean, 1.0)
            shares = dict(zip(found.weights, found.shares[j].tolist(), strict=True))
            _check_shares((*one, "techniques"), entry.techniques, shares)


def _check_shares(
    place: Pointer, claimed: Mapping[str, float] | None, found: Mapping[str, float]
) -> None:
    claims = claimed or {}
    check_keys(place, claims, found)
    check_each(place, found, [claims[name] for name in found], list(found.values()), 1.0)


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
