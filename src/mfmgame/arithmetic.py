"""Sums and products of floats whose rounding errors are known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["exact_dot_sign", "two_product"]

FloatArray = NDArray[np.float64]

_SPLITTER = 2.0**27 + 1.0


def two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
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


def exact_dot_sign(a: FloatArray, b: FloatArray, bound: float) -> int:
    """Sign of ``a . b - bound``, computed without rounding error: -1, 0 or 1."""
    product, error = two_product(a, b)
    excess = math.fsum([*product.tolist(), *error.tolist(), -bound])
    return (excess > 0) - (excess < 0)


def _split(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    scaled = values * _SPLITTER
    high = scaled - (scaled - values)
    return high, values - high
