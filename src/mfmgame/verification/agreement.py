"""Checks that a claimed number agrees with the recomputed one, and where a claim fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.errors import CertificateError
from mfmgame.messages import nearest, pointer_to, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "AGREEMENT",
    "ROUNDING",
    "Pointer",
    "check_absent",
    "check_between",
    "check_each",
    "check_equal",
    "check_keys",
    "check_number",
    "check_range",
    "refuse",
    "rounded",
    "rounded_outwards",
]


AGREEMENT = 1e-12
"""Relative difference allowed between a claimed and a recomputed number."""
ROUNDING = 2.0**-48
"""Further difference allowed for the rounding of a sum, relative to its terms."""

Pointer = tuple[str | int, ...]


def refuse(pointer: Pointer, message: str) -> CertificateError:
    """Build the error for a claim that does not follow, with its JSON pointer."""
    return CertificateError(message, pointer=pointer_to(pointer))


def check_equal(pointer: Pointer, claimed: object, found: object) -> None:
    """Check a text, a boolean or null.

    Raises
    ------
    CertificateError
        If claimed and found differ.
    """
    if claimed != found:
        raise refuse(pointer, f"found {shown(claimed)}, expected {shown(found)}")


def check_absent(pointer: Pointer, claimed: object) -> None:
    """Check that a claim is null.

    Raises
    ------
    CertificateError
        If the claim is not null.
    """
    if claimed is not None:
        raise refuse(pointer, "found a claim, expected null")


def check_number(
    pointer: Pointer, claimed: float | None, found: float | None, unit: float = 0.0
) -> None:
    """Check that a claimed number equals the computed number, up to rounding.

    Parameters
    ----------
    pointer : tuple
        Where the number is claimed.
    claimed, found : float or None
        The claimed and the recomputed number.
    unit : float
        Size of the terms that cancel in the number.

    Raises
    ------
    CertificateError
        If claimed and found differ.
    """
    if claimed is None or found is None:
        check_equal(pointer, claimed, found)
    else:
        check_each(pointer[:-1], map(str, pointer[-1:]), [claimed], [found], unit)


def check_each(
    pointer: Pointer,
    labels: Iterable[str],
    claimed: ArrayLike,
    found: ArrayLike,
    unit: ArrayLike = 0.0,
    *,
    last: Pointer = (),
) -> None:
    """Check several numbers, each claimed at ``(*pointer, label, *last)``.

    Raises
    ------
    CertificateError
        At the first number that differs.
    """
    claims, facts = np.asarray(claimed, dtype=np.float64), np.asarray(found, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # a claim may be any float
        wrong = ~(np.abs(claims - facts) <= AGREEMENT * np.abs(facts) + ROUNDING * np.asarray(unit))
    if wrong.any():
        first = int(np.argmax(wrong))
        place = (*pointer, *islice(labels, first, first + 1), *last)
        check_equal(place, float(claims[first]), float(facts[first]))


def check_range(
    pointer: Pointer,
    labels: Iterable[str],
    claimed: FloatArray,
    least: ArrayLike,
    most: ArrayLike,
    *,
    last: Pointer = (),
) -> None:
    """Check that each number is finite and within its range, ends included.

    Raises
    ------
    CertificateError
        At the first number outside its range.
    """
    low, high = np.broadcast_to(least, claimed.shape), np.broadcast_to(most, claimed.shape)
    wrong = ~(np.isfinite(claimed) & (claimed >= low) & (claimed <= high))
    if wrong.any():
        first = int(np.argmax(wrong))
        ends = float(low[first]), float(high[first])
        expected = f"{ends[0]!r}" if ends[0] == ends[1] else f"from {ends[0]!r} to {ends[1]!r}"
        expected = f"at least {ends[0]!r}" if ends[1] == np.inf else expected
        place = (*pointer, *islice(labels, first, first + 1), *last)
        raise refuse(place, f"found {shown(float(claimed[first]))}, expected {expected}")


def check_keys(pointer: Pointer, claimed: Collection[str], expected: Collection[str]) -> None:
    """Check that an object has exactly one member for each label.

    Raises
    ------
    CertificateError
        At the first unknown or missing member.
    """
    known = set(expected)
    for name in claimed:
        if name not in known:
            raise refuse((*pointer, name), f"unknown, expected {nearest(name, expected, 'name')}")
    for name in expected:
        if name not in claimed:
            raise refuse((*pointer, name), "missing, expected a value")


def check_between(pointer: Pointer, claimed: float, least: Fraction, most: Fraction) -> None:
    """Check that a number lies between its proven bounds, exactly.

    Raises
    ------
    CertificateError
        If the number lies outside.
    """
    if not (np.isfinite(claimed) and least <= Fraction(claimed) <= most):
        ends = f"{rounded(least)!r} to {rounded(most)!r}"
        raise refuse(pointer, f"found {shown(float(claimed))}, expected from {ends}, as proven")


def rounded(number: Fraction) -> float:
    """Round to the nearest float, or to infinity beyond the greatest float."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def rounded_outwards(number: Fraction, direction: int) -> float:
    """Round to the nearest float that is not less (direction 1) or not greater (-1)."""
    nearest = float(number)
    inside = Fraction(nearest) < number if direction > 0 else Fraction(nearest) > number
    return float(np.nextafter(nearest, direction * np.inf)) if inside else nearest
