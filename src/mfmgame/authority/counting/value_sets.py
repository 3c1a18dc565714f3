"""Sets of JSON values: how many there are, and whether a value is among them.

Each set answers both questions from the same data, so that a count never rests on a bound
that no check enforces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mfmgame.authority.counting.conditions import Condition, Conditions, fulfils
from mfmgame.authority.counting.json_values import kind_of, value_key
from mfmgame.errors import SpecificationError

__all__ = [
    "MOST_BITS",
    "TOO_MANY",
    "AllOf",
    "Anything",
    "Assumed",
    "Choices",
    "Union",
    "Untyped",
    "Values",
    "power",
    "product",
]

MOST_BITS = 2**20
"""Bits of the greatest count: enough for a million bits a call, small enough to compute with."""
TOO_MANY = f"more than 2^{MOST_BITS} values"


class Values(ABC):
    """A set of JSON values.

    Parameters
    ----------
    kinds : iterable of str
        JSON types of the values.
    count : int or None
        Number of values; None if no bound on it is known.
    is_exact : bool, default True
        Whether there are exactly so many values, not at most.
    reason : str, optional
        Why the set itself has no bound; empty if it has one, or if a part of it has none.
    """

    def __init__(
        self,
        kinds: Iterable[str],
        count: int | None,
        *,
        is_exact: bool = True,
        reason: str = "",
    ) -> None:
        self.kinds = frozenset(kinds)
        self.count, self.is_exact, self.reason = count, is_exact, reason

    @abstractmethod
    def problem(self, value: Any) -> str | None:
        """Say where and why a value is not in the set, without quoting it; None if it is."""

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield the sets that the values are made of, with names of arguments or ``""``."""
        yield from ()

    def count_where(self, conditions: Conditions) -> int | None:
        """Count the values that fulfil conditions.

        Parameters
        ----------
        conditions : mapping of tuple to sequence of Condition
            By path; the empty path is the value itself.

        Returns
        -------
        int or None
            At least the number of values that fulfil all conditions; None if no bound is known.

        Raises
        ------
        SpecificationError
            If a condition is on a part that no value has, or compares values with numbers
            although they are not numbers.
        """
        own = conditions.get((), ())
        listing = next((condition for condition in own if condition.lists_values), None)
        if listing is not None:
            listed = {value_key(value): value for value in listing.values}.values()
            return sum(
                fulfils(value, conditions) and self.problem(value) is None for value in listed
            )
        self._refuse_parts(conditions)
        return self._count_compared(own) if own else self.count

    def _count_compared(self, conditions: Sequence[Condition]) -> int | None:
        """Count the values that fulfil comparisons and exclusions only."""
        if any(condition.relation != "!=" for condition in conditions):
            raise SpecificationError(
                "found a comparison with a number, expected = or != : the values are not numbers"
            )
        if self.count is None or not self.is_exact:
            return self.count
        excluded = {value_key(c.values[0]): c.values[0] for c in conditions}.values()
        return self.count - sum(self.problem(value) is None for value in excluded)

    def _refuse_parts(self, conditions: Conditions) -> None:
        for path in conditions:
            if path:
                raise SpecificationError(f"unknown argument {'.'.join(path)}")

    def unbounded(self) -> Iterator[tuple[str, str]]:
        """Yield the place and the reason of each part that has no bound."""
        if self.count is None:
            if self.reason:
                yield "", self.reason
            for name, part in self.parts():
                for place, reason in part.unbounded():
                    yield _joined(name, place), reason

    def assumed(self) -> Iterator[tuple[str, str]]:
        """Yield the place and the reason of each part whose size is assumed."""
        for name, part in self.parts():
            for place, reason in part.assumed():
                yield _joined(name, place), reason


class Choices(Values):
    """Listed values; not exact if a rule that no check enforces may exclude some of them."""

    def __init__(self, values: Iterable[Any], *, is_exact: bool = True) -> None:
        self.values = {value_key(value): value for value in values}
        kinds = map(kind_of, self.values.values())
        super().__init__(kinds, len(self.values), is_exact=is_exact)

    def problem(self, value: Any) -> str | None:
        """Refuse a value that is not listed."""
        if value_key(value) in self.values:
            return None
        if not self.values:
            return "expected no value"
        if len(self.values) == 1:
            return "expected the listed value"
        return f"expected one of {len(self.values)} listed values"

    def count_where(self, conditions: Conditions) -> int:
        """Count the listed values that fulfil conditions."""
        if "object" not in self.kinds:
            self._refuse_parts(conditions)
        if "number" not in self.kinds:
            super()._count_compared(
                [condition for condition in conditions.get((), ()) if not condition.lists_values]
            )
        return sum(fulfils(value, conditions) for value in self.values.values())


class Anything(Values):
    """All JSON values."""

    def __init__(self, reason: str) -> None:
        kinds = ("null", "boolean", "number", "string", "array", "object")
        super().__init__(kinds, None, reason=reason)

    def problem(self, value: Any) -> str | None:
        """Refuse only what is no JSON value."""
        return None if kind_of(value) else "expected a JSON value"

    def _refuse_parts(self, conditions: Conditions) -> None:
        pass


