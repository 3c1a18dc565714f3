"""Linear program of a matrix game over the columns entered so far."""

from __future__ import annotations

from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from mfmgame.numerics.arrays import FloatArray
from mfmgame.numerics.highs import (
    LEAST_PATIENCE,
    STEEPEST,
    WIDEST,
    check,
    new_highs,
    power_of_two,
    powers_of_two,
)

__all__ = ["MixtureMaster", "MixturePoint"]


_SCALINGS = (0, 2, 4)
"""HiGHS's scalings, in order of trial: this file scales already, so none is fastest."""
_FAINTEST = 2.0**-60
"""Least scale unit of a matrix game, relative to the greatest."""


class MixturePoint(NamedTuple):
    """Optimal strategies of a matrix game over the columns entered, and their basis.

    Attributes
    ----------
    rows : ndarray of float, shape (n_rows,)
        Probabilities.
    columns : ndarray of float, shape (n_entered,)
        Probabilities.
    basic_rows : ndarray of bool, shape (n_rows,)
    basic_columns : ndarray of bool, shape (n_entered,)
        Columns whose payoffs the basis holds equal, as many as basic rows.
    """

    rows: FloatArray
    columns: FloatArray
    basic_rows: NDArray[np.bool_]
    basic_columns: NDArray[np.bool_]


class MixtureMaster:
    """Warm HiGHS model of a matrix game that grows by arrays of columns.

    minimise    t
    subject to  t >= x . column_j   for each column j entered,   sum x = 1,  x >= 0

    Parameters
    ----------
    reach : ndarray of float, shape (n_rows,)
        Greatest magnitude in each row of the game, in payoff units.
    unit : float
        Approximate size of the value, in payoff units; above 0.
    levelled : bool
        Whether rows of great payoffs are scaled down: their probabilities may be so small that
        HiGHS would miss them.
    """

    def __init__(self, reach: FloatArray, unit: float, *, levelled: bool) -> None:
        self._n_rows = n_rows = len(reach)
        self._unit = power_of_two(unit)
        least = max(self._unit, float(reach.min()))
        self._row_unit = powers_of_two(
            least / np.clip(reach, least, least / (_FAINTEST if levelled else 1.0))
        )
        self._column_unit = np.empty(0)
        self._highs = new_highs()
        self._highs.setOptionValue("simplex_scale_strategy", 0)
        cost = np.append(np.zeros(n_rows), 1.0)
        lower, upper = np.where(cost > 0, -np.inf, 0.0), np.full(n_rows + 1, np.inf)
        one, start = np.ones(1), np.zeros(1, dtype=np.int32)
        self._highs.addCols(n_rows + 1, cost, lower, upper, 0, [], [], [])
        indices = np.arange(n_rows, dtype=np.int32)
        self._highs.addRows(1, one, one, n_rows, start, indices, self._row_unit)

    def add_columns(self, columns: FloatArray) -> None:
        """Add columns for the column player, shape (n_rows, n_new)."""
        columns = columns * self._row_unit[:, None]
        greatest = np.abs(columns).max(axis=0)
        unit = np.clip(greatest, self._unit / WIDEST, self._unit / _FAINTEST)
        unit = powers_of_two(np.maximum(unit, greatest / STEEPEST))
        entries = np.vstack((-columns, np.full(len(unit), self._unit))).T / unit[:, None]
        count, width = entries.shape
        starts = np.arange(count, dtype=np.int32) * width
        indices = np.tile(np.arange(width, dtype=np.int32), count)
        zeros, upper = np.zeros(count), np.full(count, np.inf)
        check(
            self._highs.addRows(count, zeros, upper, entries.size, starts, indices, entries.ravel())
        )
        self._column_unit = np.append(self._column_unit, unit)

    def solve(self) -> MixturePoint | None:
        """Find optimal strategies over the columns entered; None if HiGHS finds none."""
        patience = LEAST_PATIENCE + 20 * (self._n_rows + len(self._column_unit))
        self._highs.setOptionValue("simplex_iteration_limit", patience)
        self._highs.run()
        for strategy in _SCALINGS:
            if self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                break
            self._highs.clearSolver()
            self._highs.setOptionValue("simplex_scale_strategy", strategy)
            self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution, basis = self._highs.getSolution(), self._highs.getBasis()
        rows = np.maximum(np.array(solution.col_value)[:-1], 0.0) * self._row_unit
        with np.errstate(over="ignore"):
            columns = np.maximum(np.array(solution.row_dual)[1:] / self._column_unit, 0.0)
        if not (0.0 < rows.sum() < np.inf and 0.0 < columns.sum() < np.inf):
            return None
        basic = highspy.HighsBasisStatus.kBasic
        return MixturePoint(
            rows / rows.sum(),
            columns / columns.sum(),
            basic_rows=np.array([status == basic for status in basis.col_status[:-1]]),
            basic_columns=np.array([status != basic for status in basis.row_status[1:]]),
        )
