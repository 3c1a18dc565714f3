"""The value over the attacker's bandwidth and one limit: a frontier for each limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.answer_displays import Displayed, draw_map
from mfmgame.answers.frontier import Frontier, with_limit_on
from mfmgame.answers.status import first_unproven, unproven_note
from mfmgame.documents.float_reading import amounts
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.machine.workers import Workers
from mfmgame.numerics.arrays import FloatArray
from mfmgame.sweeps.frontier_search import sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FrontierMap", "sweep_map"]


@dataclass(frozen=True, eq=False, repr=False)
class FrontierMap(Displayed):
    """Value and decision over the attacker's bandwidth and one limit.

    Attributes
    ----------
    limit : str
        Resource whose limit varies from row to row.
    limits : ndarray of float, shape (n_rows,)
        Limits of the resource, increasing, in its units.
    frontiers : tuple of Frontier, length n_rows
        Exact frontier over the attacker's bandwidth at each limit.
    """

    limit: str
    limits: FloatArray
    frontiers: tuple[Frontier, ...]

    def values(self, bandwidths: ArrayLike) -> FloatArray:
        """Evaluate the value at each limit and bandwidth.

        Parameters
        ----------
        bandwidths : array_like, shape (n_bandwidths,)
            Bandwidths of the attacker, in bits.

        Returns
        -------
        ndarray of float, shape (n_rows, n_bandwidths)
            In loss units.
        """
        points = np.atleast_1d(np.asarray(bandwidths, dtype=np.float64))
        return np.array([frontier(points) for frontier in self.frontiers])

    def decisions(self, bandwidths: ArrayLike) -> NDArray[np.str_]:
        """Decide at each limit and bandwidth.

        Parameters
        ----------
        bandwidths : array_like, shape (n_bandwidths,)
            Bandwidths of the attacker, in bits.

        Returns
        -------
        ndarray of str, shape (n_rows, n_bandwidths)
            ``operate``, ``terminate``, or ``undecided`` where the proven bracket of the value
            holds the termination loss.

        Raises
        ------
        SpecificationError
            If the game has no termination loss.
        """
        points = np.atleast_1d(np.asarray(bandwidths, dtype=np.float64))
        return np.array([frontier.decisions(points) for frontier in self.frontiers])

    def operates(self, bandwidths: ArrayLike) -> NDArray[np.bool_]:
        """Check where the value is provably within the termination loss.

        Parameters
        ----------
        bandwidths : array_like, shape (n_bandwidths,)
            Bandwidths of the attacker, in bits.

        Returns
        -------
        ndarray of bool, shape (n_rows, n_bandwidths)

        Raises
        ------
        SpecificationError
            If the game has no termination loss.
        """
        return np.asarray(self.decisions(bandwidths) == "operate")

    @property
    def status(self) -> Status:
        """``proven`` if all frontiers are proven; else the status of an unproven frontier."""
        return first_unproven(frontier.status for frontier in self.frontiers)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the numbers, and how many frontiers are not proven."""
        statuses = [frontier.status for frontier in self.frontiers]
        return (*self.frontiers[0].game.notes, *unproven_note(statuses, "frontier"))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value and the decision over bandwidth and limit; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; a new figure by default.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        SpecificationError
            If there is only one limit, or matplotlib is not installed.
        """
        return draw_map(self, ax)


@dataclass(frozen=True, eq=False)
class _Row:
    """Computes the frontier at one limit; may be sent to a worker."""

    game: DefenseGame
    limit: str
    tolerance: float | None

    def __call__(self, row: float) -> Frontier:
        return sweep(self.game.with_limits({self.limit: row}), tolerance=self.tolerance)


def sweep_map(
    problem: Scenario | DefenseGame,
    limit: str,
    limits: Sequence[float],
    *,
    tolerance: float | None = None,
    workers: Workers | None = None,
) -> FrontierMap:
    """Trace the exact frontier over the attacker's bandwidth at each of several limits.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    limit : str
        Resource whose limit varies.
    limits : sequence of float
        Limits of the resource, increasing.
    tolerance : float, optional
        As for :func:`sweep`.
    workers : Workers, optional
        Workers that compute one limit each; this process by default.

    Returns
    -------
    FrontierMap

    Raises
    ------
    SpecificationError
        If the resource is unknown, or the limits are not increasing and at least 0.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.load_scenario("examples/pandagpt.json")
    >>> mapped = mg.sweep_map(scenario, "budget", [0.0, 4.0])
    >>> mapped.decisions([1.0, 2.0]).tolist()
    [['operate', 'terminate'], ['operate', 'operate']]
    """
    game = game_of(problem)
    rows = amounts(limits, "limits", n_axes=1)
    if not rows.size or not np.all(rows >= 0) or np.any(np.diff(rows) <= 0):
        raise SpecificationError(
            "expected one limit or more, at least 0 and increasing", pointer="limits"
        )
    limited = with_limit_on(game, limit)
    found = Workers.of(workers).map(_Row(limited, limit, tolerance), rows.tolist())
    # Results from other processes hold copies of the arrays: share them again.
    frontiers = [
        replace(frontier, game=limited.with_limits({limit: row}))
        for row, frontier in zip(rows.tolist(), found, strict=True)
    ]
    return FrontierMap(limit=limit, limits=rows, frontiers=tuple(frontiers))
