"""Deterministic automata of the strings that match all of several patterns.

A state is a set of nodes of all patterns at once, kept as the bits of an integer, so that an
intersection costs no more than its reachable states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mfmgame.authority.patterns.character_sets import CharacterSet
from mfmgame.authority.patterns.pattern_nodes import Nodes

__all__ = ["Automaton", "determinized"]

_MOST_STATES = 12_000
_MOST_TRANSITIONS = 250_000


@dataclass(frozen=True)
class Automaton:
    """A deterministic automaton without useless states; state 0 is the start.

    Attributes
    ----------
    rows : list of mapping of int to int
        Next state of each state, by class of characters; no entry where no string goes on.
    accepting : frozenset of int
        States in which a string may end.
    """

    rows: Sequence[Mapping[int, int]]
    accepting: frozenset[int]

    def is_cyclic(self) -> bool:
        """Tell whether a string may pass through a state twice."""
        entries = [0] * len(self.rows)
        for row in self.rows:
            for target in row.values():
                entries[target] += 1
        free = [state for state, number in enumerate(entries) if not number]
        for state in free:  # grows while it is read
            for target in self.rows[state].values():
                entries[target] -= 1
                if not entries[target]:
                    free.append(target)
        return len(free) < len(self.rows)


class _Subsets:
    """Sets of nodes as bits: where strings start, and where each class of characters leads.

    Parameters
    ----------
    nodes : Nodes
    members : mapping of CharacterSet to sequence of int
        Classes of characters of each set.
    """

    def __init__(self, nodes: Nodes, members: Mapping[CharacterSet, Sequence[int]]) -> None:
        self.budget = nodes.budget
        classes = {
            node: members[symbol]
            for node, symbol in enumerate(nodes.symbols)
            if isinstance(symbol, CharacterSet)
        }
        kept = nodes.useful() - {node for node, numbers in classes.items() if not numbers}
        targets: dict[int, int] = {}
        self.reads: dict[int, tuple[Sequence[int], int]] = dict.fromkeys(nodes.ends, ((), 0))
        for node in classes:
            if node in kept:
                after = nodes.following[node][0]
                if after not in targets:
                    targets[after] = nodes.reached(after, kept)
                self.reads[node] = classes[node], targets[after]
        self.spans = [
            (1 << tail, self.reads.get(tail, ((), 0))[1], (2 << start) - (1 << end))
            for start, end, tail in zip(nodes.starts, nodes.ends, nodes.tails, strict=True)
        ]
        self.ends = sum(1 << end for end in nodes.ends)
        self.start = 0
        for node in nodes.starts:
            self.start |= nodes.reached(node, kept, at_start=True)
        self.start = self.settled(self.start)

    def settled(self, bits: int) -> int:
        """Forget a pattern's other nodes once it has matched; 0 if a pattern cannot match."""
        for tail, matched, span in self.spans:
            if not bits & span:
                return 0
            if bits & tail:
                bits = bits & ~span | matched
        return bits

    def targets(self, bits: int) -> dict[int, int]:
        """Find the set of nodes after each class of characters, if all patterns may still match."""
        targets: dict[int, int] = {}
        for node in _bits(bits):
            self.budget.spend(1 + (bits.bit_length() >> 11))
            classes, after = self.reads[node]
            for number in classes:
                targets[number] = targets.get(number, 0) | after
            self.budget.spend(len(classes) * (1 + (after.bit_length() >> 12)))
        for number, target in targets.items():
            self.budget.spend(1 + (target.bit_length() >> 10) * len(self.spans))
            targets[number] = self.settled(target)
        return {number: target for number, target in targets.items() if target}


def determinized(
    nodes: Nodes, members: Mapping[CharacterSet, Sequence[int]], longest: int | None
) -> Automaton:
    """Build the automaton of the strings that match all patterns.

    Parameters
    ----------
    nodes : Nodes
    members : mapping of CharacterSet to sequence of int
        Classes of characters of each set.
    longest : int or None
        Length above which strings do not matter.

    Returns
    -------
    Automaton

    Raises
    ------
    PatternError
        If the automaton has too many states, or needs too much work.
    """
    subsets = _Subsets(nodes, members)
    states, depths = {subsets.start: 0}, [0]
    rows: list[dict[int, int]] = []
    n_transitions = 0
    waiting = [subsets.start]
    for bits in waiting:  # grows while it is read
        depth = depths[len(rows)]
        targets = subsets.targets(bits) if depth != longest else {}
        for target in targets.values():
            if target not in states:
                states[target] = len(states)
                waiting.append(target)
                depths.append(depth + 1)
        rows.append({number: states[target] for number, target in targets.items()})
        n_transitions += len(targets)
        if len(states) > _MOST_STATES or n_transitions > _MOST_TRANSITIONS:
            raise nodes.budget.error(
                f"more than {_MOST_STATES:,} states or {_MOST_TRANSITIONS:,} transitions"
            )
    ends = subsets.ends
    return _trimmed(rows, {state for state, bits in enumerate(waiting) if bits & ends == ends})


def _bits(mask: int) -> Iterator[int]:
    """List the bits of an integer."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _trimmed(rows: Sequence[Mapping[int, int]], accepting: Iterable[int]) -> Automaton:
    """Leave out the states from which no string is accepted."""
    preceding: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for target in row.values():
            preceding[target].append(state)
    found = set(accepting)
    waiting = sorted(found)
    while waiting:
        for state in preceding[waiting.pop()]:
            if state not in found:
                found.add(state)
                waiting.append(state)
    numbers = {state: number for number, state in enumerate(sorted(found | {0}))}
    return Automaton(
        [
            {number: numbers[target] for number, target in rows[state].items() if target in found}
            for state in numbers
        ],
        frozenset(numbers[state] for state in accepting),
    )
