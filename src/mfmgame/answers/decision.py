"""Operate or terminate: the one rule that every answer decides by."""

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
"""Points closer than this share of where they are, are one point."""


class Region(NamedTuple):
    """A stretch of what varies in which the decision is the same.

    Attributes
    ----------
    decision : {"operate", "terminate", "undecided"}
    start, stop : float
        Where it begins and ends; at a point between two regions, as in the region of the
        lower loss.
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
        Operate if the value is surely at most the loss, a tie included; terminate if the
        value is surely greater; undecided if the bracket holds the loss.

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
        A decision for each.
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
    """Find up to where rising values keep within a loss, and from where they exceed it.

    Parameters
    ----------
    game : DefenseGame
    points : ndarray of float, shape (n_points,)
        Increasing.
    values : ndarray of float, shape (n_points,)
        Values there, which nowhere fall; between them are straight lines.
    bounds : tuple of two ndarrays of float, shape (n_points,)
        Proven lower and upper ends of the values.
    loss : float
        Termination loss, in loss units.

    Returns
    -------
    until : float
        Up to here the decision is to operate; infinite if it is so everywhere, and
        negative and infinite if it is so nowhere.
    beyond : float
        From here on it is to terminate, with the same meaning of infinite ones. Never
        before `until`; between both it is undecided.
    """
    lower, upper = bounds
    # Values never fall: what a point keeps within, all before it do, and what one exceeds,
    # all after it do.
    held = decide_each(game, lower, upper, loss) == "operate"
    passed = ~np.logical_or.accumulate(held[::-1])[::-1]
    until = _where_passed(points, values, passed, loss)
    surely = _where_passed(points, upper, passed, loss + tie(game, loss))
    beyond = _where_passed(points, lower, lower > loss, loss)
    if until == -math.inf or beyond - surely > _SAME_POINT * abs(surely):
        return until, max(until, beyond)
    return until, until  # no more than rounding lies between


def _where_passed(
    points: FloatArray, values: FloatArray, passed: NDArray[np.bool_], loss: float
) -> float:
    """Where values pass a loss, on the line that ends in the first that has passed it."""
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
    """Cut a stretch where the decision turns.

    Parameters
    ----------
    turns : tuple of float
        As :func:`turning_points` finds them.
    ends : tuple of float
        First and last point of the stretch.

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
    """Excess of a value over a loss, in loss units, that solving to the default tolerance leaves.

    Relative to the loss, or to a small share of the greatest severity if the loss is less.
    """
    return composition_class(game.composition).tolerance * scale_of(game, loss)
