"""Threat generation: the minimax allocation, and a bracket that proves it.

The defender's program has a row for every threat and, for curved compositions, for every
cut of it; only those that the attacker would use matter. So: evaluate every threat at an
allocation (one pass over the effectiveness matrix), take the attacker's best response (an
upper bound on the value), add its violated cuts to a warm master program, solve that (a
lower bound), and repeat until the bounds meet.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping
from functools import partial

import numpy as np

from mfmgame.answers.interruption import Interrupted
from mfmgame.answers.solution import (
    Solution,
    is_number,
    refuse_other_tolerances,
    scale_of,
)
from mfmgame.certificates.certificate import (
    Certificate,
    as_plan,
    lower_bound,
    nothing_proven,
    proved,
    upper_bound,
)
from mfmgame.certificates.tree import tree_bound, with_best_held
from mfmgame.documents.float_reading import as_float
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import InfeasibleError, SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose, composition_class
from mfmgame.game.feasibility import held_game, spread, with_all_free, within_limits
from mfmgame.game.game import DefenseGame, game_of
from mfmgame.game.labels import Labelled
from mfmgame.game.level_rules import Box
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.branch_and_bound import BoxSearch
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.discrete_optimal_set import as_good, cheapest, extremes
from mfmgame.solving.exact_program import exact_optimum
from mfmgame.solving.optimal_set import OptimalFace
from mfmgame.solving.progress import Found, Progress, Region

__all__ = ["Solution", "Solver", "asked_solver", "solve"]


MAX_ROUNDS = 1000
MAX_REFINEMENTS = 4
EXTRA_ROUNDS = 20
"""Rounds beyond the tolerance for a value far below the greatest severity."""
MODEL_ERROR = 1e-6
"""Relative error that the master's own value may have; nearer bounds must be worked out."""
SMALL = 256
"""So few threats enter the master at once, unless far from running: it saves rounds."""


