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
    for row, place in enumerate(_places(mapped, limits).tolist()):
        below = int(place)
        share = place - below
        low = mapped.frontiers[below]
        high = mapped.frontiers[min(below + 1, len(mapped.frontiers) - 1)]
        points = np.union1d(low.breakpoints, high.breakpoints)
        values = (1.0 - share) * np.asarray(low(points)) + share * np.asarray(high(points))
        found[row] = _crossing(points, values, loss)
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


def _between(mapped: FrontierMap) -> FloatArray:
    """The limits, and some between each two of them, shape (n,)."""
    limits = mapped.limits
    steps = np.arange((len(limits) - 1) * _ROWS_BETWEEN + 1) / _ROWS_BETWEEN
    rows = np.interp(steps, np.arange(len(limits)), limits)
    if mapped.frontiers[0].game.choices is not None:
        # A step is upright, not aslant over the last of these.
        rows[_ROWS_BETWEEN - 1 :: _ROWS_BETWEEN] = limits[1:] - _JUST_BELOW * np.diff(limits)
    return rows


def _places(mapped: FrontierMap, limits: FloatArray) -> FloatArray:
    """Between which rows limits lie, as a number whose fraction is the upper one's share."""
    places = np.interp(limits, mapped.limits, np.arange(len(mapped.limits)))
    return places if mapped.frontiers[0].game.choices is None else np.floor(places)


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
