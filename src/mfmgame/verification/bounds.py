"""Both bounds of :mod:`mfmgame.certificates.duality_certificate`, without rounding.

Floats are rationals, so the bounds of `additive` and `best_of` games are computed exactly.
Those of `independent` games use interval arithmetic, rounded outwards.
"""

from __future__ import annotations

from fractions import Fraction
from operator import mul

import numpy as np

from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import Certificate, fixed_defenses
from mfmgame.game.compositions import Composition, compose
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.verification.agreement import AGREEMENT, ROUNDING, Pointer, check_range, refuse

__all__ = ["ExactGame"]


_JUST_PAYS = 1e-9
"""Relative difference below which a defense's gain equals its cost."""
_FAINT = Fraction(1, 2**999)
"""Upper bound of an exposure whose float is less than 2**-1000."""


class ExactGame:
    """Exact bounds of a game from allocations and certificates.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition, optional
        Bound to the game's effectiveness; the game's own by default.
    """

    def __init__(self, game: DefenseGame, composition: Composition | None = None) -> None:
        self.game = game
        self.composition = composition or compose(game)
        self._total = float(game.severity.sum())
        self._cuts: dict[tuple[int, float], tuple[list[int], int]] = {}

    def slack(self, value: Fraction) -> Fraction:
        """Bound the rounding error of a value, as coverage may nearly cancel the losses."""
        scale = max(value, Fraction(scale_of(self.game, 0.0)))
        return Fraction(AGREEMENT) * scale + Fraction(ROUNDING) * Fraction(self._total)

    def check_allocation(self, pointer: Pointer, levels: FloatArray, limits: FloatArray) -> None:
        """Check that an allocation is feasible for the defender.

        Parameters
        ----------
        pointer : tuple
            Where the allocation is claimed.
        levels : ndarray of float, shape (n_defenses,)
        limits : ndarray of float, shape (n_resources,)

        Raises
        ------
        CertificateError
            If a level is out of its range, a free defense is below its greatest level, or a
            resource is used beyond its limit.
        """
        game = self.game
        if len(levels) != game.n_defenses:
            raise refuse(pointer, f"found {len(levels)} levels, expected {game.n_defenses}")
        least = np.where(game.use.any(axis=0), 0.0, game.max_level)
        least[game.level_rules.stepped] = 0.0
        check_range(pointer, game.defense_ids, levels, least, game.max_level)
        if not game.level_rules.allows(levels):
            raise refuse(pointer, "found forbidden levels, expected steps and rules kept")
        exact = [Fraction(level) for level in levels.tolist()]
        rows = zip(game.resources, game.use.tolist(), limits, game.kept(limits), strict=True)
        for resource, use, limit, kept in rows:
            used = sum((Fraction(u) * x for u, x in zip(use, exact, strict=True)), Fraction(0))
            if np.isfinite(kept) and used > Fraction(float(kept)):
                raise refuse(
                    pointer,
                    f"uses more of {shown(resource)} than its limit, expected at most "
                    f"{float(limit)!r}",
                )

    def check_certificate(
        self, cuts: Pointer, limits: Pointer, proof: Certificate, budget: float
    ) -> None:
        """Check that a certificate is an attack plan on known cuts with prices of the limits.

        Parameters
        ----------
        cuts, limits : tuple
            Where the cuts and the prices of the certificate are claimed.
        proof : Certificate
        budget : float
            Bandwidth that the plan may use, in bits.

        Raises
        ------
        CertificateError
            If the certificate is invalid.
        """
        game = self.game
        if len({len(proof.threats), len(proof.anchors), len(proof.weights)}) != 1:
            raise refuse(cuts, "found cuts of different lengths, expected equal lengths")
        if not np.all((proof.threats >= 0) & (proof.threats < game.n_threats)):
            raise refuse(cuts, "found an unknown threat, expected threats of the game")
        if len(proof.limit_prices) != len(game.limits):
            raise refuse(limits, "found prices of other limits, expected those of the game")
        numbered = list(map(str, range(len(proof.weights))))
        check_range(cuts, numbered, proof.weights, 0.0, 1.0, last=("weight",))
        known = self.composition.are_anchors(proof.threats, proof.anchors)
        if not known.all():
            wrong = int(np.argmin(known))
            anchor = shown(float(proof.anchors[wrong]))
            raise refuse((*cuts, wrong, "anchor"), f"found {anchor}, expected the anchor of a cut")
        most = np.where(np.isfinite(game.limits), np.inf, 0.0)
        check_range(limits, game.resources, proof.limit_prices, 0.0, most)
        losses = game.losses_of(proof.threats)
        if np.any(np.bincount(losses, proof.weights) > 1.0 + AGREEMENT):
            noun = "threat" if game.shared_losses is None else "loss"
            raise refuse(cuts, f"found an effort of more than 1 on a {noun}, expected at most 1")
        plan = zip(proof.weights.tolist(), game.bandwidth[proof.threats].tolist(), strict=True)
        bits = sum((Fraction(weight) * Fraction(bits) for weight, bits in plan), Fraction(0))
        if bits > Fraction(budget) * (1 + Fraction(AGREEMENT)):
            raise refuse(cuts, f"found an attack over the bandwidth, expected at most {budget!r}")
        self._check_least_prices(limits, proof)

    def _check_least_prices(self, limits: Pointer, proof: Certificate) -> None:
        """Check that the price of each zero limit is minimal.

        Any greater price would prove the same bound.
        """
        # Ignore prices that rounding alone can cause.
        least_use = np.where(self.game.use > 0.0, self.game.use, np.inf).min(axis=1, initial=np.inf)
        noise = ROUNDING * self._total / least_use
        priced = np.flatnonzero((self.game.limits == 0.0) & (proof.limit_prices > noise))
        if len(priced):
            just_pays = ~fixed_defenses(self.game, self.composition, proof, _JUST_PAYS)
            just_pays &= self.game.max_level > 0.0
            for row in priced.tolist():
                if not np.any(just_pays & (self.game.use[row] > 0)):
                    raise refuse(
                        (*limits, self.game.resources[row]),
                        f"found {shown(float(proof.limit_prices[row]))}, expected the price at "
                        "which a defense just pays",
                    )

    def lower(
        self, proof: Certificate, budget: float, limits: FloatArray, box: Box | None = None
    ) -> Fraction:
        """Compute the lower bound on the loss that a certificate proves.

        Parameters
        ----------
        proof : Certificate
            A certificate that passes :meth:`check_certificate`; its weights are scaled down
            where rounding made them too great.
        budget : float
            The attacker's bandwidth, in bits.
        limits : ndarray of float, shape (n_resources,)
        box : tuple of two ndarrays of float, shape (n_defenses,), optional
            Least and greatest levels of the allocations considered; all allocations by default.

        Returns
        -------
        Fraction
            In loss units; below 0 if the certificate proves nothing.
        """
        least, greatest = box or (np.zeros_like(self.game.max_level), self.game.max_level)
        game, threats = self.game, proof.threats.tolist()
        weights = [Fraction(weight) for weight in proof.weights.tolist()]
        effort: dict[int, Fraction] = {}
        for loss, weight in zip(game.losses_of(proof.threats).tolist(), weights, strict=True):
            effort[loss] = effort.get(loss, Fraction(0)) + weight
        bits = game.bandwidth[proof.threats].tolist()
        used = sum((w * Fraction(b) for w, b in zip(weights, bits, strict=True)), Fraction(0))
        shrink = max([Fraction(1), *effort.values()])
        if used > budget:
            shrink = max(shrink, used / Fraction(budget))
        forced = [
            w * Fraction(float(game.severity[i])) for i, w in zip(threats, weights, strict=True)
        ]
        cuts = list(map(self._cut, threats, proof.anchors.tolist()))
        caused, *gained = (total / shrink for total in _combined(forced, cuts, game.n_defenses + 1))
        priced = np.flatnonzero(proof.limit_prices)
        prices = [Fraction(price) for price in proof.limit_prices[priced].tolist()]
        bound = caused
        for price, limit in zip(prices, limits[priced].tolist(), strict=True):
            bound -= price * Fraction(limit)
        for gain, low, high, use in zip(
            gained, least.tolist(), greatest.tolist(), game.use[priced].T.tolist(), strict=True
        ):
            paid = (price * Fraction(u) for price, u in zip(prices, use, strict=True))
            profit = gain - sum(paid, Fraction(0))
            bound -= profit * Fraction(high if profit > 0 else low)
        return bound

    def _cut(self, threat: int, anchor: float) -> tuple[list[int], int]:
        """Return constant and gradient of a cut as integers over a power of 2, kept for reuse."""
        if (threat, anchor) not in self._cuts:
            constants, gradients = self.composition.certain_cuts(
                np.array([threat]), np.array([anchor])
            )
            numbers = [*constants, *gradients[0]]
            bits = max(_bits(number) for number in numbers)
            integers = [number.numerator << (bits - _bits(number)) for number in numbers]
            self._cuts[threat, anchor] = integers, bits
        return self._cuts[threat, anchor]

    def excess(self, allocation: FloatArray, price: float) -> Fraction:
        """Compute ``sum_i max(0, rho_i - lam b_i)``: plus ``lam B``, no attacker can exceed it.

        A loss that several threats cause counts once, with its greatest term.

        Parameters
        ----------
        allocation : ndarray of float, shape (n_defenses,)
            An allocation that passes :meth:`check_allocation`.
        price : float
            Any ``lam >= 0``.
        """
        game = self.game
        rounding = (np.count_nonzero(allocation) + 8) * 2.0**-52
        exposure = self.composition.exposure(allocation, rounding)
        most = game.severity * exposure * (1.0 + 2.0**-48)
        running = np.flatnonzero(most > price * game.bandwidth * (1.0 - 2.0**-50))
        beyond: dict[int, Fraction] = {}
        exposures = self.exposures(running, allocation)
        losses = game.losses_of(running).tolist()
        for threat, loss, share in zip(running.tolist(), losses, exposures, strict=True):
            paid = Fraction(price) * Fraction(float(game.bandwidth[threat]))
            excess = Fraction(float(game.severity[threat])) * share - paid
            beyond[loss] = max(beyond.get(loss, Fraction(0)), excess)
        return sum(beyond.values(), Fraction(0))

    def exposures(self, threats: IntArray, allocation: FloatArray) -> list[Fraction]:
        """Compute the share of each given threat that gets through, exact or rounded up."""
        # Depths beyond the range of floats are not worth numbers with as many digits.
        faint = np.zeros(len(threats), dtype=bool)
        if not self.composition.is_polyhedral:
            faint = self.composition.exposure(allocation)[threats] < 2.0**-1000
        certain = iter(self.composition.certain_exposure(threats[~faint], allocation))
        return [_FAINT if is_faint else next(certain) for is_faint in faint.tolist()]


def _combined(
    weights: list[Fraction], rows: list[tuple[list[int], int]], length: int
) -> list[Fraction]:
    """Sum weighted rows without a division: all numbers are integers over powers of 2."""
    bits = [_bits(weight) + row_bits for weight, (_, row_bits) in zip(weights, rows, strict=True)]
    most = max(bits, default=0)
    factors = [weight.numerator << (most - b) for weight, b in zip(weights, bits, strict=True)]
    columns = zip(*(integers for integers, _ in rows), strict=True) if rows else [()] * length
    return [Fraction(sum(map(mul, factors, column)), 1 << most) for column in columns]


def _bits(number: Fraction) -> int:
    """Return the exponent of a number's denominator, a power of 2."""
    return number.denominator.bit_length() - 1
