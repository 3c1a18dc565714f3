"""Binary logarithms of integers of any size, rounded to a known side."""

from __future__ import annotations

import math

__all__ = ["bits_at_least", "bits_at_most"]


def bits_at_most(count: int) -> float:
    """Return the bits of a count, rounded up.

    Parameters
    ----------
    count : int
        1 or more.

    Returns
    -------
    float
        At least log2 of the count; exact for powers of two.

    Examples
    --------
    >>> bits_at_most(1024), bits_at_most(1)
    (10.0, 0.0)
    """
    return _logarithm(count, math.inf)


def bits_at_least(count: int) -> float:
    """Return the bits of a count, rounded down, as :func:`bits_at_most` rounds them up.

    Parameters
    ----------
    count : int
        1 or more.

    Returns
    -------
    float
    """
    return _logarithm(count, -math.inf)


def _logarithm(count: int, side: float) -> float:
    if count & (count - 1) == 0:
        return float(count.bit_length() - 1)
    return math.nextafter(math.nextafter(math.log2(count), side), side)
