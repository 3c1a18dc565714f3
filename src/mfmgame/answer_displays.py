"""How answers display themselves: as text, as notebook tables, and in plots.

No other file outside ``cli`` imports from ``view``. Each function imports the code that displays
when called, so that no answer waits for matplotlib.
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
    "Displayed",
    "FrontierPlots",
    "SolutionPlots",
    "draw_assessment",
    "draw_exceedance",
    "draw_index",
    "draw_map",
    "draw_portfolios",
    "draw_tornado",
]


class Displayed:
    """An answer that displays itself at a prompt, in a notebook and as text.

    Examples
    --------
    >>> import mfmgame as mg
    >>> solution = mg.solve_matrix_game([[3, 0], [0, 1]])
    >>> solution
    MatrixSolution: matrix game  (2 rows, 2 columns)
      value   0.75
      proven  between 0.75 and 0.75
      gap     0.0e+00
    """

    def summary(self, *, full_digits: bool = False, every_row: bool = False) -> str:
        """Write the answer as text, as its command prints it.

        Parameters
        ----------
        full_digits : bool
            Whether to write every digit of each number.
        every_row : bool
            Whether to write every row of each table.

        Returns
        -------
        str
            Lines without styles and without trailing spaces.

        Examples
        --------
        >>> import mfmgame as mg
        >>> print(mg.solve_matrix_game([[3, 0], [0, 1]]).summary())
        matrix game  (2 rows, 2 columns)
        value     0.75
        proven    between 0.75 and 0.75
        gap       0.0e+00
        <BLANKLINE>
        rows that the defender plays
          row  probability
            1         0.75
            0         0.25
        <BLANKLINE>
        columns that the attacker plays
          column  probability
               1         0.75
               0         0.25
        <BLANKLINE>
        """
        from mfmgame.view.summaries import summary_of

        return summary_of(self, digits=full_digits, rows=every_row)

    def __repr__(self) -> str:
        from mfmgame.view.summaries import brief_of

        try:
            return brief_of(self)
        except Exception:  # debuggers also show answers that are half made
            return object.__repr__(self)

    def _repr_html_(self) -> str:
        from mfmgame.view.notebook import html_of

        return html_of(self)


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
    """Plots of a frontier, each taking and returning an ``Axes``; a call plots the value.

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
