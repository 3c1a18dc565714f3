"""What the ``plot`` of an answer offers; matplotlib is loaded when a picture is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mfmgame.answers.frontier import Frontier
    from mfmgame.answers.solution import Solution

__all__ = ["FrontierPlots", "SolutionPlots"]


class SolutionPlots:
    """Pictures of a solution; each takes and returns an ``Axes``.

    Every one raises a SpecificationError if matplotlib is not installed.

    Parameters
    ----------
    solution : Solution
    """

    def __init__(self, solution: Solution) -> None:
        self._solution = solution

    def loss(self, ax: Axes | None = None) -> Axes:
        """Loss over the attacker's bandwidth, the allocation kept as it is."""
        from mfmgame.view.plots.curves import plot_loss

        return plot_loss(self._solution, ax)

    def allocation(self, ax: Axes | None = None) -> Axes:
        """Level of each funded defense."""
        from mfmgame.view.plots.allocations import plot_levels

        return plot_levels(self._solution, ax)

    def attack(self, ax: Axes | None = None, *, rows: int = 25) -> Axes:
        """Severity, residual loss and loss in the worst attack of `rows` threats at most."""
        from mfmgame.view.plots.attacks import plot_attack

        return plot_attack(self._solution, ax, rows=rows)

    def payoff(self, ax: Axes | None = None) -> Axes:
        """What each threat still costs with each defense alone, by threat class."""
        from mfmgame.view.plots.heatmaps import plot_payoff

        return plot_payoff(self._solution.game, ax)

    def coverage(self, ax: Axes | None = None) -> Axes:
        """What each defense, and the allocation, stops of each threat, by threat class."""
        from mfmgame.view.plots.heatmaps import plot_coverage

        return plot_coverage(self._solution, ax)


class FrontierPlots:
    """Pictures of a frontier; each takes and returns an ``Axes``. Called, it draws the value.

    Every one raises a SpecificationError if matplotlib is not installed.

    Parameters
    ----------
    frontier : Frontier
    """

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier

    def __call__(self, ax: Axes | None = None) -> Axes:
        """The exact value over what was swept, and where to operate or terminate."""
        return self.value(ax)

    def value(self, ax: Axes | None = None) -> Axes:
        """The exact value over what was swept, and where to operate or terminate."""
        from mfmgame.view.plots.curves import plot_frontier

        return plot_frontier(self._frontier, ax)

    def allocation(self, ax: Axes | None = None) -> Axes:
        """Which defense runs at what level, over what was swept."""
        from mfmgame.view.plots.allocations import plot_allocations

        return plot_allocations(self._frontier, ax)
