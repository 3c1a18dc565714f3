"""Changes of a scenario: its answer without a defense, or with further threats and defenses."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mfmgame.answer_displays import Displayed
from mfmgame.answers.solution import Solution
from mfmgame.answers.status import doubts, first_unproven, unproven_note
from mfmgame.answers.threshold import Threshold
from mfmgame.catalogs.altered_scenarios import altered
from mfmgame.documents.addition import Addition
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.result import Decision, Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import InfeasibleError
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import build_game
from mfmgame.machine.workers import Workers
from mfmgame.messages import refuse_other_types
from mfmgame.solving.solver import solver_with_options
from mfmgame.sweeps.threshold_search import threshold_beyond

if TYPE_CHECKING:
    import pandas

__all__ = ["Outcome", "WhatIf", "Without", "WithoutEach", "outcome_of", "what_if", "without_each"]


@dataclass(frozen=True, eq=False, repr=False)
class Outcome(Displayed):
    """Solution and threshold of one scenario.

    Attributes
    ----------
    solution : Solution
    threshold : Threshold or None
        None if the scenario has no termination loss.
    """

    solution: Solution
    threshold: Threshold | None

    @property
    def status(self) -> Status:
        """Status of the solution; of the threshold if only the threshold is not proven."""
        return (self.threshold or self.solution).status

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the solution and of the threshold."""
        return (self.threshold or self.solution).notes


@dataclass(frozen=True, eq=False, repr=False)
class WhatIf(Displayed):
    """Answers to a scenario before and after a change.

    Attributes
    ----------
    before, after : Outcome
    dropped : tuple of str
        Defenses left out after the change.
    added : tuple of str
        Threats and defenses added by the change.
    """

    before: Outcome
    after: Outcome
    dropped: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def change(self) -> float:
        """Increase of the value by the change, in loss units."""
        return self.after.solution.value - self.before.solution.value

    @property
    def status(self) -> Status:
        """``proven`` if both answers are proven; else the status of an unproven answer."""
        return first_unproven((self.before.status, self.after.status))

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the changed game, and notes of both answers."""
        game = self.after.solution.game
        before = doubts("before", self.before, self.before.solution.game)
        return (*game.notes, *before, *doubts("after", self.after, game))


class Without(NamedTuple):
    """Answer to a scenario without one of its defenses.

    Attributes
    ----------
    defense : str
    value : float
        In loss units; infinite if no allocation is feasible without the defense.
    threshold : float
        In bits; infinite if no attacker can reach the threshold, NaN if there is none.
    decision : str or None
        None if the scenario has no termination loss.
    status : str or None
        Status of this answer; None if no allocation is feasible without the defense.
    """

    defense: str
    value: float
    threshold: float
    decision: Decision | None
    status: Status | None


@dataclass(frozen=True, eq=False, repr=False)
class WithoutEach(Displayed):
    """Cost of leaving out each defense in turn.

    Attributes
    ----------
    before : Outcome
        Outcome with all defenses.
    ranked : tuple of Without
        Sorted by value, greatest first; equal values in the catalog's order.
    """

    before: Outcome
    ranked: tuple[Without, ...]

    @property
    def status(self) -> Status:
        """``proven`` if all answers are proven; else the status of an unproven answer."""
        return first_unproven((self.before.status, *self._statuses))

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the game, and how many answers are not proven."""
        return (*self.before.notes, *unproven_note(self._statuses, "removal"))

    @property
    def _statuses(self) -> list[Status]:
        return [one.status for one in self.ranked if one.status is not None]

    def to_frame(self) -> pandas.DataFrame:
        """Return the defenses as a table: value, change, threshold, decision and status.

        Returns
        -------
        pandas.DataFrame
            Each row is the answer without the defense; `change` is the increase of the value.
        """
        import pandas

        table = pandas.DataFrame(self.ranked).set_index("defense")
        table.insert(1, "change", table["value"] - self.before.solution.value)
        return table


