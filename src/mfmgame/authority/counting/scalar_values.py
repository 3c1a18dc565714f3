"""Sets of numbers, strings and dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from mfmgame.authority.counting.conditions import Condition
from mfmgame.authority.counting.json_values import exact_number
from mfmgame.authority.counting.value_sets import MOST_BITS, TOO_MANY, Values
from mfmgame.authority.patterns.string_languages import Language

__all__ = ["Dates", "Numbers", "Strings", "least_common_multiple"]

_SECONDS_A_DAY = 86400


class Numbers(Values):
    """Numbers, or integers, within bounds, and multiples of a step if there is one.

    Parameters
    ----------
    step : fractions.Fraction or None
        Every number is a multiple of the step; 1 for integers. None: any number.
    minimum, maximum : fractions.Fraction or None
    open_minimum, open_maximum : bool, default False
        Whether the bound itself is excluded.
    """

    def __init__(
        self,
        step: Fraction | None,
        minimum: Fraction | None,
        maximum: Fraction | None,
        *,
        open_minimum: bool = False,
        open_maximum: bool = False,
    ) -> None:
        self.step = step
        self.minimum, self.maximum = minimum, maximum
        self.open_minimum, self.open_maximum = open_minimum, open_maximum
        self._integers: range | None = None
        count = self._counted()
        missing = [key for key, end in (("minimum", minimum), ("maximum", maximum)) if end is None]
        reason = f"no {' and no '.join(missing)} is stated"
        if step is None:
            reason = "a number has any number of digits; state multipleOf or the type integer"
        super().__init__({"number"}, count, reason="" if count is not None else reason)

    def problem(self, value: Any) -> str | None:
        """Refuse another type, a number outside the bounds, and one between two steps."""
        if self._integers is not None and type(value) is int and value in self._integers:
            return None  # the usual case, without fractions
        number = exact_number(value)
        if number is None:
            return "expected a number"
        if self.minimum is not None and (
            number < self.minimum or (self.open_minimum and number == self.minimum)
        ):
            word = "more than" if self.open_minimum else "at least"
            return f"expected {word} {_shown(self.minimum)}"
        if self.maximum is not None and (
            number > self.maximum or (self.open_maximum and number == self.maximum)
        ):
            word = "less than" if self.open_maximum else "at most"
            return f"expected {word} {_shown(self.maximum)}"
        if self.step is not None and (number / self.step).denominator != 1:
            if self.step == 1:
                return "expected an integer"
            return f"expected a multiple of {_shown(self.step)}"
        return None

    def _counted(self) -> int | None:
        if self.step is None:
            both = self.minimum is not None and self.maximum is not None
            if both and self.minimum == self.maximum:
                return int(not (self.open_minimum or self.open_maximum))
            return 0 if both and self.minimum > self.maximum else None  # type: ignore[operator]
        if self.minimum is None or self.maximum is None:
            return None
        first = math.ceil(self.minimum / self.step)
        last = math.floor(self.maximum / self.step)
        first += self.open_minimum and first * self.step == self.minimum
        last -= self.open_maximum and last * self.step == self.maximum
        if self.step == 1:
            self._integers = range(first, last + 1)
        return max(0, last - first + 1)

    def _count_compared(self, conditions: Sequence[Condition]) -> int | None:
        within: Numbers = self
        for condition in conditions:
            if condition.relation in (">", ">="):
                within = within._bounded_below(condition.number, condition.relation == ">")
            elif condition.relation in ("<", "<="):
                within = within._bounded_above(condition.number, condition.relation == "<")
        excluded = [c for c in conditions if c.relation == "!="]
        return super(Numbers, within)._count_compared(excluded) if excluded else within.count

    def _bounded_below(self, number: Fraction, is_open: bool) -> Numbers:
        if self.minimum is not None and (self.minimum, self.open_minimum) >= (number, is_open):
            return self
        return Numbers(
            self.step,
            number,
            self.maximum,
            open_minimum=is_open,
            open_maximum=self.open_maximum,
        )

    def _bounded_above(self, number: Fraction, is_open: bool) -> Numbers:
        if self.maximum is not None and (-self.maximum, self.open_maximum) >= (-number, is_open):
            return self
        return Numbers(
            self.step,
            self.minimum,
            number,
            open_minimum=self.open_minimum,
            open_maximum=is_open,
        )


class Strings(Values):
    """Strings of a language.

    Parameters
    ----------
    language : Language
    has_pattern : bool
        Whether the language has a pattern.
    """

    def __init__(self, language: Language, *, has_pattern: bool) -> None:
        self.language = language
        count, reason = language.count, language.reason
        if count is None and not has_pattern:
            missing = (
                ["an alphabet"] if language.longest is not None else ["maxLength", "an alphabet"]
            )
            reason = f"any text is allowed; state a pattern, an enum, or {' and '.join(missing)}"
        if count is not None and count.bit_length() > MOST_BITS:
            count, reason = None, TOO_MANY
        super().__init__({"string"}, count, reason=reason)

    def problem(self, value: Any) -> str | None:
        """Refuse another type, and a string that the language does not have."""
        if not isinstance(value, str):
            return "expected a string"
        if self.language.contains(value):
            return None
        return "expected a string of the stated length, pattern and characters"


class Dates(Values):
    """Dates of a range, or seconds of a range in UTC, each in a single spelling.

    Parameters
    ----------
    earliest, latest : str
        ``2026-01-31`` or ``2026-01-31T12:00:00Z``, both of the same form.
    strings : Values
        What else the schema asks of the string.

    Raises
    ------
    ValueError
        If an end is no date.
    """

    def __init__(self, earliest: str, latest: str, strings: Values) -> None:
        self.form = "%Y-%m-%d" if len(earliest) == len("2026-01-31") else "%Y-%m-%dT%H:%M:%SZ"
        self.first, self.last = self._time(earliest), self._time(latest)
        self.strings = strings
        seconds = int((self.last - self.first).total_seconds())
        times = seconds // (_SECONDS_A_DAY if "H" not in self.form else 1) + 1
        count = max(0, times) if strings.count is None else min(max(0, times), strings.count)
        super().__init__({"string"}, count, is_exact=False)

    def problem(self, value: Any) -> str | None:
        """Refuse what is no date of this form in the range."""
        expected = f"expected a date from {self._spelled(self.first)} to {self._spelled(self.last)}"
        try:
            time = self._time(value)
        except (TypeError, ValueError):
            return expected
        if self._spelled(time) != value or not self.first <= time <= self.last:
            return expected
        return self.strings.problem(value)

    def _time(self, text: str) -> datetime:
        return datetime.strptime(text, self.form).replace(tzinfo=UTC)

    def _spelled(self, time: datetime) -> str:
        return time.strftime(self.form).rjust(len("2026-01-31"), "0")


def least_common_multiple(first: Fraction, second: Fraction) -> Fraction:
    """Return the least positive number that is a multiple of two positive fractions.

    Parameters
    ----------
    first, second : fractions.Fraction

    Returns
    -------
    fractions.Fraction

    Examples
    --------
    >>> least_common_multiple(Fraction(1, 2), Fraction(1, 3))
    Fraction(1, 1)
    """
    common = first.denominator * second.denominator
    return Fraction(
        math.lcm(first.numerator * second.denominator, second.numerator * first.denominator),
        common,
    )


def _shown(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else repr(float(number))
