"""Solve one game: search its levels, and build the solution."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping

import numpy as np

from mfmgame.answers.interruption import Interrupted
from mfmgame.answers.solution import (
    Solution,
    is_number,
    refuse_other_tolerances,
)
from mfmgame.certificates.duality_certificate import (
    upper_bound,
)
from mfmgame.documents.float_reading import as_float
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import InfeasibleError, SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose, composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.discrete_optimal_set import extremes
from mfmgame.solving.discrete_optimum import discrete_optimum
from mfmgame.solving.optimal_set import OptimalFace
from mfmgame.solving.progress import Found
from mfmgame.solving.threat_generation import ThreatGeneration

__all__ = ["Solution", "Solver", "solve", "solver_with_options"]


def solve(
    problem: Scenario | DefenseGame,
    *,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> Solution:
    """Find the allocation that minimizes the worst attacker's loss.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        The game, or the scenario to build it from.
    tolerance : float, optional
        Stop when the proven bracket is at most this wide, relative to the value (or to
        1e-6 of the greatest severity, if the value is less). The default is 1e-9 for
        `best_of` and `additive` and 1e-6 for `independent`.
    mip_gap : float, optional
        The same where some defenses are stepped, in place of `tolerance`.
    time_limit : float, optional
        Seconds after which to stop with the bracket proven so far; checked between rounds, of
        which there is at least one.

    Returns
    -------
    Solution
        The same for the same input, byte for byte, unless time runs out (see
        :attr:`Solution.is_proven`).

    Raises
    ------
    SpecificationError
        If the problem is malformed or inconsistent.
    InfeasibleError
        If not even an empty allocation keeps within the limits.
    SolverError
        If HiGHS refuses the program. Where HiGHS only fails to reach an optimum, the bracket
        proven so far is returned (see :attr:`Solution.is_proven`).
    Interrupted
        A KeyboardInterrupt that carries the solution proven so far.

    Notes
    -----
    The definition is this project's own:
    ``min over x, max over y of sum_i y[i] v[i] (1 - cov_i(x))``, within the limits of both
    sides. The model page of the documentation has it in full, with proofs.

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
    return solver_with_options(game, tolerance, mip_gap, time_limit).solve()


