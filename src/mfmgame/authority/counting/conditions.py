"""Conditions on an argument, such as ``amount >= 1000``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from mfmgame.authority.counting.json_values import Key, exact_number, value_key
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["COMPARISONS", "Condition", "Conditions", "Path", "fulfils"]

Path = tuple[str, ...]

COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """A condition on the value of an argument.

    Attributes
    ----------
    relation : str
        ``=``, ``!=``, ``in``, or a comparison of numbers.
    values : tuple of JSON values
        The values compared with: several for ``in``, otherwise a single one.
    """

    relation: str
    values: Sequence[Any]

    def __post_init__(self) -> None:
        if self.relation in COMPARISONS and exact_number(self.values[0]) is None:
            raise SpecificationError(
                f"found {shown(self.values[0])} after {self.relation}, expected a number"
            )

    @property
    def number(self) -> Fraction:
        """The number that a comparison compares with."""
        number = exact_number(self.values[0])
        assert number is not None
        return number

    @cached_property
    def _keys(self) -> frozenset[Key]:
        return frozenset(map(value_key, self.values))

    @property
    def lists_values(self) -> bool:
        """Whether only listed values fulfil the condition."""
        return self.relation in ("=", "in")

    def holds(self, value: Any) -> bool:
        """Tell whether a value fulfils the condition; only numbers fulfil a comparison."""
        if self.relation in COMPARISONS:
            number = exact_number(value)
            return number is not None and COMPARISONS[self.relation](number, self.number)
        return (value_key(value) in self._keys) == self.lists_values


Conditions = Mapping[Path, Sequence[Condition]]
"""Conditions by the argument that they are on; the empty path is the value itself."""


def fulfils(value: Any, conditions: Conditions) -> bool:
    """Tell whether a value has all parts that conditions are on, and fulfils the conditions."""
    for path, listed in conditions.items():
        part = value
        for name in path:
            if not isinstance(part, dict) or name not in part:
                return False
            part = part[name]
        if not all(condition.holds(part) for condition in listed):
            return False
    return True
