"""Worst attack on each piece of a frontier, as steps that a page can follow exactly.

The allocation is constant on a piece, so the attack at every bandwidth of the piece is a
fractional knapsack on the same residual losses: threats run in a fixed order until the
bandwidth is used.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfmgame.numerics.arrays import FloatArray

__all__ = ["Step", "attack_steps"]


_SAME_RATIO = 1e-12
"""Relative difference of losses per bit below which two threats are tied."""


class Step(NamedTuple):
    """A threat of an attack, or several threats that need no distinction.

    Attributes
    ----------
    threat : int or None
        Position of the threat; None for several threats.
    n_threats : int
        Number of threats in the step.
    bits : float
        Bandwidth of all threats of the step at full effort.
    loss : float
        Loss from all threats of the step at full effort, in loss units.
    """

    threat: int | None
    n_threats: int
    bits: float
    loss: float


def attack_steps(
    residual: FloatArray,
    bandwidth: FloatArray,
    start: float,
    stop: float,
    most: int | None = None,
) -> list[Step]:
    """List the threats in the order of attack, for every bandwidth between two ends.

    The order determines the efforts: each step runs in full while the bandwidth lasts, and the
    step in which the bandwidth ends runs in part. Several threats become one step only where
    this changes no sum: if all of them run in full at `start` already, or if they are tied.

    Parameters
    ----------
    residual, bandwidth : ndarray of float, shape (n_threats,)
        As for :func:`mfmgame.game.attacker.best_response`.
    start, stop : float
        Least and greatest bandwidth, in bits.
    most : int, optional
        Number of steps of their own: this many of the threats that run in full at `start`, by
        greatest loss, and this many of the threats after them. All threats by default.

    Returns
    -------
    list of Step
        Threats without bandwidth first, then by falling loss per bit.

    Examples
    --------
    >>> residual, bandwidth = np.array([1.0, 4.0, 3.0, 2.0]), np.ones(4)
    >>> [step.threat for step in attack_steps(residual, bandwidth, 2.0, 3.0)]
    [1, 2, 3]
    >>> attack_steps(residual, bandwidth, 2.0, 3.0, most=1)[1]
    Step(threat=None, n_threats=1, bits=1.0, loss=3.0)
    """
    harmful = residual > 0.0
    free = np.flatnonzero(harmful & (bandwidth == 0.0))
    paid = np.flatnonzero(harmful & (bandwidth > 0.0))
    ratio = residual[paid] / bandwidth[paid]
    order = np.argsort(-ratio, kind="stable")
    paid, ratio = paid[order], ratio[order]
    used = np.cumsum(bandwidth[paid])
    n_reached = int(np.searchsorted(used, stop)) + 1
    n_full = int(np.searchsorted(used[:n_reached], start, side="right"))
    first = np.concatenate((free, paid[:n_full]))
    after, ratio = paid[n_full:n_reached], ratio[n_full:n_reached]
    return [
        *_first_steps(first, residual, bandwidth, most),
        *_steps_after(after, ratio, residual, bandwidth, most),
    ]


def _first_steps(
    threats: NDArray[np.intp], residual: FloatArray, bandwidth: FloatArray, most: int | None
) -> list[Step]:
    """Make the steps of threats that run in full at the start: some by name, the rest together."""
    named = set(threats.tolist())
    if most is not None and len(threats) > most:
        named = set(threats[np.argsort(-residual[threats], kind="stable")[:most]].tolist())
    steps = [_one(i, residual, bandwidth) for i in threats.tolist() if i in named]
    others = [i for i in threats.tolist() if i not in named]
    return [*steps, _several(others, residual, bandwidth)] if others else steps


def _steps_after(
    threats: NDArray[np.intp],
    ratio: FloatArray,
    residual: FloatArray,
    bandwidth: FloatArray,
    most: int | None,
) -> list[Step]:
    """Make the later steps; beyond `most` threats, tied threats become one step."""
    steps: list[Step] = []
    held: list[int] = []
    held_ratio = math.inf
    for position, (i, per_bit) in enumerate(zip(threats.tolist(), ratio.tolist(), strict=True)):
        if most is None or position < most:
            steps.append(_one(i, residual, bandwidth))
            continue
        if held and held_ratio - per_bit > _SAME_RATIO * held_ratio:
            steps.append(_several(held, residual, bandwidth))
            held = []
        if not held:
            held_ratio = per_bit
        held.append(i)
    return [*steps, _several(held, residual, bandwidth)] if held else steps


def _one(threat: int, residual: FloatArray, bandwidth: FloatArray) -> Step:
    return Step(threat, 1, float(bandwidth[threat]), float(residual[threat]))


def _several(threats: list[int], residual: FloatArray, bandwidth: FloatArray) -> Step:
    bits, loss = (math.fsum(numbers[threats].tolist()) for numbers in (bandwidth, residual))
    return Step(None, len(threats), bits, loss)
