"""Checks of a threshold: the loss is reached there, not before and not later.

Against the allocation, the worst attack reaches the loss ``L`` at the claimed bandwidth, so
the value is at most ``L`` up to there. By the certificate, the value there is at least
``L``, within the tolerance of the solves; the value never falls with more bandwidth. Where
no attacker can reach the threshold, all threats together cost at most ``L`` against the
allocation.
"""

from __future__ import annotations

from fractions import Fraction

from mfmgame.answers.decision import decide, tie
from mfmgame.answers.solution import Solution, scale_of
from mfmgame.answers.threshold import Threshold, beside_decision, plan_threshold
from mfmgame.game.attacker import bandwidth_for_loss, best_response
from mfmgame.verification.agreement import (
    Pointer,
    check_absent,
    check_between,
    check_equal,
    check_number,
    refuse,
)
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.proofs import proven

__all__ = ["check_plan_threshold", "check_threshold"]

PLACE: Pointer = ("threshold",)


def check_threshold(
    threshold: Threshold, exact: ExactGame, bounds: tuple[float, float], tolerance: float
) -> bool:
    """Check a threshold, and whether a proof shows that it is not later.

    Parameters
    ----------
    threshold : Threshold
    exact : ExactGame
        The exact game, with a termination loss.
    bounds : tuple of float
        Proven bracket of the game's value, in loss units.
    tolerance : float
        Tolerance of the solves that found the threshold.

    Returns
    -------
    bool
        Whether the threshold is proven from both sides: no allocation holds out longer.

    Raises
    ------
    CertificateError
        If any number does not follow; the pointer refers to the result's JSON.
    """
    game = exact.game
    loss, bandwidth = game.termination_loss, threshold.bandwidth
    assert loss is not None
    decision = "operate" if bandwidth is None else decide(game, *bounds, loss)
    check_equal((*PLACE, "decision"), threshold.decision, decision)
    undefended = bandwidth_for_loss(game.severity, game.ways, loss)
    check_number((*PLACE, "undefended"), threshold.undefended, undefended)
    exact.check_allocation((*PLACE, "allocation"), threshold.allocation.array, game.limits)
    if bandwidth is None:
        _check_unreachable(threshold, exact, loss)
        return True
    crossing = _check_not_before(threshold, exact, loss, bandwidth)
    at = beside_decision(crossing, game, decision)
    rounding = bandwidth + float(game.severity.sum()) * (threshold.bandwidth_per_loss or 0.0)
    check_number((*PLACE, "bandwidth"), bandwidth, at, rounding)
    check_number((*PLACE, "margin"), threshold.margin, bandwidth - game.attacker_bandwidth)
    return _is_not_later(threshold, exact, loss, bandwidth, tolerance)


def check_plan_threshold(threshold: Threshold, solution: Solution) -> None:
    """Check the bandwidth up to which the allocation for the scenario's own bandwidth holds.

    Parameters
    ----------
    threshold : Threshold
        Its other numbers are checked already.
    solution : Solution
        A checked solution of a game with a termination loss.

    Raises
    ------
    CertificateError
        If the bandwidth does not follow from the allocation.
    """
    game, residual = solution.game, solution.residual.array
    loss = game.termination_loss
    assert loss is not None
    found = plan_threshold(game, residual, loss, threshold.decision)
    reached = 0.0 if found is None else found
    price = best_response(residual, game.ways, reached).price
    rounding = reached + (float(game.severity.sum()) / price if price > 0 else 0.0)
    check_number((*PLACE, "plan_bandwidth"), threshold.plan_bandwidth, found, rounding)


def _check_unreachable(threshold: Threshold, exact: ExactGame, loss: float) -> None:
    """Check that all threats together cost at most the loss, at any bandwidth."""
    for name in ("margin", "bandwidth_per_loss", "lower", "certificate"):
        check_absent((*PLACE, name), getattr(threshold, name))
    everything = exact.excess(threshold.allocation.array, 0.0)
    if everything > Fraction(loss) + Fraction(tie(exact.game, loss)) + exact.slack(everything):
        raise refuse(
            (*PLACE, "bandwidth"),
            f"found null, expected all threats to cost at most {loss!r} against the allocation; "
            f"they cost {float(everything)!r}",
        )


def _check_not_before(
    threshold: Threshold, exact: ExactGame, loss: float, bandwidth: float
) -> float:
    """Check that the allocation keeps the loss until the threshold; return where it fails."""
    game, levels = exact.game, threshold.allocation.array
    residual = game.severity * exact.composition.exposure(levels)
    price = best_response(residual, game.ways, bandwidth).price
    rate = 1.0 / price if price > 0 else None
    check_number((*PLACE, "bandwidth_per_loss"), threshold.bandwidth_per_loss, rate)
    upper = exact.excess(levels, price) + Fraction(price) * Fraction(bandwidth)
    most = Fraction(loss) + Fraction(tie(game, loss)) + exact.slack(upper)
    crossing = bandwidth_for_loss(residual, game.ways, loss)
    if crossing is None or (bandwidth > 0 and upper > most):
        raise refuse(
            (*PLACE, "allocation"),
            f"expected an allocation whose worst attack costs {loss!r} at the threshold",
        )
    return crossing


def _is_not_later(
    threshold: Threshold, exact: ExactGame, loss: float, bandwidth: float, tolerance: float
) -> bool:
    """Whether every allocation reaches the loss at the threshold; check the claimed bound."""
    game, place = exact.game, (*PLACE, "certificate")
    proof, lower = threshold.certificate, threshold.lower
    if proof is None or lower is None:
        raise refuse(place, "found null, expected a proof of the loss at the threshold")
    found = proven(place, (*place, "limits"), proof, exact, bandwidth)
    check_between((*PLACE, "lower"), lower, found - exact.slack(found), found)
    return lower >= loss - tolerance * scale_of(game, loss)