def solver_with_options(
    game: DefenseGame,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> Solver:
    """Make the solver for the options of :func:`solve`.

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
        If an option is out of its range, even if the game does not need it.
    """
    refuse_other_tolerances(mip_gap, "mip_gap")
    if game.is_discrete and mip_gap is not None:
        tolerance = mip_gap
    return Solver(game, tolerance=tolerance, time_limit=time_limit)


class Solver:
    """Solver of one game for any bandwidth and limits, on one warm master.

    Parameters
    ----------
    game : DefenseGame
    tolerance : float, optional
        As for :func:`solve`.
    cheapest : bool, default True
        Whether to find the optimal allocation that uses least, each resource in units of its
        limit; otherwise any optimal allocation will do.
    time_limit : float, optional
        As for :func:`solve`, for each solve.

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
        self._search = ThreatGeneration(game, self._composition, self._tolerance)
        self._cheapest = cheapest

    @property
    def game(self) -> DefenseGame:
        """The game to solve."""
        return self._game

    @property
    def cuts(self) -> CutPool:
        """Cuts that the solves have left behind, on their warm master."""
        return self._search.cuts

    def accepting_any_optimum(self) -> Solver:
        """Return a solver on the same program that accepts any optimal allocation."""
        other = copy.copy(self)
        other._search, other._cheapest = copy.copy(self._search), False
        return other

    def solve(
        self, attacker_bandwidth: float | None = None, limits: Mapping[str, float] | None = None
    ) -> Solution:
        """Solve the game, or the game with another bandwidth or other limits.

        Parameters
        ----------
        attacker_bandwidth : float, optional
            In bits; the game's own by default.
        limits : mapping of str to float, optional
            Limits to replace, of resources that have a limit in the game.

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
        return self.solution_of(self.find(attacker_bandwidth, limits))

    def find(
        self, attacker_bandwidth: float | None = None, limits: Mapping[str, float] | None = None
    ) -> Found:
        """Run the search of :meth:`solve`, without building the full solution.

        Parameters
        ----------
        attacker_bandwidth : float, optional
            In bits; the game's own by default.
        limits : mapping of str to float, optional
            Limits to replace, of resources that have a limit in the game.

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
                    "found a limit of a resource without limit in the game, expected limits to "
                    "replace only",
                    pointer="limits",
                )
        _refuse_negative_limits(game)
        deadline = time.monotonic() + self._time_limit
        if game.is_discrete:
            found = discrete_optimum(
                game,
                self._composition,
                self._search.cuts,
                tolerance=self._tolerance,
                cheapest=self._cheapest,
                deadline=deadline,
                solve_rest=self._rest,
            )
        else:
            found = self._search.run(game, deadline)
            if self._cheapest and found.stopped != "interrupted" and time.monotonic() <= deadline:
                for step in (OptimalFace.without_traces, OptimalFace.cheapest, OptimalFace.tidied):
                    face = OptimalFace(found, self._composition, self._search.cuts)
                    found = step(face, self._tolerance)
        if found.stopped == "interrupted":
            if attacker_bandwidth is not None or limits is not None:
                raise KeyboardInterrupt  # a bracket of another game's value would mislead
            raise Interrupted(self.solution_of(found)) from None
        return found

    def _rest(self, game: DefenseGame) -> Found:
        """Solve the game of the continuous defenses with the steps held."""
        return Solver(game, tolerance=self._tolerance).find()

    def solution_of(self, found: Found) -> Solution:
        """Build the solution from a search result.

        Parameters
        ----------
        found : Found
            Search result of :meth:`find`.

        Returns
        -------
        Solution
        """
        game, allocation, response, lower, certificate, rounds, stopped = found
        exposure = self._composition.exposure(allocation)
        upper = upper_bound(game, self._composition, allocation, response.price)
        return Solution(
            game=game,
            value=response.loss,
            lower=lower,
            upper=max(upper, response.loss),
            allocation=Labelled(game.defense_ids, allocation),
            attack=Labelled(game.threat_ids, certificate.attack(game, response)),
            coverage=Labelled(game.threat_ids, 1.0 - exposure),
            residual=Labelled(game.threat_ids, game.severity * exposure),
            bandwidth_price=response.price,
            limit_prices=Labelled(game.resources, certificate.priced.limit_prices),
            certificate=certificate,
            rounds=rounds,
            tolerance=self._tolerance,
            stopped=stopped,
        )

    def extreme_levels(self, solution: Solution) -> tuple[FloatArray, FloatArray]:
        """Find the least and greatest level of each defense over all optimal allocations.

        Parameters
        ----------
        solution : Solution
            The last solution of this solver.

        Returns
        -------
        least : ndarray of float, shape (n_defenses,)
            Over allocations within the limits whose worst attack costs the value, within a
            relative 1e-9 (for `independent`, half the tolerance).
        greatest : ndarray of float, shape (n_defenses,)
            Over the same allocations.
        """
        game, residual = solution.game, solution.residual.array
        if game.is_discrete:
            return extremes(solution, self._composition, self._search.cuts)
        found = Found(
            game,
            solution.allocation.array,
            best_response(residual, game.ways, game.attacker_bandwidth),
            solution.lower,
            solution.certificate,
            solution.rounds,
        )
        return OptimalFace(found, self._composition, self._search.cuts).extremes(self._tolerance)


def _refuse_negative_limits(game: DefenseGame) -> None:
    for resource, limit in zip(game.resources, game.limits.tolist(), strict=True):
        if limit < 0:
            raise InfeasibleError(
                f"the limit of {shown(resource)} is {limit!r}, "
                "less than what an empty allocation uses"
            )
