"""Charges of calls: how many calls fit in a limit of bits, decided without rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

__all__ = ["Charges", "most_calls"]

_FIRST_PRECISION = 64
_PRECISION = 192
_UNIT = 1 << _PRECISION
_FLOAT_DIGITS = 53


def most_calls(count: int, limit: Fraction | None) -> int | None:
    """Find the greatest number of calls whose bits fit in a limit.

    Each call costs log2 of the count. The search needs no power of the count: it divides the
    limit by an interval around that logarithm, and narrows the interval until both ends give the
    same whole number. Only a power of two can use up a limit exactly, and its logarithm is exact.

    Parameters
    ----------
    count : int
        Calls that are allowed at a step, no call among them; 1 or more.
    limit : Fraction or None
        In bits, at least 0; None for no limit.

    Returns
    -------
    int or None
        Greatest k with ``count**k <= 2**limit``; None for no limit. 0 if the count is 1, as no
        call is allowed at all.

    Examples
    --------
    >>> most_calls(10, Fraction(10)), most_calls(1024, Fraction(30)), most_calls(10, None)
    (3, 3, None)
    """
    if limit is None:
        return None
    if count == 1:
        return 0
    precision = _FIRST_PRECISION
    while True:
        low, high = _logarithm(count, precision)
        fewest, most = limit // high, limit // low
        if fewest == most:
            return fewest
        precision *= 2


@dataclass(frozen=True)
class Charges:
    """The price of calls, and the limit that they count against.

    Attributes
    ----------
    count : int
        Calls that are allowed at a step, no call among them.
    limit : Fraction or None
        In bits; None for no limit.
    """

    count: int
    limit: Fraction | None

    @cached_property
    def most(self) -> int | None:
        """Number of calls that fit in the limit; None for no limit."""
        return most_calls(self.count, self.limit)

    @cached_property
    def _scaled_price(self) -> int:
        _, high = _logarithm(self.count, _PRECISION)
        return math.ceil(high * _UNIT)

    @cached_property
    def _scaled_limit(self) -> int | None:
        return None if self.limit is None else math.floor(self.limit * _UNIT)

    @cached_property
    def limit_bits(self) -> float | None:
        """The limit in bits, rounded down; None for no limit."""
        return self.left(0)

    def bits(self, calls: int) -> float:
        """Compute the bits of a number of calls, rounded up."""
        return _directed(calls * self._scaled_price, math.inf)

    def left(self, calls: int) -> float | None:
        """Compute the bits that a number of calls leaves of the limit, rounded down.

        Returns
        -------
        float or None
            At least 0; None for no limit.
        """
        if self._scaled_limit is None:
            return None
        return _directed(max(0, self._scaled_limit - calls * self._scaled_price), -math.inf)


def _directed(scaled: int, side: float) -> float:
    """Divide by the unit: exactly where a float can hold the quotient, else towards a side."""
    trailing_zeros = (scaled & -scaled).bit_length() - 1
    quotient = scaled / _UNIT
    if scaled.bit_length() - trailing_zeros <= _FLOAT_DIGITS:
        return quotient
    return math.nextafter(quotient, side)


def _logarithm(count: int, precision: int) -> tuple[Fraction, Fraction]:
    """Bracket the binary logarithm of a count by its leading digits; exact for powers of two."""
    exponent = count.bit_length() - 1
    if count == 1 << exponent:
        return Fraction(exponent), Fraction(exponent)
    from mpmath.ctx_iv import MPIntervalContext
    from mpmath.libmp import to_rational

    intervals = MPIntervalContext()
    intervals.prec = precision + max(exponent, 1).bit_length() + 16
    shift = max(0, exponent - precision)
    leading = count >> shift
    ends = []
    for digits, end in ((leading, "a"), (leading + (shift > 0), "b")):
        logarithm = intervals.log(intervals.mpf(digits)) / intervals.log(intervals.mpf(2))
        value = getattr(logarithm, end)._mpi_[0]
        ends.append(shift + Fraction(*map(int, to_rational(value))))
    return ends[0], ends[1]
