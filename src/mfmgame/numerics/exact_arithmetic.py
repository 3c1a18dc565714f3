"""Sums and products of floats with known rounding errors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "WIDE_EPS",
    "WideArray",
    "exact_dot_sign",
    "rounded_down",
    "rounded_up",
    "split_product",
    "wide",
]

WideArray = NDArray[np.longdouble]

WIDE_EPS = float(np.finfo(np.longdouble).eps)
"""Relative spacing of the widest floats of the platform, which may be that of float64."""
_BLOCK_PRODUCTS = 2**18
_SPLITTER = 2.0**27 + 1.0


def wide(values: ArrayLike) -> WideArray:
    """Convert numbers to the widest floats of the platform."""
    return np.asarray(values, dtype=np.longdouble)


def rounded_down(number: np.longdouble) -> float:
    """Return the greatest float64 that is at most a wide number."""
    nearest = float(number)
    return nearest if np.longdouble(nearest) <= number else math.nextafter(nearest, -math.inf)


def rounded_up(number: np.longdouble) -> float:
    """Return the least float64 that is at least a wide number."""
    return -rounded_down(-number)


def split_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Multiply two matrices as ``high + low``, to about twice the usual digits.

    Each matrix is split into leading digits, few enough that their products add up with no
    rounding, and a rest, so small that float64 suffices for its products.

    Parameters
    ----------
    a : ndarray of float, shape (n_rows, n_terms)
    b : ndarray of float, shape (n_terms, n_columns)
        Finite, and so far from the ends of the range that no product under- or overflows.

    Returns
    -------
    high, low : ndarray of float, shape (n_rows, n_columns)
        `high` is a multiple of ``2**-53`` times its greatest possible value.
    error : ndarray of float, shape (n_rows, n_columns)
        Greatest error of ``high + low``.
    """
    n_terms = a.shape[1]
    digits = (53 - n_terms.bit_length()) // 2
    most_a = np.abs(a).max(axis=1, keepdims=True, initial=0.0)
    most_b = np.abs(b).max(axis=0, keepdims=True, initial=0.0)
    leading_a, leading_b = _leading(a, most_a, digits), _leading(b, most_b, digits)
    low = product_in_blocks(leading_a, b - leading_b)
    low += product_in_blocks(a - leading_a, b)
    error = (5 * (n_terms + 2) ** 2 * 2.0 ** -(53 + digits)) * (most_a * most_b)
    return product_in_blocks(leading_a, leading_b), low, error


def product_in_blocks(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute ``a @ b`` by so few rows at a time that BLAS starts no threads.

    Idle threads would each occupy a core for longer than the whole computation takes.
    """
    result = np.empty((a.shape[0], b.shape[1]))
    step = max(1, _BLOCK_PRODUCTS // max(1, b.size))
    for start in range(0, len(a), step):
        np.matmul(a[start : start + step], b, out=result[start : start + step])
    return result


def _leading(numbers: FloatArray, most: FloatArray, digits: int) -> FloatArray:
    """Round numbers to a count of binary digits of the greatest."""
    grain = np.exp2(np.frexp(most)[1].astype(np.float64) - digits)
    return np.asarray(np.rint(numbers / grain) * grain)


def exact_dot_sign(a: FloatArray, b: FloatArray, bound: float) -> int:
    """Compute the sign of ``a . b - bound`` without rounding error: -1, 0 or 1."""
    product, error = _two_product(a, b)
    excess = math.fsum([*product.tolist(), *error.tolist(), -bound])
    return (excess > 0) - (excess < 0)


def _two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split a product so that ``a * b == product + error`` exactly.

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
