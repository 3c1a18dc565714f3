"""Best response of the worst-case attacker, who sees the allocation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfmgame.game.shared_losses import SharedLosses, Steps
from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = [
    "BestResponse",
    "Ways",
    "bandwidth_for_loss",
    "best_response",
    "loss_curve",
    "worst_losses",
]


_SORTED_WHOLE = 4096
"""Number of threats above which sorting stops where the budget is used up."""


class BestResponse(NamedTuple):
    """The worst attack on given residual losses.

    Attributes
    ----------
    plan : ndarray of float, shape (n_threats,)
        Effort on each threat, in [0, 1].
    loss : float
        Loss that the plan causes, in loss units.
    price : float
        Loss that one more bit of bandwidth adds, in loss units per bit.
    """

    plan: FloatArray
    loss: float
    price: float


class Ways(NamedTuple):
    """The attacker's ways to cause losses.

    Attributes
    ----------
    bandwidth : ndarray of float, shape (n_threats,)
        Bits that each threat needs at full effort, at least 0.
    losses : SharedLosses or None
        The loss that each threat causes; None if each threat has a loss of its own.
    """

    bandwidth: FloatArray
    losses: SharedLosses | None = None

    def steps(self, residual: FloatArray) -> tuple[IntArray, Steps]:
        """Find the free threats of the best attack, and the steps that bandwidth buys."""
        bandwidth = self.bandwidth
        if self.losses is not None:
            return self.losses.steps(residual, bandwidth)
        harmful, free = residual > 0.0, bandwidth == 0.0
        running = (harmful & ~free).nonzero()[0]
        bits, gain = bandwidth[running], residual[running]
        none = np.broadcast_to(np.intp(-1), running.shape)
        return (harmful & free).nonzero()[0], Steps(none, running, bits, gain, gain / bits)

    def greatest_losses(self, residual: FloatArray) -> FloatArray:
        """Take the greatest residual of each loss's threats, shape (n_losses,)."""
        return residual if self.losses is None else self.losses.greatest(residual)

    @property
    def total_bits(self) -> float:
        """Bandwidth beyond which the attacker causes no more."""
        if self.losses is None:
            return float(self.bandwidth.sum())
        return float(self.losses.greatest(self.bandwidth).sum())

    def total_efforts(self, plan: FloatArray) -> FloatArray:
        """Sum the efforts of a plan by loss: at most 1 each, shape (n_losses,)."""
        return plan if self.losses is None else self.losses.total(plan)


def best_response(residual: FloatArray, ways: Ways, budget: float) -> BestResponse:
    """Find the plan that maximizes ``plan . residual`` within the attacker's budget.

    Subject to ``plan >= 0``, ``bandwidth . plan <= budget``, and efforts of at most 1 in total on
    the threats of each loss. This is a fractional multiple-choice knapsack [1]_: on the upper
    concave envelope of each loss's threats, steps are taken in order of loss per bit until the
    budget is used. Where no loss is shared, a step is a threat. Threats that need no bandwidth
    always run; threats without residual loss never do. Ties go to the earlier threat.

    Parameters
    ----------
    residual : ndarray of float, shape (n_threats,)
        Residual losses, at least 0.
    ways : Ways
    budget : float
        The attacker's bandwidth, in bits.

    Returns
    -------
    BestResponse

    References
    ----------
    .. [1] P. Sinha, A. A. Zoltners, "The multiple-choice knapsack problem", Operations Research
       27 (1979).

    Examples
    --------
    >>> response = best_response(np.array([3.0, 2.0]), Ways(np.array([2.0, 1.0])), 2.0)
    >>> response.plan.tolist(), response.loss, response.price
    ([0.5, 1.0], 3.5, 1.5)
    """
    plan = np.zeros(len(residual))
    free, steps = ways.steps(residual)
    plan[free] = 1.0
    order = _affordable(steps, budget)
    used = steps.bits[order].cumsum()
    n_full = int(used.searchsorted(budget, side="right"))
    price = 0.0
    plan[steps.target[order[:n_full]]] = 1.0
    if ways.losses is not None:  # each step ends the threat that it replaces
        replaced = steps.source[order[:n_full]]
        plan[replaced[replaced >= 0]] = 0.0
    if n_full < len(order):
        marginal = order[n_full]
        left = budget - (used[n_full - 1] if n_full else 0.0)
        share = min(1.0, left / steps.bits[marginal])
        plan[steps.target[marginal]] = share
        if steps.source[marginal] >= 0:
            plan[steps.source[marginal]] = 1.0 - share
        price = float(steps.slope[marginal])
    chosen = plan.nonzero()[0]
    return BestResponse(plan, math.fsum((plan[chosen] * residual[chosen]).tolist()), price)


