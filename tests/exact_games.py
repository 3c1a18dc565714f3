"""Games solved in plain fractions, independently of the package, to check it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

import mfmgame as mg


def as_fractions(matrix) -> list[list[Fraction]]:
    return [[Fraction(entry) for entry in row] for row in np.asarray(matrix).tolist()]


def most_paid(matrix, rows: Sequence) -> Fraction:
    """Compute the greatest column payoff against weights of the rows."""
    table, weights = as_fractions(matrix), [Fraction(weight) for weight in rows]
    paid = (
        sum(weight * line[j] for weight, line in zip(weights, table, strict=True) if weight)
        for j in range(len(table[0]))
    )
    return max(paid) / sum(weights)


def least_earned(matrix, columns: Sequence) -> Fraction:
    """Compute the least row payoff against weights of the columns."""
    weights = [Fraction(weight) for weight in columns]
    earned = (
        sum(weight * entry for weight, entry in zip(weights, line, strict=True) if weight)
        for line in as_fractions(matrix)
    )
    return min(earned) / sum(weights)


def exact_value(matrix) -> Fraction:
    """Compute the value of a matrix game by the columns' program (the package solves the rows').

    Maximise ``sum q`` subject to ``(shift - A) q <= 1``, ``q >= 0``.
    """
    table = as_fractions(matrix)
    shift = 1 + max(map(max, table))
    rows = [[shift - entry for entry in line] for line in table]
    return shift - 1 / greatest_gain(rows, [Fraction(1)] * len(rows), [Fraction(1)] * len(rows[0]))


def greatest_gain(
    rows: list[list[Fraction]], right: list[Fraction], gains: list[Fraction]
) -> Fraction:
    """Maximize ``gains . z`` over ``rows z <= right, z >= 0`` by a tableau with Bland's rule."""
    n_rows, n_columns = len(rows), len(gains)
    rows = [[*row, bound] for row, bound in zip(rows, right, strict=True)]
    costs = [-gain for gain in gains] + [Fraction(0)]
    outside, inside = list(range(n_columns)), list(range(n_columns, n_columns + n_rows))
    while any(cost < 0 for cost in costs[:-1]):
        entering = min(
            (j for j, cost in enumerate(costs[:-1]) if cost < 0), key=outside.__getitem__
        )
        ratios = [
            (row[-1] / row[entering], inside[i], i)
            for i, row in enumerate(rows)
            if row[entering] > 0
        ]
        leaving = min(ratios)[2]
        pivot = rows[leaving][entering]
        rows[leaving][entering] = Fraction(1)
        rows[leaving] = [entry / pivot for entry in rows[leaving]]
        for line in [*(rows[i] for i in range(n_rows) if i != leaving), costs]:
            factor, line[entering] = line[entering], Fraction(0)
            if factor:
                line[:] = [a - factor * b for a, b in zip(line, rows[leaving], strict=True)]
        inside[leaving], outside[entering] = outside[entering], inside[leaving]
    return costs[-1]


def exact_value_of(game: mg.DefenseGame, bandwidth: float | None = None) -> Fraction:
    """Compute the value of a continuous `additive` or `best_of` game from all of its cuts.

    The program is the dual of the defender's: weights on the cuts of each threat, prices of
    the limits and of the greatest levels.
    """
    effects, severity = as_fractions(game.effectiveness), _fractions(game.severity)
    bits, most = _fractions(game.bandwidth), _fractions(game.max_level)
    limited = np.flatnonzero(np.isfinite(game.limits)).tolist()
    use, limits = as_fractions(game.use[limited]), _fractions(game.limits[limited])
    n, m = game.n_threats, game.n_defenses
    columns: list[list[Fraction]] = []
    gains: list[Fraction] = []
    for i, row in enumerate(effects):
        for tau in {Fraction(0), *row} if game.composition == "best_of" else {Fraction(0)}:
            taken = [severity[i] * max(Fraction(0), effect - tau) for effect in row]
            columns.append([bits[i], *(Fraction(k == i) for k in range(n)), *taken])
            gains.append(severity[i] * (1 - tau))
    for row, limit in zip(use, limits, strict=True):
        columns.append([Fraction(0)] * (1 + n) + [-amount for amount in row])
        gains.append(-limit)
    for j in range(m):
        columns.append([Fraction(0)] * (1 + n) + [Fraction(-(k == j)) for k in range(m)])
        gains.append(-most[j])
    budget = Fraction(game.attacker_bandwidth if bandwidth is None else bandwidth)
    right = [budget, *[Fraction(1)] * n, *[Fraction(0)] * m]
    return greatest_gain([list(row) for row in zip(*columns, strict=True)], right, gains)


def exact_loss(game: mg.DefenseGame, levels: Sequence[float]) -> Fraction:
    """Compute the loss of the worst attack on an allocation (`additive` or `best_of`)."""
    x = [Fraction(level) for level in levels]
    severity, bits = _fractions(game.severity), _fractions(game.bandwidth)
    left, total, paying = Fraction(game.attacker_bandwidth), Fraction(0), []
    for loss, cost, row in zip(severity, bits, as_fractions(game.effectiveness), strict=True):
        room, covered = Fraction(1), Fraction(0)
        for effect, level in sorted(zip(row, x, strict=True), reverse=True):
            taken = min(level, room) if game.composition == "best_of" else level
            room, covered = room - taken, covered + effect * taken
        residual = loss * max(Fraction(0), 1 - covered)
        if cost:
            paying.append((residual / cost, cost))
        else:
            total += residual
    for price, cost in sorted(paying, reverse=True):
        taken = min(left, cost)
        total, left = total + price * taken, left - taken
    return total


def _fractions(numbers) -> list[Fraction]:
    return [Fraction(number) for number in np.asarray(numbers, dtype=float).tolist()]
