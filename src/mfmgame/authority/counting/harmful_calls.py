"""Harmful sets of calls, as users write them: ``send_money(recipient=*, amount>=1000)``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfmgame.authority.counting.conditions import Condition, Path
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["HarmfulCall", "HarmfulSequence", "read_harmful"]

_ID = re.compile(r"\s*([^\s:;|()=<>!,]+)\s*:\s+")
_TOOL = re.compile(r"\s*([^\s();|,=<>!*]+)\s*")
_ARGUMENT = re.compile(r"\s*([^\s()=<>!,;|]+)\s*(<=|>=|!=|=|<|>|\bin\b)\s*")
_WORD = re.compile(r"[^\s,()\[\]|;]+(?:[ \t]+[^\s,()\[\]|;]+)*")
_TIMES = re.compile(r"\s*\*\s*(\d{1,6})")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class HarmfulCall:
    """Calls of a tool whose arguments fulfil conditions.

    Attributes
    ----------
    tool : str
    conditions : mapping of tuple of str to sequence of Condition
        By the path of the argument. Arguments that are not listed may have any value.
    """

    tool: str
    conditions: Mapping[Path, Sequence[Condition]]


@dataclass(frozen=True)
class HarmfulSequence:
    """Calls that realise a threat, in this order, each out of some alternatives.

    Attributes
    ----------
    threat : str
        Id of the threat; the text itself if it names none.
    text : str
        As the user wrote the calls.
    steps : tuple of tuple of HarmfulCall
        The alternatives of each call.
    """

    threat: str
    text: str
    steps: tuple[tuple[HarmfulCall, ...], ...]

    def different_calls(self) -> list[HarmfulCall]:
        """Return the calls of all steps; a step that is repeated counts once."""
        steps = {id(alternatives): alternatives for alternatives in self.steps}
        return [call for alternatives in steps.values() for call in alternatives]


def read_harmful(text: str) -> HarmfulSequence:
    """Read what realises a threat.

    Parameters
    ----------
    text : str
        ``THREAT: CALL; CALL``. The threat is optional. A call is the name of a tool and, in
        parentheses, conditions on arguments: ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` or
        ``in`` and a JSON value or a word; ``=*`` allows any value. ``|`` separates calls of
        which any will do, ``;`` calls that follow each other, and ``*3`` repeats a call.

    Returns
    -------
    HarmfulSequence

    Raises
    ------
    SpecificationError
        If the text cannot be read so.

    Examples
    --------
    >>> read_harmful("fraud: pay(amount>=1000) | refund; mail(to=boss) *2").threat
    'fraud'
    """
    reader = _Reader(text)
    return reader.sequence()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def sequence(self) -> HarmfulSequence:
        named = _ID.match(self.text)
        self.at = named.end() if named else 0
        calls = self.text[self.at :].strip()
        steps: list[tuple[HarmfulCall, ...]] = []
        while True:
            alternatives = [self._call()]
            while self._took("|"):
                alternatives.append(self._call())
            times = _TIMES.match(self.text, self.at)
            if times:
                self.at = times.end()
            steps.extend([tuple(alternatives)] * (int(times[1]) if times else 1))
            if not self._took(";"):
                break
        if self.text[self.at :].strip():
            raise self._refused("; or | or the end")
        if not steps:
            raise self._refused("one or more calls")
        return HarmfulSequence(named[1] if named else calls, calls, tuple(steps))

    def _call(self) -> HarmfulCall:
        tool = self._matched(_TOOL, "the name of a tool")
        conditions: dict[Path, list[Condition]] = {}
        if self._took("(") and not self._took(")"):
            while True:
                path, condition = self._condition()
                if condition is not None:
                    conditions.setdefault(path, []).append(condition)
                if self._took(")"):
                    break
                if not self._took(","):
                    raise self._refused(", or )")
        return HarmfulCall(tool[1], conditions)

    def _condition(self) -> tuple[Path, Condition | None]:
        found = self._matched(_ARGUMENT, "a condition such as amount>=1000")
        path, relation = tuple(found[1].split(".")), found[2]
        if relation == "=" and self._took("*"):
            return path, None
        value = self._value()
        if relation == "in":
            if not isinstance(value, list):
                raise self._refused("a list such as [1, 2] before this")
            return path, Condition(relation, tuple(value))
        try:
            return path, Condition(relation, (value,))
        except SpecificationError as error:
            raise SpecificationError(f"{shown(self.text)}: {error.message}") from None

    def _value(self) -> Any:
        try:
            value, end = _DECODER.raw_decode(self.text, self.at)
            if self.text[end : end + 1].strip() in ("", ",", ")"):
                self.at = end
                return value
        except (ValueError, RecursionError):
            pass
        return self._matched(_WORD, "a JSON value or a word")[0]

    def _matched(self, expression: re.Pattern[str], expected: str) -> re.Match[str]:
        found = expression.match(self.text, self.at)
        if found is None:
            raise self._refused(expected)
        self.at = found.end()
        return found

    def _took(self, sign: str) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        if self.text.startswith(sign, self.at):
            self.at += 1
            return True
        return False

    def _refused(self, expected: str) -> SpecificationError:
        rest = self.text[self.at :].strip()
        found = shown(rest) if rest else "the end"
        return SpecificationError(f"{shown(self.text)}: found {found}, expected {expected}")
