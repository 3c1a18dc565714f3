"""Checks of ranges and one-sided prices: consistent with the solution, and unchanged on disk."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mfmgame.answers.sensitivity import role_of
from mfmgame.answers.solution import Solution
from mfmgame.documents.result import OneSided, SensitivityResult
from mfmgame.game.feasibility import affordable_levels
from mfmgame.verification.agreement import ROUNDING, check_between, check_equal, check_keys

__all__ = ["check_sensitivity"]

_NEAR = 1e-6
"""Relative tolerance of a range around its level, and of one-sided prices around the price."""


def check_sensitivity(claimed: SensitivityResult, solution: Solution) -> None:
    """Check that ranges and one-sided prices, which have no certificate, are consistent.

    Raises
    ------
    CertificateError
        If they contradict the solution, or have changed since they were written.
    """
    game = solution.game
    place = ("sensitivity", "defenses")
    check_keys(place, claimed.defenses, game.defense_ids)
    alone = affordable_levels(game).tolist()
    defenses = zip(game.defense_ids, game.max_level.tolist(), alone, strict=True)
    for defense, most, affordable in defenses:
        entry, level = claimed.defenses[defense], solution.allocation[defense]
        near = Fraction(_NEAR) * Fraction(most)
        where = (*place, defense)
        check_between((*where, "least"), entry.least, Fraction(0), Fraction(level) + near)
        check_between((*where, "greatest"), entry.greatest, Fraction(level) - near, Fraction(most))
        role = role_of(level, entry.least, entry.greatest, affordable, game.composition)
        check_equal((*where, "role"), entry.role, role)
    prices = claimed.prices
    check_keys(("sensitivity", "prices", "limits"), prices.limits, game.resources)
    # Prices of losses that are pure rounding mean nothing.
    loss = ROUNDING * float(game.severity.sum())
    doubt = 2.0 * (solution.upper - solution.lower)
    noise = (loss + doubt) / game.ways.least_bits
    place = ("sensitivity", "prices")
    price = solution.bandwidth_price
    _check_sides((*place, "attacker_bandwidth"), prices.attacker_bandwidth, price, noise)
    for row, (name, price) in enumerate(solution.limit_prices.items()):
        limit = float(game.limits[row])
        # A price with an error of this size still proves the bracket.
        noise = (loss + doubt) / limit if 0.0 < limit < np.inf else 0.0
        _check_sides((*place, "limits", name), prices.limits[name], price, noise)
    check_equal(("sensitivity", "digest"), claimed.digest, claimed.found_digest())


def _check_sides(place: tuple[str, ...], claimed: OneSided, price: float, noise: float) -> None:
    """Check that a price lies between the worth of the last unit and that of the next."""
    near = Fraction(_NEAR) * Fraction(price) + Fraction(noise)
    check_between((*place, "right"), claimed.right, Fraction(0), Fraction(price) + near)
    if claimed.left is not None:
        most = max(Fraction(price), Fraction(claimed.left))
        check_between((*place, "left"), claimed.left, Fraction(price) - near, most)
