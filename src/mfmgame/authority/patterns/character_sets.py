"""Sets of code points, and the coarsest partition of characters that tells sets apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mfmgame.authority.patterns.pattern_caps import Budget

__all__ = [
    "ANY",
    "DIGITS",
    "LINE_TERMINATORS",
    "WHITE_SPACE",
    "WORD_CHARACTERS",
    "CharacterSet",
    "Partition",
    "Ranges",
    "partition",
    "union",
]

Ranges = tuple[tuple[int, int], ...]
"""First and last code point of each range: ascending, with a gap between two ranges."""
_LAST = 0x10FFFF
_SCALAR_VALUES: Ranges = ((0, 0xD7FF), (0xE000, _LAST))


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """A set of code points: those written, or all except those written.

    Attributes
    ----------
    ranges : Ranges
        Code points that the pattern names.
    negated : bool
        Whether the set holds all code points except `ranges`.
    """

    ranges: Ranges
    negated: bool = False

    @classmethod
    def of(cls, *points: int) -> CharacterSet:
        """Build the set of the given code points."""
        return cls(_merged((point, point) for point in points))

    def inverted(self) -> CharacterSet:
        """Build the set of all other code points."""
        return CharacterSet(self.ranges, not self.negated)

    @property
    def single(self) -> int | None:
        """Code point of a set that names exactly one; None for other sets."""
        if self.negated or len(self.ranges) != 1 or self.ranges[0][0] != self.ranges[0][1]:
            return None
        return self.ranges[0][0]


def union(sets: Iterable[CharacterSet]) -> CharacterSet:
    r"""Join sets; the union is negated if a member is, as in ``[a\D]``.

    Examples
    --------
    >>> union([CharacterSet.of(0x61), CharacterSet.of(0x62)])
    CharacterSet(ranges=((97, 98),), negated=False)
    >>> union([CharacterSet.of(0x61), CharacterSet.of(0x61, 0x62).inverted()])
    CharacterSet(ranges=((98, 98),), negated=True)
    """
    members = list(sets)
    covered = _merged(
        span
        for member in members
        for span in (_complement(member.ranges) if member.negated else member.ranges)
    )
    if any(member.negated for member in members):
        return CharacterSet(_complement(covered), negated=True)
    return CharacterSet(covered)


def _merged(spans: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _complement(ranges: Ranges) -> Ranges:
    firsts = [0, *(last + 1 for _, last in ranges)]
    lasts = [*(first - 1 for first, _ in ranges), _LAST]
    return tuple((first, last) for first, last in zip(firsts, lasts, strict=True) if first <= last)


ANY = CharacterSet((), negated=True)
DIGITS = CharacterSet(((0x30, 0x39),))
WORD_CHARACTERS = CharacterSet(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))
LINE_TERMINATORS = CharacterSet.of(0x0A, 0x0D, 0x2028, 0x2029)
WHITE_SPACE = CharacterSet.of(  # WhiteSpace and LineTerminator of ECMA-262
    *range(0x09, 0x0E), 0x20, 0xA0, 0x1680, *range(0x2000, 0x200B),
    0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF,
)  # fmt: skip


@dataclass(frozen=True)
class Partition:
    """Classes of characters: each set holds all of a class or none of it.

    Attributes
    ----------
    starts : list of int
        First code point of each segment of the code points.
    classes : list of int
        Class of each segment; -1 where no string may have the characters.
    sizes : list of int
        Number of characters of each class.
    members : mapping of CharacterSet to list of int
        Classes that each set holds.
    unnamed : int
        Class of the characters that no set names, where any character is allowed; otherwise -1.
    """

    starts: list[int]
    classes: list[int]
    sizes: list[int]
    members: Mapping[CharacterSet, list[int]]
    unnamed: int

    def class_of(self, character: str) -> int:
        """Find the class of a character; -1 if no string may have the character."""
        return self.classes[bisect_right(self.starts, ord(character)) - 1]


def partition(sets: Iterable[CharacterSet], alphabet: str | None, budget: Budget) -> Partition:
    """Divide the allowed characters into the fewest classes that tell the sets apart.

    Parameters
    ----------
    sets : iterable of CharacterSet
    alphabet : str or None
        Allowed characters; None for all Unicode scalar values.
    budget : Budget

    Returns
    -------
    Partition

    Raises
    ------
    PatternError
        If the sets are too many for the budget.

    Examples
    --------
    >>> parts = partition([DIGITS, CharacterSet.of(0x37)], None, Budget("digits"))
    >>> parts.sizes, parts.members[DIGITS], parts.class_of("7"), parts.unnamed
    ([1112054, 9, 1], [1, 2], 2, 0)
    """
    allowed = _SCALAR_VALUES
    if alphabet is not None:
        allowed = _merged((ord(c), ord(c)) for c in alphabet if not "\ud800" <= c <= "\udfff")
    distinct = list(dict.fromkeys(sets))
    # A signature has a bit for the allowed characters, and a bit for each set that names them.
    toggles = {0: 0}
    for bit, ranges in enumerate([allowed, *(member.ranges for member in distinct)]):
        budget.spend(len(ranges) * (1 + (bit >> 12)))
        for first, last in ranges:
            toggles[first] = toggles.get(first, 0) ^ (1 << bit)
            toggles[last + 1] = toggles.get(last + 1, 0) ^ (1 << bit)
    starts = sorted(toggles)
    signature, classes = 0, []
    numbers: dict[int, int] = {}
    sizes: list[int] = []
    for start, stop in zip(starts, [*starts[1:], _LAST + 1], strict=True):
        budget.spend(1 + (len(distinct) >> 12))
        signature ^= toggles[start]
        if not signature & 1:
            classes.append(-1)
            continue
        number = numbers.setdefault(signature, len(numbers))
        classes.append(number)
        if number == len(sizes):
            sizes.append(0)
        sizes[number] += stop - start
    budget.spend(len(distinct) * len(numbers) >> 1)
    members = {
        member: [
            number
            for signature, number in numbers.items()
            if bool(signature >> bit & 1) != member.negated
        ]
        for bit, member in enumerate(distinct, 1)
    }
    unnamed = numbers.get(1, -1) if alphabet is None else -1
    return Partition(starts, classes, sizes, members, unnamed)
