"""Heat maps of payoff, coverage and coverage index, with threats grouped by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfmgame.answers.coverage_index import CoverageIndex
from mfmgame.answers.solution import Solution
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, dense
from mfmgame.view.plots.style import (
    INK,
    axes_or_new,
    counted,
    drawn_in_style,
    loss_label,
    most_important,
    row_labels,
    threat_labels,
    titled,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_coverage", "plot_index", "plot_payoff"]


_MOST_THREATS, _MOST_DEFENSES, _MOST_CLASSES = 60, 30, 12
_MOST_NUMBERS = 240
"""Greatest number of cells whose numbers are still legible."""


@drawn_in_style
def plot_payoff(game: DefenseGame, ax: Axes | None = None) -> Axes:
    """Draw the payoff matrix: the residual loss of each threat with each defense alone.

    Parameters
    ----------
    game : DefenseGame
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes
        Threats are grouped by class and sorted by severity within a class.
    """
    threats, defenses = _rows_and_columns(game)
    effectiveness = _block(game, threats, defenses)
    payoff = game.severity[threats, None] * (1.0 - effectiveness)
    names = [game.defense_ids[defense] for defense in defenses]
    ax = _new(ax, len(threats), len(names))
    said = _left_out(game, threats, defenses)
    titled(
        ax, game.name, said or "residual loss of each threat with each defense alone, at level 1"
    )
    most = float(game.severity.max(initial=0.0)) or 1.0
    _shaded(ax, payoff, "Oranges", most, loss_label(game, "loss at full effort"))
    _named(ax, game, threats, names)
    return ax


@drawn_in_style
def plot_coverage(problem: DefenseGame | Solution, ax: Axes | None = None) -> Axes:
    """Draw the share of each threat that each defense stops at level 1, and the allocation's share.

    Parameters
    ----------
    problem : DefenseGame or Solution
        For a solution, the last column is the share that its allocation stops.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes
        Threats are grouped by class and sorted by severity within a class.
    """
    game = problem.game if isinstance(problem, Solution) else problem
    threats, defenses = _rows_and_columns(game)
    covered = _block(game, threats, defenses)
    names = [game.defense_ids[defense] for defense in defenses]
    if isinstance(problem, Solution):
        covered = np.column_stack([covered, problem.coverage.array[threats]])
        names.append("THE ALLOCATION")
    ax = _new(ax, len(threats), len(names))
    said = _left_out(game, threats, defenses)
    titled(ax, game.name, said or "share of each threat that each defense stops at level 1")
    _shaded(ax, covered, "Blues", 1.0, "coverage [share of the threat]")
    _named(ax, game, threats, names)
    if isinstance(problem, Solution):
        ax.axvline(len(names) - 1.5, color=INK, linewidth=1.6)
    return ax


@drawn_in_style
def plot_index(index: CoverageIndex, ax: Axes | None = None, *, name: str = "") -> Axes:
    """Draw the Defense Coverage Index of each defense, overall and by threat class.

    Parameters
    ----------
    index : CoverageIndex
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.
    name : str
        Name of the scenario, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        Defenses are sorted by falling index.
    """
    everything = index.defenses.array
    kept = most_important(np.nan_to_num(everything), _MOST_DEFENSES)
    # Only so many classes are legible; of more, the first are shown.
    classes = index.classes[:_MOST_CLASSES]
    table = np.column_stack([everything[kept], index.by_class[kept, : len(classes)]])
    ids = list(index.defenses)
    ax = axes_or_new(
        ax, width=3.4 + 0.62 * (1 + len(classes)), height=1.8 + 0.25 * max(7, len(kept))
    )
    said = counted(len(kept), len(everything), "defenses", "of greatest index")
    cut = counted(len(classes), len(index.classes), "classes", "that come first")
    facts = f"the allocation stops {_percent(index.portfolio)} of total weight"
    facts += f", {_percent(index.adversarial)} of the worst attack"
    titled(ax, name or "Defense Coverage Index", "; ".join(filter(None, [said, cut])) or facts)
    _shaded(ax, table, "Blues", 1.0, "index [share of weight]")
    row_labels(ax, [ids[defense] for defense in kept])
    _column_labels(ax, ["ALL", *classes])
    ax.axvline(0.5, color=INK, linewidth=1.6)
    return ax


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100.0 * share:.1f}%"


def _rows_and_columns(game: DefenseGame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Choose the most severe threats, class by class, and the defenses that stop most of them."""
    severest = most_important(game.severity, _MOST_THREATS)
    order = {name: place for place, name in enumerate(dict.fromkeys(game.threat_classes))}
    places = np.array([order[game.threat_classes[threat]] for threat in severest], dtype=np.intp)
    threats = severest[np.argsort(places, kind="stable")]
    if game.n_defenses <= _MOST_DEFENSES:
        return threats, np.arange(game.n_defenses)
    stopped = np.asarray(compose(game).alone.T @ game.counted_once(game.severity))
    return threats, np.sort(most_important(stopped, _MOST_DEFENSES))


