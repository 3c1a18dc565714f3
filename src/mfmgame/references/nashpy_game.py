"""The classical matrix game for Nashpy."""

from __future__ import annotations

import numpy as np

from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import dense

__all__ = ["matrix_game_value_by_nashpy"]


def matrix_game_value_by_nashpy(game: DefenseGame) -> float:
    """Compute the value of an `additive` game that is a classical matrix game, by Nashpy.

    The game has one unit of one resource, every defense uses one unit, and the attacker and
    every threat have bandwidth 1. Both sides then mix over their options: the payoff to the
    attacker (columns) against the defender (rows) is ``v[i] (1 - E[i,j])``. One more row lets
    the defender leave the resource unspent.

    Parameters
    ----------
    game : DefenseGame

    Returns
    -------
    float
        In loss units.

    Raises
    ------
    SpecificationError
        If the game is not a classical matrix game.
    """
    import nashpy

    if not (
        compose(game).form == "sum"
        and np.all(game.bandwidth == 1.0)
        and game.shared_losses is None
        and game.attacker_bandwidth == 1.0
        and game.use.shape[0] == 1
        and np.all(game.use == 1.0)
        and np.all(game.limits == 1.0)
        and np.all(game.max_level >= 1.0)
    ):
        raise SpecificationError("expected a classical matrix game", pointer="game")
    effects = dense(compose(game).matrix)
    undefended = np.zeros((game.n_threats, 1))
    loss = (game.severity[:, None] * (1.0 - np.hstack((effects, undefended)))).T
    defender, attacker = nashpy.Game(-loss).linear_program()
    return float(defender @ loss @ attacker)
