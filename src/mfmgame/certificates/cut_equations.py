"""Equations between two optima, from the cuts that a proof of the value uses.

At a price ``lam`` of a bit, a threat exceeds the price of its bandwidth by ``v_i exposure_i(x) -
lam b_i``, and the surplus ``mu_g`` of a loss is the greatest excess of its threats, at least 0. By
complementary slackness, in every pair of an optimum and a proof:

- a cut with a weight is exact, and its threat attains the surplus of its loss;
- the efforts on the threats of a loss with a surplus sum to 1.

So where the efforts of some proof sum to less than 1, the loss has no surplus in any optimum; and
two optima differ by ``dx``, ``dlam`` and ``dmu`` with, for every cut that some proof uses,

    v_i gradient . dx  +  b_i dlam  +  dmu_g  =  0,      dmu_g = 0 if g is caused in part.

For a loss that is caused in full, differences of the equations of its cuts are free of ``dmu_g``.
"""

from __future__ import annotations

import numpy as np

from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray, IntArray

__all__ = ["bits_per_loss", "cut_equations"]


def cut_equations(
    game: DefenseGame, threats: IntArray, gradients: FloatArray, in_part: BoolArray
) -> FloatArray:
    """State the equations that changes of the levels and of the price of a bit meet.

    Parameters
    ----------
    game : DefenseGame
    threats : ndarray of int, shape (n_used,)
        Threats of the cuts that a proof uses, of severity above 0.
    gradients : ndarray of float, shape (n_used, n_defenses)
    in_part : ndarray of bool, shape (n_used,)
        Whether the loss of each cut's threat is caused in part.

    Returns
    -------
    ndarray of float, shape (n_equations, n_defenses + 1)
        Coefficients of the levels, then of the price, in units of each loss; sides are 0.
    """
    losses = game.losses_of(threats)
    order = losses.argsort(kind="stable")
    losses, in_part, threats = losses[order], in_part[order], threats[order]
    share = game.severity[threats] / _greatest_severities(game)[threats]
    changes = np.column_stack((share[:, None] * gradients[order], bits_per_loss(game)[threats]))
    differences = (changes[1:] - changes[:-1])[losses[1:] == losses[:-1]]
    return np.concatenate((changes[in_part], differences))


def bits_per_loss(game: DefenseGame) -> FloatArray:
    """Divide each threat's bandwidth by the greatest severity of its loss, shape (n_threats,)."""
    return game.bandwidth / _greatest_severities(game)


def _greatest_severities(game: DefenseGame) -> FloatArray:
    """Take for each threat the greatest severity of its loss; 1 for 0."""
    greatest = game.ways.greatest_losses(game.severity)[game.losses_of(np.arange(game.n_threats))]
    return np.where(greatest > 0.0, greatest, 1.0)
