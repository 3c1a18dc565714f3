"""Exact simplex method for small linear programs, in integers.

    maximise  gains . z   subject to  matrix z <= right,  z >= 0      (right >= 0)

The tableau holds integers over one denominator, the determinant of the basis: every division
below is exact [1]_. The steepest column enters. While the objective does not improve, Bland's
rule exchanges the lowest-numbered variables [2]_; without rounding it cannot cycle.

References
----------
.. [1] J. Edmonds, J.-F. Maurras, "Note sur les Q-matrices d'Edmonds", RAIRO Operations
   Research 31 (1997).
.. [2] R. G. Bland, "New finite pivoting rules for the simplex method", Mathematics of
   Operations Research 2 (1977).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Integers", "Vertex", "maximise", "work_of"]

Integers = NDArray[np.object_]


class Vertex(NamedTuple):
    """Optimal primal and dual points of a program, as integers over one denominator.

    Attributes
    ----------
    primal : list of int, length n_columns
    dual : list of int, length n_rows
    denominator : int
    """

    primal: list[int]
    dual: list[int]
    denominator: int


def maximise(matrix: Integers, right: Integers, gains: Integers) -> Vertex:
    """Find an optimal vertex of a bounded program, and its dual.

    Parameters
    ----------
    matrix : ndarray of Python integers, shape (n_rows, n_columns)
    right : ndarray of Python integers, shape (n_rows,)
        At least 0.
    gains : ndarray of Python integers, shape (n_columns,)

    Returns
    -------
    Vertex

    Raises
    ------
    ValueError
        If the program is unbounded.

    Examples
    --------
    >>> whole = lambda *rows: np.array(rows, dtype=object)
    >>> maximise(whole([1, 2], [3, 1]), whole(4, 6), whole(1, 1))
    Vertex(primal=[8, 6], dual=[2, 1], denominator=5)
    """
    tableau = _Tableau(matrix, right, gains)
    column = tableau.entering(careful=False)
    while column is not None:
        gained = tableau.pivot(tableau.leaving(column), column)
        # While the objective stands still, only the lowest-numbered variables cannot cycle.
        column = tableau.entering(careful=not gained)
    return tableau.vertex()


def work_of(matrix: Integers) -> float:
    """Estimate the work of a program, about proportional to its running time.

    Parameters
    ----------
    matrix : ndarray of Python integers, shape (n_rows, n_columns)
    """
    rank = min(matrix.shape)
    bits = max((abs(entry).bit_length() for entry in matrix.ravel().tolist()), default=0)
    return float(matrix.size * rank * (rank * bits) ** 1.5)


class _Tableau:
    """Simplex tableau: constraints by variables, with costs and a right side.

    A row reads: its basic variable, plus its entries times the nonbasic variables, equals the
    right side, all over the denominator. The last row holds the reduced costs.
    """

    def __init__(self, matrix: Integers, right: Integers, gains: Integers) -> None:
        n_rows, n_columns = matrix.shape
        table = np.empty((n_rows + 1, n_columns + 1), dtype=object)
        table[:-1, :-1], table[:-1, -1] = matrix, right
        table[-1, :-1], table[-1, -1] = -gains, 0
        self._table = table
        self._denominator: Any = 1
        self._nonbasic = np.arange(n_columns)
        self._basic = n_columns + np.arange(n_rows)

    def pivot(self, row: int, column: int) -> bool:
        """Exchange a row's basic variable for a column's; return whether the objective improves."""
        gains = bool(self._table[row, -1] > 0)
        table, old = self._table, self._denominator
        new = table[row, column]
        table_row, table_column = table[row].copy(), table[:, column].copy()
        table = (table * new - np.outer(table_column, table_row)) // old
        table[row], table[:, column], table[row, column] = table_row, -table_column, old
        self._table, self._denominator = table, new
        self._basic[row], self._nonbasic[column] = self._nonbasic[column], self._basic[row]
        return gains

    def entering(self, *, careful: bool) -> int | None:
        """Find the column of steepest gain or lowest-numbered variable; None at an optimum."""
        costs = self._table[-1, :-1]
        gaining = np.flatnonzero(costs < 0)
        if not len(gaining):
            return None
        return int(gaining[(self._nonbasic if careful else costs)[gaining].argmin()])

    def leaving(self, column: int) -> int:
        """Find the row that keeps the right side nonnegative; ties go to the lowest variable."""
        table = self._table
        rows = np.flatnonzero(table[:-1, column] > 0)
        if not len(rows):
            raise ValueError("the program is unbounded")
        best = rows[0]
        for row in rows[1:]:
            excess = table[row, -1] * table[best, column] - table[best, -1] * table[row, column]
            if excess < 0 or (excess == 0 and self._basic[row] < self._basic[best]):
                best = row
        return int(best)

    def vertex(self) -> Vertex:
        """Return the primal and dual solution of the basis."""
        n_columns, n_rows = len(self._nonbasic), len(self._basic)
        primal, dual = [0] * n_columns, [0] * n_rows
        for variable, weight in zip(self._basic.tolist(), self._table[:-1, -1], strict=True):
            if variable < n_columns:
                primal[variable] = weight
        for variable, weight in zip(self._nonbasic.tolist(), self._table[-1, :-1], strict=True):
            if variable >= n_columns:
                dual[variable - n_columns] = weight
        return Vertex(primal, dual, self._denominator)
