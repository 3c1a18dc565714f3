"""How many strings of given lengths an automaton accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mfmgame.authority.patterns.pattern_automaton import Automaton
from mfmgame.authority.patterns.pattern_caps import Budget

__all__ = ["accepts_class", "words"]


def accepts_class(
    automaton: Automaton, number: int, shortest: int, longest: int | None, budget: Budget
) -> bool:
    """Tell whether a string within the lengths has a character of a class.

    Parameters
    ----------
    automaton : Automaton
    number : int
        The class.
    shortest : int
    longest : int or None
    budget : Budget

    Returns
    -------
    bool

    Raises
    ------
    PatternError
        If the lengths are too many for the budget.
    """
    if not any(number in row for row in automaton.rows):
        return False
    # A longer string has a part after `shortest` that can be left out.
    enough = shortest + 2 * len(automaton.rows)
    without, having = {0}, set[int]()
    for length in range(1 + (enough if longest is None else min(longest, enough))):
        if length >= shortest and having & automaton.accepting:
            return True
        budget.spend(1 + sum(len(automaton.rows[state]) for state in (*without, *having)))
        having = {target for state in having for target in automaton.rows[state].values()} | {
            automaton.rows[state][number] for state in without if number in automaton.rows[state]
        }
        without = {
            target
            for state in without
            for other, target in automaton.rows[state].items()
            if other != number
        }
    return False


def words(
    automaton: Automaton, sizes: Sequence[int], shortest: int, longest: int | None, budget: Budget
) -> int:
    """Count the strings that an automaton accepts.

    Parameters
    ----------
    automaton : Automaton
    sizes : sequence of int
        Number of characters of each class; 0 for a class that no string has.
    shortest : int
    longest : int or None
        None only for an automaton without cycles.
    budget : Budget

    Returns
    -------
    int

    Raises
    ------
    PatternError
        If the number is too large for the budget.
    """
    steps: list[dict[int, int]] = []
    for row in automaton.rows:
        steps.append({})
        for number, target in row.items():
            if sizes[number]:
                steps[-1][target] = steps[-1].get(target, 0) + sizes[number]
    if longest is None or not automaton.is_cyclic():
        longest = len(steps) if longest is None else min(longest, len(steps))
    if shortest > longest:
        return 0
    if len(steps) ** 3 < longest:
        return _by_squaring(steps, automaton.accepting, shortest, longest, budget)
    return _length_by_length(steps, automaton.accepting, shortest, longest, budget)


def _length_by_length(
    steps: Sequence[Mapping[int, int]],
    accepting: frozenset[int],
    shortest: int,
    longest: int,
    budget: Budget,
) -> int:
    total = 0
    ways = {0: 1}
    for length in range(longest + 1):
        if length >= shortest:
            for state, number in ways.items():
                total += number if state in accepting else 0
            budget.spend_product(total, len(ways))
        ways = _product(ways, steps, budget)
        if not ways:
            break
    return total


def _by_squaring(
    steps: Sequence[Mapping[int, int]],
    accepting: frozenset[int],
    shortest: int,
    longest: int,
    budget: Budget,
) -> int:
    """Count with powers of a matrix, whose last row and column sum up the accepted strings."""
    last = len(steps)
    matrix = [
        {**row, **({last: 1} if state in accepting else {})} for state, row in enumerate(steps)
    ]
    matrix.append({last: 1})
    below, upto = {0: 1}, {0: 1}
    for bit in range((longest + 1).bit_length()):
        if bit:
            matrix = [_product(row, matrix, budget) for row in matrix]
        if shortest >> bit & 1:
            below = _product(below, matrix, budget)
        if longest + 1 >> bit & 1:
            upto = _product(upto, matrix, budget)
    return upto.get(last, 0) - below.get(last, 0)


def _product(
    row: Mapping[int, int], matrix: Sequence[Mapping[int, int]], budget: Budget
) -> dict[int, int]:
    """Multiply a sparse row by a sparse matrix."""
    product: dict[int, int] = {}
    for middle, factor in row.items():
        for column, entry in matrix[middle].items():
            budget.spend_product(factor, entry)
            product[column] = product.get(column, 0) + factor * entry
    return product
