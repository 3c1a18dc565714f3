"""The rule for operating or terminating, shared by every answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.answers.solution import scale_of
from mfmgame.documents.result import Decision
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Region", "decide", "decide_each", "regions_of", "tie", "turning_points"]


_SAME_POINT = 1e-12
"""Relative distance below which points count as the same."""


class Region(NamedTuple):
    """An interval of the varied parameter with the same decision.

    Attributes
    ----------
    decision : {"operate", "terminate", "undecided"}
    start, stop : float
        Ends of the region; a point between two regions has the decision of the region of lower
        loss.
    """

    decision: Decision
    start: float
    stop: float


def decide(game: DefenseGame, lower: float, upper: float, loss: float) -> Decision:
    """Compare the proven bracket of a value with the loss of stopping.

    Parameters
    ----------
    game : DefenseGame
    lower, upper : float
        Proven bracket of the value, in loss units.
    loss : float
        Termination loss, in loss units.

    Returns
    -------
    {"operate", "terminate", "undecided"}
        Operate if the value is surely at most the loss, a tie included; terminate if the value is
        surely greater; undecided if the bracket contains the loss.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5]],
    ...                       attacker_bandwidth=1.0)
    >>> [decide(game, lower, 4.0, loss=3.5) for lower in (3.0, 4.0)], decide(game, 3.0, 4.0, 4.0)
    (['undecided', 'terminate'], 'operate')
    """
    return cast("Decision", str(decide_each(game, lower, upper, loss)))


def decide_each(
    game: DefenseGame, lower: ArrayLike, upper: ArrayLike, loss: float
) -> NDArray[np.str_]:
    """Compare many brackets with the loss of stopping, each as :func:`decide` does.

    Parameters
    ----------
    game : DefenseGame
    lower, upper : array_like of float
        Proven brackets of values, in loss units, of one shape.
    loss : float
        Termination loss, in loss units.

    Returns
    -------
    ndarray of str
        A decision for each bracket.
    """
    beyond = np.where(np.asarray(lower) > loss, "terminate", "undecided")
    return np.where(np.asarray(upper) <= loss + tie(game, loss), "operate", beyond)


def turning_points(
    game: DefenseGame,
    points: FloatArray,
    values: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    loss: float,
) -> tuple[float, float]:
    """Find where rising values stop keeping within a loss, and where they surely exceed it.

    Parameters
    ----------
    game : DefenseGame
    points : ndarray of float, shape (n_points,)
        Increasing.
    values : ndarray of float, shape (n_points,)
        Nondecreasing values at the points, linear in between.
    bounds : tuple of two ndarrays of float, shape (n_points,)
        Proven lower and upper bounds of the values.
    loss : float
        Termination loss, in loss units.

    Returns
    -------
    until : float
        Up to this point the decision is to operate; infinity if everywhere, minus infinity if
        nowhere.
    beyond : float
        From this point on the decision is to terminate; infinity if nowhere, minus infinity if
        everywhere. Never before `until`; between the two it is undecided.
    """
    lower, upper = bounds
    # Values never fall: if one point keeps within the loss, so do all before it; if one exceeds
    # it, so do all after it.
    held = decide_each(game, lower, upper, loss) == "operate"
    passed = ~np.logical_or.accumulate(held[::-1])[::-1]
    until = _where_passed(points, values, passed, loss)
    surely = _where_passed(points, upper, passed, loss + tie(game, loss))
    beyond = _where_passed(points, lower, lower > loss, loss)
    if until == -math.inf or beyond - surely > _SAME_POINT * abs(surely):
        return until, max(until, beyond)
    return until, until  # only rounding lies between


def _where_passed(
    points: FloatArray, values: FloatArray, passed: NDArray[np.bool_], loss: float
) -> float:
    """Find where values pass a loss, on the segment that ends in the first passed point."""
    if not passed.any():
        return math.inf
    after = int(np.argmax(passed))
    if after == 0:
        return -math.inf
    rise = float(values[after] - values[after - 1])
    share = (loss - float(values[after - 1])) / rise if rise > 0.0 else 0.0
    step = min(max(share, 0.0), 1.0) * float(points[after] - points[after - 1])
    return float(points[after - 1]) + step


def regions_of(turns: tuple[float, float], ends: tuple[float, float]) -> tuple[Region, ...]:
    """Cut an interval where the decision turns.

    Parameters
    ----------
    turns : tuple of float
        Points from :func:`turning_points`.
    ends : tuple of float
        First and last point of the interval.

    Returns
    -------
    tuple of Region
        One or more, in order.

    Examples
    --------
    >>> [region.decision for region in regions_of((2.0, 3.0), (0.0, 5.0))]
    ['operate', 'undecided', 'terminate']
    """
    first, last = ends
    until, beyond = (min(max(turn, first), last) for turn in turns)
    is_there = (turns[0] > -math.inf, turns[1] > turns[0], turns[1] < math.inf)
    names: Sequence[Decision] = ("operate", "undecided", "terminate")
    cuts = pairwise((first, until, beyond, last))
    return tuple(
        Region(decision, *cut)
        for decision, cut, there in zip(names, cuts, is_there, strict=True)
        if there
    )


def tie(game: DefenseGame, loss: float) -> float:
    """Compute the excess of a value over a loss, in loss units, within the default tolerance.

    The excess is relative to the loss, or to a small share of the greatest severity if the loss
    is less.
    """
    return composition_class(game.composition).tolerance * scale_of(game, loss)
