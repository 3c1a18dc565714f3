"""Value and threshold at chosen values of the uncertain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mfmgame.answers.status import STATUSES
from mfmgame.errors import InfeasibleError
from mfmgame.machine.workers import Workers
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.solver import Solver
from mfmgame.sweeps.threshold_search import threshold_beyond
from mfmgame.uncertainty.game_family import GameFamily

__all__ = ["Responses", "responses_at"]


_CHUNK = 64


@dataclass(frozen=True)
class Responses:
    """Solves games of a family; may be sent to a worker.

    Attributes
    ----------
    family : GameFamily
    tolerance : float or None
        As for :func:`mfmgame.solve`.
    """

    family: GameFamily
    tolerance: float | None = None

    def __call__(self, points: FloatArray) -> FloatArray:
        """Compute value, threshold, all threats' bandwidth and status, shape (n_points, 4).

        Parameters
        ----------
        points : ndarray of float, shape (n_points, n_inputs)

        Returns
        -------
        ndarray of float, shape (n_points, 4)
            The threshold is infinite if no attacker can reach it, and NaN if the scenario has
            no termination loss. The status is 0 for ``proven``, then 1 ``time_limit``,
            2 ``round_limit``, 3 ``interrupted`` and 4 ``numerical``.
        """
        rows = np.empty((len(points), 4))
        for place, values in enumerate(points):
            game = self.family.game_at(values)
            solver = Solver(game, tolerance=self.tolerance, cheapest=False)
            try:
                solution = solver.solve()
            except InfeasibleError as error:
                raise InfeasibleError(f"at some values of the uncertain numbers: {error}") from None
            threshold, loss, status = math.nan, game.termination_loss, solution.status
            if loss is not None:
                found = threshold_beyond(solver, solution, loss)
                threshold = math.inf if found.bandwidth is None else found.bandwidth
                status = found.status
            everything = game.ways.total_bits
            rows[place] = solution.value, threshold, everything, STATUSES.index(status)
        return rows


def responses_at(
    family: GameFamily,
    points: FloatArray,
    *,
    tolerance: float | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FloatArray:
    """Solve the games at many points by workers.

    Parameters
    ----------
    family : GameFamily
    points : ndarray of float, shape (n_points, n_inputs)
    tolerance : float, optional
        As for :func:`mfmgame.solve`.
    workers : Workers, optional
        Workers that compute; this process by default.
    progress : callable, optional
        Called with the number of finished chunks and the number of all chunks.

    Returns
    -------
    ndarray of float, shape (n_points, 4)
        Columns as from :class:`Responses`.
    """
    chunks: Sequence[FloatArray] = [
        points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)
    ]
    found = Workers.of(workers).map(Responses(family, tolerance), chunks, progress)
    return np.concatenate([np.empty((0, 4)), *found])
