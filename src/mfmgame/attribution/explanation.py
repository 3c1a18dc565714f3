"""Explanation of a plan: why each defense is or is not funded, and how much spending is enough."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.answers.decision import decide
from mfmgame.answers.sensitivity import Role, Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.answers.status import first_unproven, unproven_note
from mfmgame.attribution.funding_reasons import FundingReasons, Why
from mfmgame.attribution.spending import Spending, spending_on
from mfmgame.documents.result import Decision, Status
from mfmgame.documents.scenario import Scenario
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.numerics.arrays import FloatArray
from mfmgame.sensitivities.other_optima import sensitivity_of
from mfmgame.solving.solver import Solver

if TYPE_CHECKING:
    import pandas

__all__ = ["QUESTION", "ExplainedDefense", "Explanation", "explain"]

QUESTION = (
    "Loss without: the least loss if this defense is not available. The coverage index (the share "
    "of all severity that the defense stops) and the Shapley share (the part of the plan's effect "
    "that is due to the defense) answer other questions."
)
"""Question that the order of the defenses answers."""


@dataclass(frozen=True)
class ExplainedDefense:
    """A defense in an explanation.

    Attributes
    ----------
    defense : str
    level : float
        Level in the plan.
    max_level : float
    cost : dict of str to float
        Units of each resource that the defense uses at its level; at its greatest level if it is
        not funded.
    loss_without : float
        Value of the game without the defense, in loss units; infinite if no plan is feasible. The
        value of the plan itself if an equally good plan does without the defense.
    status_without : str or None
        Status of the solve without the defense; None if no plan is feasible.
    stops : dict of str to float
        By threat of the worst attack, the share in (0, 1] that the plan stops less without the
        defense, others as they are; greatest first.
    keeps_out : dict of str to float
        The same for the threats that are in the worst attack on the best plan without the defense,
        and not in the worst attack on the plan.
    stops_at : dict of str to str
        By chain among these threats, the technique at which the defense stops the chain best,
        unless the defense's effectiveness is stated for the chain itself.
    role : {"essential", "optional", "useless"}
        Whether all, some or no optimal plans fund it.
    why : Why
        Reason for which it is or is not funded.
    """

    defense: str
    level: float
    max_level: float
    cost: Mapping[str, float]
    loss_without: float
    status_without: Status | None
    stops: Mapping[str, float]
    keeps_out: Mapping[str, float]
    stops_at: Mapping[str, str]
    role: Role
    why: Why

    @property
    def is_funded(self) -> bool:
        """Whether the plan runs the defense."""
        return self.level > 0.0


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Displayed):
    """Why each defense is or is not funded, and how much spending is enough.

    Attributes
    ----------
    sensitivity : Sensitivity
        Sensitivity of the plan that is explained.
    defenses : tuple of ExplainedDefense
        Funded defenses first, by the loss without each, greatest first; equal losses in the
        catalog's order.
    limits : tuple of Spending
        An entry for each limited resource.
    other_statuses : tuple of str
        Statuses of the solves without, or with, single defenses.
    """

    sensitivity: Sensitivity
    defenses: tuple[ExplainedDefense, ...]
    limits: tuple[Spending, ...]
    other_statuses: tuple[Status, ...]

    @property
    def solution(self) -> Solution:
        """Solution whose allocation is the plan."""
        return self.sensitivity.solution

    @property
    def game(self) -> DefenseGame:
        """The game that was solved."""
        return self.solution.game

    @property
    def decision(self) -> Decision | None:
        """Decision at the game's own limits; None if the game has no termination loss."""
        solution, loss = self.solution, self.game.termination_loss
        return None if loss is None else decide(self.game, solution.lower, solution.upper, loss)

    @property
    def status(self) -> Status:
        """``proven`` if all parts are proven; else the status of an unproven part."""
        limits = (one.status for one in self.limits)
        return first_unproven((self.solution.status, *self.other_statuses, *limits))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the solution, and on parts that are not proven or not searched."""
        unsearched = [one.resource for one in self.limits if not one.is_searched]
        return (
            *self.solution.notes,
            *unproven_note(self.other_statuses, "change of a defense"),
            *unproven_note([one.status for one in self.limits], "limit"),
            *(
                f"the least sufficient limit of {resource} is not searched: continuous and "
                "stepped defenses share it"
                for resource in unsearched
            ),
        )

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate the defenses, in their order.

        Returns
        -------
        pandas.DataFrame
            A row per defense: level, use of each resource, loss without it, role and reason.
        """
        import pandas

        table: dict[str, list[object]] = {"level": [one.level for one in self.defenses]}
        for resource in self.game.resources:
            table[resource] = [one.cost[resource] for one in self.defenses]
        table["loss_without"] = [one.loss_without for one in self.defenses]
        table["role"] = [one.role for one in self.defenses]
        table["reason"] = [one.why.reason for one in self.defenses]
        index = pandas.Index([one.defense for one in self.defenses], name="defense")
        return pandas.DataFrame(table, index=index)


