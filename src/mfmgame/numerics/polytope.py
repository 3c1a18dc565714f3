"""A polytope, and how far a linear form goes on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfmgame.numerics.arrays import FloatArray

__all__ = ["Polytope"]


_FEASIBLE = 1e-9
"""Relative amount by which a point may miss it."""


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
        About how large each unknown is; more than 0.
    """

    equal: FloatArray
    sides: FloatArray
    at_most: FloatArray
    most: FloatArray
    size: FloatArray

    def range_of(self, form: FloatArray) -> tuple[float, float]:
        """Least and greatest ``form . u``; NaN for an end that is not found.

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
        from scipy.optimize import linprog

        if not form.any():
            return 0.0, 0.0
        cost = form * self.size
        scale = float(np.abs(cost).max())
        equal, sides = _in_units(self.equal * self.size, self.sides)
        at_most, most = _in_units(self.at_most * self.size, self.most)
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(
                sign * cost / scale,
                A_ub=at_most,
                b_ub=most,
                A_eq=equal,
                b_eq=sides,
                bounds=(0.0, None),
                method="highs-ds",
                options={
                    "primal_feasibility_tolerance": _FEASIBLE,
                    "dual_feasibility_tolerance": _FEASIBLE,
                },
            )
            ends.append(sign * scale * float(found.fun) if found.status == 0 else np.nan)
        return ends[0], ends[1]


def _in_units(matrix: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same rows, each in units of its own size; those of nothing but zeros are left out."""
    largest = np.abs(matrix).max(axis=1, initial=0.0)
    real = largest > 0.0
    return matrix[real] / largest[real, None], side[real] / largest[real]
