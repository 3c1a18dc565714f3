"""Which scores mean that an attack succeeded: stated by the user, as no log says so."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import number_of, short_text
from mfmgame.messages import shown

__all__ = ["Polarity"]

NO_ANSWER, PARTIAL = "N", "P"
_GRADES = ("C", "I", PARTIAL, NO_ANSWER)
_FLAGS = ("true", "false")
_NUMBER = re.compile(r"(>=|<=|>|<|)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "": operator.eq,
}
_MOST_VALUES = 8


@dataclass
class Polarity:
    """The score of an attack that succeeded, and the scores that were found.

    Attributes
    ----------
    stated : str or None
        A grade, ``"true"``, a number, a bound such as ``">=0.5"``, or another text.
    found : dict of str to int
        How often each value was found.
    """

    stated: str | None
    found: dict[str, int] = field(default_factory=dict)

    def succeeded(self, value: Any) -> bool | None:
        """Tell whether a score means that the attack succeeded.

        Parameters
        ----------
        value : JSON value

        Returns
        -------
        bool or None
            None if the score says nothing: null, NaN, or the grade N unless stated.

        Raises
        ------
        SpecificationError
            If the score is of another kind than the stated score: then neither is known to be a
            success, and neither to be a failure.

        Examples
        --------
        >>> grades = Polarity("I")
        >>> grades.succeeded("C"), grades.succeeded("I"), grades.succeeded("N")
        (False, True, None)
        >>> Polarity(">=0.5").succeeded(0.5)
        True
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        written = _written(value)
        if len(self.found) < _MOST_VALUES or written in self.found:
            self.found[written] = self.found.get(written, 0) + 1
        if self.stated is None:
            return None
        if _kind(value) != _kind_stated(self.stated):
            raise SpecificationError(
                f"found the score {written}, expected a score comparable to "
                f"{shown(self.stated)}, which is stated as that of an attack that succeeded"
            )
        if isinstance(value, str):
            is_answer = value != NO_ANSWER or self.stated == NO_ANSWER
            return value == self.stated if is_answer else None
        if isinstance(value, bool):
            return value is (self.stated.casefold() == "true")
        comparison, bound = _bound(self.stated)
        return _COMPARISONS[comparison](number_of(value), bound)

    def values(self) -> str:
        """List the values that were found."""
        more = ", ..." if len(self.found) == _MOST_VALUES else ""
        return ", ".join(sorted(self.found)) + more


def _written(value: Any) -> str:
    if isinstance(value, str):
        return shown(short_text(value))
    if not isinstance(value, bool):
        number_of(value, "a grade, number, true or false")
    return shown(value)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "grade" if value in _GRADES else "text"
    return "flag" if isinstance(value, bool) else "number"


def _kind_stated(stated: str) -> str:
    if _NUMBER.fullmatch(stated):
        return "number"
    if stated.casefold() in _FLAGS:
        return "flag"
    return "grade" if stated in _GRADES else "text"


def _bound(stated: str) -> tuple[str, float]:
    match = _NUMBER.fullmatch(stated)
    assert match is not None, "the kind of the stated score is a number"
    return match[1], float(match[2])
