"""The composition of listed paths: depths add up along the edges of a path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mfmgame.game.compositions.independent import Independent
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_arithmetic import WideArray, wide

__all__ = ["PathComposition"]

_EPS = 2.0**-52


class PathComposition(Independent):
    """Layers that fail independently at every edge of a path.

    Unlike an effectiveness, a depth never rounds to that of a layer that never fails.

    Parameters
    ----------
    techniques : Independent
        Composition of the techniques.
    depths : ndarray of float, shape (n_paths, n_defenses)
    steps : sequence of ndarray of int
        Techniques of each path, repeated techniques repeated.
    """

    def __init__(
        self, techniques: Independent, depths: FloatArray, steps: Sequence[IntArray]
    ) -> None:
        self.matrix, self._techniques, self._steps = depths, techniques, steps
        # A depth is a sum over the path of logarithms within a few units of rounding.
        self._rounding = (8 + max(map(len, steps), default=0)) * _EPS
        self.cut_rounding = self._rounding + Independent.cut_rounding

    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        """Bound the exposure of the given paths from above, within a few wide roundings."""
        depth = wide(self._rows(threats)) @ wide(allocation) * (1.0 - self._rounding)
        exposure: WideArray = np.exp(-depth) * (1.0 + 8.0 * _EPS)
        return np.minimum(1.0, exposure)

    def _certain_depths(self, threats: IntArray, defenses: IntArray) -> list[list[Any]]:
        rows: list[list[Any]] = []
        for threat in threats.tolist():
            total: list[Any] = [0] * len(defenses)
            for step in self._techniques._certain_depths(self._steps[threat], defenses):
                total = [depth + more for depth, more in zip(total, step, strict=True)]
            rows.append(total)
        return rows
