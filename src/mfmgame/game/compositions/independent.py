"""The composition `independent`: layers that fail independently."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.game.compositions.composition import ANCHOR_GRAIN, Composition
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray, IntArray, dense, stored, with_stored
from mfmgame.numerics.exact_arithmetic import WideArray, wide

if TYPE_CHECKING:
    import scipy.sparse


__all__ = ["Independent"]


_EPS = 2.0**-52
_INTERVAL_BITS = 120
_NEAREST_TO_PERFECT = 1.0 - 2.0**-53
_DEEPEST = 746.0
"""Depth from which on the float64 exposure is 0."""


class Independent(Composition):
    """Layers fail independently: ``1 - exp(-sum_j w[i,j] x[j])``, ``w = -log(1 - E)``.

    The exposure ``exp(-s)`` at depth ``s = w . x`` has the tangent
    ``exp(-a) (1 + a) - exp(-a) w . x`` at the depth ``a``, the cut's anchor.
    """

    cut_rounding = 8 * _EPS
    is_polyhedral = False
    form = "depth"
    tolerance = 1e-6
    frontier_tolerance = 1e-4
    most_rounds = 500

    def __init__(self, effectiveness: FloatArray | scipy.sparse.csr_array) -> None:
        super().__init__(_layer_depths(effectiveness))
        self._effectiveness = effectiveness

    @classmethod
    def check_effectiveness(
        cls, effectiveness: FloatArray, threat_ids: Sequence[str], defense_ids: Sequence[str]
    ) -> None:
        perfect = np.argwhere(effectiveness >= 1.0)
        if len(perfect):
            threat, defense = perfect[0]
            raise SpecificationError(
                f"found 'independent' with an effectiveness of 1 of "
                f"{shown(defense_ids[defense])} on {shown(threat_ids[threat])}, a "
                "layer that never fails; expected less than 1 (write 0.999, or use 'best_of')",
                pointer="/composition",
            )

    @classmethod
    def beside_steps(cls, stopped: FloatArray, effectiveness: FloatArray) -> FloatArray:
        # Exact beside a 0. Layers that may fail never become perfect by rounding.
        both = stopped + effectiveness * (1.0 - stopped)
        perfect = (stopped == 1.0) | (effectiveness == 1.0)
        return np.where(perfect, 1.0, np.minimum(both, _NEAREST_TO_PERFECT))

    @property
    def alone(self) -> FloatArray | scipy.sparse.csr_array:
        return self._effectiveness

    def exposures(self, allocations: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-(allocations @ self.matrix.T)))

    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        within = np.clip(anchors, 0.0, _DEEPEST)
        grains = within / ANCHOR_GRAIN
        return np.asarray((anchors == within) & (grains == np.rint(grains)))

    def tight_anchors(self, threats: IntArray, allocation: FloatArray) -> list[list[float]]:
        return [[depth] for depth in (-np.log(self.exposure(allocation)[threats])).tolist()]

    def slopes(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        through = self._through(self._rows(threats) @ allocation)
        return through[:, None] * allocation / (1.0 - self._given_rows(threats))

    def _reach(self, allocation: FloatArray) -> FloatArray:
        return np.asarray(self.matrix @ allocation)

    def _through(self, reach: FloatArray) -> FloatArray:
        return np.exp(-reach)

    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        # Each depth is itself rounded by a few units in the last place.
        depth = wide(self._rows(threats)) @ wide(allocation) * (1.0 - 8.0 * _EPS)
        exposure: WideArray = np.exp(-depth) * (1.0 + 8.0 * _EPS)
        return np.minimum(1.0, exposure)

    def certain_exposure(self, threats: IntArray, allocation: NDArray[Any]) -> list[Fraction]:
        support = np.flatnonzero(allocation > 0)
        levels, iv = allocation[support].tolist(), _intervals()
        exposures = []
        for depths in self._certain_depths(threats, support):
            reach = sum((d * x for d, x in zip(depths, levels, strict=True)), iv.mpf(0))
            exposures.append(_fraction(iv.exp(-reach).b))
        return exposures

    def certain_cuts(
        self, threats: IntArray, anchors: FloatArray
    ) -> tuple[list[Fraction], list[list[Fraction]]]:
        iv = _intervals()
        constants, gradients = [], []
        rows = self._certain_depths(threats, np.arange(self.matrix.shape[1]))
        for depths, anchor in zip(rows, anchors.tolist(), strict=True):
            through = iv.exp(-iv.mpf(anchor))
            constants.append(_fraction((through * (1 + iv.mpf(anchor))).a))
            gradients.append([_fraction((through * depth).b) for depth in depths])
        return constants, gradients

    def _certain_depths(self, threats: IntArray, defenses: IntArray) -> list[list[Any]]:
        """Enclose the depth of each given threat by each given defense in an interval."""
        iv = _intervals()
        rows = self._given_rows(threats)[:, defenses].tolist()
        return [[-iv.log(1 - iv.mpf(share)) for share in row] for row in rows]

    def _given_rows(self, threats: IntArray) -> FloatArray:
        rows = self._effectiveness[threats]
        return dense(rows)

    def anchors(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        return np.rint(self.matrix[threats] @ allocation / ANCHOR_GRAIN) * ANCHOR_GRAIN

    def cuts(self, threats: IntArray, anchors: FloatArray) -> tuple[FloatArray, FloatArray]:
        through = np.exp(-anchors)
        return through * (1.0 + anchors), through[:, None] * self._rows(threats)


@cache
def _intervals() -> Any:
    """Return interval arithmetic precise enough that sums of many terms stay far below rounding."""
    from mpmath.ctx_iv import MPIntervalContext

    intervals = MPIntervalContext()
    intervals.prec = _INTERVAL_BITS
    return intervals


def _fraction(number: Any) -> Fraction:
    """Convert an end of an interval to an exact fraction."""
    from mpmath.libmp import to_rational

    return Fraction(*to_rational(number._mpi_[0]))


def _layer_depths(
    effectiveness: FloatArray | scipy.sparse.csr_array,
) -> FloatArray | scipy.sparse.csr_array:
    """Compute ``-log(1 - E)`` in the layout of the matrix."""
    entries = stored(effectiveness)
    if entries.size and entries.max() >= 1.0:
        raise SpecificationError(
            "found a value of 1, a layer that never fails; expected less than 1 with the "
            "composition 'independent' (write 0.999, or use 'best_of')",
            pointer="effectiveness",
        )
    depths = np.negative(entries)
    np.log1p(depths, out=depths)
    np.negative(depths, out=depths)
    return with_stored(effectiveness, depths)
