"""Comparison of plans: none, the named plans and the best plan side by side."""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.answer_displays import Displayed
from mfmgame.answers.plan_evaluation import PlanEvaluation, evaluate, evaluate_levels
from mfmgame.answers.solution import Solution
from mfmgame.answers.status import first_unproven
from mfmgame.answers.threshold import Threshold
from mfmgame.attribution.what_if import outcome_of
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.game.game import DefenseGame
from mfmgame.game.input_changes import InputChange, input_changes
from mfmgame.game.plans import plan_levels
from mfmgame.game.scenario_game import game_of

__all__ = ["PlanChange", "PlanComparison", "ScenarioComparison", "compare"]


@dataclass(frozen=True)
class PlanChange:
    """Defenses that run more, and defenses that run less, than in another plan.

    Attributes
    ----------
    added, dropped : tuple of str
        Ids of defenses, in the game's order.
    """

    added: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class PlanComparison(Displayed):
    """No defense, each named plan and the best plan of a game.

    Attributes
    ----------
    undefended : PlanEvaluation
        The plan without any defense.
    plans : tuple of PlanEvaluation
        The named plans, in the scenario's order.
    best : PlanEvaluation
        The optimal allocation, as a plan that is kept.
    solution : Solution
        Proof that no allowed plan has a lower loss.
    threshold : Threshold or None
        Self-destruction threshold; None if the game has no termination loss.
    """

    undefended: PlanEvaluation
    plans: tuple[PlanEvaluation, ...]
    best: PlanEvaluation
    solution: Solution
    threshold: Threshold | None

    @property
    def game(self) -> DefenseGame:
        """The game of these plans."""
        return self.solution.game

    @property
    def baseline(self) -> PlanEvaluation:
        """Plan that changes refer to: the first named plan, or no defense if there is none."""
        return (*self.plans, self.undefended)[0]

    def change(self, plan: PlanEvaluation) -> PlanChange:
        """List what a plan adds to the baseline, and what it drops.

        Parameters
        ----------
        plan : PlanEvaluation

        Returns
        -------
        PlanChange
        """
        step = plan.allocation.array - self.baseline.allocation.array
        ids = self.game.defense_ids
        return PlanChange(
            added=tuple(ids[j] for j in range(len(ids)) if step[j] > 0.0),
            dropped=tuple(ids[j] for j in range(len(ids)) if step[j] < 0.0),
        )

    @property
    def status(self) -> Status:
        """``proven`` if every answer is proven; else the status of an unproven answer."""
        plans = (self.undefended, *self.plans, self.best)
        return first_unproven(
            ((self.threshold or self.solution).status, *(p.status for p in plans))
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the best plan and its threshold."""
        return (self.threshold or self.solution).notes


@dataclass(frozen=True, eq=False, repr=False)
class ScenarioComparison(Displayed):
    """Two scenarios: what differs in their inputs and in their answers.

    Attributes
    ----------
    before, after : PlanComparison
    inputs : tuple of InputChange
        Inputs of the games that differ, at their nominal values.
    """

    before: PlanComparison
    after: PlanComparison
    inputs: tuple[InputChange, ...]

    @property
    def status(self) -> Status:
        """``proven`` if both answers are proven; else the status of an unproven answer."""
        return first_unproven((self.before.status, self.after.status))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the second scenario, then those of the first that differ, marked as such."""
        notes = self.after.notes
        first = (note for note in self.before.notes if note not in notes)
        return (*notes, *(f"first scenario: {note}" for note in first))


def compare(
    problem: Scenario | DefenseGame,
    other: Scenario | DefenseGame | None = None,
    *,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> PlanComparison | ScenarioComparison:
    """Compare no defense, each named plan and the best plan; or two scenarios.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    other : Scenario or DefenseGame, optional
        A second problem to compare with the first.
    tolerance, mip_gap, time_limit : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    PlanComparison or ScenarioComparison
        A ScenarioComparison if `other` is given.

    Raises
    ------
    SpecificationError
        If a named plan has a level at which a defense cannot run, or as for :func:`mfmgame.solve`.
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 4.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5, 0.0], [0.0, 0.5]], attacker_bandwidth=1.0,
    ...                       use={"budget": [1.0, 1.0]}, limits={"budget": 1.0},
    ...                       plans={"current": {"d1": 1.0}})
    >>> found = mg.compare(game)
    >>> found.undefended.loss, found.plans[0].loss, found.best.loss, found.change(found.best)
    (8.0, 8.0, 4.0, PlanChange(added=('d0',), dropped=('d1',)))
    """
    options = (tolerance, mip_gap, time_limit)
    if other is None:
        return _plans_of(game_of(problem), *options)
    before, after = game_of(problem), game_of(other)
    return ScenarioComparison(
        before=_plans_of(before, *options),
        after=_plans_of(after, *options),
        inputs=tuple(input_changes(before, after)),
    )


def _plans_of(game: DefenseGame, *options: float | None) -> PlanComparison:
    plans = tuple(evaluate(game, plan) for plan in game.plans)
    outcome = outcome_of(game, *options)
    return PlanComparison(
        undefended=evaluate_levels(game, plan_levels(game, {})),
        plans=plans,
        best=evaluate_levels(game, outcome.solution.allocation.array),
        solution=outcome.solution,
        threshold=outcome.threshold,
    )
