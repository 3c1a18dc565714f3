"""Plots of the loss over the attacker's bandwidth or a limit, with the regions of the decision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answers.decision import Region, decide, regions_of, turning_points
from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.portfolio import PortfolioSequence
from mfmgame.answers.solution import Solution
from mfmgame.game.attacker import bandwidth_for_loss, best_response, loss_curve
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray
from mfmgame.view.plots.style import (
    BLUE,
    GREY,
    INK,
    RED,
    axes_or_new,
    drawn_in_style,
    keyed,
    limit_label,
    loss_label,
    number_label,
    shaded_region,
    show_kept_shares,
    titled,
    written,
)
from mfmgame.view.text.number_formats import kept_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["attack_curve", "crossing_label", "plot_frontier", "plot_loss", "plot_portfolios"]


_MOST_POINTS = 2000
_FAR = 2.0
"""A termination loss this many times above all curves is in the legend only, without a line."""
_VISIBLE_GAP = 1e-6
_LEAST_STEP = 0.04
"""Least distance between two labeled steps, as a share of the plot's width."""
_HEADROOM = 1.15


@drawn_in_style
def plot_frontier(frontier: Frontier, ax: Axes | None = None) -> Axes:
    """Draw the exact value along the swept parameter, and where to operate or terminate.

    The plot also has the loss with no defense and, where the value is known only within a
    bracket, the bracket.

    Parameters
    ----------
    frontier : Frontier
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SpecificationError
        If matplotlib is not installed.
    """
    ax = axes_or_new(ax)
    game = frontier.game
    over_bandwidth = frontier.parameter == ATTACKER_BANDWIDTH
    start, stop = float(frontier.breakpoints[0]), float(frontier.breakpoints[-1])
    ax.set_xlim(start, stop if stop > start else start + 1.0)
    if over_bandwidth:
        points, losses = attack_curve(game, game.severity, *ax.get_xlim())
        here = game.attacker_bandwidth
    else:
        undefended = best_response(game.severity, game.ways, game.attacker_bandwidth).loss
        points, losses = np.array([start, stop]), np.array([undefended, undefended])
        here = float(game.limits[game.resources.index(frontier.parameter)])
    ax.plot(points, losses, color=GREY, linestyle=(0, (4, 2)), linewidth=1.3, label="no defense")
    points, values = frontier.breakpoints, frontier.values
    if stop == start:  # no threat needs any bits: the value is constant
        points, values = np.array(ax.get_xlim()), np.full(2, values[-1])
    ax.plot(points, values, color=INK, label="best defense (value)")
    if frontier.gap > _VISIBLE_GAP:
        ax.fill_between(
            frontier.breakpoints,
            frontier.lower,
            frontier.upper,
            color=BLUE,
            alpha=0.3,
            linewidth=0.0,
            label="proven bracket",
        )
    top = max(float(losses.max(initial=0.0)), float(frontier.values.max(initial=0.0)))
    if start <= here <= stop:
        place = number_label(here, "bit" if over_bandwidth else "unit")
        if game.keeps_share(frontier.parameter):
            place = f"at least {kept_text(here)} kept"
        ax.plot(
            [here],
            [float(frontier(here))],
            "o",
            color=INK,
            markersize=6,
            markerfacecolor="white",
            label=f"this scenario, {place}",
        )
    _termination(ax, game, top, _widened(frontier.regions(), ax.get_xlim()))
    titled(ax, game.name, crossing_label(frontier))
    ax.set_xlabel(_parameter_label(game, frontier.parameter))
    ax.set_ylabel(loss_label(game, "loss of the worst attack"))
    show_kept_shares(ax.xaxis, game, frontier.parameter)
    keyed(ax)
    return ax


