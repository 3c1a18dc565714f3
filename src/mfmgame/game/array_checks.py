"""Checks of the arrays of a game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mfmgame.documents.float_reading import amounts, as_float, as_floats, outside
from mfmgame.errors import SpecificationError
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["finite", "quantities", "quantity", "shares"]


def quantities(values: Any, name: str, length: int | None = None) -> FloatArray:
    """Return a read-only array of numbers of at least 0; refuse other arrays."""
    array = amounts(values, name, n_axes=1)
    if length is not None and len(array) != length:
        raise SpecificationError(f"found {len(array)} numbers, expected {length}", pointer=name)
    if not (array >= 0).all():
        raise outside(array, array >= 0, name, "at least 0")
    view = array.view()
    view.flags.writeable = False
    return view


def quantity(value: Any, name: str) -> float:
    """Return a number of at least 0; refuse other numbers."""
    array = amounts(value, name, n_axes=0)
    if array < 0:
        raise SpecificationError(f"found {float(array)!r}, expected at least 0", pointer=name)
    return float(array) + 0.0


def finite(value: Any, name: str) -> float:
    """Return a finite number of at least 0; refuse other numbers."""
    number = as_float(value, name)
    if not 0.0 <= number < np.inf:
        raise SpecificationError(
            f"found {number!r}, expected a finite number of at least 0", pointer=name
        )
    return number


def shares(values: Any, n_threats: int) -> FloatArray | scipy.sparse.csr_array:
    """Validate a matrix of shares, dense or CSR, copying it only for conversion."""
    if type(values).__module__.startswith("scipy.sparse"):
        return _sparse_shares(values, n_threats)
    matrix = as_floats(values, "effectiveness")
    if matrix.ndim == 1 and matrix.size == 0:  # no threats, as an empty list
        matrix = matrix.reshape(0, 0)
    _check_shares(matrix, matrix.shape, n_threats)
    view = matrix.view()
    view.flags.writeable = False
    return view


def _sparse_shares(values: Any, n_threats: int) -> scipy.sparse.csr_array:
    import scipy.sparse

    if values.dtype.kind not in "biuf":
        raise SpecificationError("expected real numbers", pointer="effectiveness")
    matrix = scipy.sparse.csr_array(values, dtype=np.float64)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    _check_shares(np.asarray(matrix.data), matrix.shape, n_threats)
    return matrix


def _check_shares(stored: FloatArray, shape: tuple[int, ...], n_threats: int) -> None:
    if len(shape) != 2 or shape[0] != n_threats:
        raise SpecificationError(
            f"found shape {shape}, expected ({n_threats}, n_defenses)", pointer="effectiveness"
        )
    # min and max carry NaN along, and need no array of the matrix's size.
    if stored.size and not (stored.min() >= 0.0 and stored.max() <= 1.0):
        raise outside(stored, (stored >= 0) & (stored <= 1), "effectiveness", "a value in [0, 1]")