def _affordable(steps: Steps, budget: float) -> IntArray:
    """Sort steps by falling slope, ties in order: all, or enough to exceed the budget."""
    slope, within = steps.slope, None
    count = _SORTED_WHOLE
    while count < len(slope) // 4:
        least = np.partition(slope, len(slope) - count)[len(slope) - count]
        best = np.flatnonzero(slope >= least)
        if steps.bits[best].sum() > budget * (1.0 + 1e-9):
            slope, within = slope[best], best
            break
        count *= 8
    order = (-slope).argsort(kind="stable")
    return order if within is None else within[order]


def worst_losses(residuals: FloatArray, ways: Ways, budget: float) -> FloatArray:
    """Compute the losses of best responses to many allocations, by sorting whole matrices.

    Parameters
    ----------
    residuals : ndarray of float, shape (n_allocations, n_threats)
        Residual losses under each allocation, at least 0.
    ways, budget
        As for :func:`best_response`.

    Returns
    -------
    ndarray of float, shape (n_allocations,)
        In loss units.

    Examples
    --------
    >>> residuals = np.array([[3.0, 2.0], [0.0, 2.0]])
    >>> worst_losses(residuals, Ways(np.array([2.0, 1.0])), 2.0).tolist()
    [3.5, 2.0]
    """
    if ways.losses is not None:
        return np.array([best_response(residual, ways, budget).loss for residual in residuals])
    bandwidth = ways.bandwidth
    is_free = bandwidth == 0.0
    free = residuals[:, is_free].sum(axis=1)
    bits, residuals = bandwidth[~is_free], residuals[:, ~is_free]
    order = np.argsort(-residuals / bits, axis=1, kind="stable")
    needed = bits[order]
    left = budget - (needed.cumsum(axis=1) - needed)
    effort = np.clip(left / needed, 0.0, 1.0)
    ordered = np.take_along_axis(residuals, order, axis=1)
    return np.asarray(free + np.einsum("ij,ij->i", effort, ordered))


def loss_curve(residual: FloatArray, ways: Ways) -> tuple[Steps, FloatArray, FloatArray]:
    """Trace the loss of the best response to an allocation over the attacker's bandwidth.

    Parameters
    ----------
    residual : ndarray of float, shape (n_threats,)
    ways : Ways
        As for :func:`best_response`.

    Returns
    -------
    steps : Steps
        Steps that need bandwidth, by falling loss per bit.
    points : ndarray of float, shape (n_steps + 1,)
        Bandwidths in bits, from 0, at which the first 0, 1, ... steps are taken in full.
    losses : ndarray of float, shape (n_steps + 1,)
        In loss units; linear between the points, and constant beyond the last.

    Examples
    --------
    >>> steps, points, losses = loss_curve(np.array([3.0, 2.0]), Ways(np.array([2.0, 1.0])))
    >>> steps.target.tolist(), points.tolist(), losses.tolist()
    ([1, 0], [0.0, 1.0, 3.0], [0.0, 2.0, 5.0])
    """
    free, steps = ways.steps(residual)
    steps = steps.taken(np.argsort(-steps.slope, kind="stable"))
    caused = math.fsum(residual[free].tolist())
    points = np.append(0.0, np.cumsum(steps.bits))
    return steps, points, caused + np.append(0.0, np.cumsum(steps.gain))


def bandwidth_for_loss(residual: FloatArray, ways: Ways, loss: float) -> float | None:
    """Find the greatest bandwidth at which the best response costs at most a given loss.

    Parameters
    ----------
    residual : ndarray of float, shape (n_threats,)
    ways : Ways
        As for :func:`best_response`.
    loss : float
        In loss units.

    Returns
    -------
    float or None
        Bits; 0 if the threats that need no bandwidth alone cost more, None if all losses
        together cost no more.

    Examples
    --------
    >>> bandwidth_for_loss(np.array([3.0, 2.0]), Ways(np.array([2.0, 1.0])), 3.5)
    2.0
    """
    everything = best_response(residual, ways, math.inf)
    if everything.loss <= loss:
        return None
    steps, _, losses = loss_curve(residual, ways)
    if losses[0] > loss:
        return 0.0
    n_full = min(int(np.searchsorted(losses[1:], loss, side="right")), len(steps.bits) - 1)
    share = (loss - losses[n_full]) / steps.gain[n_full]
    return math.fsum([*steps.bits[:n_full].tolist(), share * steps.bits[n_full]])