class Assumed(Values):
    """A set without a bound, taken to have a number of values that somebody assumed."""

    def __init__(self, values: Values, count: int) -> None:
        super().__init__(values.kinds, count, is_exact=False)
        self.values = values

    def problem(self, value: Any) -> str | None:
        """Refuse a value that is not in the set."""
        return self.values.problem(value)

    def assumed(self) -> Iterator[tuple[str, str]]:
        """Yield why the set has no bound."""
        yield "", self.values.reason

    def _count_compared(self, conditions: Sequence[Condition]) -> int | None:
        return self.count

    def _refuse_parts(self, conditions: Conditions) -> None:
        self.values._refuse_parts(conditions)


class Union(Values):
    """Values of any of several sets: at most the sum of the counts.

    The sum is exact if no two sets have values of the same type.
    """

    def __init__(self, alternatives: Sequence[Values]) -> None:
        kinds = [kind for values in alternatives for kind in values.kinds]
        are_disjoint = len(kinds) == len(set(kinds))
        super().__init__(
            kinds,
            _sum(values.count for values in alternatives),
            is_exact=are_disjoint and all(values.is_exact for values in alternatives),
        )
        self.alternatives = alternatives

    def problem(self, value: Any) -> str | None:
        """Refuse a value that is in none of the sets."""
        problems = [values.problem(value) for values in self.alternatives]
        if not problems:
            return "expected no value"
        if None in problems:
            return None
        of_its_kind = [
            problem
            for problem, values in zip(problems, self.alternatives, strict=True)
            if kind_of(value) in values.kinds
        ]
        return of_its_kind[0] if len(of_its_kind) == 1 else "fits none of the alternatives"

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield the sets."""
        for values in self.alternatives:
            yield "", values

    def count_where(self, conditions: Conditions) -> int | None:
        """Sum over the sets; a set whose values cannot fulfil the conditions counts 0."""
        if any(condition.lists_values for condition in conditions.get((), ())):
            return super().count_where(conditions)
        counts: list[int | None] = []
        problems: list[SpecificationError] = []
        for values in self.alternatives:
            try:
                counts.append(values.count_where(conditions))
            except SpecificationError as error:
                problems.append(error)
        if problems and not counts:
            raise problems[0]
        return _sum(counts)

    def _refuse_parts(self, conditions: Conditions) -> None:
        pass


class Untyped(Union):
    """Values of all types, each narrowed by the keywords for its type."""

    def __init__(self, alternatives: Sequence[Values]) -> None:
        super().__init__(alternatives)
        self.reason = "no type is stated" if self.count is None else ""

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield the sets, unless the missing type is all that is to be said."""
        if not self.reason:
            yield from super().parts()


class AllOf(Values):
    """Values that are in each of several sets: at most the least count."""

    def __init__(self, sets: Sequence[Values]) -> None:
        super().__init__(
            frozenset.intersection(*(values.kinds for values in sets)),
            _least(values.count for values in sets),
            is_exact=False,
        )
        self.sets = sets

    def problem(self, value: Any) -> str | None:
        """Refuse a value that is missing in a set."""
        problems = (values.problem(value) for values in self.sets)
        return next((problem for problem in problems if problem is not None), None)

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield the sets."""
        for values in self.sets:
            yield "", values

    def assumed(self) -> Iterator[tuple[str, str]]:
        """Yield the assumed parts of the set that gives the count."""
        for values in self.sets:
            if values.count == self.count:
                yield from values.assumed()
                return

    def count_where(self, conditions: Conditions) -> int | None:
        """Return the least count over the sets that the conditions fit."""
        if any(condition.lists_values for condition in conditions.get((), ())):
            return super().count_where(conditions)
        counts: list[int | None] = []
        problems: list[SpecificationError] = []
        for values in self.sets:
            try:
                counts.append(values.count_where(conditions))
            except SpecificationError as error:
                problems.append(error)
                counts.append(values.count)
        if len(problems) == len(self.sets):
            raise problems[0]
        return _least(counts)

    def _refuse_parts(self, conditions: Conditions) -> None:
        pass


def product(factors: Sequence[int | None]) -> int | None:
    """Multiply counts; 0 if any is 0, None if any is unknown or the product is too large.

    Parameters
    ----------
    factors : sequence of int or None

    Returns
    -------
    int or None

    Examples
    --------
    >>> product([2, 3]), product([0, None]), product([2, None])
    (6, 0, None)
    """
    if 0 in factors:
        return 0
    result = 1
    for factor in factors:
        if factor is None or result.bit_length() + factor.bit_length() > MOST_BITS:
            return None
        result *= factor
    return result


def power(count: int, exponent: int) -> int | None:
    """Raise a count to a power; None if the power is too large.

    Parameters
    ----------
    count : int
    exponent : int

    Returns
    -------
    int or None

    Examples
    --------
    >>> power(95, 2), power(2, 2**30)
    (9025, None)
    """
    if count > 1 and exponent * (count.bit_length() - 1) >= MOST_BITS:
        return None
    return count**exponent if count > 1 else int(count == 1 or exponent == 0)


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _least(counts: Iterable[int | None]) -> int | None:
    return min((count for count in counts if count is not None), default=None)


def _joined(name: str, place: str) -> str:
    return f"{name}.{place}" if name and place and not place.startswith("[") else name + place
