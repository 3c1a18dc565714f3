"""Where to operate and where to terminate, over bandwidth and a limit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.frontier_map import FrontierMap
from mfmgame.view.plots.style import (
    BLUE,
    GREY,
    INK,
    RED,
    axes_or_new,
    drawn_in_style,
    keyed,
    number_label,
    titled,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["boundary", "plot_map"]

FloatArray = NDArray[np.float64]

_ROWS_BETWEEN = 12
_COLUMNS = 240


@drawn_in_style
def plot_map(mapped: FrontierMap, ax: Axes | None = None) -> Axes:
    """Draw the value as contours, and where it is within the termination loss.

    The boundary is exact at each limit that was traced. Between two, it is that of their
    mixture, which the value (convex in a limit) is nowhere above: what is drawn as safe is.

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
    rows = _between(mapped.limits)
    if loss is not None:
        edge = boundary(mapped, rows, loss)
        ax.fill_betweenx(rows, 0.0, edge, facecolor=(BLUE, 0.08), linewidth=0.0, gid="operate")
        ax.fill_betweenx(
            rows,
            edge,
            reach,
            facecolor=(RED, 0.10),
            edgecolor=(RED, 0.35),
            hatch="///",
            linewidth=0.0,
            gid="terminate",
        )
        inside = edge < reach
        drawn = np.where(inside, edge, np.nan)
        ax.plot(drawn, rows, color=RED, label=f"value = termination loss {number_label(loss)}")
        traced = boundary(mapped, mapped.limits, loss)
        on = traced < reach
        ax.plot(
            traced[on],
            mapped.limits[on],
            "o",
            color=RED,
            markerfacecolor="white",
            markersize=5,
            label="exact",
        )
        _words(ax, rows, np.minimum(edge, reach), reach)
    columns = np.linspace(0.0, reach, _COLUMNS)
    values = _mixed(mapped.limits, mapped.values(columns), rows)
    if np.ptp(values) > 0.0:
        lines = ax.contour(columns, rows, values, levels=7, colors=GREY, linewidths=0.8)
        ax.clabel(lines, fontsize=7.0, fmt=number_label)
        ax.plot([], [], color=GREY, linewidth=0.8, label="value [loss units]")
    titled(ax, game.name, f"exact at {len(mapped.limits)} limits, on the safe side between them")
    ax.set_xlabel("attacker bandwidth [bits]")
    ax.set_ylabel(f"limit of {written(mapped.limit)} [units of it]")
    keyed(ax)
    return ax


def boundary(mapped: FrontierMap, limits: FloatArray, loss: float) -> FloatArray:
    """Greatest bandwidth at which the mixture of the rows beside a limit keeps within a loss.

    Parameters
    ----------
    mapped : FrontierMap
    limits : ndarray of float, shape (n,)
        From its first limit to its last.
    loss : float
        In loss units.

    Returns
    -------
    ndarray of float, shape (n,)
        In bits; infinite where no bandwidth passes the loss.
    """
    found = np.empty(len(limits))
    for place, limit in enumerate(limits.tolist()):
        below = int(np.searchsorted(mapped.limits, limit, side="right")) - 1
        below = min(max(below, 0), len(mapped.limits) - 2)
        low, high = mapped.limits[below], mapped.limits[below + 1]
        share = (limit - low) / (high - low)
        pair = mapped.frontiers[below : below + 2]
        points = np.union1d(pair[0].breakpoints, pair[1].breakpoints)
        values = (1.0 - share) * np.asarray(pair[0](points)) + share * np.asarray(pair[1](points))
        found[place] = _crossing(points, values, loss)
    return found


def _crossing(points: FloatArray, values: FloatArray, loss: float) -> float:
    """Where values that never fall pass a loss."""
    if values[-1] <= loss:
        return float("inf")
    if values[0] > loss:
        return float(points[0])
    after = int(np.argmax(values > loss))
    share = (loss - values[after - 1]) / (values[after] - values[after - 1])
    return float(points[after - 1] + share * (points[after] - points[after - 1]))


def _reach(mapped: FrontierMap) -> float:
    """As far as the picture goes: all sweeps, or where the best row has long crossed."""
    end = min(float(frontier.breakpoints[-1]) for frontier in mapped.frontiers)
    loss = mapped.frontiers[0].game.termination_loss
    here = mapped.frontiers[0].game.attacker_bandwidth
    crossings = [] if loss is None else boundary(mapped, mapped.limits, loss).tolist()
    reached = [crossing for crossing in crossings if np.isfinite(crossing)]
    wanted = max(1.3 * max(reached), 1.3 * here) if reached else end
    return min(end, wanted) or 1.0


def _between(limits: FloatArray) -> FloatArray:
    """The limits, and some between each two of them, shape (n,)."""
    steps = np.arange((len(limits) - 1) * _ROWS_BETWEEN + 1) / _ROWS_BETWEEN
    return np.interp(steps, np.arange(len(limits)), limits)


def _mixed(limits: FloatArray, values: FloatArray, rows: FloatArray) -> FloatArray:
    """Values between the limits, column by column, shape (n_rows, n_columns)."""
    return np.column_stack([np.interp(rows, limits, column) for column in values.T])


def _words(ax: Axes, rows: FloatArray, edge: FloatArray, reach: float) -> None:
    """Name the regions where they are widest."""
    for word, widths, middle in (
        ("OPERATE", edge, 0.5 * edge),
        ("TERMINATE", reach - edge, 0.5 * (edge + reach)),
    ):
        # Off the upper and lower edge, where a word would be cut.
        inner = slice(len(rows) // 8, len(rows) - len(rows) // 8)
        widest = int(np.argmax(widths[inner])) + inner.start
        if widths[widest] > 0.15 * reach:
            ax.text(
                middle[widest],
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
