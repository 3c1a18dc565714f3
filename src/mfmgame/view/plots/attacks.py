"""Plot of the worst attack, threat by threat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answers.solution import Solution
from mfmgame.view.plots.style import (
    GREY,
    INK,
    ORANGE,
    axes_or_new,
    counted,
    drawn_in_style,
    keyed,
    loss_label,
    row_labels,
    threat_labels,
    titled,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_attack"]


@drawn_in_style
def plot_attack(solution: Solution, ax: Axes | None = None, *, rows: int = 25) -> Axes:
    """Draw the severity, residual loss and loss in the worst attack of each threat.

    Parameters
    ----------
    solution : Solution
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.
    rows : int
        Greatest number of threats: first the threats that cost most in the attack, then the
        threats of greatest residual loss.

    Returns
    -------
    matplotlib.axes.Axes
    """
    game, residual = solution.game, solution.residual.array
    losses = solution.attack.array * residual
    # Sorted by loss in the attack, then by residual loss.
    kept = np.lexsort((-residual, -losses))[:rows]
    ax = axes_or_new(ax, height=1.4 + 0.24 * max(4, len(kept)))
    names = [
        f"{label}  ({written(game.threat_classes[threat], 14)})"
        for label, threat in zip(threat_labels(game, kept, 24), kept, strict=True)
    ]
    places = np.arange(len(kept))
    row_labels(ax, names)
    ax.set_yticks(places, names)
    ax.barh(
        places,
        game.severity[kept],
        height=0.7,
        facecolor="white",
        edgecolor=GREY,
        linewidth=0.9,
        label="severity, undefended",
    )
    ax.barh(places, residual[kept], height=0.7, facecolor=ORANGE, alpha=0.45, label="residual")
    ax.barh(
        places,
        losses[kept],
        height=0.7,
        facecolor=ORANGE,
        edgecolor=INK,
        linewidth=0.9,
        hatch="////",
        label="in the worst attack",
    )
    attacked = int(np.count_nonzero(losses > 0.0))
    said = counted(len(kept), game.n_threats, "threats", "that cost most")
    titled(ax, game.name, said or f"{attacked} of {game.n_threats:,} threats are in the attack")
    ax.set_xlabel(loss_label(game, "loss at full effort, and in the worst attack"))
    ax.set_xlim(0.0, 1.04 * float(game.severity[kept].max(initial=0.0)) or 1.0)
    if len(kept):
        keyed(ax)
    return ax
