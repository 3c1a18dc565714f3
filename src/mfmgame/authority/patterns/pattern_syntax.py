"""Regular expressions of ECMA-262 with the flag u, as JSON Schema writes them: text to tree.

The tree holds the language alone: groups without their numbers, quantifiers without laziness.
Constructs that may leave the regular languages, or that the tree has no part for, are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from mfmgame.authority.patterns.character_sets import (
    DIGITS,
    LINE_TERMINATORS,
    WHITE_SPACE,
    WORD_CHARACTERS,
    CharacterSet,
    union,
)
from mfmgame.authority.patterns.pattern_caps import PatternError
from mfmgame.messages import is_encodable, shown

__all__ = ["Alternation", "Anchor", "Concatenation", "Part", "Repetition", "parsed_pattern"]

_MOST_CHARACTERS = 20_000
_MOST_NESTED = 100
_MOST_REPEATS = 10_000


class Anchor(Enum):
    """A place in the string: ``^`` or ``$``."""

    START = "^"
    END = "$"


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Parts one after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """A choice of parts."""

    options: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """A part repeated from `least` to `most` times; None for any number of times."""

    part: Part
    least: int
    most: int | None


Part: TypeAlias = "CharacterSet | Anchor | Concatenation | Alternation | Repetition"

_COUNTS = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_CODE_POINT = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]+)\}")
_SECOND_HALF = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_SETS = {"d": DIGITS, "s": WHITE_SPACE, "w": WORD_CHARACTERS}
_SETS |= {letter.upper(): members.inverted() for letter, members in _SETS.items()}
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_PUNCTUATION = frozenset(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""Characters that stand for themselves after a backslash.

The flag u allows fewer; patterns written for other languages escape more, and cannot mean
anything else.
"""
_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def parsed_pattern(text: str) -> Part:
    """Parse a regular expression of ECMA-262 with the flag u.

    Parameters
    ----------
    text : str

    Returns
    -------
    Part

    Raises
    ------
    PatternError
        If the pattern is malformed, too long, nested too deep, or has a construct that is not
        supported: look-around, back references, word boundaries, properties, inline flags.

    Examples
    --------
    >>> parsed_pattern("^a{2,}?")  # doctest: +ELLIPSIS
    Concatenation(parts=(<Anchor.START: '^'>, Repetition(part=..., least=2, most=None)))
    """
    return _Parser(text).pattern()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.names: set[str] = set()

    def pattern(self) -> Part:
        """Parse the whole text, with a stack of open groups instead of recursion."""
        if len(self.text) > _MOST_CHARACTERS:
            raise self.error(f"is longer than {_MOST_CHARACTERS:,} characters")
        if not is_encodable(self.text):
            raise self.error("has half a surrogate pair")
        opened: list[tuple[list[Part], list[Part]]] = []
        options: list[Part] = []
        parts: list[Part] = []
        while self.at < len(self.text):
            character = self.next()
            if character == "|":
                options.append(_joined(parts))
                parts = []
            elif character == "(":
                self.open_group()
                opened.append((options, parts))
                options, parts = [], []
                if len(opened) > _MOST_NESTED:
                    raise self.error(f"groups are nested more than {_MOST_NESTED} deep")
            elif character == ")":
                if not opened:
                    raise self.error("')' closes no group")
                group = _chosen(options, parts)
                options, parts = opened.pop()
                parts.append(self.repeated(group))
            elif character in "^$":
                parts.append(Anchor(character))
            else:
                parts.append(self.repeated(self.character_set(character)))
        if opened:
            raise self.error("'(' is not closed")
        return _chosen(options, parts)

    def error(self, reason: str) -> PatternError:
        return PatternError(f"pattern {shown(self.text)}: {reason}")

    def next(self, missing: str = "") -> str:
        if self.at == len(self.text):
            raise self.error(missing)
        self.at += 1
        return self.text[self.at - 1]

    def take(self, expected: str) -> bool:
        found = self.text.startswith(expected, self.at)
        self.at += len(expected) if found else 0
        return found

    def open_group(self) -> None:
        """Skip what stands between ``(`` and the first option."""
        if not self.take("?") or self.take(":"):
            return
        for start, name in (("=", "ahead"), ("!", "ahead"), ("<=", "behind"), ("<!", "behind")):
            if self.take(start):
                raise self.error(f"look-{name} (?{start} is not supported")
        if not self.take("<"):
            found = self.next("'(?' begins no group")
            if found in "ims-":
                raise self.error("inline flags are not supported")
            raise self.error(f"{shown('(?' + found)} begins no group of ECMA-262")
        name, closed, _ = self.text[self.at :].partition(">")
        plain = name.replace("$", "_").replace("\u200c", "_").replace("\u200d", "_")
        if not closed or not plain.isidentifier() or name[0] in "\u200c\u200d":
            raise self.error("a group has no valid name")
        if name in self.names:
            raise self.error(f"two groups have the name {shown(name)}")
        self.names.add(name)
        self.at += len(name) + 1

    def repeated(self, part: Part) -> Part:
        """Apply the quantifier that follows a part, if any."""
        least: int
        most: int | None
        if counts := _COUNTS.match(self.text, self.at):
            self.at = counts.end()
            least = most = self.number(counts[1])
            if counts[2]:
                most = self.number(counts[3]) if counts[3] else None
        elif self.text[self.at : self.at + 1] in _QUANTIFIERS:
            least, most = _QUANTIFIERS[self.next()]
        else:
            return part
        if most is not None and most < least:
            raise self.error(f"{{{least},{most}}} is out of order")
        self.take("?")
        return Repetition(part, least, most)

    def number(self, digits: str) -> int:
        significant = digits.lstrip("0") or "0"
        if len(significant) > len(str(_MOST_REPEATS)) or int(significant) > _MOST_REPEATS:
            raise self.error(f"a part is repeated more than {_MOST_REPEATS:,} times")
        return int(significant)

    def character_set(self, character: str) -> CharacterSet:
        """Parse the rest of an atom that begins with `character`."""
        if character == ".":
            return LINE_TERMINATORS.inverted()
        if character == "[":
            return self.character_class()
        if character == "\\":
            return self.escape(in_class=False)
        if character in "*+?{":
            raise self.error(f"'{character}' has nothing to repeat, or is not escaped")
        if character in "}]":
            raise self.error(f"'{character}' closes nothing, and is not escaped")
        return CharacterSet.of(ord(character))

    def character_class(self) -> CharacterSet:
        negated = self.take("^")
        members: list[CharacterSet] = []
        while not self.take("]"):
            member = self.class_atom()
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                first, last = member.single, self.class_atom().single
                if first is None or last is None:
                    raise self.error("a range begins or ends with a set of characters")
                if first > last:
                    raise self.error("a range of characters is out of order")
                member = CharacterSet(((first, last),))
            members.append(member)
        joined = union(members)
        return joined.inverted() if negated else joined

    def class_atom(self) -> CharacterSet:
        character = self.next("'[' is not closed")
        if character == "\\":
            return self.escape(in_class=True)
        return CharacterSet.of(ord(character))

    def escape(self, *, in_class: bool) -> CharacterSet:
        """Parse the rest of an escape."""
        if found := _CODE_POINT.match(self.text, self.at):
            self.at = found.end()
            return CharacterSet.of(self.code_point(found))
        letter = self.next("a backslash ends the pattern")
        if letter in _SETS:
            return _SETS[letter]
        if letter in _CONTROLS:
            return CharacterSet.of(_CONTROLS[letter])
        if letter in _PUNCTUATION:
            return CharacterSet.of(ord(letter))
        if letter == "b" and in_class:
            return CharacterSet.of(0x08)
        if letter == "c" and re.match("[A-Za-z]", self.text[self.at : self.at + 1]):
            return CharacterSet.of(ord(self.next()) % 32)
        if letter == "0" and not re.match("[0-9]", self.text[self.at : self.at + 1]):
            return CharacterSet.of(0)
        if letter in "pP":
            raise self.error(rf"Unicode properties \{letter} are not supported")
        if not in_class and letter in "bB":
            raise self.error(rf"word boundaries \{letter} are not supported")
        if not in_class and letter in "123456789k":
            raise self.error("back references are not supported")
        raise self.error(f"a backslash before {shown(letter)} is no escape with the flag u")

    def code_point(self, found: re.Match[str]) -> int:
        """Decode the escape of a code point, with the second half of a surrogate pair."""
        point = int(found[found.lastindex or 0], 16)
        if point > 0x10FFFF:
            raise self.error("a code point is above 10FFFF")
        if found[2] and 0xD800 <= point < 0xDC00:
            second = _SECOND_HALF.match(self.text, self.at)
            if second:
                self.at = second.end()
                return 0x10000 + ((point - 0xD800) << 10) + int(second[1], 16) - 0xDC00
        return point


def _joined(parts: list[Part]) -> Part:
    return parts[0] if len(parts) == 1 else Concatenation(tuple(parts))


def _chosen(options: list[Part], parts: list[Part]) -> Part:
    last = _joined(parts)
    return Alternation((*options, last)) if options else last
