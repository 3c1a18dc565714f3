"""Settings and scaling of HiGHS that every linear program shares.

Only the two master programs use HiGHS beyond this file, and no other file makes a HiGHS object.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import highspy
import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SolverError
from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "LEAST_PATIENCE",
    "OPTIONS",
    "STEEPEST",
    "WIDEST",
    "LinearProgram",
    "add_rows",
    "check",
    "new_highs",
    "power_of_two",
    "powers_of_two",
    "set_options",
]


OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "presolve": "off",  # cuts change between solves; the warm basis is worth more
    "solver": "simplex",
    "parallel": "off",
    "threads": 1,
    "random_seed": 0,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "ipm_iteration_limit": 100,
    "small_matrix_value": 1e-12,  # HiGHS's least; smaller coefficients are dropped
}
LEAST_PATIENCE = 2000
"""Simplex iterations that even a small program may take; more may mean cycling."""
WIDEST = 2.0**20
"""Greatest coefficient of a price in a row."""
STEEPEST = 2.0**40
"""Greatest coefficient of a level in a row: HiGHS refuses coefficients above 1e15."""


class _Silent(highspy.Highs):
    """HiGHS without callbacks: enabling them prints a banner before any option can prevent it."""

    def enableCallbacks(self) -> None:  # noqa: N802
        """Enable no callbacks, although highspy's constructor asks for them."""


def new_highs() -> highspy.Highs:
    """Make a HiGHS object with the shared options, which prints nothing."""
    highs = _Silent()  # type: ignore[no-untyped-call]
    set_options(highs, OPTIONS)
    return highs


def set_options(highs: highspy.Highs, options: Mapping[str, bool | int | float | str]) -> None:
    """Set HiGHS options by name."""
    for option, value in options.items():
        highs.setOptionValue(option, value)


def add_rows(
    highs: highspy.Highs,
    entries: FloatArray,
    columns: NDArray[np.int32],
    lower: FloatArray,
    upper: FloatArray,
) -> None:
    """Add rows to a program, leaving out zeros.

    Parameters
    ----------
    highs : highspy.Highs
    entries : ndarray of float, shape (n_new, n_entries)
    columns : ndarray of int32, shape (n_new, n_entries)
        Column of each entry, increasing within a row.
    lower, upper : ndarray of float, shape (n_new,)

    Raises
    ------
    SolverError
        If HiGHS refuses the rows.
    """
    if entries.size == 0:
        return
    stored = entries != 0.0
    starts = np.zeros(len(entries), dtype=np.int32)
    starts[1:] = stored.cumsum()[entries.shape[1] - 1 : -1 : entries.shape[1]]
    values = entries[stored]
    check(highs.addRows(len(entries), lower, upper, len(values), starts, columns[stored], values))


def check(status: highspy.HighsStatus) -> None:
    """Raise if HiGHS has refused a program.

    Raises
    ------
    SolverError
        If the status is an error.
    """
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the linear program")


def power_of_two(size: float) -> float:
    """Find the least power of two that is at least a size; 1 for 0."""
    mantissa, exponent = math.frexp(size)
    return math.ldexp(1.0, exponent - (mantissa == 0.5))


def powers_of_two(sizes: FloatArray) -> FloatArray:
    """Find the least power of two that is at least each size; 1 for 0."""
    mantissas, exponents = np.frexp(sizes)
    powers: FloatArray = np.ldexp(1.0, exponents - (mantissas == 0.5))
    return powers


class LinearProgram:
    """Warm HiGHS model with fixed rows, solved for one objective after another.

    minimise ``cost . u`` subject to ``lower <= matrix . u <= upper`` and ``u >= 0``.

    Parameters
    ----------
    matrix : ndarray of float, shape (n_rows, n_unknowns)
    lower, upper : ndarray of float, shape (n_rows,)
    """

    def __init__(self, matrix: FloatArray, lower: FloatArray, upper: FloatArray) -> None:
        n_rows, n_unknowns = matrix.shape
        self._highs = new_highs()
        zeros, most = np.zeros(n_unknowns), np.full(n_unknowns, np.inf)
        check(self._highs.addCols(n_unknowns, zeros, zeros, most, 0, [], [], []))
        self._columns = np.arange(n_unknowns, dtype=np.int32)
        columns = np.broadcast_to(self._columns, matrix.shape)
        add_rows(self._highs, matrix, columns, lower, upper)
        patience = LEAST_PATIENCE + 20 * (n_rows + n_unknowns)
        self._highs.setOptionValue("simplex_iteration_limit", patience)

    def least(self, cost: FloatArray) -> float:
        """Minimise an objective.

        Parameters
        ----------
        cost : ndarray of float, shape (n_unknowns,)

        Returns
        -------
        float
            NaN if HiGHS finds no optimum.
        """
        self._highs.changeColsCost(len(cost), self._columns, cost)
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self._highs.clearSolver()
            self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return math.nan
        return float(self._highs.getInfo().objective_function_value)
