"""Worst attack on each piece of a frontier, as steps that a page can follow exactly.

The allocation is constant on a piece, so the attack at every bandwidth of the piece is a
fractional knapsack on the same residual losses: threats run in a fixed order until the
bandwidth is used. Where threats share a loss, a step may replace the threat that runs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfmgame.game.attacker import Ways
from mfmgame.game.shared_losses import Steps
from mfmgame.numerics.arrays import FloatArray, IntArray

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
        Bandwidth that the step needs in full.
    loss : float
        Loss from the threat at full effort, or loss that several threats add, in loss units.
    replaces : int or None
        Position of the threat of an earlier step, with the same loss, that the step ends.
    """

    threat: int | None
    n_threats: int
    bits: float
    loss: float
    replaces: int | None = None


def attack_steps(
    residual: FloatArray,
    ways: Ways,
    start: float,
    stop: float,
    most: int | None = None,
) -> list[Step]:
    """List the threats in the order of attack, for every bandwidth between two ends.

    The order determines the efforts: each step runs in full while the bandwidth lasts, and the
    step in which the bandwidth ends runs in part; a threat that it replaces runs in the other
    part. Several threats become one step only where this changes no sum: if all of them run in
    full at `start` already, or if they are tied.

    Parameters
    ----------
    residual : ndarray of float, shape (n_threats,)
    ways : Ways
        As for :func:`mfmgame.game.attacker.best_response`.
    start, stop : float
        Least and greatest bandwidth, in bits.
    most : int, optional
        Number of steps of their own: this many of the threats that run in full at `start`, by
        greatest loss, and this many of the threats after them, with all threats of the same
        losses. All threats by default.

    Returns
    -------
    list of Step
        Threats without bandwidth first, then by falling loss per bit.

    Examples
    --------
    >>> residual, ways = np.array([1.0, 4.0, 3.0, 2.0]), Ways(np.ones(4))
    >>> [step.threat for step in attack_steps(residual, ways, 2.0, 3.0)]
    [1, 2, 3]
    >>> attack_steps(residual, ways, 2.0, 3.0, most=1)[1]
    Step(threat=None, n_threats=1, bits=1.0, loss=3.0, replaces=None)
    """
    free, steps = ways.steps(residual)
    steps = steps.taken(np.argsort(-steps.slope, kind="stable"))
    used = np.cumsum(steps.bits)
    n_reached = int(np.searchsorted(used, stop)) + 1
    n_full = int(np.searchsorted(used[:n_reached], start, side="right"))
    full, after = steps.taken(np.s_[:n_full]), steps.taken(np.s_[n_full:n_reached])
    first = np.concatenate((free, full.target))
    first = first[~np.isin(first, full.source)]
    named = _named(first, after.target, residual, ways, most)
    return [
        *_first_steps(first, named, residual, ways.bandwidth),
        *_steps_after(after, named, residual),
    ]


def _named(
    first: IntArray, after: IntArray, residual: FloatArray, ways: Ways, most: int | None
) -> set[int]:
    """Choose the threats that have steps of their own: all threats of some of the losses."""
    if most is None:
        return {*first.tolist(), *after.tolist()}
    greatest = first[np.argsort(-residual[first], kind="stable")[:most]]
    named = np.concatenate((greatest, after[:most]))
    if ways.losses is not None:
        loss_of = ways.losses.loss_of
        named = np.flatnonzero(np.isin(loss_of, loss_of[named]))
    return set(named.tolist())


def _first_steps(
    threats: IntArray, named: set[int], residual: FloatArray, bandwidth: FloatArray
) -> list[Step]:
    """Make the steps of threats that run in full at the start: some by name, the rest together."""
    steps = [
        Step(i, 1, float(bandwidth[i]), float(residual[i])) for i in threats.tolist() if i in named
    ]
    others = [i for i in threats.tolist() if i not in named]
    return [*steps, _several(bandwidth[others], residual[others])] if others else steps


def _steps_after(after: Steps, named: set[int], residual: FloatArray) -> list[Step]:
    """Make the later steps; tied threats without a step of their own become one step."""
    steps: list[Step] = []
    held: list[int] = []
    held_ratio = math.inf

    def join_held() -> None:
        if held:
            steps.append(_several(after.bits[held], after.gain[held]))
            held.clear()

    targets, sources, ratios = after.target.tolist(), after.source.tolist(), after.slope.tolist()
    for position, (i, source, per_bit) in enumerate(zip(targets, sources, ratios, strict=True)):
        if i in named:
            join_held()
            replaces = source if source >= 0 else None
            steps.append(Step(i, 1, float(after.bits[position]), float(residual[i]), replaces))
            continue
        if held and held_ratio - per_bit > _SAME_RATIO * held_ratio:
            join_held()
        if not held:
            held_ratio = per_bit
        held.append(position)
    join_held()
    return steps


def _several(bits: FloatArray, losses: FloatArray) -> Step:
    return Step(None, len(bits), math.fsum(bits.tolist()), math.fsum(losses.tolist()))
