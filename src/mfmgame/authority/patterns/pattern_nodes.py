"""Nodes of patterns, by Thompson's construction [1]_.

A node reads a character, holds only at an anchor, or branches.

References
----------
.. [1] K. Thompson, "Regular expression search algorithm", Communications of the ACM 11 (1968).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mfmgame.authority.patterns.character_sets import ANY, CharacterSet
from mfmgame.authority.patterns.pattern_caps import Budget
from mfmgame.authority.patterns.pattern_syntax import (
    Alternation,
    Anchor,
    Concatenation,
    Part,
    Repetition,
)

__all__ = ["Nodes"]

_MOST_NODES = 25_000


@dataclass
class Nodes:
    """The nodes of several patterns, each of which may match anywhere in the string.

    Attributes
    ----------
    budget : Budget
    symbols : list of CharacterSet, Anchor or None
        What each node reads or demands; None for nodes that only branch.
    following : list of list of int
        Nodes after each node.
    starts, ends : list of int
        First and last node of each pattern.
    tails : list of int
        Node of each pattern that reads the characters after the match.
    """

    budget: Budget
    symbols: list[CharacterSet | Anchor | None] = field(default_factory=list)
    following: list[list[int]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    tails: list[int] = field(default_factory=list)

    def add_pattern(self, part: Part) -> None:
        """Add the nodes of a pattern.

        Raises
        ------
        PatternError
            If the patterns have too many nodes.
        """
        end = self._node(None)
        after = self._built(Repetition(ANY, 0, None), end)
        self.ends.append(end)
        self.tails.append(len(self.symbols) - 1)
        self.starts.append(self._built(Concatenation((Repetition(ANY, 0, None), part)), after))

    def _node(self, symbol: CharacterSet | Anchor | None, *following: int) -> int:
        if len(self.symbols) == _MOST_NODES:
            raise self.budget.error(f"more than {_MOST_NODES:,} parts with repetitions written out")
        self.symbols.append(symbol)
        self.following.append(list(following))
        return len(self.symbols) - 1

    def _built(self, part: Part, after: int) -> int:
        """Add the nodes of a part that continues at the node `after`; return its first node."""
        self.budget.spend(1)
        if isinstance(part, Concatenation):
            for piece in reversed(part.parts):
                after = self._built(piece, after)
            return after
        if isinstance(part, Alternation):
            return self._node(None, *[self._built(option, after) for option in part.options])
        if not isinstance(part, Repetition):
            self.budget.spend(len(part.ranges) if isinstance(part, CharacterSet) else 0)
            return self._node(part, after)
        first, least = after, part.least
        if part.most is None:
            first = loop = self._node(None, after)
            body = self._built(part.part, loop)
            self.following[loop].append(body)
            if least:
                first, least = body, least - 1
        else:
            for _ in range(part.most - least):
                first = self._node(None, after, self._built(part.part, first))
        for _ in range(least):
            first = self._built(part.part, first)
        return first

    def useful(self) -> set[int]:
        """Find the nodes that lead to the end of their pattern after the first character."""
        preceding: list[list[int]] = [[] for _ in self.symbols]
        for node, following in enumerate(self.following):
            for after in following:
                preceding[after].append(node)
        found = set(self.ends)
        waiting = list(self.ends)
        while waiting:
            for node in preceding[waiting.pop()]:
                if node not in found and self.symbols[node] is not Anchor.START:
                    found.add(node)
                    waiting.append(node)
        return found

    def reached(self, node: int, kept: set[int], *, at_start: bool = False) -> int:
        """Collect, as bits, the nodes that read the next character, and the ends of patterns.

        Parameters
        ----------
        node : int
            Node from which to go on without reading a character.
        kept : set of int
            Nodes to collect.
        at_start : bool, default False
            Whether no character has been read, so that ``^`` holds.
        """
        bits = 0
        waiting = [(node, False)]
        seen = set(waiting)
        while waiting:
            node, ended = waiting.pop()
            self.budget.spend(2 + 2 * len(self.following[node]) + (node >> 12))
            symbol = self.symbols[node]
            if isinstance(symbol, CharacterSet) or not self.following[node]:
                # After "$", the string is over: only the end of the pattern may come.
                if node in kept and (not ended or symbol is None):
                    bits |= 1 << node
                continue
            if symbol is Anchor.START and not at_start:
                continue
            ended = ended or symbol is Anchor.END
            for after in self.following[node]:
                if (after, ended) not in seen:
                    seen.add((after, ended))
                    waiting.append((after, ended))
        return bits
