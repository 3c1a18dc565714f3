"""Lossless reading of numbers as floats: no number silently becomes 0 or infinite."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.documents.base import LARGEST, SMALLEST
from mfmgame.errors import SpecificationError
from mfmgame.messages import HELD, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["amounts", "as_float", "as_floats", "outside"]


def as_floats(values: Any, name: str, *, booleans: bool = True) -> FloatArray:
    """Convert real numbers to float64, copying only where needed.

    Parameters
    ----------
    values : array_like
    name : str
        Of the argument, for errors.
    booleans : bool
        Whether true and false count as 1 and 0.

    Returns
    -------
    ndarray of float, of the same shape

    Raises
    ------
    SpecificationError
        If an entry is no real number, or one that a float cannot hold.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):  # rows of unequal length
        raise SpecificationError("expected real numbers", pointer=name) from None
    if array.size and array.dtype.kind not in ("biuf" if booleans else "iuf"):
        return _each_as_float(np.asarray(values, dtype=object), name, booleans)
    with np.errstate(over="ignore"):
        floats = np.asarray(array, dtype=np.float64)
    if array.dtype.itemsize > floats.dtype.itemsize:
        held = ((floats == 0.0) == (array == 0.0)) & (np.isinf(floats) == np.isinf(array))
        if not held.all():
            raise outside(array, held, name, HELD)
    return floats


def as_float(value: Any, name: str) -> float:
    """Convert a single real number to a float.

    Parameters
    ----------
    value : float
    name : str
        Of the argument, for errors.

    Returns
    -------
    float

    Raises
    ------
    SpecificationError
        If it is no real number, or one that a float cannot hold.
    """
    number = as_floats(value, name)
    if number.ndim:
        raise SpecificationError(f"found {number.ndim} axes, expected 0", pointer=name)
    return float(number)


def amounts(values: Any, name: str, n_axes: int) -> FloatArray:
    """Convert finite numbers of ordinary magnitude to float64, copying only where needed.

    Parameters
    ----------
    values : array_like
    name : str
        Of the argument, for errors.
    n_axes : int

    Returns
    -------
    ndarray of float, of the same shape

    Raises
    ------
    SpecificationError
        If an entry is not such a number, or the number of axes is wrong.
    """
    array = as_floats(values, name)
    if array.ndim != n_axes:
        raise SpecificationError(f"found {array.ndim} axes, expected {n_axes}", pointer=name)
    magnitude = np.abs(array)
    regular = (magnitude <= LARGEST) & ((magnitude >= SMALLEST) | (magnitude == 0.0))
    if not regular.all():
        raise outside(array, regular, name, f"0 or a magnitude from {SMALLEST} to {LARGEST}")
    return array


def outside(
    array: NDArray[Any], valid: NDArray[np.bool_], name: str, expected: str
) -> SpecificationError:
    """Make the error that refuses the first invalid entry.

    Parameters
    ----------
    array : ndarray, shape (...)
    valid : ndarray of bool, shape (...)
    name : str
        Name of the argument.
    expected : str

    Returns
    -------
    SpecificationError
    """
    place = tuple(map(int, np.unravel_index(int(np.argmin(valid)), array.shape)))
    return SpecificationError(
        f"found {array[place]!s}, expected {expected}", pointer=_entry(name, place)
    )


def _each_as_float(array: NDArray[np.object_], name: str, booleans: bool) -> FloatArray:
    """Convert Python numbers one by one."""
    floats = np.empty(array.shape)
    for place, value in np.ndenumerate(array):
        expected = "a real number"
        if isinstance(value, (Real, Decimal)) and (booleans or not isinstance(value, bool)):
            try:
                number = float(value)
            except OverflowError:  # an integer or a fraction
                number = math.inf
            if number == value or number not in (0.0, math.inf, -math.inf):
                floats[place] = number
                continue
            expected = HELD
        raise SpecificationError(
            f"found {shown(value)}, expected {expected}", pointer=_entry(name, place)
        )
    return floats


def _entry(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, place))}]" if place else name
