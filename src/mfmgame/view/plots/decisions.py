"""Where to operate and where to terminate, over bandwidth and a limit together."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answers.decision import turning_points
from mfmgame.documents.result import Decision
from mfmgame.errors import SpecificationError
from mfmgame.numerics.arrays import FloatArray
from mfmgame.sweeps.frontier_map import FrontierMap
from mfmgame.view.plots.style import (
    GREY,
    INK,
    RED,
    SHADES,
    axes_or_new,
    drawn_in_style,
    keyed,
    number_label,
    titled,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["boundaries", "plot_map"]


_ROWS_BETWEEN = 12
_COLUMNS = 240
_LEAST_SHADE = 0.08
_IN_ORDER: tuple[Decision, ...] = ("operate", "undecided", "terminate")
_JUST_BELOW = 1e-9
"""Share of the way between two limits that is left out where the value steps."""


@drawn_in_style
def plot_map(mapped: FrontierMap, ax: Axes | None = None) -> Axes:
    """Draw the value as contours, and where it is within the termination loss.

    The boundary is exact at each limit that was traced. Between two, it is that of their
    mixture, which the value (convex in a limit) is nowhere above: what is drawn as safe is.
    With stepped defenses the value is not convex, and the lower limit's holds up to the next.

    Parameters
    ----------
    mapped : FrontierMap
        Of two limits or more.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SpecificationError
        If there is one limit only.
    """
    if len(mapped.limits) < 2:
        raise SpecificationError("found 1 limit, expected two or more to draw", pointer="limits")
    ax = axes_or_new(ax)
    game = mapped.frontiers[0].game
    loss, reach = game.termination_loss, _reach(mapped)
    ax.set_xlim(0.0, reach)
    ax.set_ylim(float(mapped.limits[0]), float(mapped.limits[-1]))
    rows = _between(mapped)
    if loss is not None:
        turns = [np.clip(turn, 0.0, reach) for turn in boundaries(mapped, rows, loss)]
        edges = [np.zeros(len(rows)), *turns, np.full(len(rows), reach)]
        for decision, (left, right) in zip(_IN_ORDER, pairwise(edges), strict=True):
            if not np.any(left < right):
                continue
            colour, strength, hatch = SHADES[decision]
            ax.fill_betweenx(
                rows,
                left,
                right,
                facecolor=(colour, max(strength, _LEAST_SHADE)),
                edgecolor=(colour, 0.35),
                hatch=hatch,
                linewidth=0.0,
                gid=decision,
            )
            _word(ax, rows, left, right, decision.upper())
        drawn = np.where(turns[0] < reach, turns[0], np.nan)
        ax.plot(drawn, rows, color=RED, label=f"value = termination loss {number_label(loss)}")
        traced, _ = boundaries(mapped, mapped.limits, loss)
        on = (traced >= 0.0) & (traced < reach)
        ax.plot(
            traced[on],
            mapped.limits[on],
            "o",
            color=RED,
            markerfacecolor="white",
            markersize=5,
            label="exact",
        )
    columns = np.linspace(0.0, reach, _COLUMNS)
    places = _places(mapped, rows)
    below = np.floor(places).astype(np.intp)
    share = (places - below)[:, None]
    traced_values = mapped.values(columns)
    above = np.minimum(below + 1, len(mapped.limits) - 1)
    values = (1.0 - share) * traced_values[below] + share * traced_values[above]
    if np.ptp(values) > 0.0:
        lines = ax.contour(columns, rows, values, levels=7, colors=GREY, linewidths=0.8)
        ax.clabel(lines, fontsize=7.0, fmt=number_label)
        ax.plot([], [], color=GREY, linewidth=0.8, label="value [loss units]")
    titled(ax, game.name, f"exact at {len(mapped.limits)} limits, on the safe side between them")
    ax.set_xlabel("attacker bandwidth [bits]")
    ax.set_ylabel(f"limit of {written(mapped.limit)} [units of it]")
    keyed(ax)
    return ax


def boundaries(
    mapped: FrontierMap, limits: FloatArray, loss: float
) -> tuple[FloatArray, FloatArray]:
    """Bandwidths at which the mixture of the rows beside a limit passes a loss.

    Parameters
    ----------
    mapped : FrontierMap
    limits : ndarray of float, shape (n,)
        From its first limit to its last.
    loss : float
        In loss units.

    Returns
    -------
    operating, terminating : ndarray of float, shape (n,)
        In bits: up to where the decision is to operate, and from where on it is to
        terminate, infinite as in :func:`mfmgame.answers.decision.turning_points`. Where the limit
        was not traced, the value may be less than that of the mixture, and never more.
    """
    found = np.empty((len(limits), 2))
    for row, place in enumerate(_places(mapped, limits).tolist()):
        below = int(place)
        share, low = place - below, mapped.frontiers[below]
        if not share:
            found[row] = low.turns(loss)
            continue
        high = mapped.frontiers[below + 1]
        points = np.union1d(low.breakpoints, high.breakpoints)
        values, lower, upper = (
            (1.0 - share) * np.interp(points, low.breakpoints, of_low)
            + share * np.interp(points, high.breakpoints, of_high)
            for of_low, of_high in (
                (low.values, high.values),
                (low.lower, high.lower),
                (low.upper, high.upper),
            )
        )
        found[row] = turning_points(low.game, points, values, (lower, upper), loss)
    return found[:, 0], found[:, 1]


def _reach(mapped: FrontierMap) -> float:
    """As far as the picture goes: all sweeps, or where the best row has long crossed."""
    end = min(float(frontier.breakpoints[-1]) for frontier in mapped.frontiers)
    loss = mapped.frontiers[0].game.termination_loss
    here = mapped.frontiers[0].game.attacker_bandwidth
    crossings = [] if loss is None else boundaries(mapped, mapped.limits, loss)[0].tolist()
    reached = [crossing for crossing in crossings if np.isfinite(crossing)]
    wanted = max(1.3 * max(reached), 1.3 * here) if reached else end
    return min(end, wanted) or 1.0


def _between(mapped: FrontierMap) -> FloatArray:
    """The limits, and some between each two of them, shape (n,)."""
    limits = mapped.limits
    steps = np.arange((len(limits) - 1) * _ROWS_BETWEEN + 1) / _ROWS_BETWEEN
    rows = np.interp(steps, np.arange(len(limits)), limits)
    if mapped.frontiers[0].game.is_discrete:
        # A step is upright, not aslant over the last of these.
        rows[_ROWS_BETWEEN - 1 :: _ROWS_BETWEEN] = limits[1:] - _JUST_BELOW * np.diff(limits)
    return rows


def _places(mapped: FrontierMap, limits: FloatArray) -> FloatArray:
    """Between which rows limits lie, as a number whose fraction is the upper one's share."""
    places = np.interp(limits, mapped.limits, np.arange(len(mapped.limits)))
    return np.floor(places) if mapped.frontiers[0].game.is_discrete else places


def _word(ax: Axes, rows: FloatArray, left: FloatArray, right: FloatArray, word: str) -> None:
    """Name a region where it is widest."""
    # Off the upper and lower edge, where a word would be cut.
    inner = slice(len(rows) // 8, len(rows) - len(rows) // 8)
    widest = int(np.argmax((right - left)[inner])) + inner.start
    low, high = ax.get_xlim()
    if right[widest] - left[widest] > 0.15 * (high - low):
        ax.text(
            0.5 * (left[widest] + right[widest]),
            rows[widest],
            word,
            ha="center",
            va="center",
            fontsize=8.0,
            fontweight="bold",
            color=INK,
            zorder=5.0,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )
