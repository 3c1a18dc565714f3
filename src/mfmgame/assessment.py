"""The complete answer to a scenario: solution, threshold and coverage index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mfmgame.answer_displays import Displayed, draw_assessment
from mfmgame.answers.coverage_index import CoverageIndex
from mfmgame.answers.interruption import Interrupted
from mfmgame.answers.sensitivity import Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.answers.threshold import Threshold
from mfmgame.attribution.coverage_index_search import defense_coverage_index
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.sensitivities.other_optima import sensitivity_of
from mfmgame.solving.solver import solver_with_options
from mfmgame.sweeps.threshold_search import threshold_beyond

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Assessment", "assess"]


@dataclass(frozen=True, eq=False, repr=False)
class Assessment(Displayed):
    """Report of `mfmgame solve`.

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

    @property
    def status(self) -> Status:
        """Status of the threshold, or of the solution if the game has no threshold."""
        return (self.threshold or self.solution).status

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats about the solution and the threshold."""
        return (self.threshold or self.solution).notes

    def figure(self) -> Figure:
        """Draw loss, allocation, attack and index on one page; needs matplotlib."""
        return draw_assessment(self)


def assess(
    problem: Scenario | DefenseGame,
    *,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> Assessment:
    """Solve a problem, and compute its threshold, coverage index and sensitivity.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    tolerance, mip_gap : float, optional
        As for :func:`mfmgame.solve`.
    time_limit : float, optional
        Seconds for each solve; threshold and prices take several solves.

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
    solver = solver_with_options(game, tolerance, mip_gap, time_limit)
    solution, loss = solver.solve(), game.termination_loss
    try:
        sensitivity = sensitivity_of(solution, solver)  # of the solver's latest solution
        return Assessment(
            solution=solution,
            threshold=None if loss is None else threshold_beyond(solver, solution, loss),
            index=defense_coverage_index(solution),
            sensitivity=sensitivity,
        )
    except KeyboardInterrupt:
        raise Interrupted(solution) from None
