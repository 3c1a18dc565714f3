"""Types of arrays, as annotations name them, and matrices that may be dense or sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "FloatArray", "IntArray", "dense", "stored"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


def dense(matrix: Any) -> FloatArray:
    """Return a matrix as an ndarray; the same one, if it is dense.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array

    Returns
    -------
    ndarray of float, of the same shape
    """
    return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.toarray())


def stored(matrix: Any) -> FloatArray:
    """Return the entries that a matrix stores: all of a dense one.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array

    Returns
    -------
    ndarray of float
    """
    return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.data)
