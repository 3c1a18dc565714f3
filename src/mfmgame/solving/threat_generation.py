"""Threat generation: the minimax allocation of continuous levels, with a proven bracket.

The defender's program has a row for every threat and, for curved compositions, for every
cut of the threat; only the rows that the attacker would use matter. So evaluate every threat
at an allocation (one pass over the effectiveness matrix), take the attacker's best response
(an upper bound on the value), add its violated cuts to a warm master program, solve the
master (a lower bound), and repeat until the bounds meet.
"""

from __future__ import annotations

import math
import time
from functools import partial

import numpy as np

from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import lower_bound, proved, trivial_certificate
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition
from mfmgame.game.feasibility import proportional_allocation, scaled_to_limits, with_all_free
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.exact_program import exact_optimum
from mfmgame.solving.progress import Found, Progress, Region

__all__ = ["ThreatGeneration"]


MAX_ROUNDS = 1000
MAX_REFINEMENTS = 4
EXTRA_ROUNDS = 20
"""Rounds beyond the tolerance for a value far below the greatest severity."""
MODEL_ERROR = 1e-6
"""Relative error assumed for the master's value; closer bounds must be computed exactly."""
SMALL = 256
"""Number of threats up to which almost all enter the master at once, which saves rounds."""


class ThreatGeneration:
    """Search of continuous levels for any bandwidth and limits, on one warm master.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness matrix.
    tolerance : float
        Relative width of the proven bracket at which to stop.

    Attributes
    ----------
    cuts : CutPool
        Cuts that the solves have left behind, on their warm master.
    """

    def __init__(self, game: DefenseGame, composition: Composition, tolerance: float) -> None:
        self._composition, self._tolerance = composition, tolerance
        self.cuts = CutPool(game, composition)
        self._last_loss = 0.0

    def run(self, game: DefenseGame, deadline: float) -> Found:
        """Search until the bounds meet, time is up, or no step improves them.

        Parameters
        ----------
        game : DefenseGame
            The game, or the same game with another bandwidth or other limits.
        deadline : float
            Time on the monotonic clock, in seconds.

        Returns
        -------
        Found
            Stopped by "interrupted" after a KeyboardInterrupt, once there is an allocation.

        Raises
        ------
        KeyboardInterrupt
            If the interruption comes before there is an allocation.
        SolverError
            If HiGHS refuses the program.
        """
        progress = Progress(
            trivial_certificate(game), partial(lower_bound, game, self._composition)
        )
        try:
            self._generate(game, progress, deadline)
            if time.monotonic() <= deadline:
                self._close(game, progress)
        except KeyboardInterrupt:
            if progress.response is None:
                raise
            progress.stopped = "interrupted"
        return progress.found(game)

    def _generate(self, game: DefenseGame, progress: Progress, deadline: float) -> None:
        """Generate threats until the bounds meet, time is up, or no step improves them."""
        point = self.cuts.solve(game, self._last_loss) if len(self.cuts) else None
        free = with_all_free(game, np.zeros(game.n_defenses))
        least_scale, region = scale_of(game, 0.0), Region()
        box: Box | None = None
        refinements, patience = 0, EXTRA_ROUNDS
        for rounds in range(MAX_ROUNDS + 1):
            if point is None:
                allocation = proportional_allocation(game)
            else:
                allocation = scaled_to_limits(game, np.maximum(point.allocation, free))
            residual = game.severity * self._composition.exposure(allocation)
            response = best_response(residual, game.ways, game.attacker_bandwidth)
            if point is not None:
                modelled = game.attacker_bandwidth * point.price + float(point.surplus.sum())
                if box is not None:
                    region.resize(progress.loss - response.loss, progress.loss - modelled)
                    modelled = math.inf  # the bound of the box; only the proof is for all levels
                progress.claim(self.cuts.proof(point, game), modelled)
            progress.see(allocation, response, rounds)
            scale = max(progress.loss, least_scale)
            gap = progress.gap((self._tolerance + MODEL_ERROR) * scale)
            if gap <= 0.5 * self._tolerance * scale:
                # Good enough, but if a great severity is the reason, try a little longer.
                patience -= 1
                if gap <= 0.5 * self._tolerance * progress.loss or patience < 0:
                    break
            if time.monotonic() > deadline:
                progress.stopped = "time_limit"
                break
            share = self._composition.far if rounds == 0 and game.n_threats <= SMALL else 1.0
            added = self.cuts.extend(allocation, residual, response, point, share=share)
            if added or box is not None:
                near = added and self.cuts.has_groups
                box = region.around(progress.allocation, game.max_level) if near else None
                point, refinements = self.cuts.solve(game, progress.loss, box), 0
            elif point is not None and refinements < MAX_REFINEMENTS:
                point, refinements = self.cuts.sharpen(game, progress.loss), refinements + 1
            else:
                break
            if point is None:  # HiGHS gave up: keep the proof so far
                break
        else:
            progress.stopped = "round_limit"
        self._last_loss = progress.loss

    def _close(self, game: DefenseGame, progress: Progress) -> None:
        """Solve in rational arithmetic where floating point left a gap."""
        scale = max(progress.loss, scale_of(game, 0.0))
        if progress.gap(0.0) <= self._tolerance * scale:
            return
        slack = 0.1 * self._tolerance * scale
        exact = exact_optimum(game, self._composition, *self.cuts.singles, slack)
        if exact is None:
            return
        allocation = scaled_to_limits(game, with_all_free(game, exact[0]))
        response = best_response(
            game.severity * self._composition.exposure(allocation),
            game.ways,
            game.attacker_bandwidth,
        )
        progress.claim(lambda: proved(game, self._composition, exact[1]), math.inf)
        progress.see(allocation, response, progress.rounds + 1)
