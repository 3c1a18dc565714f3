"""Checks of a frontier: proven brackets at its breakpoints and on the pieces between.

Over the attacker's bandwidth the value is concave. The allocation of a piece gives a line
that no attacker exceeds anywhere. The certificate of a breakpoint gives a lower bound
there, and the chords between lie below a concave function. Over a limit the value is
convex, and the roles are reversed: the certificate of a piece gives a line below the value
everywhere, the allocation of a breakpoint gives an upper bound there, and chords lie above.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.solution import scale_of
from mfmgame.game.attacker import best_response
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.verification.agreement import (
    AGREEMENT,
    ROUNDING,
    Pointer,
    check_between,
    check_each,
    refuse,
)
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.proofs import proven

__all__ = ["check_frontier"]

Bounds = list[Fraction]

_ONE_LINE = 1e-6
"""How far the values at a piece's ends may lie off its line, relative to the values."""


def check_frontier(frontier: Frontier, exact: ExactGame) -> tuple[Bounds, Bounds]:
    """Check a frontier, and return the brackets that it proves at its breakpoints.

    Parameters
    ----------
    frontier : Frontier
    exact : ExactGame
        The exact game that was swept.

    Returns
    -------
    lower, upper : list of Fraction
        Bounds at each breakpoint; between breakpoints, chords are bounds too.

    Raises
    ------
    CertificateError
        If any number does not follow; the pointer refers to the frontier's JSON.
    """
    n_pieces, points = len(frontier.slopes), frontier.breakpoints
    over_bandwidth = frontier.parameter == ATTACKER_BANDWIDTH
    allocations = n_pieces if over_bandwidth else n_pieces + 1
    if (
        not n_pieces
        or any(len(column) != n_pieces + 1 for column in (points, frontier.values))
        or any(len(column) != n_pieces + 1 for column in (frontier.lower, frontier.upper))
        or len(frontier.allocations) != allocations
        or len(frontier.certificates) != 2 * n_pieces + 1 - allocations
    ):
        raise refuse(("pieces",), "expected one or more pieces, and one more breakpoint")
    if not np.all(np.isfinite(points) & (points >= 0.0)) or np.any(np.diff(points) < 0):
        raise refuse(("breakpoints",), "expected finite points of at least 0, increasing")
    prove = _over_bandwidth if over_bandwidth else _over_limit
    lower, upper = prove(frontier, exact)
    for k in range(n_pieces + 1):
        slack = exact.slack(upper[k])
        place: Pointer = ("breakpoints", k)
        check_between((*place, "value"), frontier.values[k], upper[k] - slack, upper[k] + slack)
        bounds = (*place, "bounds")
        check_between((*bounds, "lower"), frontier.lower[k], lower[k] - slack, lower[k])
        check_between((*bounds, "upper"), frontier.upper[k], upper[k], upper[k] + slack)
    if exact.composition.is_polyhedral:
        _check_pieces(frontier, exact)
    return lower, upper


def _check_pieces(frontier: Frontier, exact: ExactGame) -> None:
    """Check that the values at both ends of each piece lie on a line of its slope."""
    points = [Fraction(at) for at in frontier.breakpoints.tolist()]
    values = [Fraction(value) for value in frontier.values.tolist()]
    doubts = [
        Fraction(_ONE_LINE) * Fraction(scale_of(exact.game, float(value))) + exact.slack(value)
        for value in values
    ]
    for k, slope in enumerate(frontier.slopes.tolist()):
        width, rise = points[k + 1] - points[k], values[k + 1] - values[k]
        doubt = doubts[k] + doubts[k + 1]
        if width:
            ends = (rise - doubt) / width, (rise + doubt) / width
            check_between(("pieces", k, "slope"), slope, *ends)


def _over_bandwidth(frontier: Frontier, exact: ExactGame) -> tuple[Bounds, Bounds]:
    """Bound the values from below by each breakpoint's certificate, above by each allocation."""
    limits, points = exact.game.limits, frontier.breakpoints.tolist()
    lower, upper = [], [Fraction(0)] * len(points)
    for k, (at, proof) in enumerate(zip(points, frontier.certificates, strict=True)):
        place: Pointer = ("breakpoints", k, "certificate")
        lower.append(proven(place, (*place, "limits"), proof, exact, at))
    for k, slope in enumerate(frontier.slopes.tolist()):
        levels = frontier.allocations[k]
        exact.check_allocation(("pieces", k, "allocation"), levels, limits)
        _check_slope(("pieces", k, "slope"), slope, levels, exact)
        base = exact.excess(levels, slope)
        for end in (k, k + 1):
            upper[end] = max(upper[end], base + Fraction(slope) * Fraction(points[end]))
    return lower, upper


def _over_limit(frontier: Frontier, exact: ExactGame) -> tuple[Bounds, Bounds]:
    """Bound the values: below by the certificate of each piece, above by each allocation."""
    game, points = exact.game, frontier.breakpoints.tolist()
    row, budget = game.resources.index(frontier.parameter), game.attacker_bandwidth
    limits = game.limits.copy()
    upper = []
    for k, (at, levels) in enumerate(zip(points, frontier.allocations, strict=True)):
        limits[row] = at
        exact.check_allocation(("breakpoints", k, "allocation"), levels, limits)
        residual = game.severity * exact.composition.exposure(levels)
        price = best_response(residual, game.ways, budget).price
        upper.append(exact.excess(levels, price) + Fraction(price) * Fraction(budget))
    limits[row] = 0.0
    ends: list[list[Fraction]] = [[] for _ in points]
    for k, proof in enumerate(frontier.certificates):
        place: Pointer = ("pieces", k, "certificate")
        if proof.is_by_cases:
            raise refuse((*place, "tree"), "expected no tree")
        certificate = proof.priced
        exact.check_certificate((*place, "cuts"), (*place, "limits"), certificate, budget)
        price = certificate.limit_prices[row]
        check_each(("pieces", k), ["slope"], [frontier.slopes[k]], [-price])
        base = exact.lower(certificate, budget, limits)
        for end in (k, k + 1):
            ends[end].append(base - Fraction(float(price)) * Fraction(points[end]))
    return [min(bounds) for bounds in ends], upper


def _check_slope(place: Pointer, slope: float, levels: FloatArray, exact: ExactGame) -> None:
    """Check that a slope is 0 or the loss per bit of some step of the attack on the levels."""
    game = exact.game
    _, steps = game.ways.steps(game.severity * exact.composition.exposure(levels))
    # A step from one way of a loss to another rounds with the losses of both.
    severity = game.severity[steps.target] + np.where(
        steps.source < 0, 0.0, game.severity[steps.source]
    )
    with np.errstate(over="ignore"):
        allowed = AGREEMENT * steps.slope + ROUNDING * (severity / steps.bits)
    if slope and not (slope > 0.0 and np.any(np.abs(steps.slope - slope) <= allowed)):
        raise refuse(place, f"found {shown(slope)}, expected 0 or the loss per bit of a threat")