def explain(problem: Scenario | DefenseGame, *, tolerance: float | None = None) -> Explanation:
    """Explain why each defense is or is not funded, and how much spending is enough.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    tolerance : float, optional
        As for :func:`mfmgame.solve`; differences within it count as none.

    Returns
    -------
    Explanation

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Notes
    -----
    The loss without a defense is the value of the game in which its greatest level is 0. A limit
    and the losses have a *knee* if they have the same named unit: the least limit ``h`` that
    minimizes the value plus ``h``, other limits as written. Both definitions are this project's
    own.

    Examples
    --------
    Half of the first defense is affordable, which the second would use up for half the effect:

    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5, 0.25], [0.0, 0.0]], attacker_bandwidth=1.0,
    ...                       use={"budget": [1.0, 1.0]}, limits={"budget": 0.5})
    >>> found = mg.explain(game)
    >>> [(one.defense, round(one.loss_without, 6), one.why.reason) for one in found.defenses]
    [('d0', 7.0, 'needed'), ('d1', 6.0, 'dear')]
    >>> round(found.defenses[1].why.saves, 6), round(found.defenses[1].why.price, 6)
    (2.0, 4.0)
    """
    solver = Solver(game_of(problem), tolerance=tolerance)
    solution = solver.solve()
    game, sensitivity = solution.game, sensitivity_of(solution, solver)
    reasons = FundingReasons(solution, sensitivity)
    rows = [_explained(j, reasons, sensitivity) for j in range(game.n_defenses)]
    digits = max(1, round(-math.log10(solution.tolerance)) - 1)

    def rank(row: ExplainedDefense) -> tuple[bool, float]:
        # Rounding breaks no ties.
        return not row.is_funded, -float(f"{row.loss_without:.{digits}g}")

    return Explanation(
        sensitivity=sensitivity,
        defenses=tuple(sorted(rows, key=rank)),
        limits=tuple(
            spending_on(resource, solution, sensitivity.limit_prices[resource])
            for resource, limit in zip(game.resources, game.limits.tolist(), strict=True)
            if math.isfinite(limit)
        ),
        other_statuses=tuple(reasons.statuses),
    )


def _explained(defense: int, reasons: FundingReasons, sensitivity: Sensitivity) -> ExplainedDefense:
    solution = sensitivity.solution
    game, level = solution.game, float(solution.allocation.array[defense])
    loss, stops, keeps_out = solution.value, dict[str, float](), dict[str, float]()
    status: Status | None = solution.status
    if level > 0.0:
        without = reasons.solution_without(defense)
        why = reasons.why_funded(without)
        attacked = solution.attack.array > 0.0
        stops = _greatest_first(game, reasons.stopped_shares(defense, attacked))
        if without is None:
            loss, status = math.inf, None
        elif why.reason != "dispensable":
            loss, status = without.value, without.status
            others = (without.attack.array > 0.0) & ~attacked
            keeps_out = _greatest_first(game, reasons.stopped_shares(defense, others))
    else:  # the plan itself does without it
        why = reasons.why_not(defense)
    most, name = float(game.max_level[defense]), game.defense_ids[defense]
    used = game.use[:, defense] * (level if level > 0.0 else most)
    return ExplainedDefense(
        defense=name,
        level=level,
        max_level=most,
        cost=dict(zip(game.resources, used.tolist(), strict=True)),
        loss_without=loss,
        status_without=status,
        stops=stops,
        keeps_out=keeps_out,
        stops_at=_best_steps(game, defense, {**stops, **keeps_out}),
        role=sensitivity.roles[name],
        why=why,
    )


def _best_steps(game: DefenseGame, defense: int, threats: Mapping[str, float]) -> dict[str, str]:
    """Find the technique at which a defense stops each chain best, by threat."""
    if game.chains is None:
        return {}
    rows = {threat: row for row, threat in enumerate(game.threat_ids) if threat in threats}
    found = {threat: game.chains.best_step(rows[threat], defense) for threat in threats}
    return {threat: step for threat, step in found.items() if step is not None}


def _greatest_first(game: DefenseGame, shares: FloatArray) -> dict[str, float]:
    """List positive shares by threat, greatest first; ties in the catalog's order."""
    rounded = [-float(f"{share:.9g}") for share in shares.tolist()]
    order = [int(i) for i in np.argsort(rounded, kind="stable") if shares[i] > 0.0]
    return {game.threat_ids[i]: float(shares[i]) for i in order}
