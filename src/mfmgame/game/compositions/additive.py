"""The composition `additive`: effects add up until the threat is covered."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.game.compositions.composition import NEAR, Composition
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_arithmetic import WideArray, wide

__all__ = ["Additive"]


class Additive(Composition):
    """Sum of the effects, at most full coverage of a threat: ``min(1, sum_j E[i,j] x[j])``.

    Since an exposure is at least 0, any share ``1 - a`` of the cut ``1 - E[i] . x`` is a cut too:
    the whole cut with anchor 0; 0 with anchor 1, where the threat is covered.
    """

    cut_rounding = 0.0  # with the anchors 0 and 1
    form = "sum"
    far = 0.0  # the only cut of a threat cannot come too early

    @classmethod
    def beside_steps(cls, stopped: FloatArray, effectiveness: FloatArray) -> FloatArray:
        return np.minimum(stopped + effectiveness, 1.0)

    def exposures(self, allocations: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(1.0 - allocations @ self.matrix.T, 0.0))

    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((anchors == 0.0) | (anchors == 1.0))

    def tight_anchors(
        self, threats: IntArray, allocation: FloatArray, usable: NDArray[np.bool_]
    ) -> list[list[float]]:
        either = {-1: [0.0], 0: [0.0, 1.0], 1: [1.0]}
        covered = self._rows(threats) @ allocation
        sides = np.where(np.abs(covered - 1.0) <= NEAR, 0, np.where(covered < 1.0, -1, 1))
        return [either[side] for side in sides.tolist()]

    def slopes(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        return np.broadcast_to(allocation, (len(threats), len(allocation)))

    def acting_shares(self, anchors: FloatArray) -> FloatArray:
        return 1.0 - anchors

    def _reach(self, allocation: FloatArray) -> FloatArray:
        return np.asarray(self.matrix @ allocation)

    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        covered: WideArray = wide(self._rows(threats)) @ wide(allocation)
        return self._sharpened(covered, threats, allocation)

    def certain_exposure(self, threats: IntArray, allocation: NDArray[Any]) -> list[Fraction]:
        support = np.flatnonzero(allocation > 0)
        levels = [Fraction(level) for level in allocation[support].tolist()]
        exposures = []
        for row in self._rows(threats)[:, support].tolist():
            products = (Fraction(share) * x for share, x in zip(row, levels, strict=True))
            exposures.append(max(Fraction(0), 1 - sum(products, Fraction(0))))
        return exposures

    def certain_cuts(
        self, threats: IntArray, anchors: FloatArray
    ) -> tuple[list[Fraction], list[list[Fraction]]]:
        shares = [max(Fraction(0), 1 - Fraction(anchor)) for anchor in anchors.tolist()]
        rows = self._rows(threats).tolist()
        gradients = [
            [share * Fraction(effect) for effect in row]
            for row, share in zip(rows, shares, strict=True)
        ]
        return shares, gradients

    def certain_anchors(self, threats: IntArray, allocation: NDArray[Any]) -> FloatArray:
        return np.zeros(len(threats))

    def anchors(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        return np.where(self.matrix[threats] @ allocation >= 1.0, 1.0, 0.0)

    def cuts(self, threats: IntArray, anchors: FloatArray) -> tuple[FloatArray, FloatArray]:
        shares = np.maximum(0.0, 1.0 - anchors)
        return shares, shares[:, None] * self._rows(threats)
