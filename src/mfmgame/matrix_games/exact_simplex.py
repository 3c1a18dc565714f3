"""Small matrix games, solved in integers.

The game, made positive, is the linear program of [1]_

    maximise  sum p   subject to  p B <= 1,  p >= 0      (B > 0, value 1 / sum p)

whose tableau is kept in integers over one denominator, the basis's determinant: every
division below is exact [2]_. The steepest column enters; while that gains nothing, the
least variables are exchanged instead [3]_, so with no rounding nothing can cycle.

References
----------
.. [1] G. B. Dantzig, "A proof of the equivalence of the programming problem and the game
   problem", in Activity Analysis of Production and Allocation (1951).
.. [2] J. Edmonds, J.-F. Maurras, "Note sur les Q-matrices d'Edmonds", RAIRO Operations
   Research 31 (1997).
.. [3] R. G. Bland, "New finite pivoting rules for the simplex method", Mathematics of
   Operations Research 2 (1977).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["optimal_weights"]

Integers = NDArray[np.object_]


def optimal_weights(matrix: Integers) -> tuple[list[int], list[int]]:
    """Optimal mixed strategies of a game of integers, as whole weights.

    Parameters
    ----------
    matrix : ndarray of Python integers, shape (n_rows, n_columns)
        What the row player, who minimises, pays the column player.

    Returns
    -------
    rows : list of int, length n_rows
    columns : list of int, length n_columns
        Each at least 0, with equal sums above 0.

    Examples
    --------
    >>> optimal_weights(np.array([[3, 0], [0, 1]], dtype=object))
    ([1, 3], [1, 3])
    """
    tableau = _Tableau(matrix)
    column = tableau.entering(careful=False)
    while column is not None:
        gains = tableau.pivot(tableau.leaving(column), column)
        # While the objective stands still, only the least variables cannot cycle.
        column = tableau.entering(careful=not gains)
    return tableau.weights()


class _Tableau:
    """Constraints (the game's columns) by variables (its rows), with costs and a right side.

    A basic variable's row reads: itself, plus the row's entries times the variables that
    are not basic, equals the right side, all over the denominator. The last row holds the
    reduced costs.
    """

    def __init__(self, matrix: Integers) -> None:
        n_rows, n_columns = matrix.shape
        table = np.empty((n_columns + 1, n_rows + 1), dtype=object)
        table[:-1, :-1] = (matrix - (matrix.min() - 1)).T
        table[:-1, -1] = 1
        table[-1, :-1] = -1
        table[-1, -1] = 0
        self._table = table
        self._denominator: Any = 1
        self._nonbasic = np.arange(n_rows)
        self._basic = n_rows + np.arange(n_columns)
        self._n_rows, self._n_columns = n_rows, n_columns

    def pivot(self, row: int, column: int) -> bool:
        """Exchange a row's basic variable for a column's other one: whether that gains."""
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
        """The column of steepest gain, or of the least variable; None at an optimum."""
        costs = self._table[-1, :-1]
        gaining = np.flatnonzero(costs < 0)
        if not len(gaining):
            return None
        return int(gaining[(self._nonbasic if careful else costs)[gaining].argmin()])

    def leaving(self, column: int) -> int:
        """The row that keeps the right side positive; of several, the least variable."""
        table = self._table
        rows = np.flatnonzero(table[:-1, column] > 0)
        best = rows[0]
        for row in rows[1:]:
            excess = table[row, -1] * table[best, column] - table[best, -1] * table[row, column]
            if excess < 0 or (excess == 0 and self._basic[row] < self._basic[best]):
                best = row
        return int(best)

    def weights(self) -> tuple[list[int], list[int]]:
        """The primal and dual solution of the basis, times one common factor."""
        of_rows, of_columns = [0] * self._n_rows, [0] * self._n_columns
        for variable, weight in zip(self._basic.tolist(), self._table[:-1, -1], strict=True):
            if variable < self._n_rows:
                of_rows[variable] = weight
        for variable, weight in zip(self._nonbasic.tolist(), self._table[-1, :-1], strict=True):
            if variable >= self._n_rows:
                of_columns[variable - self._n_rows] = weight
        return of_rows, of_columns
