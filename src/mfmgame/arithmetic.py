"""Sums and products of floats whose rounding errors are known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["WIDE_EPS", "WideArray", "exact_dot_sign", "rounded_down", "rounded_up", "wide"]

FloatArray = NDArray[np.float64]
WideArray = NDArray[np.longdouble]

WIDE_EPS = float(np.finfo(np.longdouble).eps)
"""Relative spacing of the widest floats here; that of float64 where there are no wider."""
_SPLITTER = 2.0**27 + 1.0


def wide(values: ArrayLike) -> WideArray:
    """The same numbers in the widest floats that the platform has."""
    return np.asarray(values, dtype=np.longdouble)


def rounded_down(number: np.longdouble) -> float:
    """The greatest float64 that is at most a wide number."""
    nearest = float(number)
    return nearest if np.longdouble(nearest) <= number else math.nextafter(nearest, -math.inf)


def rounded_up(number: np.longdouble) -> float:
    """The least float64 that is at least a wide number."""
    return -rounded_down(-number)


def exact_dot_sign(a: FloatArray, b: FloatArray, bound: float) -> int:
    """Sign of ``a . b - bound``, computed without rounding error: -1, 0 or 1."""
    product, error = _two_product(a, b)
    excess = math.fsum([*product.tolist(), *error.tolist(), -bound])
    return (excess > 0) - (excess < 0)


def _two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rounded product and its rounding error: ``a * b == product + error`` exactly.

    Veltkamp's split and Dekker's product [1]_; exact while nothing under- or overflows.

    References
    ----------
    .. [1] T. J. Dekker, "A floating-point technique for extending the available
       precision", Numerische Mathematik 18 (1971).
    """
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _split(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    scaled = values * _SPLITTER
    high = scaled - (scaled - values)
    return high, values - high
