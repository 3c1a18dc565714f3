"""Threat generation: the minimax allocation, and a bracket that proves it.

The defender's program has a row for every threat and, for curved compositions, for every
cut of it; only those that the attacker would use matter. So: evaluate every threat at an
allocation (one pass over the effectiveness matrix), take the attacker's best response (an
upper bound on the value), add its violated cuts to a warm master program, solve that (a
lower bound), and repeat until the bounds meet.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mfmgame.allocations import resource_cost, spread, with_all_free, within_limits
from mfmgame.attacker import BestResponse, best_response
from mfmgame.certificate import (
    Certificate,
    as_plan,
    decided,
    lower_bound,
    nothing_proven,
    upper_bound,
)
from mfmgame.compositions import compose
from mfmgame.cuts import CutPool
from mfmgame.errors import InfeasibleError, SpecificationError
from mfmgame.game import DefenseGame, build_game
from mfmgame.interruption import Interrupted
from mfmgame.labels import Labelled
from mfmgame.master import Box
from mfmgame.progress import Found, Progress, Region
from mfmgame.solution import DEFAULT_TOLERANCE, Solution, scale_of
from mfmgame.spec.scenario import Scenario
from mfmgame.spec.wording import shown

__all__ = ["Solution", "Solver", "solve"]

FloatArray = NDArray[np.float64]

EPSILON = 2.0**-52
MAX_ROUNDS = 1000
MAX_REFINEMENTS = 4
MAX_MOVES = 20
EXTRA_ROUNDS = 20
"""Rounds beyond the tolerance for a value far below the greatest severity."""
EXACT = 1e-13
"""Share of the value that rounding may cost an allocation that is still called optimal."""
EQUAL_VALUE = 1e-9
"""Share of the value by which optimal allocations of another level may differ."""
DECISIVE = 1e-7
"""Relative difference of what a defense gains and pays that decides its level."""
SMALL = 256
"""So many threats all enter the master at once: it saves more rounds than it costs."""


def solve(
    problem: Scenario | DefenseGame,
    *,
    tolerance: float | None = None,
    time_limit: float | None = None,
) -> Solution:
    """Find the allocation that minimises the worst attacker's loss.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        What to solve.
    tolerance : float, optional
        Stop when the proven bracket is at most this wide, relative to the value (or to
        1e-6 of the greatest severity, if the value is less). The default is 1e-9 for
        `best_of` and `additive` and 1e-6 for `independent`.
    time_limit : float, optional
        Seconds after which to stop with the bracket proven so far; looked at between
        rounds, of which there is at least one.

    Returns
    -------
    Solution
        Same input, same bytes, unless time runs out (see :attr:`Solution.is_proven`).

    Raises
    ------
    SpecificationError
        If the problem says something that cannot be meant.
    InfeasibleError
        If not even an empty allocation keeps within the limits.
    SolverError
        If HiGHS refuses the program; where it only fails to end at an optimum, the
        bracket proven so far is returned (see :attr:`Solution.is_proven`).
    Interrupted
        A KeyboardInterrupt that carries the solution proven so far.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0, 3.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[1.0, 0.0], [0.0, 1.0]], attacker_bandwidth=1.0,
    ...                       use={"budget": [1.0, 1.0]}, limits={"budget": 1.0})
    >>> solution = mg.solve(game)
    >>> round(solution.value, 12), round(solution.allocation["d0"], 12)
    (1.714285714286, 0.571428571429)
    """
    game = problem if isinstance(problem, DefenseGame) else build_game(problem)
    return Solver(game, tolerance=tolerance, time_limit=time_limit).solve()


class Solver:
    """One game, solved on one warm master for whatever both sides can spend.

    Parameters
    ----------
    game : DefenseGame
    tolerance : float, optional
        As for :func:`solve`.
    cheapest : bool, default True
        Whether to look for the optimal allocation that uses least, each resource in
        units of its limit; any optimal one will do otherwise.
    time_limit : float, optional
        As for :func:`solve`, each time.

    Raises
    ------
    SpecificationError
        If the tolerance is not between 0 and 1, or the time limit not above 0.
    """

    def __init__(
        self,
        game: DefenseGame,
        *,
        tolerance: float | None = None,
        cheapest: bool = True,
        time_limit: float | None = None,
    ) -> None:
        if tolerance is not None and not 0.0 < tolerance < 1.0:
            raise SpecificationError(
                f"found {shown(tolerance)}, expected a number between 0 and 1", pointer="tolerance"
            )
        if time_limit is not None and not time_limit > 0.0:
            raise SpecificationError(
                f"found {shown(time_limit)}, expected seconds above 0", pointer="time_limit"
            )
        self._time_limit = math.inf if time_limit is None else time_limit
        self._game = game
        self._tolerance = tolerance or DEFAULT_TOLERANCE[game.composition]
        self._composition = compose(game)
        self._cuts = CutPool(game, self._composition)
        self._cheapest = cheapest
        self._last_loss = 0.0

    @property
    def game(self) -> DefenseGame:
        """The game that it was made for."""
        return self._game

    def solve(
        self, attacker_bandwidth: float | None = None, limits: Mapping[str, float] | None = None
    ) -> Solution:
        """Solve the game, or one in which one side can spend more or less.

        Parameters
        ----------
        attacker_bandwidth : float, optional
            In bits; the game's own by default.
        limits : mapping of str to float, optional
            Limits to replace, of resources that the game limits.

        Returns
        -------
        Solution

        Raises
        ------
        SpecificationError
            If a number is out of its range, or a resource has no limit to replace.
        InfeasibleError
            If a limit is below 0.
        SolverError
            If HiGHS refuses the program.
        """
        return self._described(self.find(attacker_bandwidth, limits))

    def find(
        self, attacker_bandwidth: float | None = None, limits: Mapping[str, float] | None = None
    ) -> Found:
        """What :meth:`solve` finds, with no more said of it than it takes to go on."""
        game = self._game
        if attacker_bandwidth is not None:
            game = game.with_attacker_bandwidth(attacker_bandwidth)
        if limits is not None:
            game = game.with_limits(limits)
            if not np.array_equal(np.isfinite(game.limits), np.isfinite(self._game.limits)):
                raise SpecificationError(
                    "found a limit of a resource that the game does not limit, expected "
                    "only such as it does",
                    pointer="limits",
                )
        _refuse_negative_limits(game)
        progress = Progress(nothing_proven(game))
        try:
            self._search(game, progress)
        except KeyboardInterrupt:
            if progress.response is None or attacker_bandwidth is not None or limits is not None:
                raise  # a bracket of another game's value would mislead
            raise Interrupted(self._described(progress.found(game))) from None
        if self._cheapest and _can_save(game, progress.certificate):
            self._cheapen(game, progress)
        return progress.found(game)

    def _search(self, game: DefenseGame, progress: Progress) -> None:
        """Generate threats until the bounds meet, or nothing brings them closer."""
        deadline = time.monotonic() + self._time_limit
        point = self._cuts.solve(game, self._last_loss) if len(self._cuts) else None
        allocation = spread(game)
        region = Region()
        box: Box | None = None
        refinements, patience = 0, EXTRA_ROUNDS
        for rounds in range(MAX_ROUNDS + 1):
            if point is not None:
                allocation = within_limits(game, with_all_free(game, point.allocation))
            residual = self._residual(allocation)
            response = best_response(residual, game.bandwidth, game.attacker_bandwidth)
            if point is not None and box is not None:
                modelled = game.attacker_bandwidth * point.price + float(point.surplus.sum())
                region.resize(progress.loss - response.loss, progress.loss - modelled)
            progress.see(allocation, response, rounds)
            if point is not None:
                candidate = self._cuts.certificate(point, game)
                progress.prove(candidate, lower_bound(game, self._composition, candidate))
            gap = progress.loss - progress.lower
            if gap <= 0.5 * self._tolerance * scale_of(game, progress.loss):
                # Good enough; where a great severity is the reason, try for better a while.
                patience -= 1
                if gap <= 0.5 * self._tolerance * progress.loss or patience < 0:
                    break
            if time.monotonic() > deadline:
                break
            everything = rounds == 0 and game.n_threats <= SMALL
            added = self._cuts.extend(allocation, residual, response, point, everything=everything)
            if added or box is not None:
                near = added and self._cuts.has_groups
                box = region.around(progress.allocation, game.max_level) if near else None
                point, refinements = self._cuts.solve(game, progress.loss, box), 0
            elif point is not None and refinements < MAX_REFINEMENTS:
                point, refinements = self._cuts.sharpen(game, progress.loss), refinements + 1
            else:
                break
            if point is None:  # HiGHS has given up: what is proven so far must do
                break
        self._last_loss = progress.loss

    def _described(self, found: Found) -> Solution:
        """All that is to be said of what a search has found."""
        game, allocation, response, lower, certificate, rounds = found
        exposure = self._composition.exposure(allocation)
        upper = upper_bound(game, self._composition, allocation, response.price)
        return Solution(
            game=game,
            value=response.loss,
            lower=lower,
            upper=max(upper, response.loss),
            allocation=Labelled(game.defense_ids, allocation),
            attack=Labelled(game.threat_ids, as_plan(game, certificate)),
            coverage=Labelled(game.threat_ids, 1.0 - exposure),
            residual=Labelled(game.threat_ids, game.severity * exposure),
            bandwidth_price=response.price,
            limit_prices=Labelled(game.resources, certificate.limit_prices),
            certificate=certificate,
            rounds=rounds,
            tolerance=self._tolerance,
        )

    def extreme_levels(self, solution: Solution) -> tuple[FloatArray, FloatArray]:
        """Least and greatest level of each defense over all optimal allocations.

        Parameters
        ----------
        solution : Solution
            The last one that this solver found.

        Returns
        -------
        least, greatest : ndarray of float, shape (n_defenses,)
            Levels of allocations within the limits whose worst attack costs the value,
            but for 1e-9 of it (for `independent`, half the tolerance).
        """
        game, allocation = solution.game, solution.allocation.array
        least, greatest = allocation.copy(), allocation.copy()
        if self._cuts.solve(game, scale_of(game, solution.value)) is None:
            return least, greatest
        response = best_response(solution.residual.array, game.bandwidth, game.attacker_bandwidth)
        share = 0.5 * solution.tolerance if game.composition == "independent" else EQUAL_VALUE
        slack = share * response.loss
        kept = decided(game, self._composition, solution.certificate, DECISIVE)
        near = EQUAL_VALUE * game.max_level

        def look(direction: FloatArray) -> bool:
            """Whether there is another optimum, with less of a direction."""
            moved = self._moved(game, direction, allocation, response, slack, kept)
            if moved is None:
                return False
            np.minimum(least, moved[0], out=least)
            np.maximum(greatest, moved[0], out=greatest)
            return bool(np.any(np.abs(moved[0] - allocation) > near))

        # A direction like no other is the same on all optima only if there is but one.
        any_other = np.where(kept, 0.0, 1.0 + np.sqrt(np.arange(2.0, game.n_defenses + 2)) % 1.0)
        if look(any_other) | look(-any_other):
            for defense in np.flatnonzero(~kept).tolist():
                direction = np.zeros(game.n_defenses)
                direction[defense] = 1.0
                if least[defense] > 0.0:
                    look(direction)
                if greatest[defense] < game.max_level[defense]:
                    look(-direction)
        return (
            np.where(allocation - least <= near, allocation, least),
            np.where(greatest - allocation <= near, allocation, greatest),
        )

    def _cheapen(self, game: DefenseGame, progress: Progress) -> None:
        """Replace an optimal allocation by the one that uses least, if one is found."""
        allocation, response, cost = progress.allocation, progress.response, resource_cost(game)
        assert response is not None
        if not len(self._cuts) and self._cuts.solve(game, scale_of(game, response.loss)) is None:
            return
        kept = decided(game, self._composition, progress.certificate, DECISIVE)
        moved = self._moved(game, cost, allocation, response, EXACT * response.loss, kept)
        if moved is None:
            return
        cheaper = with_all_free(game, moved[0])
        residual = self._residual(cheaper)
        answer = best_response(residual, game.bandwidth, game.attacker_bandwidth)
        change = answer.plan * (residual - self._residual(allocation))
        if cost @ cheaper < cost @ allocation and self._costs_nothing(change):
            progress.allocation, progress.response = cheaper, answer

    def _moved(
        self,
        game: DefenseGame,
        direction: FloatArray,
        allocation: FloatArray,
        response: BestResponse,
        slack: float,
        kept: NDArray[np.bool_],
    ) -> tuple[FloatArray, BestResponse] | None:
        """Move an optimal allocation as far against a direction as its loss may allow.

        Parameters
        ----------
        game : DefenseGame
            The game of the last solve.
        direction : ndarray of float, shape (n_defenses,)
            ``direction . x`` is to be small.
        allocation : ndarray of float, shape (n_defenses,)
        response : BestResponse
            To the allocation.
        slack : float
            How much more the worst attack may cost, in loss units.
        kept : ndarray of bool, shape (n_defenses,)
            Which defenses keep their level.

        Returns
        -------
        allocation : ndarray of float, shape (n_defenses,)
        response : BestResponse
            Or None for both if none is found.
        """
        for _ in range(MAX_MOVES):
            moved = self._cuts.least(direction, response.loss, allocation, kept)
            if moved is None:
                break
            moved = within_limits(game, moved)
            residual = self._residual(moved)
            answer = best_response(residual, game.bandwidth, game.attacker_bandwidth)
            # A value of 0 leaves no slack: there, each threat be covered but for a tiny share.
            uncovered = EQUAL_VALUE * float(answer.plan @ game.severity)
            spare = slack if response.loss > uncovered else uncovered
            if answer.loss <= response.loss + spare:
                return moved, answer
            if not self._cuts.extend(moved, residual, answer, None):
                break
        return None

    def _costs_nothing(self, changes: FloatArray) -> bool:
        """Whether changes of each threat's loss add up to no more than their rounding.

        Not even a loss too small to show beside the others is traded for savings.
        """
        rounding = 8 * EPSILON * self._game.severity
        real = np.abs(changes) > rounding
        return math.fsum(changes[real].tolist()) <= 4 * math.fsum(rounding[real].tolist())

    def _residual(self, allocation: FloatArray) -> FloatArray:
        return self._game.severity * self._composition.exposure(allocation)


def _refuse_negative_limits(game: DefenseGame) -> None:
    for resource, limit in zip(game.resources, game.limits.tolist(), strict=True):
        if limit < 0:
            raise InfeasibleError(
                f"the limit of {shown(resource)} is {limit!r}, "
                "less than what an empty allocation uses"
            )


def _can_save(game: DefenseGame, certificate: Certificate) -> bool:
    """Whether one optimal allocation may use less than another.

    Every optimal allocation uses all of what has a price, by complementary slackness.
    Where the composition is curved, allocations of the same value are rare, and near the
    optimum none can be told from one that is merely cheaper.
    """
    if game.composition == "independent":
        return False
    used = game.use.any(axis=1) & (game.limits > 0)
    return bool(np.any(used & (certificate.limit_prices <= 0.0)))
