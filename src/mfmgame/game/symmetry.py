"""Interchangeable defenses: exchanging their levels changes nothing.

Two stepped defenses are twins if they have the same levels, use and effectiveness, and appear in
no rule. Exchanging their levels keeps loss and use, so a search and its proof may assume that the
first twin runs at least as high as the second, and skip every exchange.
"""

from __future__ import annotations

import numpy as np

from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, dense

__all__ = ["families_of", "interchangeable_pairs"]


def interchangeable_pairs(game: DefenseGame) -> tuple[tuple[int, int], ...]:
    """Find pairs of interchangeable stepped defenses; in a larger family, each with the next.

    Parameters
    ----------
    game : DefenseGame
        Game with stepped defenses.

    Returns
    -------
    tuple of (int, int)
        Positions, the first before the second.
    """
    rules = game.level_rules
    ruled = {defense for pair in rules.requires for defense in pair}
    ruled |= {defense for members, _, _ in rules.groups for defense in members}
    last: dict[tuple[bytes, ...], int] = {}
    pairs = []
    for defense, levels in enumerate(rules.levels):
        if levels is not None and defense not in ruled:
            alike = levels, game.use[:, defense], _column(game, defense)
            likeness = tuple(numbers.tobytes() for numbers in alike)
            if likeness in last:
                pairs.append((last[likeness], defense))
            last[likeness] = defense
    return tuple(pairs)


def families_of(twins: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """Group twins into families, each in order."""
    families: list[list[int]] = []
    for first, second in twins:
        family = next((one for one in families if one[-1] == first), None)
        if family is None:
            families.append([first, second])
        else:
            family.append(second)
    return families


def _column(game: DefenseGame, defense: int) -> FloatArray:
    """Return a defense's effectiveness on every threat, shape (n_threats,); -0.0 becomes 0.0."""
    matrix = game.effectiveness
    column = dense(matrix[:, [defense]])
    return np.asarray(column, dtype=np.float64).ravel() + 0.0
