"""JSON values as exact data: numbers as fractions, equality as JSON Schema defines it."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

__all__ = ["Key", "exact_number", "kind_of", "value_key"]

Key: TypeAlias = tuple[Any, ...]
_GREATEST_EXPONENT = 400
"""Greatest exponent of a decimal number: above a float's, with fractions still small."""


def exact_number(value: object) -> Fraction | None:
    """Return a JSON number exactly as written.

    Parameters
    ----------
    value : object

    Returns
    -------
    fractions.Fraction or None
        None if the value is no finite number, or a number that no float can hold. A float
        stands for the shortest decimal number that reads as this float.

    Examples
    --------
    >>> exact_number(0.1)
    Fraction(1, 10)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, float):
        return Fraction(repr(float(value))) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _GREATEST_EXPONENT:
            return None
        if abs(int(value.as_tuple().exponent)) > 2 * _GREATEST_EXPONENT:
            return None
        return Fraction(value)
    return None


def kind_of(value: object) -> str:
    """Return the JSON type of a value; ``number`` for all numbers, ``""`` for no JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list | tuple):
        return "array"
    if isinstance(value, dict):
        return "object"
    return "number" if exact_number(value) is not None else ""


def value_key(value: Any) -> Key:
    """Return a hashable key that two JSON values share if they are equal.

    What is no JSON value equals only itself.

    Parameters
    ----------
    value : JSON value

    Returns
    -------
    tuple

    Examples
    --------
    >>> value_key([1, {"a": None}]) == value_key([1.0, {"a": None}])
    True
    >>> value_key(1) == value_key(True)
    False
    """
    kind = kind_of(value)
    if kind == "number":
        return kind, exact_number(value)
    if kind == "array":
        return kind, *(value_key(item) for item in value)
    if kind == "object":
        return kind, frozenset((key, value_key(item)) for key, item in value.items())
    return kind, value if kind else id(value)