def crossing_label(frontier: Frontier) -> str:
    """State where the value crosses the termination loss; empty if it does not."""
    loss = frontier.game.termination_loss
    crossing = None if loss is None else frontier.crossing(loss)
    if crossing is None:
        return ""
    number = number_label(crossing)
    is_open = any(region.decision == "undecided" for region in frontier.regions())
    if frontier.parameter == ATTACKER_BANDWIDTH:
        return f"self-destruction threshold {'at least ' * is_open}{number} bits"
    place = f"from {number} units upward"
    if frontier.game.keeps_share(frontier.parameter):
        place = f"if at most {kept_text(crossing)} of the work must be kept"
    return f"{'proven ' * is_open}within the termination loss {place}"


@drawn_in_style
def plot_loss(solution: Solution, ax: Axes | None = None) -> Axes:
    """Draw the loss of the worst attack over its bandwidth, with the allocation fixed.

    Parameters
    ----------
    solution : Solution
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes_or_new(ax)
    game, residual = solution.game, solution.residual.array
    loss, here = game.termination_loss, game.attacker_bandwidth
    reached = None if loss is None else bandwidth_for_loss(residual, game.ways, loss)
    # Far enough for the attacker and the crossing, but not to the end of every catalog.
    stop = max(2.0 * here, 1.25 * (reached or 0.0)) or game.ways.total_bits or 1.0
    ax.set_xlim(0.0, stop)
    for severity, options in (
        (game.severity, {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.3}),
        (residual, {"color": INK}),
    ):
        points, losses = attack_curve(game, severity, 0.0, stop)
        ax.plot(
            points,
            losses,
            label="no defense" if severity is game.severity else "this allocation",
            **options,
        )
    ax.plot(
        [here],
        [solution.value],
        "o",
        color=INK,
        markersize=6,
        markerfacecolor="white",
        label=f"the attacker, {number_label(here, 'bit')}",
    )
    top = max(
        best_response(severity, game.ways, stop).loss for severity in (game.severity, residual)
    )
    _termination(ax, game, top, _kept_regions(solution, stop))
    titled(ax, game.name, "worst attack against this fixed allocation")
    ax.set_xlabel(_parameter_label(game, ATTACKER_BANDWIDTH))
    ax.set_ylabel(loss_label(game, "loss of the worst attack"))
    keyed(ax)
    return ax


def _kept_regions(solution: Solution, stop: float) -> list[Region]:
    """Find the regions with the allocation fixed: its loss is exact, the value only bracketed."""
    game, loss = solution.game, solution.game.termination_loss
    if loss is None:
        return []
    points, losses = attack_curve(game, solution.residual.array, 0.0, stop)
    regions = regions_of(turning_points(game, points, losses, (losses, losses), loss), (0.0, stop))
    is_open = decide(game, solution.lower, solution.upper, loss) == "undecided"
    return [
        # Another allocation might stay within the loss where this allocation does not.
        region._replace(decision="undecided")
        if is_open and region.decision == "terminate"
        else region
        for region in regions
    ]


@drawn_in_style
def plot_portfolios(sequence: PortfolioSequence, ax: Axes | None = None) -> Axes:
    """Draw the value over the budget, a step for each portfolio, with the greedy order.

    Parameters
    ----------
    sequence : PortfolioSequence
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes_or_new(ax)
    game = sequence.game
    costs = np.array([one.cost for one in sequence])
    values = np.array([one.value for one in sequence])
    greedy = np.array([one.greedy_value for one in sequence])
    reach = float(costs.max(initial=0.0)) or 1.0
    end = 1.12 * reach
    ax.set_xlim(-0.02 * reach, end)
    ax.step(
        np.append(costs, end),
        np.append(values, values[-1:]),
        where="post",
        color=INK,
        label="best portfolio (value)",
    )
    ax.plot(costs, values, "o", color=INK, markersize=5)
    missed = np.array([not one.greedy_finds_it for one in sequence], dtype=bool)
    if missed.any():
        ax.plot(
            costs[missed],
            greedy[missed],
            "x",
            color=RED,
            markersize=6,
            markeredgewidth=1.6,
            label="greedy order, where it is worse",
        )
    top = max(float(values.max(initial=0.0)), float(greedy[np.isfinite(greedy)].max(initial=0.0)))
    _additions(ax, sequence, _LEAST_STEP * end)
    _termination(ax, game, top, _widened(sequence.regions, ax.get_xlim()))
    ax.set_ylim(0.0, 1.15 * ax.get_ylim()[1])  # space for the names above the steps
    titled(
        ax,
        game.name,
        f"{len(sequence)} portfolios, each best until the next portfolio is affordable",
    )
    is_share = game.keeps_share(sequence.resource)
    ax.set_xlabel("budget: " * (not is_share) + limit_label(game, sequence.resource))
    show_kept_shares(ax.xaxis, game, sequence.resource)
    ax.set_ylabel(loss_label(game, "loss of the worst attack"))
    keyed(ax)
    return ax


