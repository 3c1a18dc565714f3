"""Payoff matrices in exact numbers, and the guarantees of mixed strategies.

Floats and machine integers are rationals: every sum that a proof rests on is a Python integer
over a common power of two. Floating point, with bounded error, only selects the sums that can be
the greatest.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.errors import SpecificationError
from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["Mixture", "Payoffs", "as_integers"]

Integers = NDArray[np.object_]
"""Arrays of Python integers, of any size."""

_EPS = 2.0**-52
_OFFSET = 4
"""An offset is common if its magnitude exceeds this many times the range of the entries."""
_MANY = 100_000
_MODERATE = 500
"""Binary exponents up to this leave room for products and sums in float64."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Exact mixed strategy: integer weights on some lines of a matrix.

    Attributes
    ----------
    size : int
        How many lines there are.
    lines : ndarray of int, shape (n_support,)
        Lines with a weight, ascending.
    weights : ndarray of Python integers, shape (n_support,)
        Weights above 0; a line's probability is its share of the total.

    Examples
    --------
    >>> mixture = Mixture.of(3, [2, 0], [1, 2])
    >>> mixture.shares.tolist(), mixture.fractions()[2]
    ([0.6666666666666666, 0.0, 0.3333333333333333], Fraction(1, 3))
    """

    size: int
    lines: IntArray
    weights: Integers

    @classmethod
    def of(cls, size: int, lines: ArrayLike, weights: Sequence[int]) -> Mixture:
        """Build a mixture of the lines whose weight is above 0.

        Parameters
        ----------
        size : int
            How many lines there are.
        lines : array_like of int, shape (n_lines,)
            Numbers of the lines, in any order.
        weights : sequence of int, length n_lines
            Weights of the lines, at least 0.

        Returns
        -------
        Mixture
        """
        numbers = np.asarray(lines, dtype=np.intp)
        values = np.empty(len(numbers), dtype=object)
        values[:] = weights
        order = np.argsort(numbers)
        played = order[values[order] > 0]
        return cls(size, numbers[played], values[played])

    @classmethod
    def of_floats(cls, shares: FloatArray) -> Mixture:
        """Build the mixture with exactly these float shares.

        Parameters
        ----------
        shares : ndarray of float, shape (size,)
            At least 0.

        Returns
        -------
        Mixture
        """
        lines = np.flatnonzero(shares)
        return cls(len(shares), lines, as_integers(shares[lines])[0])

    @cached_property
    def total(self) -> int:
        """Sum of the weights."""
        return sum(self.weights.tolist())

    @cached_property
    def shares(self) -> FloatArray:
        """Probability of each line, correctly rounded, read-only, shape (size,)."""
        shares = np.zeros(self.size)
        shares[self.lines] = [weight / self.total for weight in self.weights.tolist()]
        shares.flags.writeable = False
        return shares

    def is_valid(self, size: int) -> bool:
        """Tell whether lines and weights form a mixed strategy on `size` lines.

        Parameters
        ----------
        size : int
            How many lines there are.

        Returns
        -------
        bool
        """
        lines, weights = self.lines.tolist(), self.weights.tolist()
        return (
            self.size == size
            and 0 < len(lines) == len(weights)
            and lines[0] >= 0
            and lines[-1] < size
            and all(a < b for a, b in itertools.pairwise(lines))
            and all(type(weight) is int and weight > 0 for weight in weights)
        )

    def fractions(self) -> tuple[Fraction, ...]:
        """Return the exact probability of each line."""
        shares = [Fraction(0)] * self.size
        for line, weight in zip(self.lines.tolist(), self.weights.tolist(), strict=True):
            shares[line] = Fraction(weight, self.total)
        return tuple(shares)


class Payoffs:
    """Matrix of payments from the row player, the defender, to the column player.

    Parameters
    ----------
    matrix : array_like, shape (n_rows, n_columns)
        Finite real numbers that int64, uint64 or float64 can hold.

    Attributes
    ----------
    entries : ndarray of float64, int64 or uint64, shape (n_rows, n_columns)
        The matrix, exactly.
    approximate : ndarray of float, shape (n_rows, n_columns)
        The matrix less its common offset, if large, times ``2**-exponent``: of moderate size,
        correctly rounded.
    exponent : int

    Raises
    ------
    SpecificationError
        If `matrix` is not a matrix of such numbers, or has no rows or columns.
    """

    def __init__(self, matrix: ArrayLike) -> None:
        self.entries = _read(matrix)
        entries = self.entries
        least, greatest = entries.min(), entries.max()
        # Beside a common offset, differences would be lost to rounding.
        low, high = Fraction(least.item()), Fraction(greatest.item())
        has_offset = _OFFSET * (high - low) < max(high, -low)
        self._offset = low if has_offset else Fraction(0)
        shifted = entries - least if has_offset else entries
        approximate = shifted.astype(np.float64, copy=False)
        exponent = int(np.frexp(max(float(approximate.max()), -float(approximate.min())))[1])
        self.exponent = exponent if abs(exponent) > _MODERATE else 0
        self.approximate = np.ldexp(approximate, -self.exponent) if self.exponent else approximate

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.entries.shape

    def approximated(self, payoff: Fraction) -> float:
        """Shift and scale a payoff as in `approximate`."""
        return float((payoff - self._offset) / Fraction(2) ** self.exponent)

    def block(self, rows: IntArray, columns: IntArray) -> tuple[Integers, int]:
        """Return chosen entries as integers, and the exponent of two that scales them."""
        return as_integers(self.entries[np.ix_(rows, columns)])

    def most_paid(self, rows: Mixture) -> tuple[Fraction, IntArray]:
        """Compute the most that a mixture of rows pays, and columns at or near it, best first."""
        return self._extreme(rows, transposed=False)

    def least_earned(self, columns: Mixture) -> tuple[Fraction, IntArray]:
        """Compute the least that a mixture of columns earns, and rows at or near it, best first."""
        return self._extreme(columns, transposed=True)

    def stakes(self, rows: Mixture, columns: Mixture) -> Fraction:
        """Estimate the mean magnitude of the payments, less a common offset."""
        block = np.abs(self.approximate[np.ix_(rows.lines, columns.lines)])
        mean = rows.shares[rows.lines] @ block @ columns.shares[columns.lines]
        return Fraction(float(mean)) * Fraction(2) ** self.exponent

    def _extreme(self, mixture: Mixture, *, transposed: bool) -> tuple[Fraction, IntArray]:
        approximate = self.approximate.T if transposed else self.approximate
        sums = mixture.shares @ approximate
        if transposed:
            sums = -sums
        # Covers any order of summation, rounded shares and entries, and underflowing products.
        count = len(mixture.lines)
        error = (count + 4) * (_EPS * self._greatest[int(transposed)] + 2.0**-1020)
        candidates = np.flatnonzero(sums + error >= (sums - error).max())
        if len(candidates) * count > _MANY:  # count copies of a line once
            lines = self.entries if transposed else self.entries.T
            part = lines[np.ix_(candidates, mixture.lines)]
            candidates = candidates[np.unique(part, axis=0, return_index=True)[1]]
        if transposed:
            block, exponent = self.block(candidates, mixture.lines)
            found = -(block @ mixture.weights)
        else:
            block, exponent = self.block(mixture.lines, candidates)
            found = mixture.weights @ block
        first = np.argsort(-found, kind="stable")
        best = found[first[0]]
        extreme = Fraction(-best if transposed else best, mixture.total) * Fraction(2) ** exponent
        return extreme, candidates[first]

    @cached_property
    def _greatest(self) -> tuple[FloatArray, FloatArray]:
        """Greatest magnitudes by column and by row of the approximate matrix."""
        matrix = self.approximate
        by_column, by_row = (np.maximum(matrix.max(axis), -matrix.min(axis)) for axis in (0, 1))
        return by_column, by_row


def as_integers(numbers: NDArray[Any]) -> tuple[Integers, int]:
    """Convert numbers exactly to integers times one power of two; return its exponent too.

    Examples
    --------
    >>> integers, exponent = as_integers(np.array([0.75, -2.0]))
    >>> integers.tolist(), exponent
    ([3, -8], -2)
    """
    if numbers.dtype.kind in "iu":
        return numbers.astype(object), 0
    fraction, exponents = np.frexp(numbers)
    mantissa = np.ldexp(fraction, 53).astype(np.int64)
    exponents = np.where(mantissa == 0, 0, exponents - 53)
    lowest_bit = np.where(mantissa == 0, 1, mantissa & -mantissa)
    zeros = np.frexp(lowest_bit.astype(np.float64))[1] - 1
    mantissa, exponents = mantissa >> zeros, exponents + zeros
    used = mantissa != 0
    lowest = int(exponents[used].min()) if used.any() else 0
    shifts = np.where(used, exponents - lowest, 0)
    return np.asarray(mantissa.astype(object) << shifts.astype(object)), lowest


def _read(matrix: Any) -> NDArray[Any]:
    """Read a matrix as float64, int64 or uint64, whichever holds every entry exactly."""
    try:
        array = np.asarray(matrix)
    except ValueError:
        raise SpecificationError(
            "found rows of different lengths, expected a matrix", pointer="matrix"
        ) from None
    if array.dtype.kind not in "biuf":
        raise SpecificationError(
            f"found {array.dtype.name} entries, expected a dense matrix of real numbers that "
            "int64, uint64 or float64 can hold",
            pointer="matrix",
        )
    if array.ndim != 2:
        raise SpecificationError(
            f"found {array.ndim} axes, expected 2: rows and columns", pointer="matrix"
        )
    if array.size == 0:
        raise SpecificationError(
            f"found shape {array.shape}, expected at least one row and one column",
            pointer="matrix",
        )
    if isinstance(matrix, np.ma.MaskedArray):
        _refuse_first(~np.ma.getmaskarray(matrix), [], "a masked entry", "a number")
    if array.dtype.kind != "f":
        is_wide = array.dtype.kind == "u" and array.dtype.itemsize == 8
        return array.astype(np.uint64 if is_wide else np.int64, copy=False)
    # min and max carry NaN along, and need no array of the matrix's size.
    if not (np.isfinite(array.min()) and np.isfinite(array.max())):
        _refuse_first(np.isfinite(array), array, "", "a finite number")
    with np.errstate(over="ignore"):
        floats = array.astype(np.float64, copy=False)
    if array.dtype.itemsize > 8:
        _refuse_first(floats == array, array, "", "a number that float64 can hold")
    if not isinstance(matrix, np.ndarray):
        _refuse_rounded_integers(matrix, floats)
    return floats


def _refuse_rounded_integers(matrix: Any, floats: FloatArray) -> None:
    """Refuse large integers among floats, which float64 would change."""
    if np.abs(floats).max() < 2.0**53:
        return
    given = np.array(matrix, dtype=object)
    same = [a == b for a, b in zip(given.ravel().tolist(), floats.ravel().tolist(), strict=True)]
    _refuse_first(
        np.array(same).reshape(floats.shape),
        given,
        "",
        "a number that float64 can hold, or a matrix of integers alone",
    )


def _refuse_first(valid: NDArray[Any], array: Any, found: str, expected: str) -> None:
    """Refuse the first invalid entry, if any, naming its place."""
    if valid.all():
        return
    place = tuple(int(index) for index in np.unravel_index(int(np.argmin(valid)), valid.shape))
    found = found or str(array[place])
    raise SpecificationError(
        f"found {found}, expected {expected}", pointer=f"matrix[{place[0]}, {place[1]}]"
    )