def solve(
    problem: Scenario | DefenseGame,
    *,
    tolerance: float | None = None,
    mip_gap: float | None = None,
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
    mip_gap : float, optional
        The same where some defenses are stepped, in place of `tolerance`.
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

    Notes
    -----
    The definition is this project's own:
    ``min over x, max over y of sum_i y[i] v[i] (1 - cov_i(x))``, within the limits of both
    sides. The page on the model has it in full, with proofs.

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
    game = game_of(problem)
    return asked_solver(game, tolerance, mip_gap, time_limit).solve()


def asked_solver(
    game: DefenseGame,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> Solver:
    """Make a solver of what was asked of :func:`solve`.

    Parameters
    ----------
    game : DefenseGame
    tolerance, mip_gap, time_limit : float, optional
        As for :func:`solve`.

    Returns
    -------
    Solver

    Raises
    ------
    SpecificationError
        If one of them is out of its range, even one that the game has no use for.
    """
    refuse_other_tolerances(mip_gap, "mip_gap")
    if game.is_discrete and mip_gap is not None:
        tolerance = mip_gap
    return Solver(game, tolerance=tolerance, time_limit=time_limit)


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
        refuse_other_tolerances(tolerance)
        refuse_other_types(game, "game", DefenseGame)
        refuse_other_types(cheapest, "cheapest", bool)
        if time_limit is not None and not (is_number(time_limit) and time_limit > 0.0):
            raise SpecificationError(
                f"found {shown(time_limit)}, expected seconds above 0", pointer="time_limit"
            )
        self._time_limit = math.inf if time_limit is None else as_float(time_limit, "time_limit")
        self._game = game
        self._tolerance = tolerance or composition_class(game.composition).tolerance
        self._composition = compose(game)
        self._cuts = CutPool(game, self._composition)
        self._cheapest = cheapest
        self._last_loss = 0.0

    @property
    def game(self) -> DefenseGame:
        """The game that it was made for."""
        return self._game

    @property
    def cuts(self) -> CutPool:
        """The cuts that its solves have left behind, on their warm master."""
        return self._cuts

    def easily_pleased(self) -> Solver:
        """The same solver on the same program, which looks for no cheaper optimal allocation."""
        other = copy.copy(self)
        other._cheapest = False
        return other

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
        return self.described(self.find(attacker_bandwidth, limits))

    def find(
        self, attacker_bandwidth: float | None = None, limits: Mapping[str, float] | None = None
    ) -> Found:
        """What :meth:`solve` finds, with no more said of it than it takes to go on.

        Parameters
        ----------
        attacker_bandwidth : float, optional
            In bits; the game's own by default.
        limits : mapping of str to float, optional
            Limits in place of the game's own.

        Returns
        -------
        Found
        """
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
        is_own = attacker_bandwidth is None and limits is None
        deadline = time.monotonic() + self._time_limit
        if game.is_discrete:
            return self._find_stepped(game, deadline, is_own)
        progress = Progress(nothing_proven(game), partial(lower_bound, game, self._composition))
        try:
            self._search(game, progress, deadline)
            if time.monotonic() <= deadline:
                self._close(game, progress)
        except KeyboardInterrupt:
            if progress.response is None or not is_own:
                raise  # a bracket of another game's value would mislead
            progress.stopped = "interrupted"
            raise Interrupted(self.described(progress.found(game))) from None
        found = progress.found(game)
        if self._cheapest and time.monotonic() <= deadline:
            for step in (OptimalFace.without_traces, OptimalFace.cheapest, OptimalFace.tidied):
                found = step(OptimalFace(found, self._composition, self._cuts), self._tolerance)
        return found

    def _find_stepped(self, game: DefenseGame, deadline: float, is_own: bool) -> Found:
        """Search the boxes of levels; then, with the steps held, solve the game of the rest."""
        search = BoxSearch(
            game, self._composition, self._cuts, tolerance=self._tolerance, deadline=deadline
        )

        def rest(levels: FloatArray) -> Found:
            return Solver(held_game(game, levels), tolerance=self._tolerance).find()

        interruption, cheaper = None, None
        try:
            search.run()
            if search.response and self._cheapest and math.isinf(deadline):
                cheaper = cheapest(
                    game,
                    self._composition,
                    search.allocation,
                    as_good(search.response.loss, self._tolerance),
                    lambda levels: rest(levels).allocation,
                )
        except KeyboardInterrupt as error:
            if search.response is None or not is_own:
                raise
            interruption = error
        if search.response is None:
            raise InfeasibleError("no choice of levels keeps within the limits and the rules")
        held = rest(search.allocation if cheaper is None else cheaper)
        loss = held.response.loss
        assert isinstance(held.certificate, Certificate)
        proof = search.proof(held.certificate)
        if held.lower < loss - self._tolerance * scale_of(held.game, loss):
            proof = with_best_held(held.game, self._composition, proof)
        lower = min(tree_bound(game, self._composition, proof), loss)
        stopped = "interrupted" if interruption else search.stopped
        found = Found(game, held.allocation, held.response, lower, proof, search.rounds, stopped)
        if interruption:
            raise Interrupted(self.described(found)) from None
        return found

    def _search(self, game: DefenseGame, progress: Progress, deadline: float) -> None:
        """Generate threats until the bounds meet, time is up, or nothing brings them closer."""
        point = self._cuts.solve(game, self._last_loss) if len(self._cuts) else None
        free = with_all_free(game, np.zeros(game.n_defenses))
        least_scale, region = scale_of(game, 0.0), Region()
        box: Box | None = None
        refinements, patience = 0, EXTRA_ROUNDS
        for rounds in range(MAX_ROUNDS + 1):
            if point is None:
                allocation = spread(game)
            else:
                allocation = within_limits(game, np.maximum(point.allocation, free))
            residual = self._residual(allocation)
            response = best_response(residual, game.bandwidth, game.attacker_bandwidth)
            if point is not None:
                modelled = game.attacker_bandwidth * point.price + float(point.surplus.sum())
                if box is not None:
                    region.resize(progress.loss - response.loss, progress.loss - modelled)
                    modelled = math.inf  # within a box; of all levels, only the proof can tell
                progress.claim(self._cuts.proof(point, game), modelled)
            progress.see(allocation, response, rounds)
            scale = max(progress.loss, least_scale)
            gap = progress.gap((self._tolerance + MODEL_ERROR) * scale)
            if gap <= 0.5 * self._tolerance * scale:
                # Good enough; where a great severity is the reason, try for better a while.
                patience -= 1
                if gap <= 0.5 * self._tolerance * progress.loss or patience < 0:
                    break
            if time.monotonic() > deadline:
                progress.stopped = "time_limit"
                break
            share = self._composition.far if rounds == 0 and game.n_threats <= SMALL else 1.0
            added = self._cuts.extend(allocation, residual, response, point, share=share)
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
        else:
            progress.stopped = "round_limit"
        self._last_loss = progress.loss

    def _close(self, game: DefenseGame, progress: Progress) -> None:
        """Solve in rational arithmetic what floating point has left open."""
        scale = max(progress.loss, scale_of(game, 0.0))
        if progress.gap(0.0) <= self._tolerance * scale:
            return
        slack = 0.1 * self._tolerance * scale
        exact = exact_optimum(game, self._composition, *self._cuts.singles, slack)
        if exact is None:
            return
        allocation = within_limits(game, with_all_free(game, exact[0]))
        response = best_response(
            self._residual(allocation), game.bandwidth, game.attacker_bandwidth
        )
        progress.claim(lambda: proved(game, self._composition, exact[1]), math.inf)
        progress.see(allocation, response, progress.rounds + 1)

    def described(self, found: Found) -> Solution:
        """All that is to be said of what a search has found.

        Parameters
        ----------
        found : Found
            By :meth:`find`.

        Returns
        -------
        Solution
        """
        game, allocation, response, lower, certificate, rounds, stopped = found
        attack = response.plan
        if isinstance(certificate, Certificate):
            attack = as_plan(game, certificate)
        exposure = self._composition.exposure(allocation)
        upper = upper_bound(game, self._composition, allocation, response.price)
        return Solution(
            game=game,
            value=response.loss,
            lower=lower,
            upper=max(upper, response.loss),
            allocation=Labelled(game.defense_ids, allocation),
            attack=Labelled(game.threat_ids, attack),
            coverage=Labelled(game.threat_ids, 1.0 - exposure),
            residual=Labelled(game.threat_ids, game.severity * exposure),
            bandwidth_price=response.price,
            limit_prices=Labelled(game.resources, certificate.limit_prices),
            certificate=certificate,
            rounds=rounds,
            tolerance=self._tolerance,
            stopped=stopped,
        )

    def extreme_levels(self, solution: Solution) -> tuple[FloatArray, FloatArray]:
        """Least and greatest level of each defense over all optimal allocations.

        Parameters
        ----------
        solution : Solution
            The last one that this solver found.

        Returns
        -------
        least : ndarray of float, shape (n_defenses,)
            Levels of allocations within the limits whose worst attack costs the value,
            but for 1e-9 of it (for `independent`, half the tolerance).
        greatest : ndarray of float, shape (n_defenses,)
            Such levels, too.
        """
        game, residual = solution.game, solution.residual.array
        if game.is_discrete:
            return extremes(solution, self._composition, self._cuts)
        found = Found(
            game,
            solution.allocation.array,
            best_response(residual, game.bandwidth, game.attacker_bandwidth),
            solution.lower,
            solution.certificate,
            solution.rounds,
        )
        return OptimalFace(found, self._composition, self._cuts).extremes(self._tolerance)

    def _residual(self, allocation: FloatArray) -> FloatArray:
        return self._game.severity * self._composition.exposure(allocation)


def _refuse_negative_limits(game: DefenseGame) -> None:
    for resource, limit in zip(game.resources, game.limits.tolist(), strict=True):
        if limit < 0:
            raise InfeasibleError(
                f"the limit of {shown(resource)} is {limit!r}, "
                "less than what an empty allocation uses"
            )
