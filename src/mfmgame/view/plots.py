"""Pictures of an answer, by matplotlib: each takes and returns an ``Axes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mfmgame.errors import SpecificationError
from mfmgame.frontier import ATTACKER_BANDWIDTH, Frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_frontier"]


def plot_frontier(frontier: Frontier, ax: Axes | None = None) -> Axes:
    """Draw the value over what was swept, with the termination loss where there is one.

    Parameters
    ----------
    frontier : Frontier
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SpecificationError
        If matplotlib is not installed.
    """
    if ax is None:
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise SpecificationError(
                "drawing needs matplotlib, expected it: install mfmgame[plot]"
            ) from None

        ax = Figure(figsize=(7.0, 4.2), layout="constrained").subplots()
    over_bandwidth = frontier.parameter == ATTACKER_BANDWIDTH
    ax.plot(frontier.breakpoints, frontier.values, color="black", label="value")
    loss = frontier.game.termination_loss
    if loss is not None:
        ax.axhline(loss, color="0.45", linestyle="--", label="termination loss")
        crossing = frontier.crossing(loss)
        if crossing is not None:
            ax.axvline(crossing, color="0.45", linestyle=":", label=f"threshold {crossing:.4g}")
    limit = f"limit of {frontier.parameter}"
    ax.set_xlabel("attacker bandwidth [bits]" if over_bandwidth else limit, parse_math=False)
    ax.set_ylabel("worst attack [loss units]")
    ax.set_title(frontier.game.name, parse_math=False)
    ax.set_xlim(frontier.breakpoints[0], max(frontier.breakpoints[-1], 1e-300))
    ax.set_ylim(bottom=0.0)
    ax.legend(frameon=False)
    return ax
