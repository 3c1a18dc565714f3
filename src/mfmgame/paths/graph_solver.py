"""Solve a graph game: cuts for the paths of the attacker's best responses."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np

from mfmgame.answers.solution import is_number, refuse_other_tolerances
from mfmgame.certificates.duality_certificate import (
    Certificate,
    lower_bound,
    proved,
    trivial_certificate,
)
from mfmgame.documents.float_reading import as_float
from mfmgame.documents.result import Status
from mfmgame.errors import SpecificationError
from mfmgame.game.feasibility import proportional_allocation, scaled_to_limits, with_all_free
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_cuts import PathCuts
from mfmgame.paths.path_search import PathResponse, PathSearch
from mfmgame.solving.master_lp import MasterPoint

__all__ = ["GraphFound", "GraphSolver"]

_MAX_ROUNDS = 1000
_MAX_REFINEMENTS = 4
_NEAR = 0.9
"""Share of what makes a path run from which the path gets a cut as well."""
_REANCHOR = 1.2
"""Change of the guessed value at which listed paths get new cuts."""
_COSTLY = 0.5
"""Share of what makes a path run from which the path then gets a new cut."""
_LOWER_GUESS = 4.0
_SMALL_SHARE = 0.05
_SHALLOWEST = 2.0
"""How much less deep than at the guessed value a cut may be exact."""
_LEAST_SCALE = 1e-6
"""Least scale of a relative gap, as a share of the greatest loss (as for a solution)."""


@dataclass
class GraphFound:
    """State of a search, and its result.

    Attributes
    ----------
    game : GraphGame
        The game with the attacker's bandwidth of the search.
    allocation : ndarray of float, shape (n_defenses,)
        The best allocation so far.
    response : PathResponse or None
        Worst attack on it; None before the first.
    lower : float
        Lower bound that the certificate proves, in loss units.
    certificate : Certificate
        Its threats are numbers of listed paths.
    rounds : int
    stopped : str
        Why the search stopped, if the bracket is wider than the tolerance.
    """

    game: GraphGame
    allocation: FloatArray
    certificate: Certificate
    response: PathResponse | None = None
    lower: float = 0.0
    rounds: int = 0
    stopped: Status = "numerical"
    modelled: float = field(default=0.0, repr=False)
    dual: Certificate | None = field(default=None, repr=False)

    @property
    def loss(self) -> float:
        """Loss of the worst attack on the best allocation."""
        return math.inf if self.response is None else self.response.loss

    @property
    def scale(self) -> float:
        """Scale of the relative gap."""
        return max(self.loss, _LEAST_SCALE * self.game.greatest_loss) or 1.0


class GraphSolver:
    """Solver of one graph game for any bandwidth, on one warm master and one list of paths.

    Parameters
    ----------
    game : GraphGame
    tolerance : float, optional
        Relative width of the proven bracket at which to stop, 1e-6 by default.
    time_limit : float, optional
        Seconds after which to stop with the bracket proven so far, for each solve.

    Attributes
    ----------
    game : GraphGame
    tolerance : float
    listed : ListedPaths
        All paths that the solves have met.

    Raises
    ------
    SpecificationError
        If the tolerance is not between 0 and 1, or the time limit not above 0.
    """

    def __init__(
        self, game: GraphGame, *, tolerance: float | None = None, time_limit: float | None = None
    ) -> None:
        refuse_other_types(game, "game", GraphGame)
        refuse_other_tolerances(tolerance)
        if time_limit is not None and not (is_number(time_limit) and time_limit > 0.0):
            raise SpecificationError(
                f"found {shown(time_limit)}, expected seconds above 0", pointer="time_limit"
            )
        self._time_limit = math.inf if time_limit is None else as_float(time_limit, "time_limit")
        self.game, self.tolerance = game, tolerance or 1e-6
        self.listed = ListedPaths(game)
        self._cuts = PathCuts(game, self.listed)
        self._anchored_at = math.inf

    def find(self, attacker_bandwidth: float | None = None) -> GraphFound:
        """Search until the bounds meet, time is up, or no step improves them.

        Parameters
        ----------
        attacker_bandwidth : float, optional
            In bits; the game's own by default.

        Returns
        -------
        GraphFound
            Stopped by "interrupted" after a KeyboardInterrupt, once there is an allocation.

        Raises
        ------
        KeyboardInterrupt
            If the interruption comes before there is an allocation.
        SolverError
            If HiGHS refuses the program, or the graph needs too many labels.
        """
        game = self.game
        if attacker_bandwidth is not None:
            game = game.with_attacker_bandwidth(attacker_bandwidth)
        found = GraphFound(
            game, proportional_allocation(game.techniques), trivial_certificate(game.techniques)
        )
        try:
            self._search(found, time.monotonic() + self._time_limit)
        except KeyboardInterrupt:
            if found.response is None:
                raise
            found.stopped = "interrupted"
        self._prove(found)
        found.lower = min(found.lower, found.loss)
        return found

    def _allowed(self, allocation: FloatArray) -> FloatArray:
        """Raise defenses without resource use, and keep the allocation within the limits."""
        frame = self.game.techniques
        return scaled_to_limits(frame, with_all_free(frame, allocation))

    def _search(self, found: GraphFound, deadline: float) -> None:
        budget = found.game.attacker_bandwidth
        point = self._cuts.solve(budget, self._anchored_at) if len(self._cuts) else None
        allocation, is_halfway, refinements = found.allocation, False, 0
        if point is not None:
            allocation = self._allowed(point.allocation)
            self._claim(found, point)
        for found.rounds in range(_MAX_ROUNDS + 1):
            response = PathSearch(found.game, allocation).respond(budget, _NEAR)
            if response.loss < found.loss:
                found.allocation, found.response = allocation, response
            if self._is_narrow(found):
                return
            if time.monotonic() > deadline:
                found.stopped = "time_limit"
                return
            added = self._add_cuts(found, response, allocation, point)
            if added:
                point, refinements = self._cuts.solve(budget, found.loss), 0
            elif not is_halfway:
                if point is None or refinements == _MAX_REFINEMENTS:
                    return
                point, refinements = self._cuts.sharpen(), refinements + 1
            if point is None:  # HiGHS gave up: keep the proof so far
                return
            self._claim(found, point, is_sharper=refinements > 0)
            if self._is_narrow(found):
                return
            allocation = self._allowed(point.allocation)
            # Points beyond the best allocation are often far beyond: every second stops halfway.
            is_halfway = bool(added) and not is_halfway and found.modelled > 0.0
            if is_halfway:
                allocation = self._allowed(0.5 * (allocation + found.allocation))
        found.stopped = "round_limit"

    def _claim(self, found: GraphFound, point: MasterPoint, *, is_sharper: bool = False) -> None:
        """Record the bound of a master's point, and its dual for a proof."""
        modelled = found.game.attacker_bandwidth * point.price + float(point.surplus.sum())
        if modelled > found.modelled or is_sharper:
            found.modelled, found.dual = modelled, self._cuts.dual(point)

    def _is_narrow(self, found: GraphFound) -> bool:
        """Check whether the bracket is proven narrow; half the tolerance is left to rounding."""
        enough = found.loss - 0.5 * self.tolerance * found.scale
        if found.lower < enough <= found.modelled:
            self._prove(found)
        return found.lower >= enough

    def _prove(self, found: GraphFound) -> None:
        """Turn the last dual solution into a proof."""
        if found.dual is None:
            return
        game = self.listed.game(found.game.attacker_bandwidth)
        composition = self.listed.composition()
        certificate = proved(game, composition, found.dual)
        lower = lower_bound(game, composition, certificate)
        if lower > found.lower:
            found.lower, found.certificate = lower, certificate
        found.dual = None

    def _add_cuts(
        self,
        found: GraphFound,
        response: PathResponse,
        allocation: FloatArray,
        point: MasterPoint | None,
    ) -> int:
        """Add cuts of the response's paths, and of costly listed paths if the guess changes.

        A cut may be exact at any depth. Far from the optimum, cuts that are exact at the allocation
        say nothing about the optimum: they reach 0 one unit of depth further on. So each path also
        gets a cut that is exact where its loss would just pay, at a guess of the value between the
        bounds.
        """
        paths = self.listed.numbers(response.losses, response.paths)
        guess = self._guess(found, point)
        far = max(guess, self._anchored_at) > _REANCHOR * min(guess, self._anchored_at)
        guessed = paths
        if far:
            self._anchored_at = guess
            guessed = np.union1d(paths, self._costly(found))
        added = self._cuts.add(guessed, self._paying_depths(found, guessed))
        depths = self.listed.depths[paths] @ allocation
        least = self._paying_depths(found, paths) - _SHALLOWEST
        return added + self._cuts.add(paths, np.maximum(depths, least))

    def _costly(self, found: GraphFound) -> IntArray:
        """Find the listed paths that cost nearly as much as paths that run, as of now."""
        assert found.response is not None
        listed, response = self.listed, found.response
        residual = listed.severity * np.exp(-(listed.depths @ found.allocation))
        pays = response.price * listed.bandwidth + response.surplus[listed.losses]
        return np.flatnonzero(residual >= _COSTLY * pays)

    def _guess(self, found: GraphFound, point: MasterPoint | None) -> float:
        """Guess the value from the bounds; lower the guess while the master is content with 0."""
        if found.modelled > 0.0:
            return math.sqrt(min(found.modelled, found.loss) * found.loss)
        guess = min(self._anchored_at, found.loss)
        return guess / _LOWER_GUESS if point is not None else guess

    def _paying_depths(self, found: GraphFound, paths: IntArray) -> FloatArray:
        """Compute the depth at which each path would just run, if the value were the guess."""
        assert found.response is not None
        listed, response = self.listed, found.response
        losses = np.array(listed.losses, dtype=np.intp)[paths]
        pays = response.price * listed.bandwidth[paths] + response.surplus[losses]
        share = self._anchored_at / found.loss
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(listed.severity[paths]) - np.log(share * pays))
