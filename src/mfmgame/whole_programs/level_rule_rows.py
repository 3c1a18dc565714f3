"""Rows and columns that stepped defenses and rules add to the whole program.

Each level of a defense above its least level has a column of 0 or 1:
``x[j] = l[j,0] + sum_k (l[j,k] - l[j,0]) step[j,k]`` with ``sum_k step[j,k] <= 1``. A
defense runs if its least level is above 0 or one of its steps is 1; rules are rows over
these sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfmgame.game.level_rules import LevelRules
from mfmgame.numerics.arrays import FloatArray

__all__ = ["StepProgram", "step_program"]


@dataclass(frozen=True, eq=False)
class StepProgram:
    """Rows ``lower <= levels x + steps s <= upper`` with columns ``s`` of 0 and 1.

    Attributes
    ----------
    steps : tuple of (int, int)
        Defense of each column, and position of its level.
    rows : tuple of (str, int, ...)
        Kind of each row, then the positions of its defenses or of its group.
    level_part : ndarray of float, shape (n_rows, n_defenses)
    step_part : ndarray of float, shape (n_rows, n_steps)
    lower, upper : ndarray of float, shape (n_rows,)
    """

    steps: tuple[tuple[int, int], ...]
    rows: tuple[tuple[str | int, ...], ...]
    level_part: FloatArray
    step_part: FloatArray
    lower: FloatArray
    upper: FloatArray


def step_program(rules: LevelRules) -> StepProgram:
    """State stepped levels and rules as rows over columns of 0 and 1.

    Parameters
    ----------
    rules : LevelRules

    Returns
    -------
    StepProgram
    """
    stepped = [(j, levels) for j, levels in enumerate(rules.levels) if levels is not None]
    steps = tuple((j, k) for j, levels in stepped for k in range(1, len(levels)))
    n_defenses, n_steps = len(rules.levels), len(steps)
    rows: list[tuple[str | int, ...]] = []
    table: list[tuple[FloatArray, FloatArray, float, float]] = []

    def enter(
        row: tuple[str | int, ...], x: FloatArray, s: FloatArray, low: float, high: float
    ) -> None:
        rows.append(row)
        table.append((x, s, low, high))

    nothing = np.zeros(n_defenses)
    running, surely = np.zeros((n_defenses, n_steps)), np.zeros(n_defenses)
    for j, levels in stepped:
        own = np.array([defense == j for defense, _ in steps], dtype=bool)
        level, rise = nothing.copy(), np.zeros(n_steps)
        level[j], rise[own] = 1.0, levels[0] - levels[1:]
        enter(("steps", j), level, rise, float(levels[0]), float(levels[0]))
        if len(levels) > 2:
            enter(("one_step", j), nothing, own.astype(np.float64), -np.inf, 1.0)
        if levels[0] > 0.0:
            surely[j] = 1.0
        else:
            running[j, own] = 1.0
    for defense, needed in rules.requires:
        most = float(surely[needed] - surely[defense])
        enter(
            ("requires", defense, needed),
            nothing,
            running[defense] - running[needed],
            -np.inf,
            most,
        )
    for number, (members, at_least, at_most) in enumerate(rules.groups):
        count, already = running[list(members)].sum(axis=0), float(surely[list(members)].sum())
        if at_least:
            enter(("at_least", number), nothing, count, at_least - already, np.inf)
        if at_most < len(members):
            enter(("at_most", number), nothing, count, -np.inf, at_most - already)
    return StepProgram(
        steps=steps,
        rows=tuple(rows),
        level_part=np.array([row[0] for row in table]).reshape(len(table), n_defenses),
        step_part=np.array([row[1] for row in table]).reshape(len(table), n_steps),
        lower=np.array([row[2] for row in table]),
        upper=np.array([row[3] for row in table]),
    )
