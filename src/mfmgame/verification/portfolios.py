"""Checks of a sequence of portfolios: each is proven best below the cost of the next."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mfmgame.answers.frontier import reach_of, with_limit_on
from mfmgame.answers.portfolio import (
    Portfolio,
    PortfolioSequence,
    budget_below,
    changed_levels,
    greedy_loss,
)
from mfmgame.answers.solution import Solution
from mfmgame.documents.portfolio_result import PortfolioDocument, PortfolioEntry
from mfmgame.errors import CertificateError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import nearest, shown
from mfmgame.verification.agreement import Pointer, check_equal, check_keys, check_number, refuse
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.claims import (
    check_status,
    claimed_allocation,
    claimed_proof,
    claimed_vector,
    reason,
)
from mfmgame.verification.solutions import check_solution

__all__ = ["check_portfolios"]


def check_portfolios(
    document: PortfolioDocument, game: DefenseGame, tolerance: float | None = None
) -> tuple[PortfolioSequence, list[tuple[Fraction, Fraction]]]:
    """Check every portfolio of a sequence, and return the sequence with its proven brackets.

    Parameters
    ----------
    document : PortfolioDocument
    game : DefenseGame
    tolerance : float, optional
        Tolerance that was asked for; the composition's default unless given.

    Returns
    -------
    sequence : PortfolioSequence
    brackets : list of (Fraction, Fraction)

    Raises
    ------
    CertificateError
        If any number does not follow; the pointer refers to the document's JSON.
    """
    resource, entries = document.resource, document.portfolios
    if resource not in game.resources:
        hint = nearest(resource, game.resources, "resource")
        raise refuse(("resource",), f"found {shown(resource)}, expected {hint}")
    if not entries:
        raise refuse(("portfolios",), "found none, expected one or more")
    game = with_limit_on(game, resource)
    row, brackets, portfolios = game.resources.index(resource), [], []
    before = np.zeros(game.n_defenses)
    for k, entry in enumerate(entries):
        place: Pointer = ("portfolios", k)
        following = entries[k + 1].cost if k + 1 < len(entries) else None
        check_number((*place, "until"), entry.until, following)
        budget = reach_of(game, resource) if entry.until is None else budget_below(entry.until)
        there = game.with_limits({resource: budget})
        solution = _claimed(place, entry, there, tolerance)
        levels = solution.allocation.array
        check_number((*place, "cost"), entry.cost, float(game.use[row] @ levels))
        try:
            brackets.append(check_solution(solution, ExactGame(there)))
        except CertificateError as error:
            inner = error.pointer.replace("/prices/limits", "/certificate/limits")
            where = "/" + "/".join(map(str, place)) + inner
            raise CertificateError(error.message, pointer=where) from None
        told = entry.cost, entry.until, entry.adds, entry.drops, entry.greedy_value
        portfolios.append(Portfolio(solution, *told, resource))
        check_status((*place, "status"), entry.status, solution)
        check_equal((*place, "decision"), entry.decision, portfolios[-1].decision)
        for name, expected in zip(
            ("adds", "drops"), changed_levels(game, before, levels), strict=True
        ):
            claimed = getattr(entry, name)
            check_keys((*place, name), claimed, list(expected))
            for defense, level in expected.items():
                check_number((*place, name, defense), claimed[defense], level)
        greedy = greedy_loss(there, ExactGame(there).composition, row, entry.cost)
        check_number((*place, "greedy_value"), entry.greedy_value, greedy)
        before = levels
    return PortfolioSequence(game, resource, tuple(portfolios)), brackets


def _claimed(
    place: Pointer, entry: PortfolioEntry, game: DefenseGame, tolerance: float | None
) -> Solution:
    """Rebuild the solution at the greatest budget, recomputed from the claimed allocation."""
    allocation = claimed_allocation(place, entry.allocation, entry.use, game)
    where = (*place, "certificate")
    prices = claimed_vector((*where, "limits"), entry.certificate.limits, game.resources)
    proof = claimed_proof(where, entry.certificate, prices.array, game)
    exact = ExactGame(game)
    exposure = exact.composition.exposure(allocation.array)
    residual = game.severity * exposure
    response = best_response(residual, game.ways, game.attacker_bandwidth)
    return Solution(
        game=game,
        value=entry.value,
        lower=entry.bounds.lower,
        upper=entry.bounds.upper,
        allocation=allocation,
        attack=Labelled(game.threat_ids, response.plan),
        coverage=Labelled(game.threat_ids, 1.0 - exposure),
        residual=Labelled(game.threat_ids, residual),
        bandwidth_price=response.price,
        limit_prices=prices,
        certificate=proof,
        rounds=0,
        tolerance=tolerance or composition_class(game.composition).tolerance,
        stopped=reason(entry.status),
    )
