"""The whole answer to a scenario: solution, threshold and coverage index together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mfmgame.coverage_index import CoverageIndex, defense_coverage_index
from mfmgame.crossing import self_destruction_threshold
from mfmgame.game import DefenseGame, game_of
from mfmgame.interruption import Interrupted
from mfmgame.optima import Sensitivity
from mfmgame.ranging import sensitivity_of
from mfmgame.solution import Solution
from mfmgame.solver import Solver
from mfmgame.spec.scenario import Scenario
from mfmgame.threshold import Threshold

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Assessment", "assess"]


@dataclass(frozen=True, eq=False)
class Assessment:
    """What `mfmgame solve` reports.

    Attributes
    ----------
    solution : Solution
    threshold : Threshold or None
        None where the scenario has no termination loss.
    index : CoverageIndex
    sensitivity : Sensitivity
    """

    solution: Solution
    threshold: Threshold | None
    index: CoverageIndex
    sensitivity: Sensitivity

    def figure(self) -> Figure:
        """Four pictures on one page: loss, allocation, attack, index; needs matplotlib."""
        from mfmgame.view.plots.panels import draw_assessment

        return draw_assessment(self)


def assess(problem: Scenario | DefenseGame, *, tolerance: float | None = None) -> Assessment:
    """Solve a problem and take both measures of it.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    Assessment

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> mg.assess(mg.load_scenario("examples/llava.json")).threshold.decision
    'operate'
    """
    game = game_of(problem)
    solver = Solver(game, tolerance=tolerance)
    solution = solver.solve()
    has_loss = game.termination_loss is not None
    try:
        return Assessment(
            solution=solution,
            threshold=self_destruction_threshold(game, tolerance=tolerance) if has_loss else None,
            index=defense_coverage_index(solution),
            sensitivity=sensitivity_of(solution, solver),
        )
    except KeyboardInterrupt:
        raise Interrupted(solution) from None
