"""Map of the decision over bandwidth and a limit together."""

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
    limit_label,
    loss_label,
    number_label,
    show_kept_shares,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["boundaries", "plot_map"]


_ROWS_BETWEEN = 12
_COLUMNS = 240
_LEAST_SHADE = 0.08
_IN_ORDER: tuple[Decision, ...] = ("operate", "undecided", "terminate")
_JUST_BELOW = 1e-9
"""Fraction of the distance between two limits that is omitted where the value steps."""


@drawn_in_style
def plot_map(mapped: FrontierMap, ax: Axes | None = None) -> Axes:
    """Draw the value as contours, and the region where the value is within the termination loss.

    The boundary is exact at each traced limit. Between two traced limits, it is the boundary
    of their mixture. The value is convex in a limit, so it is nowhere above the mixture: every
    point drawn as safe is safe. With stepped defenses the value is not convex, and the boundary
    of the lower limit is drawn up to the next limit.

    Parameters
    ----------
    mapped : FrontierMap
        A map of two limits or more.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SpecificationError
        If the map has only one limit.
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
        ax.plot([], [], color=GREY, linewidth=0.8, label=loss_label(game, "value"))
    titled(ax, game.name, f"exact at {len(mapped.limits)} limits, on the safe side between them")
    ax.set_xlabel("attacker bandwidth [bits]")
    ax.set_ylabel(limit_label(game, mapped.limit))
    show_kept_shares(ax.yaxis, game, mapped.limit)
    keyed(ax)
    return ax


def boundaries(
    mapped: FrontierMap, limits: FloatArray, loss: float
) -> tuple[FloatArray, FloatArray]:
    """Find the bandwidths at which the mixture of the two nearest traced limits crosses a loss.

    Parameters
    ----------
    mapped : FrontierMap
    limits : ndarray of float, shape (n,)
        Between the first and the last limit of the map.
    loss : float
        In loss units.

    Returns
    -------
    operating, terminating : ndarray of float, shape (n,)
        In bits: the greatest bandwidth at which the decision is to operate, and the bandwidth
        from which the decision is to terminate, infinite as in
        :func:`mfmgame.answers.decision.turning_points`. At a limit that was not traced, the
        value may be less than the value of the mixture, and is never more.
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
    """Choose the right end of the plot: the end of all sweeps, or well beyond the last crossing."""
    end = min(float(frontier.breakpoints[-1]) for frontier in mapped.frontiers)
    loss = mapped.frontiers[0].game.termination_loss
    here = mapped.frontiers[0].game.attacker_bandwidth
    crossings = [] if loss is None else boundaries(mapped, mapped.limits, loss)[0].tolist()
    reached = [crossing for crossing in crossings if np.isfinite(crossing)]
    wanted = max(1.3 * max(reached), 1.3 * here) if reached else end
    return min(end, wanted) or 1.0


def _between(mapped: FrontierMap) -> FloatArray:
    """List the limits and intermediate limits between neighbors, shape (n,)."""
    limits = mapped.limits
    steps = np.arange((len(limits) - 1) * _ROWS_BETWEEN + 1) / _ROWS_BETWEEN
    rows = np.interp(steps, np.arange(len(limits)), limits)
    if mapped.frontiers[0].game.is_discrete:
        # Draws a step upright, not aslant over the last intermediate limit.
        rows[_ROWS_BETWEEN - 1 :: _ROWS_BETWEEN] = limits[1:] - _JUST_BELOW * np.diff(limits)
    return rows


def _places(mapped: FrontierMap, limits: FloatArray) -> FloatArray:
    """Locate limits between rows; the fraction is the share of the upper row."""
    places = np.interp(limits, mapped.limits, np.arange(len(mapped.limits)))
    return np.floor(places) if mapped.frontiers[0].game.is_discrete else places


def _word(ax: Axes, rows: FloatArray, left: FloatArray, right: FloatArray, word: str) -> None:
    """Label a region where it is widest."""
    # Away from the upper and lower edges, where a word would be cut.
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
