"""Why a defense is or is not funded: reasons that follow from solves and certificates.

A funded defense is judged by the best plan without it. An all-or-nothing or stepped defense that
is not funded is judged by the best plan that runs it. A continuous defense that is not funded is
judged by the certificate: at its prices, the defense gains no more than it pays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfmgame.answers.sensitivity import Sensitivity
from mfmgame.answers.solution import Solution, scale_of
from mfmgame.certificates.duality_certificate import gains_and_payments
from mfmgame.documents.explanation_result import Reason
from mfmgame.documents.result import Status
from mfmgame.errors import InfeasibleError
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import (
    affordable_levels,
    held_game,
    idle_defenses,
    is_within_limits,
)
from mfmgame.game.game import DefenseGame
from mfmgame.game.single_changes import running_game, without_defense
from mfmgame.numerics.arrays import BoolArray, FloatArray, IntArray, dense
from mfmgame.solving.solver import Solver

__all__ = ["FundingReasons", "Why"]

_NO_SHARE = 1e-12
"""Share of a threat, or of the value, up to which a defense stops or saves nothing."""


@dataclass(frozen=True)
class Why:
    """Reason for which a defense is or is not funded, with the numbers that give it.

    Attributes
    ----------
    reason : str
        Of a funded defense: ``needed`` (without it, the loss rises), ``dispensable`` (an equally
        good plan does without it), ``required`` (no plan is feasible without it) or ``imposed``
        (its levels begin above 0, and without it the loss falls). Of another:
        ``cannot_run`` (its least step exceeds a limit), ``stops_nothing`` (it stops no threat of
        the worst attack; if stepped, no threat), ``covered`` (funded defenses stop the same
        threats at least as well), ``tied`` (an equally good plan funds it), ``dear`` (it saves
        less than the same use of resources at the margin), ``worse`` (every plan that runs it
        costs more) or ``excluded`` (no plan that runs it is feasible).
    resource : str or None
        Resource whose limit decides, for ``dear`` and ``cannot_run``; None if several do, or none.
    saves, price : float or None
        For ``dear``: most that the defense saves, and saving by the same use of resources at the
        margin. In loss units per unit of `resource`; in loss units, at the greatest level that
        the limits allow, if `resource` is None.
    needs : float or None
        For ``cannot_run``: units of `resource` that the least step uses; None if continuous.
    loss_with : float or None
        For ``tied`` and ``worse`` of a stepped defense: value of the best plan that runs it, in
        loss units.
    covered_by : tuple of str
        For ``covered``: funded defenses that stop at least as much of the same threats.
    """

    reason: Reason
    resource: str | None = None
    saves: float | None = None
    price: float | None = None
    needs: float | None = None
    loss_with: float | None = None
    covered_by: tuple[str, ...] = ()


class FundingReasons:
    """Reasons for the level of each defense in an optimal plan.

    Parameters
    ----------
    solution : Solution
    sensitivity : Sensitivity
        Of the same solution.

    Attributes
    ----------
    statuses : list of str
        Statuses of the solves so far.
    """

    def __init__(self, solution: Solution, sensitivity: Sensitivity) -> None:
        self._solution, self._game = solution, solution.game
        self._levels = solution.allocation.array
        self._roles = sensitivity.roles
        self._composition = compose(self._game)
        self._scale = scale_of(self._game, solution.value)
        self._exposure = self._composition.exposure(self._levels)
        self._idle = idle_defenses(self._game)
        self.attacked: BoolArray = solution.attack.array > 0.0
        self.statuses: list[Status] = []

    def solution_without(self, defense: int) -> Solution | None:
        """Solve the game without a funded defense; None if no allocation is feasible."""
        return self._solved(without_defense(self._game, defense))

    def is_no_worse(self, other: Solution) -> bool:
        """Tell whether a solution has at most the value of the plan, within the tolerance."""
        return other.value <= self._solution.value + self._solution.tolerance * self._scale

    def _is_no_better(self, other: Solution) -> bool:
        """Tell whether a solution has at least the value of the plan, within the tolerance."""
        return other.value >= self._solution.value - self._solution.tolerance * self._scale

    def stopped_shares(self, defense: int, threats: BoolArray) -> FloatArray:
        """Compute how much more of some threats gets through without a defense.

        Parameters
        ----------
        defense : int
        threats : ndarray of bool, shape (n_threats,)

        Returns
        -------
        ndarray of float, shape (n_threats,)
            Coverage by the plan less coverage with the defense at level 0; 0 for other threats.
        """
        stopped = self._composition.exposure(self._with_level(defense, 0.0)) - self._exposure
        return np.where(threats & (stopped > _NO_SHARE), stopped, 0.0)

    def why_funded(self, without: Solution | None) -> Why:
        """Give the reason for a funded defense, from the solution without it."""
        if without is None:
            return Why("required")
        if not self.is_no_worse(without):
            return Why("needed")
        return Why("dispensable" if self._is_no_better(without) else "imposed")

    def why_not(self, defense: int) -> Why:
        """Give the reason for a defense that the plan does not fund."""
        levels = self._game.level_rules.levels[defense]
        if not self._game.max_level[defense] > 0.0:
            return Why("cannot_run")
        if levels is None:
            return self._why_not_continuous(defense)
        return self._why_not_stepped(defense, float(levels[levels > 0.0][0]))

    def _why_not_continuous(self, defense: int) -> Why:
        game = self._game
        if self._idle[defense]:
            rows = np.flatnonzero(game.use[:, defense] > 0.0)
            most = game.limits[rows] / game.use[rows, defense]
            return Why("cannot_run", resource=game.resources[rows[np.argmin(most)]])
        if not len(self._touched(defense, self.attacked)):
            return Why("stops_nothing")
        gained, paid = (float(side[defense]) for side in self._sides)
        most = float(affordable_levels(game)[defense])
        if gained * most <= _NO_SHARE * self._scale and not self._adds(defense, most):
            return Why("covered", covered_by=self._coverers(defense))
        if self._roles[game.defense_ids[defense]] == "optional":
            return Why("tied")
        return self._dear(defense, gained, paid, most)

    def _dear(self, defense: int, gained: float, paid: float, most: float) -> Why:
        game, prices = self._game, self._solution.limit_prices.array
        use = game.use[:, defense]
        binding = np.flatnonzero((prices > 0.0) & (use > 0.0) & np.isfinite(game.limits))
        if len(binding) != 1:
            return Why("dear", saves=gained * most, price=paid * most)
        row = binding[0]
        saves, price = gained / float(use[row]), float(prices[row])
        return Why("dear", resource=game.resources[row], saves=saves, price=price)

    def _why_not_stepped(self, defense: int, least: float) -> Why:
        game = self._game
        needed = game.use[:, defense] * least
        over = np.flatnonzero(needed > game.kept_limits)
        if len(over):
            needs, resource = float(needed[over[0]]), game.resources[over[0]]
            return Why("cannot_run", resource=resource, needs=needs)
        if not len(self._touched(defense, game.severity > 0.0)):
            return Why("stops_nothing")
        running = running_game(game, defense)
        found = None if running is None else self._solved(running)
        if found is None:
            return Why("excluded")
        if not self.is_no_worse(found):
            return Why("worse", loss_with=found.value)
        beside = self._with_level(defense, least)
        is_beside = is_within_limits(game, beside) and game.level_rules.allows(beside)
        if is_beside and not self._adds(defense, float(game.max_level[defense])):
            return Why("covered", covered_by=self._coverers(defense))
        return Why("tied", loss_with=found.value)

    @cached_property
    def _sides(self) -> tuple[FloatArray, FloatArray]:
        """Gain and payment of each continuous defense per level, with the stepped defenses held."""
        game = self._game
        held = held_game(game, self._levels) if game.is_discrete else game
        return gains_and_payments(held, self._composition, self._solution.certificate.priced)

    def _with_level(self, defense: int, level: float) -> FloatArray:
        """Copy the plan with another level of one defense."""
        levels = self._levels.copy()
        levels[defense] = level
        return levels

    def _touched(self, defense: int, threats: BoolArray) -> IntArray:
        """Find the threats, among some, that a defense stops any of by itself."""
        column = dense(self._composition.alone[:, [defense]]).ravel()
        return np.flatnonzero(threats & (column > 0.0))

    def _adds(self, defense: int, level: float) -> bool:
        """Tell whether the plan would stop more of an attacked threat with a defense added."""
        more = self._exposure - self._composition.exposure(self._with_level(defense, level))
        return bool((more[self.attacked] > _NO_SHARE).any())

    def _coverers(self, defense: int) -> tuple[str, ...]:
        """List the funded defenses that alone stop at least as much of a touched threat."""
        touched = self._touched(defense, self.attacked)
        alone = dense(self._composition.alone[touched])
        as_good = (alone >= alone[:, [defense]]) & (self._levels > 0.0)
        everywhere = np.flatnonzero(as_good.all(axis=0) & bool(len(touched)))
        listed = everywhere[:1] if len(everywhere) else np.array(list(_cover(as_good)), dtype=int)
        return tuple(self._game.defense_ids[j] for j in listed)

    def _solved(self, game: DefenseGame) -> Solution | None:
        solver = Solver(game, tolerance=self._solution.tolerance, cheapest=False)
        try:
            # With a bandwidth, an interruption carries no bracket, which is of another game.
            found = solver.solve(game.attacker_bandwidth)
        except InfeasibleError:
            return None
        self.statuses.append(found.status)
        return found


def _cover(as_good: BoolArray) -> Iterator[int]:
    """Yield columns, each with the most rows not yet covered, until no column covers more."""
    left = as_good.any(axis=1)
    while left.any():
        best = int(np.argmax(as_good[left].sum(axis=0)))
        yield best
        left = left & ~as_good[:, best]
