"""A polytope, and the range of a linear form on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfmgame.numerics.arrays import FloatArray
from mfmgame.numerics.highs import LinearProgram

__all__ = ["Polytope"]


@dataclass(frozen=True, eq=False)
class Polytope:
    """All ``u >= 0`` with ``equal . u = sides`` and ``at_most . u <= most``.

    Attributes
    ----------
    equal : ndarray of float, shape (n_equations, n_unknowns)
    sides : ndarray of float, shape (n_equations,)
    at_most : ndarray of float, shape (n_inequalities, n_unknowns)
    most : ndarray of float, shape (n_inequalities,)
    size : ndarray of float, shape (n_unknowns,)
        Approximate size of each unknown; more than 0.
    """

    equal: FloatArray
    sides: FloatArray
    at_most: FloatArray
    most: FloatArray
    size: FloatArray

    def range_of(self, form: FloatArray) -> tuple[float, float]:
        """Find the least and greatest ``form . u``; NaN for an end that is not found.

        Parameters
        ----------
        form : ndarray of float, shape (n_unknowns,)

        Returns
        -------
        least, greatest : float

        Examples
        --------
        >>> triangle = Polytope(np.empty((0, 2)), np.empty(0), np.array([[1.0, 1.0]]),
        ...                     np.array([2.0]), np.ones(2))
        >>> triangle.range_of(np.array([1.0, 0.5]))
        (0.0, 2.0)
        """
        if not form.any():
            return 0.0, 0.0
        cost = form * self.size
        scale = float(np.abs(cost).max())
        least, less = (self._program.least(sign * cost / scale) for sign in (1.0, -1.0))
        return scale * least, -scale * less

    @cached_property
    def _program(self) -> LinearProgram:
        """Linear program of the polytope, its unknowns in units of their size."""
        equal, sides = _in_units(self.equal * self.size, self.sides)
        at_most, most = _in_units(self.at_most * self.size, self.most)
        lower = np.append(sides, np.full(len(most), -np.inf))
        return LinearProgram(np.vstack((equal, at_most)), lower, np.append(sides, most))


def _in_units(matrix: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scale each row to its own size, leaving out rows of zeros."""
    largest = np.abs(matrix).max(axis=1, initial=0.0)
    real = largest > 0.0
    return matrix[real] / largest[real, None], side[real] / largest[real]