def _block(game: DefenseGame, threats: NDArray[np.intp], defenses: NDArray[np.intp]) -> FloatArray:
    """Compute the share of each given threat that each given defense stops alone, dense."""
    rows = dense(compose(game).alone[threats])
    return np.asarray(rows[:, defenses], dtype=np.float64)


def _left_out(game: DefenseGame, threats: NDArray[np.intp], defenses: NDArray[np.intp]) -> str:
    parts = [
        counted(len(threats), game.n_threats, "threats", "of greatest severity"),
        counted(len(defenses), game.n_defenses, "defenses", "that stop most"),
    ]
    return "; ".join(part for part in parts if part)


def _new(ax: Axes | None, n_rows: int, n_columns: int) -> Axes:
    return axes_or_new(
        ax, width=4.2 + 0.27 * max(4, n_columns), height=2.2 + 0.15 * max(14, n_rows)
    )


def _shaded(ax: Axes, table: FloatArray, colours: str, most: float, meaning: str) -> None:
    """Draw a heat map that starts at 0, with its scale, and its numbers where they fit."""
    if not table.size:
        ax.text(0.5, 0.5, "nothing to show", transform=ax.transAxes, ha="center", color=INK)
        return
    mesh = ax.pcolormesh(
        np.arange(table.shape[1] + 1) - 0.5,
        np.arange(table.shape[0] + 1) - 0.5,
        table,
        cmap=colours,
        vmin=0.0,
        vmax=most,
        edgecolors="white",
        linewidth=0.8,
        gid="table",
    )
    bar = ax.figure.colorbar(mesh, ax=ax, shrink=0.8, pad=0.02, aspect=30)
    bar.set_label(meaning)
    bar.outline.set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    if table.size > _MOST_NUMBERS:
        return
    for (row, column), number in np.ndenumerate(table):
        if number > 0.0:
            ax.text(
                column,
                row,
                f"{number:.2f}",
                ha="center",
                va="center",
                fontsize=7.0,
                color="white" if number > 0.6 * most else INK,
            )


def _named(ax: Axes, game: DefenseGame, threats: NDArray[np.intp], columns: Sequence[str]) -> None:
    """Label rows and columns, and draw a line and a label for each class."""
    row_labels(ax, threat_labels(game, threats), longest=60)
    if len(threats) > 30:
        ax.tick_params(axis="y", labelsize=6.5)
    _column_labels(ax, columns)
    classes = [game.threat_classes[threat] for threat in threats]
    starts = [row for row, name in enumerate(classes) if row == 0 or name != classes[row - 1]]
    stops = [*starts[1:], len(classes)] if starts else []
    for start, stop in zip(starts, stops, strict=True):
        if start:
            ax.axhline(start - 0.5, color=INK, linewidth=1.2)
        if stop - start >= 3 or len(classes) < 20:
            ax.text(
                1.005,
                0.5 * (start + stop) - 0.5,
                written(classes[start], 18),
                transform=ax.get_yaxis_transform(),
                rotation=270,
                va="center",
                ha="left",
                fontsize=7.5,
            )


def _column_labels(ax: Axes, names: Sequence[str]) -> None:
    ax.set_xticks(
        range(len(names)),
        [written(name, 24) for name in names],
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )
    ax.set_xlim(-0.5, max(len(names), 1) - 0.5)
    ax.tick_params(axis="x", length=0)
