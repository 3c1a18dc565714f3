"""Games that differ from a given game in one defense: taken away, or made to run."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray

__all__ = ["running_game", "without_defense"]


def without_defense(game: DefenseGame, defense: int) -> DefenseGame:
    """Copy a game with the greatest level of one defense set to 0.

    A stepped defense keeps the level 0 alone, so the rules stop every defense that requires it.

    Parameters
    ----------
    game : DefenseGame
    defense : int
        Position of the defense.

    Returns
    -------
    DefenseGame
        Shares all other arrays; infeasible if a rule makes the defense run.

    Examples
    --------
    >>> game = DefenseGame(severity=[4.0], bandwidth=[1.0], effectiveness=[[0.5, 0.25]],
    ...                    attacker_bandwidth=1.0, levels={"d0": [0, 1]})
    >>> without_defense(game, 0).max_level.tolist()
    [0.0, 1.0]
    """
    is_stepped = game.level_rules.levels[defense] is not None
    return _with_levels(game, defense, np.zeros(1) if is_stepped else None, 0.0)


def running_game(game: DefenseGame, defense: int) -> DefenseGame | None:
    """Copy a game without the level 0 of one stepped defense; None if it has no other level.

    Parameters
    ----------
    game : DefenseGame
    defense : int
        Position of the defense.

    Returns
    -------
    DefenseGame or None
    """
    levels = game.level_rules.levels[defense]
    assert levels is not None
    above = levels[levels > 0.0]
    if not len(above):
        return None
    return _with_levels(game, defense, above, float(game.max_level[defense]))


def _with_levels(
    game: DefenseGame, defense: int, levels: FloatArray | None, most: float
) -> DefenseGame:
    other, rules = copy.copy(game), game.level_rules
    other.max_level = game.max_level.copy()
    other.max_level[defense] = most
    other.max_level.flags.writeable = False
    sets = (*rules.levels[:defense], levels, *rules.levels[defense + 1 :])
    other.level_rules = replace(rules, levels=sets)
    return other
