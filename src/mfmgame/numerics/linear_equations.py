"""Underdetermined linear equations, and the forms whose values they determine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfmgame.numerics.arrays import FloatArray

__all__ = ["Equations"]


_PIVOT = 1e-9
"""Relative size below which a singular value counts as 0."""
_ROUNDING = 1e-13
"""Relative shortfall of a form below its bound that counts as rounding."""
_MOST_HELD = 10
_DETERMINED = 1e-7
"""Relative size below which the undetermined part of a form counts as rounding."""


class Equations:
    """System ``matrix . unknown = side``, each row and unknown scaled by its own size.

    Parameters
    ----------
    matrix : ndarray of float, shape (n_equations, n_unknowns)
    side : ndarray of float, shape (n_equations,)
    size : ndarray of float, shape (n_unknowns,)
        Approximate size of each unknown; more than 0.

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
        """Find the solution nearest to a guess that keeps linear forms above bounds, if possible.

        Parameters
        ----------
        guess : ndarray of float, shape (n_unknowns,)
            Point where the forms keep their bounds, up to rounding.
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
        """Find the solution nearest to a guess, in units of the sizes, shape (n_unknowns,)."""
        start = guess / self._size
        missing = self._side - self._matrix @ start
        step = np.linalg.lstsq(self._matrix, missing, rcond=_PIVOT)[0]
        return np.asarray((start + step) * self._size)

    def determines(self, forms: FloatArray) -> NDArray[np.bool_]:
        """Tell which linear forms are the same for all solutions, shape (n_forms,).

        Parameters
        ----------
        forms : ndarray of float, shape (n_forms, n_unknowns)
        """
        scaled = forms * self._size
        left = scaled - (scaled @ self._stated.T) @ self._stated
        along = np.abs(left).max(axis=1, initial=0.0)
        largest = np.abs(scaled).max(axis=1, initial=0.0)
        return np.asarray(along <= _DETERMINED * largest)
