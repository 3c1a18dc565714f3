"""Sets of arrays and objects, counted from the sets of their members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mfmgame.authority.counting.conditions import Conditions
from mfmgame.authority.counting.json_values import value_key
from mfmgame.authority.counting.value_sets import (
    MOST_BITS,
    TOO_MANY,
    Values,
    power,
    product,
)
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = ["UNDECLARED", "Arrays", "Objects"]

UNDECLARED = "(undeclared)"
"""Stands for the name of all properties that a schema does not name."""
_MOST_LENGTHS = 10_000
"""Most lengths that lists without repetition are counted over: more would take too long."""


class Arrays(Values):
    """Arrays of values.

    Parameters
    ----------
    items : Values
        Of the items after the first ones.
    first_items : sequence of Values
        Of the first items, each at its place.
    shortest : int
    longest : int or None
    unique : bool
        Whether no two items are equal.
    """

    def __init__(
        self,
        items: Values,
        first_items: Sequence[Values] = (),
        *,
        shortest: int = 0,
        longest: int | None = None,
        unique: bool = False,
    ) -> None:
        self.items, self.first_items = items, first_items
        self.shortest, self.unique, self._stated_longest = shortest, unique, longest
        self.longest = self._longest(longest)
        count = self._counted()
        has_reason = count is None and all(values.count is not None for _, values in self.parts())
        reason = "no maxItems is stated" if self.longest is None else TOO_MANY
        super().__init__(
            {"array"},
            count,
            is_exact=all(values.is_exact for values in (items, *first_items))
            and not (unique and first_items),
            reason=reason if has_reason else "",
        )

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield the sets of the items."""
        for place, values in enumerate(self.first_items):
            yield f"[{place}]", values
        if self.longest is None or self.longest > len(self.first_items):
            yield "[]", self.items

    def problem(self, value: Any) -> str | None:
        """Refuse another type, another length, a repeated item, and a wrong item."""
        if not isinstance(value, list | tuple):
            return "expected a list"
        longest = self._stated_longest
        if len(value) < self.shortest or (longest is not None and len(value) > longest):
            return f"expected {self.shortest} to {'any' if longest is None else longest} items"
        for place, item in enumerate(value):
            is_first = place < len(self.first_items)
            problem = (self.first_items[place] if is_first else self.items).problem(item)
            if problem is not None:
                return f"item {place}: {problem}"
        if self.unique and len({value_key(item) for item in value}) < len(value):
            return "expected each item once"
        return None

    def _longest(self, stated: int | None) -> int | None:
        """Return the greatest length that an array can have."""
        bounds = [] if stated is None else [stated]
        if self.items.count == 0:
            bounds.append(len(self.first_items))
        elif self.unique and self.items.count is not None:
            bounds.append(len(self.first_items) + self.items.count)
        return min(bounds, default=None)

    def _counted(self) -> int | None:
        if self.longest is None:
            return None
        firsts = [values.count for values in self.first_items]
        total = 0
        arrays: int | None = 1
        for length in range(min(self.longest, len(firsts)) + 1):
            if length:
                arrays = product([arrays, firsts[length - 1]])
            if length < self.shortest:
                continue
            if arrays is None:
                return None
            total += arrays
        start = max(self.shortest, len(firsts) + 1)
        if start > self.longest:
            return total
        head = product(firsts)
        tail = self._tails(start - len(firsts), self.longest - len(firsts))
        if head == 0:
            return total
        found = product([head, tail])
        return None if found is None else total + found

    def _tails(self, shortest: int, longest: int) -> int | None:
        """Count the lists of further items, over lengths from `shortest` to `longest`."""
        items = self.items.count
        if items is None:
            return None
        if self.unique and not self.first_items:
            return _lists_without_repetition(items, shortest, longest)
        if items == 1:
            return longest - shortest + 1
        beyond = power(items, longest + 1)
        return None if beyond is None else (beyond - items**shortest) // (items - 1)


def _lists_without_repetition(items: int, shortest: int, longest: int) -> int | None:
    total, lists = 0, 1
    for length in range(longest + 1):
        if length >= _MOST_LENGTHS or lists.bit_length() > MOST_BITS:
            return None
        total += lists if length >= shortest else 0
        lists *= items - length
    return total


class Objects(Values):
    """Objects with stated properties.

    Parameters
    ----------
    properties : mapping of str to Values
    required : collection of str
        Properties that every object has.
    others : Values or None
        What all further properties together may be; None if there are none.
    """

    def __init__(
        self, properties: Mapping[str, Values], required: frozenset[str], others: Values | None
    ) -> None:
        self.properties, self.required, self.others = properties, required, others
        count = self._counted({name: values.count for name, values in properties.items()})
        is_too_large = count is None and all(part.count is not None for _, part in self.parts())
        super().__init__(
            {"object"},
            count,
            is_exact=all(part.is_exact for _, part in self.parts()),
            reason=TOO_MANY if is_too_large else "",
        )

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield the sets of the properties."""
        yield from self.properties.items()
        if self.others is not None:
            yield UNDECLARED, self.others

    def problem(self, value: Any) -> str | None:
        """Refuse another type, a missing or further property, and a wrong value."""
        if not isinstance(value, dict):
            return "expected an object"
        for name in sorted(self.required):
            if name not in value:
                return f"{shown(name)}: missing"
        for name, member in value.items():
            values = self.properties.get(name)
            if values is None and self.others is None:
                known = (
                    f"only {', '.join(map(shown, self.properties))}" if self.properties else "none"
                )
                return f"found an unknown argument, expected {known}"
            problem = values.problem(member) if values is not None else None
            if problem is not None:
                return f"{shown(name)}: {problem}"
        return None

    def factor(self, name: str) -> int | None:
        """Return the count of a property, its absence included if it is optional."""
        return self._factor(name, self.properties[name].count)

    def count_where(self, conditions: Conditions) -> int | None:
        """Count the objects whose properties fulfil conditions; a property is then present."""
        if () in conditions:
            return super().count_where(conditions)
        by_name: dict[str, dict[tuple[str, ...], Any]] = {}
        for (name, *rest), listed in conditions.items():
            by_name.setdefault(name, {})[tuple(rest)] = listed
        counts = {name: values.count for name, values in self.properties.items()}
        for name, inner in by_name.items():
            if name not in self.properties:
                raise SpecificationError(
                    f"unknown argument {shown(name)}, expected "
                    f"{nearest(name, self.properties, 'argument')}"
                )
            try:
                counts[name] = self.properties[name].count_where(inner)
            except SpecificationError as error:
                raise SpecificationError(f"argument {shown(name)}: {error.message}") from None
        return self._counted(counts, present=frozenset(by_name))

    def _counted(
        self, counts: Mapping[str, int | None], present: frozenset[str] = frozenset()
    ) -> int | None:
        factors = [
            count if name in present else self._factor(name, count)
            for name, count in counts.items()
        ]
        if self.others is not None:
            factors.append(self.others.count)
        elif self.required - self.properties.keys():
            return 0
        return product(factors)

    def _factor(self, name: str, count: int | None) -> int | None:
        return count if count is None or name in self.required else count + 1