def _additions(ax: Axes, sequence: PortfolioSequence, apart: float) -> None:
    """Write the defenses that each portfolio adds, aslant above its step."""
    named = -math.inf
    for one in sequence:
        if not one.adds or one.cost < named + apart:
            continue
        named = one.cost
        first, *others = one.adds
        ax.annotate(
            f"+ {written(first, 22)}" + (f" and {len(others)} more" if others else ""),
            (one.cost, one.value),
            xytext=(3, 5),
            textcoords="offset points",
            rotation=35.0,
            rotation_mode="anchor",
            fontsize=7.0,
            color=INK,
        )


def attack_curve(
    game: DefenseGame, residual: FloatArray, start: float, stop: float
) -> tuple[FloatArray, FloatArray]:
    """Compute the loss of the worst attack on fixed residual losses between two bandwidths.

    Parameters
    ----------
    game : DefenseGame
    residual : ndarray of float, shape (n_threats,)
        Loss from each threat at full effort, in loss units.
    start, stop : float
        In bits.

    Returns
    -------
    bandwidths, losses : ndarray of float, shape (n_points,)
        Exact at each point and linear between points. If there are more breakpoints than a plot
        can resolve, an evenly spaced selection is kept; the drawn curve is then never above the
        true curve.
    """
    _, bits, losses = loss_curve(residual, game.ways)
    inside = bits[(bits > start) & (bits < stop)]
    if len(inside) > _MOST_POINTS:
        inside = inside[np.linspace(0, len(inside) - 1, _MOST_POINTS).astype(np.intp)]
    points = np.concatenate([[start], inside, [stop]])
    return points, np.interp(points, bits, losses)


def _termination(
    ax: Axes,
    game: DefenseGame,
    top: float,
    regions: Sequence[Region],
) -> None:
    """Draw the termination loss, where the decision changes, and the regions between."""
    loss = game.termination_loss
    if loss is None:
        ax.set_ylim(0.0, _HEADROOM * top or 1.0)
        return
    label = f"termination loss {number_label(loss)}"
    if loss > _FAR * top:
        ax.plot([], [], " ", label=f"{label}, far above")
        ax.set_ylim(0.0, _HEADROOM * top or 1.0)
    else:
        ax.axhline(loss, color=RED, linestyle="-.", linewidth=1.3, label=label)
        ax.set_ylim(0.0, _HEADROOM * max(top, loss) or 1.0)
    for region in regions:
        shaded_region(ax, region)
    for region in regions[1:]:
        ax.axvline(region.start, color=RED, linestyle=":", linewidth=1.3)


def _widened(regions: Sequence[Region], ends: tuple[float, float]) -> list[Region]:
    """Extend the first and the last region to the ends of the plot."""
    widened = list(regions)
    if widened:
        widened[0] = widened[0]._replace(start=ends[0])
        widened[-1] = widened[-1]._replace(stop=ends[1])
    return widened


def _parameter_label(game: DefenseGame, parameter: str) -> str:
    if parameter == ATTACKER_BANDWIDTH:
        return "attacker bandwidth [bits]"
    return limit_label(game, parameter)
