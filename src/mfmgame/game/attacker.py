"""Best response of the worst-case attacker, who sees the allocation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["BestResponse", "bandwidth_for_loss", "best_response", "loss_curve", "worst_losses"]


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


def best_response(residual: FloatArray, bandwidth: FloatArray, budget: float) -> BestResponse:
    """Find the plan that maximizes ``plan . residual`` within the attacker's budget.

    Subject to ``0 <= plan <= 1`` and ``bandwidth . plan <= budget``. This is a fractional
    knapsack: threats run in order of loss per bit until the budget is used. Threats that need no
    bandwidth always run; threats without residual loss never do. Ties go to the earlier threat.

    Parameters
    ----------
    residual : ndarray of float, shape (n_threats,)
        Residual losses, at least 0.
    bandwidth : ndarray of float, shape (n_threats,)
        Bits needed at full effort, at least 0.
    budget : float
        The attacker's bandwidth, in bits.

    Returns
    -------
    BestResponse

    Examples
    --------
    >>> response = best_response(np.array([3.0, 2.0]), np.array([2.0, 1.0]), 2.0)
    >>> response.plan.tolist(), response.loss, response.price
    ([0.5, 1.0], 3.5, 1.5)
    """
    harmful, free = residual > 0.0, bandwidth == 0.0
    plan = (harmful & free).astype(np.float64)
    running = (harmful & ~free).nonzero()[0]
    order = _affordable(running, residual[running] / bandwidth[running], bandwidth, budget)
    used = bandwidth[order].cumsum()
    n_full = int(used.searchsorted(budget, side="right"))
    plan[order[:n_full]] = 1.0
    price = 0.0
    if n_full < len(order):
        marginal = order[n_full]
        left = budget - (used[n_full - 1] if n_full else 0.0)
        plan[marginal] = min(1.0, left / bandwidth[marginal])
        price = float(residual[marginal] / bandwidth[marginal])
    chosen = plan.nonzero()[0]
    return BestResponse(plan, math.fsum((plan[chosen] * residual[chosen]).tolist()), price)


def _affordable(
    running: IntArray, ratio: FloatArray, bandwidth: FloatArray, budget: float
) -> IntArray:
    """Sort threats by falling ratio, ties in order: all, or enough to exceed the budget."""
    count = _SORTED_WHOLE
    while count < len(running) // 4:
        least = np.partition(ratio, len(ratio) - count)[len(ratio) - count]
        best = np.flatnonzero(ratio >= least)
        if bandwidth[running[best]].sum() > budget * (1.0 + 1e-9):
            running, ratio = running[best], ratio[best]
            break
        count *= 8
    return running[(-ratio).argsort(kind="stable")]


def worst_losses(residuals: FloatArray, bandwidth: FloatArray, budget: float) -> FloatArray:
    """Compute the losses of best responses to many allocations, by sorting whole matrices.

    Parameters
    ----------
    residuals : ndarray of float, shape (n_allocations, n_threats)
        Residual losses under each allocation, at least 0.
    bandwidth, budget
        As for :func:`best_response`.

    Returns
    -------
    ndarray of float, shape (n_allocations,)
        In loss units.

    Examples
    --------
    >>> worst_losses(np.array([[3.0, 2.0], [0.0, 2.0]]), np.array([2.0, 1.0]), 2.0).tolist()
    [3.5, 2.0]
    """
    is_free = bandwidth == 0.0
    free = residuals[:, is_free].sum(axis=1)
    bits, residuals = bandwidth[~is_free], residuals[:, ~is_free]
    order = np.argsort(-residuals / bits, axis=1, kind="stable")
    needed = bits[order]
    left = budget - (needed.cumsum(axis=1) - needed)
    effort = np.clip(left / needed, 0.0, 1.0)
    ordered = np.take_along_axis(residuals, order, axis=1)
    return np.asarray(free + np.einsum("ij,ij->i", effort, ordered))


def loss_curve(
    residual: FloatArray, bandwidth: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Trace the loss of the best response to an allocation over the attacker's bandwidth.

    Parameters
    ----------
    residual, bandwidth : ndarray of float, shape (n_threats,)
        As for :func:`best_response`.

    Returns
    -------
    order : ndarray of int, shape (n_running,)
        Threats that need bandwidth and cause a loss, by falling loss per bit.
    points : ndarray of float, shape (n_running + 1,)
        Bandwidths in bits, from 0, at which the first 0, 1, ... of these threats run in full.
    losses : ndarray of float, shape (n_running + 1,)
        In loss units; linear between the points, and constant beyond the last.

    Examples
    --------
    >>> [one.tolist() for one in loss_curve(np.array([3.0, 2.0]), np.array([2.0, 1.0]))]
    [[1, 0], [0.0, 1.0, 3.0], [0.0, 2.0, 5.0]]
    """
    running = np.flatnonzero((bandwidth > 0.0) & (residual > 0.0))
    order = running[np.argsort(-residual[running] / bandwidth[running], kind="stable")]
    free = math.fsum(residual[bandwidth == 0.0].tolist())
    points = np.append(0.0, np.cumsum(bandwidth[order]))
    return order, points, free + np.append(0.0, np.cumsum(residual[order]))


def bandwidth_for_loss(residual: FloatArray, bandwidth: FloatArray, loss: float) -> float | None:
    """Find the greatest bandwidth at which the best response costs at most a given loss.

    Parameters
    ----------
    residual, bandwidth : ndarray of float, shape (n_threats,)
        As for :func:`best_response`.
    loss : float
        In loss units.

    Returns
    -------
    float or None
        Bits; 0 if the threats that need no bandwidth alone cost more, None if all threats
        together cost no more.

    Examples
    --------
    >>> bandwidth_for_loss(np.array([3.0, 2.0]), np.array([2.0, 1.0]), 3.5)
    2.0
    """
    everything = best_response(residual, bandwidth, math.inf)
    if everything.loss <= loss:
        return None
    order, _, losses = loss_curve(residual, bandwidth)
    if losses[0] > loss:
        return 0.0
    n_full = min(int(np.searchsorted(losses[1:], loss, side="right")), len(order) - 1)
    missing = loss - losses[n_full]
    marginal = order[n_full]
    share = missing / residual[marginal]
    return math.fsum([*bandwidth[order[:n_full]].tolist(), share * bandwidth[marginal]])
