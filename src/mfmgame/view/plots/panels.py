"""Several plots of an answer in one figure."""

from __future__ import annotations

from mfmgame.assessment import Assessment
from mfmgame.view.plots.allocations import plot_levels
from mfmgame.view.plots.attacks import plot_attack
from mfmgame.view.plots.curves import plot_loss
from mfmgame.view.plots.heatmaps import plot_index
from mfmgame.view.plots.style import Picture, PictureAxes, drawn_in_style

__all__ = ["draw_assessment"]

_MOST_THREATS = 16


@drawn_in_style
def draw_assessment(assessment: Assessment) -> Picture:
    """Draw an assessment: loss over bandwidth, allocation, worst attack and coverage index.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    matplotlib.figure.Figure
        A figure with four axes.
    """
    figure = Picture(figsize=(13.0, 9.5), layout="constrained")
    solution = assessment.solution
    corners = [figure.add_subplot(2, 2, place, axes_class=PictureAxes) for place in (1, 2, 3, 4)]
    plot_loss(solution, corners[0])
    plot_levels(solution, corners[1], ranges=assessment.sensitivity)
    plot_attack(solution, corners[2], rows=_MOST_THREATS)
    plot_index(assessment.index, corners[3], name=solution.game.name)
    return figure
