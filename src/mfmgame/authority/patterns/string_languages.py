"""Strings that match patterns and lengths of JSON Schema: their number, and membership.

No pattern ever runs in a backtracking matcher: its author may be hostile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from mfmgame.authority.patterns.character_sets import CharacterSet, Partition, partition
from mfmgame.authority.patterns.pattern_automaton import Automaton, determinized
from mfmgame.authority.patterns.pattern_caps import Budget
from mfmgame.authority.patterns.pattern_nodes import Nodes
from mfmgame.authority.patterns.pattern_syntax import parsed_pattern
from mfmgame.authority.patterns.word_counts import accepts_class, words
from mfmgame.messages import shown

__all__ = ["Language", "language"]


@dataclass(frozen=True, eq=False, repr=False)  # a long count has no str
class Language:
    """A set of strings of Unicode scalar values; lengths count code points.

    Attributes
    ----------
    count : int or None
        Number of strings; None if the number has no bound.
    reason : str
        Why the number has no bound, and what to state; empty if `count` is a number.
    shortest : int
    longest : int or None
    """

    count: int | None
    reason: str
    shortest: int
    longest: int | None
    _partition: Partition
    _automaton: Automaton

    def contains(self, text: str) -> bool:
        """Tell whether a string belongs to the language, in time linear in its length.

        Examples
        --------
        >>> hexadecimal = language(["^[0-9a-f]+$"], longest=8)
        >>> hexadecimal.contains("c0ffee"), hexadecimal.contains("coffee")
        (True, False)
        """
        if len(text) < self.shortest or (self.longest is not None and len(text) > self.longest):
            return False
        starts, classes, rows = (
            self._partition.starts,
            self._partition.classes,
            self._automaton.rows,
        )
        state = 0
        for character in text:
            state = rows[state].get(classes[bisect_right(starts, ord(character)) - 1], -1)
            if state < 0:
                return False
        return state in self._automaton.accepting


def language(
    patterns: Sequence[str],
    *,
    alphabet: str | None = None,
    shortest: int = 0,
    longest: int | None = None,
) -> Language:
    """Build the language of the strings that match all patterns within the lengths.

    A pattern may match anywhere in a string, as in JSON Schema. Without an alphabet, the number of
    strings has a bound only if each character of each string is in a set that a pattern names.
    ``.`` and ``[^a]`` name no character that they hold.

    Parameters
    ----------
    patterns : sequence of str
        Regular expressions of ECMA-262 with the flag u.
    alphabet : str, optional
        All characters that a string may have.
    shortest : int, default 0
    longest : int, optional

    Returns
    -------
    Language

    Raises
    ------
    PatternError
        If a pattern is malformed or not supported, or if the count is too much work.

    Examples
    --------
    >>> language(["^[A-Z]{3}$"]).count
    17576
    >>> language(["[A-Z]{3}"], longest=9).reason
    'allows characters that no list names; state an alphabet'
    >>> language([], alphabet="01", longest=3).count
    15
    """
    budget = Budget(_subject(patterns))
    nodes = Nodes(budget)
    for pattern in patterns or ("",):
        nodes.add_pattern(parsed_pattern(pattern))
        budget.spend(4 * len(pattern))
    characters = partition(
        [symbol for symbol in nodes.symbols if isinstance(symbol, CharacterSet)], alphabet, budget
    )
    automaton = determinized(nodes, characters.members, longest)
    causes = {}
    if longest is None and automaton.is_cyclic():
        causes["repeats without an end"] = "maxLength"
    unnamed = characters.unnamed
    if accepts_class(automaton, unnamed, shortest, longest, budget):
        causes["allows characters that no list names"] = "an alphabet"
    count = None
    if not causes:
        sizes = [0 if number == unnamed else size for number, size in enumerate(characters.sizes)]
        count = words(automaton, sizes, shortest, longest, budget)
    reason = f"{' and '.join(causes)}; state {' and '.join(causes.values())}" if causes else ""
    return Language(count, reason, shortest, longest, characters, automaton)


def _subject(patterns: Sequence[str]) -> str:
    """Name the patterns in an error by the first of them."""
    if not patterns:
        return "strings without a pattern"
    more = f" and {len(patterns) - 1} more" if len(patterns) > 1 else ""
    return f"pattern {shown(patterns[0])}{more}"