def what_if(
    scenario: Scenario,
    *,
    drop: Sequence[str] = (),
    add: Addition | Sequence[Addition] = (),
    catalog: Catalog | None = None,
    tolerance: float | None = None,
) -> WhatIf:
    """Solve a scenario as it is, and with defenses dropped and entries added.

    Parameters
    ----------
    scenario : Scenario
    drop : sequence of str, optional
        Ids of defenses to leave out.
    add : Addition or sequence of Addition, optional
        Threats and defenses to add.
    catalog : Catalog, optional
        Catalog to build on, in place of the catalog that the scenario names.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    WhatIf
        The plan is optimal before and after: the defender may respond to the change.

    Raises
    ------
    SpecificationError
        If a dropped defense is unknown, or an addition contradicts an existing entry.
    InfeasibleError
        If no allocation keeps within the limits and rules, before or after.
    SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.load_scenario("examples/llava_agent.json")
    >>> found = mg.what_if(scenario, drop=["guardt2i"])
    >>> found.before.threshold.decision, round(found.change, 3)
    ('terminate', 0.235)
    """
    refuse_other_types(drop, "drop", Collection)
    refuse_other_types(add, "add", Addition, Collection)
    additions = [add] if isinstance(add, Addition) else list(add)
    for one in additions:
        refuse_other_types(one, "add", Addition)
    changed = altered(scenario, drop, additions, catalog)
    return WhatIf(
        before=outcome_of(build_game(scenario, catalog), tolerance),
        after=outcome_of(build_game(*changed), tolerance),
        dropped=tuple(dict.fromkeys(drop)),
        added=tuple(name for one in additions for name in one.ids),
    )


def without_each(
    scenario: Scenario,
    *,
    catalog: Catalog | None = None,
    tolerance: float | None = None,
    workers: Workers | None = None,
) -> WithoutEach:
    """Solve a scenario without each of its usable defenses in turn.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog, optional
        Catalog to build on, in place of the catalog that the scenario names.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.
    workers : Workers, optional
        Workers that compute; this process by default.

    Returns
    -------
    WithoutEach

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`what_if`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> found = mg.without_each(mg.load_scenario("examples/llava_agent.json"))
    >>> found.ranked[0].defense
    'diffusion-purification'
    """
    before = outcome_of(build_game(scenario, catalog), tolerance)
    removal = _Removal(*altered(scenario, [], [], catalog), tolerance)
    game = before.solution.game
    usable = [name for name, most in zip(game.defense_ids, game.max_level, strict=True) if most]
    found = Workers.of(workers).map(removal, usable)
    return WithoutEach(before, tuple(sorted(found, key=_rank)))


def _rank(one: Without) -> float:
    """Return the sort key, greatest value first; rounding breaks no ties."""
    return -float(f"{one.value:.9g}")


@dataclass(frozen=True)
class _Removal:
    """Solves a scenario without a defense; may be sent to a worker."""

    scenario: Scenario
    catalog: Catalog
    tolerance: float | None

    def __call__(self, defense: str) -> Without:
        try:
            changed = altered(self.scenario, [defense], [], self.catalog)
            outcome = outcome_of(build_game(*changed), self.tolerance)
        except InfeasibleError:
            return Without(defense, math.inf, math.nan, None, None)
        value, threshold = outcome.solution.value, outcome.threshold
        if threshold is None:
            return Without(defense, value, math.nan, None, outcome.status)
        bandwidth = math.inf if threshold.bandwidth is None else threshold.bandwidth
        return Without(defense, value, bandwidth, threshold.decision, outcome.status)


def outcome_of(
    game: DefenseGame,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> Outcome:
    """Solve a game, and find its threshold if it has a termination loss.

    Parameters
    ----------
    game : DefenseGame
    tolerance, mip_gap, time_limit : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    Outcome
    """
    solver = solver_with_options(game, tolerance, mip_gap, time_limit)
    solution, loss = solver.solve(), game.termination_loss
    return Outcome(
        solution=solution,
        threshold=None if loss is None else threshold_beyond(solver, solution, loss),
    )
