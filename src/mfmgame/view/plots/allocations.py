"""Plots of the levels of defenses, for a solution and along a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.sensitivity import NO_LEVEL, Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.view.plots.curves import crossing_label
from mfmgame.view.plots.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    RED,
    axes_or_new,
    counted,
    drawn_in_style,
    keyed,
    limit_label,
    most_important,
    row_labels,
    show_kept_shares,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_allocations", "plot_levels"]


_MOST_ROWS = 24
_ROW_HEIGHT = 0.8


@drawn_in_style
def plot_allocations(frontier: Frontier, ax: Axes | None = None) -> Axes:
    """Draw the level of each defense along the swept parameter, a row for each defense.

    Parameters
    ----------
    frontier : Frontier
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes
        Rows are in the order in which the defenses are first funded.
    """
    game = frontier.game
    over_bandwidth = frontier.parameter == ATTACKER_BANDWIDTH
    points = frontier.breakpoints
    shares = np.divide(
        frontier.allocations,
        game.max_level,
        out=np.zeros_like(frontier.allocations),
        where=game.max_level > 0,
    )
    weights = np.diff(points)
    if over_bandwidth:
        points, shares = np.repeat(points, 2)[1:-1], np.repeat(shares, 2, axis=0)
        mean = weights @ shares[::2]
    else:
        mean = 0.5 * weights @ (shares[:-1] + shares[1:])
    funded = shares > NO_LEVEL
    ever = np.flatnonzero(funded.any(axis=0))
    kept = ever[most_important(mean[ever], _MOST_ROWS)]
    first = funded[:, kept].argmax(axis=0)
    kept = kept[np.lexsort((-mean[kept], first))]
    ax = axes_or_new(ax, height=1.6 + 0.3 * max(5, len(kept)))
    start, stop = float(points[0]), float(points[-1])
    ax.set_xlim(start, stop if stop > start else start + 1.0)
    row_labels(ax, [game.defense_ids[defense] for defense in kept])
    for row, defense in enumerate(kept):
        floor = row + 0.5 * _ROW_HEIGHT
        ax.axhline(floor, color=PALE, linewidth=0.8, zorder=0.5)
        ax.fill_between(
            points,
            floor,
            floor - _ROW_HEIGHT * shares[:, defense],
            facecolor=BLUE,
            edgecolor=INK,
            linewidth=0.5,
            gid=f"row-{row}",
        )
    loss = game.termination_loss
    crossing = None if loss is None else frontier.crossing(loss)
    if crossing is not None:
        ax.axvline(
            crossing, color=RED, linestyle=":", linewidth=1.5, label=crossing_label(frontier)
        )
    said = counted(len(kept), len(ever), "funded defenses", "of greatest mean level")
    titled(ax, game.name, said or "full height: greatest level of the defense")
    if not len(kept):
        _nothing(ax)
    ax.set_xlabel(
        "attacker bandwidth [bits]" if over_bandwidth else limit_label(game, frontier.parameter)
    )
    show_kept_shares(ax.xaxis, game, frontier.parameter)
    ax.set_ylabel("level [share of the greatest level]")
    keyed(ax)
    return ax


@drawn_in_style
def plot_levels(
    solution: Solution, ax: Axes | None = None, *, ranges: Sensitivity | None = None
) -> Axes:
    """Draw the level of each funded defense beside its greatest level.

    Parameters
    ----------
    solution : Solution
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.
    ranges : Sensitivity, optional
        Sensitivity of the same solution; adds the least and greatest optimal level of each
        defense to the plot.

    Returns
    -------
    matplotlib.axes.Axes
    """
    game, levels = solution.game, solution.allocation.array
    funded = np.flatnonzero(levels > 0.0)
    kept = funded[most_important(levels[funded], _MOST_ROWS)]
    ax = axes_or_new(ax, height=1.3 + 0.27 * max(4, len(kept)))
    rows = np.arange(len(kept))
    row_labels(ax, [game.defense_ids[defense] for defense in kept])
    ax.barh(
        rows,
        game.max_level[kept],
        height=0.62,
        facecolor="white",
        edgecolor=GREY,
        linewidth=0.9,
        label="greatest level",
    )
    ax.barh(rows, levels[kept], height=0.62, facecolor=BLUE, label="level")
    if ranges is not None and len(kept):
        least, greatest = ranges.least.array[kept], ranges.greatest.array[kept]
        ax.hlines(rows, least, greatest, color=INK, linewidth=1.6, label="range over all optima")
        for ends in (least, greatest):
            ax.plot(ends, rows, "|", color=INK, markersize=8, markeredgewidth=1.6)
    said = counted(len(kept), len(funded), "funded defenses", "of greatest level")
    titled(ax, game.name, said or f"{len(funded)} of {game.n_defenses:,} defenses are funded")
    ax.set_xlabel("level [1: as in the catalog]")
    ax.set_xlim(0.0, 1.04 * float(game.max_level[kept].max(initial=0.0)) or 1.0)
    if len(kept):
        keyed(ax)
    else:
        _nothing(ax)
    return ax


def _nothing(ax: Axes) -> None:
    ax.set_yticks([])
    ax.text(0.5, 0.5, "no defense is funded", transform=ax.transAxes, ha="center", color=GREY)
