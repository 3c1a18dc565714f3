"""What a threshold claims: that the loss is reached there, not before, and not later.

With the allocation, the worst attack reaches the loss ``L`` at the bandwidth claimed; so
the value is at most ``L`` there, and below. With the certificate it is at least ``L``
there, within the tolerance of the solves. It does not fall beyond. Where no attacker can
reach the threshold, all threats together cost at most ``L`` against the allocation.
"""

from __future__ import annotations

from fractions import Fraction

from mfmgame.attacker import bandwidth_for_loss, best_response
from mfmgame.proof.agreement import check_between, check_equal, check_number, refuse
from mfmgame.proof.bounds import ExactGame
from mfmgame.solution import scale_of
from mfmgame.spec.wording import shown
from mfmgame.threshold import Threshold, beside_decision, is_within

__all__ = ["check_threshold"]


def check_threshold(threshold: Threshold, exact: ExactGame, value: float, tolerance: float) -> None:
    """Check a threshold.

    Parameters
    ----------
    threshold : Threshold
    exact : ExactGame
        Of the game, which has a termination loss.
    value : float
        The game's value, as proven, in loss units.
    tolerance : float
        Of the solves that found it.

    Raises
    ------
    CertificateError
        If any number does not follow; its pointer is that of a result's JSON.
    """
    game, place = exact.game, ("threshold",)
    loss, bandwidth = game.termination_loss, threshold.bandwidth
    assert loss is not None
    operates = bandwidth is None or is_within(value, loss, tolerance)
    check_equal((*place, "decision"), threshold.decision, "operate" if operates else "terminate")
    undefended = bandwidth_for_loss(game.severity, game.bandwidth, loss)
    check_number((*place, "undefended"), threshold.undefended, undefended)
    allocation = threshold.allocation.array
    exact.check_allocation((*place, "allocation"), allocation, game.limits)
    residual = game.severity * exact.composition.exposure(allocation)
    if bandwidth is None:
        for name in ("margin", "bandwidth_per_loss", "lower", "certificate"):
            check_equal((*place, name), getattr(threshold, name), None)
        everything = exact.excess(allocation, 0.0)
        if everything > Fraction(loss) / (1 - Fraction(tolerance)) + exact.slack(everything):
            raise refuse(
                (*place, "bandwidth"),
                f"found null, but all threats together cost {float(everything)!r} against the "
                f"allocation, expected at most {loss!r}",
            )
        return
    reached = bandwidth_for_loss(residual, game.bandwidth, loss)
    if reached is None:
        raise refuse((*place, "allocation"), f"no attack costs {loss!r}, expected the loss there")
    price = best_response(residual, game.bandwidth, bandwidth).price
    rate = 1.0 / price if price > 0 else None
    crossing = beside_decision(reached, game, operates)
    rounding = bandwidth + float(game.severity.sum()) * (rate or 0.0)
    check_number((*place, "bandwidth"), bandwidth, crossing, rounding)
    check_number((*place, "margin"), threshold.margin, bandwidth - game.attacker_bandwidth)
    check_number((*place, "bandwidth_per_loss"), threshold.bandwidth_per_loss, rate)
    proof, lower = threshold.certificate, threshold.lower
    if proof is None or lower is None:
        raise refuse((*place, "certificate"), "found null, expected a proof of the loss there")
    exact.check_certificate(
        (*place, "certificate", "cuts"), (*place, "certificate", "limits"), proof, bandwidth
    )
    proven = exact.lower(proof, bandwidth, game.limits)
    check_between((*place, "lower"), lower, proven - exact.slack(proven), proven)
    least = Fraction(loss) - Fraction(tolerance) * Fraction(scale_of(game, loss))
    if proven < least:
        raise refuse(
            (*place, "bandwidth"),
            f"found {shown(bandwidth)}, where the loss is proven to be at least "
            f"{float(proven)!r} only, expected {loss!r}",
        )
