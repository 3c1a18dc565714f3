"""Worst losses against parts of a plan, for many sets of defenses at a time."""

from __future__ import annotations

import numpy as np

from mfmgame.game.attacker import worst_losses
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray, dense

__all__ = ["Coalitions"]


_CHUNK_ENTRIES = 2**19
"""Sets times threats computed at a time: a few arrays of 4 MiB."""


class Coalitions:
    """Sets of the defenses funded by a plan.

    Parameters
    ----------
    game : DefenseGame
    levels : ndarray of float, shape (n_defenses,)
        The plan.

    Attributes
    ----------
    members : ndarray of int, shape (n_members,)
        Funded defenses that act on any threat.

    Examples
    --------
    >>> game = DefenseGame(severity=[4.0], bandwidth=[0.0], effectiveness=[[0.5, 0.25]],
    ...                    attacker_bandwidth=0.0)
    >>> coalitions = Coalitions(game, np.ones(2))
    >>> coalitions.worst_losses(np.array([[False, False], [False, True], [True, True]]))
    array([4., 3., 2.])
    """

    def __init__(self, game: DefenseGame, levels: FloatArray) -> None:
        funded = np.flatnonzero(levels > 0.0)
        self.members = funded[dense(game.effectiveness[:, funded]).any(axis=0)]
        self._levels = levels[self.members]
        self._game = game
        self._composition = compose(game, self.members)

    def worst_losses(self, chosen: BoolArray) -> FloatArray:
        """Compute the loss of the worst attack on each set, shape (n_sets,), in loss units.

        Parameters
        ----------
        chosen : ndarray of bool, shape (n_sets, n_members)
            Members of each set.
        """
        losses = np.empty(len(chosen))
        step = max(1, _CHUNK_ENTRIES // max(1, self._game.n_threats))
        for start in range(0, len(chosen), step):
            part = slice(start, start + step)
            levels = np.where(chosen[part], self._levels, 0.0)
            residuals = self._game.severity * self._composition.exposures(levels)
            losses[part] = worst_losses(residuals, self._game.ways, self._game.attacker_bandwidth)
        return losses
