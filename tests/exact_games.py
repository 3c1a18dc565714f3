"""Matrix games in plain fractions, independent of the package: to judge it by."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np


def as_fractions(matrix) -> list[list[Fraction]]:
    return [[Fraction(entry) for entry in row] for row in np.asarray(matrix).tolist()]


def most_paid(matrix, rows: Sequence) -> Fraction:
    """What the worst column earns against weights of the rows."""
    table, weights = as_fractions(matrix), [Fraction(weight) for weight in rows]
    paid = (
        sum(weight * line[j] for weight, line in zip(weights, table, strict=True) if weight)
        for j in range(len(table[0]))
    )
    return max(paid) / sum(weights)


def least_earned(matrix, columns: Sequence) -> Fraction:
    """What the best row pays against weights of the columns."""
    weights = [Fraction(weight) for weight in columns]
    earned = (
        sum(weight * entry for weight, entry in zip(weights, line, strict=True) if weight)
        for line in as_fractions(matrix)
    )
    return min(earned) / sum(weights)


def exact_value(matrix) -> Fraction:
    """The value, by a textbook simplex tableau with Bland's rule, all in fractions.

    Maximise ``sum q`` subject to ``(shift - A) q <= 1``, ``q >= 0``: the columns' program,
    while the package solves that of the rows.
    """
    table = as_fractions(matrix)
    shift = 1 + max(map(max, table))
    n_rows, n_columns = len(table), len(table[0])
    rows = [
        [shift - entry for entry in line]
        + [Fraction(int(i == k)) for k in range(n_rows)]
        + [Fraction(1)]
        for i, line in enumerate(table)
    ]
    costs = [Fraction(-1)] * n_columns + [Fraction(0)] * (n_rows + 1)
    basis = list(range(n_columns, n_columns + n_rows))
    while any(cost < 0 for cost in costs[:-1]):
        entering = next(j for j, cost in enumerate(costs) if cost < 0)
        ratios = [
            (row[-1] / row[entering], basis[i], i)
            for i, row in enumerate(rows)
            if row[entering] > 0
        ]
        leaving = min(ratios)[2]
        pivot = rows[leaving][entering]
        rows[leaving] = [entry / pivot for entry in rows[leaving]]
        for line in [*(rows[i] for i in range(n_rows) if i != leaving), costs]:
            factor = line[entering]
            if factor:
                line[:] = [a - factor * b for a, b in zip(line, rows[leaving], strict=True)]
        basis[leaving] = entering
    return shift - 1 / costs[-1]
