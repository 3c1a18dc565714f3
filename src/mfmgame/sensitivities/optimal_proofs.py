"""The proofs of the value that stand on given cuts: one of them, and what all of them share.

A proof is a weight for each cut, and a price for each limit. Complementarity to an optimal
allocation (see :mod:`mfmgame.sensitivities.complementarity`) fixes some of these numbers; the
rest are the unknowns of linear equations and inequalities.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray, IntArray
from mfmgame.numerics.linear_equations import Equations
from mfmgame.numerics.polytope import Polytope
from mfmgame.sensitivities.active_cuts import NEAR, TightCuts, by_threat, weights_on

__all__ = ["OptimalProof", "Proofs"]


class Proofs(NamedTuple):
    """All weights of cuts, and prices of limits, that prove the value.

    Attributes
    ----------
    polytope : Polytope
        Of the weights that are free, then of the prices of limits that are used up.
    cuts : TightCuts
    free : ndarray of int, shape (n_free,)
        Which cuts' weights they are; the others' are 1 (or 0, of threats that do not run).
    tight : ndarray of int, shape (n_tight,)
        Which resources' prices they are; the others' are 0.
    """

    polytope: Polytope
    cuts: TightCuts
    free: IntArray
    tight: IntArray


class OptimalProof:
    """A proof of the value, and the mask of its numbers that all proofs share.

    Parameters
    ----------
    game : DefenseGame
    allocation : ndarray of float, shape (n_defenses,)
        An optimal one.
    certificate : Certificate
        Of the value; the proof is the nearest one that there is on the cuts.
    cuts : TightCuts
        Those that are exact at the allocation, of threats that may run.
    is_caused : ndarray of bool, shape (n_losses,)
        Which losses are surely caused: their threats have efforts of sum 1.
    price : float
        What one more bit is worth to the attacker, in loss units.

    Attributes
    ----------
    weights : ndarray of float, shape (n_cuts,)
    effort, reach, gain, limit_prices : ndarray of float
    effort_known, reach_known, gain_known, limit_price_known : ndarray of bool
        As in :class:`~mfmgame.sensitivities.complementarity.SaddlePoint`.
    proofs : Proofs
    """

    def __init__(
        self,
        game: DefenseGame,
        allocation: FloatArray,
        certificate: Certificate,
        cuts: TightCuts,
        is_caused: BoolArray,
        price: float,
    ) -> None:
        conditions = _Conditions(game, allocation, cuts, is_caused)
        free, tight, n_free = conditions.free, conditions.tight, len(conditions.free)
        polytope = conditions.polytope(price)
        self.proofs = Proofs(polytope, cuts, free, tight)
        n_unknowns = len(polytope.size)
        equations = Equations(polytope.equal, polytope.sides, polytope.size)
        start = np.append(weights_on(cuts, certificate)[free], certificate.limit_prices[tight])
        signs = np.concatenate((-conditions.at_ends.forms, np.eye(n_unknowns)))
        least = -np.append(conditions.at_ends.sides, np.zeros(n_unknowns))
        found = np.maximum(equations.nearest_with_signs(start, signs, least), 0.0)

        self.weights = conditions.fixed_weights.copy()
        self.weights[free] = found[:n_free]
        self.limit_prices = np.zeros(len(game.limits))
        self.limit_prices[tight] = found[n_free:]
        limited = np.isfinite(game.limits)
        paid = self.limit_prices[limited] @ game.use[limited]
        self.gain = self.weights @ conditions.force - paid
        shares = compose(game).acting_shares(cuts.anchors)
        self.effort = by_threat(game, cuts, self.weights)
        self.reach = by_threat(game, cuts, self.weights * shares)

        self.gain_known = equations.determines(conditions.gains)
        self.limit_price_known = np.ones(len(game.limits), dtype=bool)
        self.limit_price_known[tight] = equations.determines(np.eye(n_unknowns)[n_free:])
        efforts, acting = conditions.efforts, np.append(shares[free], np.ones(len(tight)))
        self.effort_known, self.reach_known = np.ones((2, game.n_threats), dtype=bool)
        self.effort_known[conditions.threats] = equations.determines(efforts)
        self.reach_known[conditions.threats] = equations.determines(efforts * acting)


class _Rows(NamedTuple):
    """Linear forms of the unknowns, shape (n_rows, n_unknowns), and a side for each."""

    forms: FloatArray
    sides: FloatArray


class _Conditions:
    """Conditions on the unknowns of a proof: the free weights, then the prices of limits.

    Attributes
    ----------
    free, tight : ndarray of int
        As in :class:`Proofs`.
    fixed_weights : ndarray of float, shape (n_cuts,)
        1 for the only cut of a loss that is surely caused; else 0.
    force : ndarray of float, shape (n_cuts, n_defenses)
        What a weight of 1 on each cut gains each defense.
    gains : ndarray of float, shape (n_defenses, n_unknowns)
        What each defense gains from the unknowns, less what it pays.
    at_ends : _Rows
        Of defenses at an end of their levels, at most their sides: a full defense gains at
        least what it pays, an idle one at most that.
    threats : ndarray of int, shape (n_open,)
        Those with free weights.
    efforts : ndarray of float, shape (n_open, n_unknowns)
        Sum of the free weights of each of these threats.
    """

    def __init__(
        self, game: DefenseGame, allocation: FloatArray, cuts: TightCuts, is_caused: BoolArray
    ) -> None:
        losses = game.losses_of(cuts.threats)
        has_one_cut = np.bincount(losses, minlength=game.n_losses) == 1
        fixed = (is_caused & has_one_cut)[losses]
        left = np.abs(game.limits - game.use @ allocation)
        self.free = np.flatnonzero(~fixed)
        self.tight = np.flatnonzero(np.isfinite(game.limits) & (left <= NEAR * game.limits))
        self.fixed_weights = np.where(fixed, 1.0, 0.0)
        self.force = game.severity[cuts.threats, None] * cuts.gradients
        self.gains = np.hstack((self.force[self.free].T, -game.use[self.tight].T))
        fixed_gains, most = self.fixed_weights @ self.force, game.max_level
        inside = (allocation > NEAR * most) & (allocation < (1.0 - NEAR) * most)
        full = ~inside & (allocation > 0.5 * most)
        idle = ~inside & (allocation < 0.5 * most)
        self.at_ends = _Rows(
            np.concatenate((-self.gains[full], self.gains[idle])),
            np.append(fixed_gains[full], -fixed_gains[idle]),
        )
        self._inside = _Rows(self.gains[inside], -fixed_gains[inside])
        self.threats, self.efforts = self._sums_by(cuts.threats[self.free])
        open_losses, self._total_efforts = self._sums_by(losses[self.free])
        self._is_caused = is_caused[open_losses]
        self._game, self._bits = game, game.bandwidth[cuts.threats]

    def _sums_by(self, owners: IntArray) -> tuple[IntArray, FloatArray]:
        """List the owners of free weights, and the form that sums each owner's weights."""
        present = np.unique(owners)
        own = owners == present[:, None]
        return present, np.hstack((own, np.zeros((len(own), len(self.tight)))))

    def polytope(self, price: float) -> Polytope:
        """Build the polytope of all unknowns that prove the value.

        A defense that runs in part gains what it pays. The efforts on the threats of a loss sum
        to 1 if the loss is surely caused, else to at most 1; all efforts take the attacker's
        bandwidth if a bit has a price, else at most that.
        """
        game, n_tight = self._game, len(self.tight)
        bits = np.append(self._bits[self.free], np.zeros(n_tight))
        left = game.attacker_bandwidth - self._bits @ self.fixed_weights
        budget = _Rows(bits[None], np.array([left]))
        surely = self._total_efforts[self._is_caused]
        maybe = self._total_efforts[~self._is_caused]
        equal = [self._inside, _Rows(surely, np.ones(len(surely)))]
        at_most = [_Rows(maybe, np.ones(len(maybe)))]
        (equal if price > 0.0 else at_most).append(budget)
        worth = float(game.severity.max(initial=0.0)) or 1.0
        most_use = game.use[self.tight].max(axis=1, initial=0.0)
        return Polytope(
            *_joined(equal),
            *_joined([*at_most, self.at_ends]),
            size=np.append(np.ones(len(self.free)), worth / np.maximum(most_use, 1e-99)),
        )


def _joined(blocks: list[_Rows]) -> _Rows:
    """Put blocks of rows below each other."""
    forms, sides = zip(*blocks, strict=True)
    return _Rows(np.concatenate(forms), np.concatenate(sides))
