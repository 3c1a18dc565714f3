"""Linear equations that may leave something open: what they determine, and what they do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfmgame.numerics.arrays import FloatArray

__all__ = ["Equations"]


_PIVOT = 1e-9
"""Relative size below which a singular value is rounding."""
_ROUNDING = 1e-13
"""Relative size of what a form may lack."""
_MOST_HELD = 10
_DETERMINED = 1e-7
"""Relative size below which what the equations do not state of a form is rounding."""


class Equations:
    """``matrix . unknown = side``, each row and each unknown in units of its own size.

    Parameters
    ----------
    matrix : ndarray of float, shape (n_equations, n_unknowns)
    side : ndarray of float, shape (n_equations,)
    size : ndarray of float, shape (n_unknowns,)
        About how large each unknown is; more than 0.

    Examples
    --------
    >>> equations = Equations(np.array([[1.0, 1.0, 0.0]]), np.array([3.0]), np.ones(3))
    >>> equations.determines(np.array([[2.0, 2.0, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [True, False]
    >>> equations.nearest(np.zeros(3)).round(12).tolist()
    [1.5, 1.5, 0.0]
    """

    def __init__(self, matrix: FloatArray, side: FloatArray, size: FloatArray) -> None:
        scaled = matrix * size
        largest = np.abs(scaled).max(axis=1, initial=0.0)
        real = largest > 0.0
        self._size = size
        self._matrix = scaled[real] / largest[real, None]
        self._side = side[real] / largest[real]
        _, pivots, directions = np.linalg.svd(self._matrix, full_matrices=False)
        rank = int(np.count_nonzero(pivots > _PIVOT * pivots.max(initial=0.0)))
        self._stated = directions[:rank]  # a basis of the forms that the equations state

    def nearest_with_signs(
        self, guess: FloatArray, forms: FloatArray, least: FloatArray
    ) -> FloatArray:
        """The same, moved to where linear forms are not below given numbers, if it can be.

        Parameters
        ----------
        guess : ndarray of float, shape (n_unknowns,)
            Where they are not, but for rounding.
        forms : ndarray of float, shape (n_forms, n_unknowns)
        least : ndarray of float, shape (n_forms,)

        Returns
        -------
        ndarray of float, shape (n_unknowns,)
        """
        found, held = self.nearest(guess), np.zeros(len(forms), dtype=bool)
        largest = np.abs(forms * self._size).max(axis=1, initial=0.0) + np.abs(least)
        for _ in range(_MOST_HELD):
            below = (forms @ found < least - _ROUNDING * largest) & ~held
            if not below.any():
                break
            held |= below  # on the edge, since what is near it lies beyond
            matrix = np.concatenate((self._matrix / self._size, forms[held]))
            side = np.concatenate((self._side, least[held]))
            found = Equations(matrix, side, self._size).nearest(guess)
        return found

    def nearest(self, guess: FloatArray) -> FloatArray:
        """The solution nearest to a guess, in units of the sizes, shape (n_unknowns,)."""
        start = guess / self._size
        missing = self._side - self._matrix @ start
        step = np.linalg.lstsq(self._matrix, missing, rcond=_PIVOT)[0]
        return np.asarray((start + step) * self._size)

    def determines(self, forms: FloatArray) -> NDArray[np.bool_]:
        """Whether each linear form is the same for all solutions, shape (n_forms,).

        Parameters
        ----------
        forms : ndarray of float, shape (n_forms, n_unknowns)
        """
        scaled = forms * self._size
        left = scaled - (scaled @ self._stated.T) @ self._stated
        along = np.abs(left).max(axis=1, initial=0.0)
        largest = np.abs(scaled).max(axis=1, initial=0.0)
        return np.asarray(along <= _DETERMINED * largest)
