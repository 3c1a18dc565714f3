"""Plots and notebook tables of answers.

No other file outside ``cli`` imports from ``view``. Each function imports its plotting code when
called, so that no answer waits for matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mfmgame.answers.coverage_index import CoverageIndex
    from mfmgame.answers.frontier import Frontier
    from mfmgame.answers.portfolio import PortfolioSequence
    from mfmgame.answers.solution import Solution
    from mfmgame.assessment import Assessment
    from mfmgame.ensembles.ensemble import Ensemble
    from mfmgame.sweeps.frontier_map import FrontierMap
    from mfmgame.uncertainty.tornado import Tornado

__all__ = [
    "FrontierPlots",
    "SolutionPlots",
    "draw_assessment",
    "draw_exceedance",
    "draw_index",
    "draw_map",
    "draw_portfolios",
    "draw_tornado",
    "frontier_html",
    "index_html",
    "solution_html",
]


class SolutionPlots:
    """Plots of a solution; each takes and returns an ``Axes``.

    Every one raises a SpecificationError if matplotlib is not installed.

    Parameters
    ----------
    solution : Solution
    """

    def __init__(self, solution: Solution) -> None:
        self._solution = solution

    def loss(self, ax: Axes | None = None) -> Axes:
        """Plot the loss over the attacker's bandwidth, for the fixed allocation."""
        from mfmgame.view.plots.curves import plot_loss

        return plot_loss(self._solution, ax)

    def allocation(self, ax: Axes | None = None) -> Axes:
        """Plot the level of each funded defense."""
        from mfmgame.view.plots.allocations import plot_levels

        return plot_levels(self._solution, ax)

    def attack(self, ax: Axes | None = None, *, rows: int = 25) -> Axes:
        """Plot severity, residual loss and loss in the worst attack, for at most `rows` threats."""
        from mfmgame.view.plots.attacks import plot_attack

        return plot_attack(self._solution, ax, rows=rows)

    def payoff(self, ax: Axes | None = None) -> Axes:
        """Plot the loss that each defense alone leaves of each threat, by threat class."""
        from mfmgame.view.plots.heatmaps import plot_payoff

        return plot_payoff(self._solution.game, ax)

    def coverage(self, ax: Axes | None = None) -> Axes:
        """Plot how much each defense and the allocation stop of each threat, by threat class."""
        from mfmgame.view.plots.heatmaps import plot_coverage

        return plot_coverage(self._solution, ax)


class FrontierPlots:
    """Plots of a frontier; each takes and returns an ``Axes``. Calling it plots the value.

    Every one raises a SpecificationError if matplotlib is not installed.

    Parameters
    ----------
    frontier : Frontier
    """

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier

    def __call__(self, ax: Axes | None = None) -> Axes:
        """Plot the exact value over the swept parameter, and where to operate or terminate."""
        return self.value(ax)

    def value(self, ax: Axes | None = None) -> Axes:
        """Plot the exact value over the swept parameter, and where to operate or terminate."""
        from mfmgame.view.plots.curves import plot_frontier

        return plot_frontier(self._frontier, ax)

    def allocation(self, ax: Axes | None = None) -> Axes:
        """Plot the level of each defense over the swept parameter."""
        from mfmgame.view.plots.allocations import plot_allocations

        return plot_allocations(self._frontier, ax)


def draw_index(index: CoverageIndex, ax: Axes | None) -> Axes:
    """Draw the coverage index by defense and class."""
    from mfmgame.view.plots.heatmaps import plot_index

    return plot_index(index, ax)


def draw_portfolios(portfolios: PortfolioSequence, ax: Axes | None) -> Axes:
    """Draw the value over the budget."""
    from mfmgame.view.plots.curves import plot_portfolios

    return plot_portfolios(portfolios, ax)


def draw_map(frontier_map: FrontierMap, ax: Axes | None) -> Axes:
    """Draw the value and the decision over bandwidth and limit."""
    from mfmgame.view.plots.decisions import plot_map

    return plot_map(frontier_map, ax)


def draw_exceedance(ensemble: Ensemble, ax: Axes | None, column: str) -> Axes:
    """Draw the exceedance curve of a column."""
    from mfmgame.view.plots.risks import plot_exceedance

    return plot_exceedance(ensemble, ax, column=column)


def draw_tornado(tornado: Tornado, ax: Axes | None, of: Literal["value", "threshold"]) -> Axes:
    """Draw how far each number moves the value or the threshold."""
    from mfmgame.view.plots.risks import plot_tornado

    return plot_tornado(tornado, ax, of=of)


def draw_assessment(assessment: Assessment) -> Figure:
    """Draw loss, allocation, attack and coverage index on one page."""
    from mfmgame.view.plots.panels import draw_assessment

    return draw_assessment(assessment)


def solution_html(solution: Solution) -> str:
    """Write the tables of a solution as HTML."""
    from mfmgame.view.notebook import solution_html

    return solution_html(solution)


def frontier_html(frontier: Frontier) -> str:
    """Write the table of a frontier as HTML."""
    from mfmgame.view.notebook import frontier_html

    return frontier_html(frontier)


def index_html(index: CoverageIndex) -> str:
    """Write the table of a coverage index as HTML."""
    from mfmgame.view.notebook import index_html

    return index_html(index)
