"""The composition `best_of`: the best defenses fill each threat once."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.game.compositions.best_of_kernel import filled_rows, is_compilable
from mfmgame.game.compositions.composition import NEAR, Composition
from mfmgame.numerics.arrays import FloatArray, IntArray, is_sparse
from mfmgame.numerics.exact_arithmetic import WideArray, wide

if TYPE_CHECKING:
    import scipy.sparse


__all__ = ["BestOf"]


_EPS = 2.0**-52
_CHUNK_ENTRIES = 2**20
"""Matrix entries sorted at a time: a few arrays of 8 MiB."""
_COMPILED_ENTRIES = 2**22
"""Least number of stored entries that repays compiling the kernel, which need not sort."""


class BestOf(Composition):
    """The best defenses fill each threat once, and never count twice.

    ``max sum_j E[i,j] z[j]`` over ``0 <= z <= x``, ``sum z <= 1``: a fractional knapsack.
    Its dual, ``min over t >= 0 of t + sum_j max(E[i,j] - t, 0) x[j]``, is the cut with
    anchor ``t``: the effectiveness of the defense at which the filled levels reach 1.
    """

    cut_rounding = _EPS
    form = "fill"

    def __init__(self, effectiveness: FloatArray | scipy.sparse.csr_array) -> None:
        super().__init__(effectiveness)
        self._order: IntArray | None = None
        if not is_sparse(effectiveness) and effectiveness.size <= _CHUNK_ENTRIES:
            # The matrix is small enough to keep every row's order, best first.
            self._order = np.argsort(-effectiveness, axis=1, kind="stable")
            self._ordered = effectiveness[np.arange(len(effectiveness))[:, None], self._order]

    @classmethod
    def beside_steps(cls, stopped: FloatArray, effectiveness: FloatArray) -> FloatArray:
        return np.maximum(stopped, effectiveness)

    def _reach(self, allocation: FloatArray) -> FloatArray:
        if allocation.sum() <= 1.0:
            return np.asarray(self.matrix @ allocation)
        if self._order is not None:
            covered: FloatArray = np.einsum("ij,ij->i", *self._fill(slice(None), allocation))
            return covered
        if self._repays_compiling(self.matrix.shape[0]):
            return filled_rows(self.matrix, allocation).covered
        n_threats = self.matrix.shape[0]
        result = np.empty(n_threats)
        step = max(1, _CHUNK_ENTRIES // len(allocation))
        for start in range(0, n_threats, step):
            chunk = slice(start, start + step)
            result[chunk] = np.einsum("ij,ij->i", *self._fill(chunk, allocation))
        return result

    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        values, filled = self._fill(threats, wide(allocation))
        covered: WideArray = np.einsum("ij,ij->i", wide(values), filled)
        return self._sharpened(covered, threats, allocation)

    def certain_exposure(self, threats: IntArray, allocation: NDArray[Any]) -> list[Fraction]:
        support = np.flatnonzero(allocation > 0)
        levels = [Fraction(level) for level in allocation[support].tolist()]
        exposures = []
        for row in self._rows(threats)[:, support].tolist():
            room, covered = Fraction(1), Fraction(0)
            for share, level in sorted(zip(row, levels, strict=True), reverse=True):
                taken = min(level, room)
                room, covered = room - taken, covered + Fraction(share) * taken
            exposures.append(1 - covered)
        return exposures

    def certain_cuts(
        self, threats: IntArray, anchors: FloatArray
    ) -> tuple[list[Fraction], list[list[Fraction]]]:
        constants = [1 - Fraction(anchor) for anchor in anchors.tolist()]
        rows = self._rows(threats).tolist()
        gradients = [
            [max(Fraction(0), Fraction(share) - Fraction(anchor)) for share in row]
            for row, anchor in zip(rows, anchors.tolist(), strict=True)
        ]
        return constants, gradients

    def certain_anchors(self, threats: IntArray, allocation: NDArray[Any]) -> FloatArray:
        anchors = np.zeros(len(threats))
        for place, row in enumerate(self._rows(threats).tolist()):
            room = Fraction(1)
            for share, level in sorted(zip(row, allocation, strict=True), reverse=True):
                room -= level
                if room <= 0:
                    anchors[place] = share
                    break
        return anchors

    def anchors(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        if allocation.sum() < 1.0:
            return np.zeros(len(threats))
        if self._order is None and self._repays_compiling(len(threats)):
            return filled_rows(self.matrix, allocation, threats).anchors
        values, available = self._best_first(threats, allocation)
        full = available.cumsum(axis=1) >= 1.0 - 1e-15
        row, first = np.arange(len(threats)), full.argmax(axis=1)
        return np.where(full[row, first], values[row, first], 0.0)

    def cuts(self, threats: IntArray, anchors: FloatArray) -> tuple[FloatArray, FloatArray]:
        return 1.0 - anchors, np.maximum(self._rows(threats) - anchors[:, None], 0.0)

    def exposures(self, allocations: FloatArray) -> FloatArray:
        matrix = self._rows(slice(None))
        covered = np.zeros((len(allocations), len(matrix)))
        room = np.ones_like(covered)
        order = np.argsort(-matrix, axis=1, kind="stable") if self._order is None else self._order
        for best in order.T:  # of each threat the best defense, the second best, ...
            taken = np.minimum(allocations[:, best], room)
            room -= taken
            taken *= np.take_along_axis(matrix, best[:, None], axis=1)[:, 0]
            covered += taken
        return np.maximum(1.0 - covered, 0.0)

    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        rows = self._rows(threats)
        return np.asarray((anchors == 0.0) | (rows == anchors[:, None]).any(axis=1))

    def tight_anchors(
        self, threats: IntArray, allocation: FloatArray, usable: NDArray[np.bool_]
    ) -> list[list[float]]:
        rows = self._rows(threats)[:, usable]
        return [_fillings(row, allocation[usable]) for row in rows]

    def slopes(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        # A defense takes what it fills; equal ones share the last room by their levels.
        rows, anchors = self._rows(threats), self.anchors(threats, allocation)[:, None]
        better, last = (
            np.where(chosen, allocation, 0.0) for chosen in (rows > anchors, rows == anchors)
        )
        room = np.maximum(1.0 - better.sum(axis=1, keepdims=True), 0.0)
        wanted = last.sum(axis=1, keepdims=True)
        part = np.minimum(room / np.where(wanted > 0.0, wanted, 1.0), 1.0)
        return np.asarray(better + last * part)

    def idle_effects(self, anchors: FloatArray) -> FloatArray:
        # A cut that a proof uses is exact at all optimal allocations: each fills the threat at
        # its anchor.
        return anchors

    def _repays_compiling(self, n_rows: int) -> bool:
        n_threats = self.matrix.shape[0]
        entries = self.matrix.size * (n_rows / max(n_threats, 1))
        return entries >= _COMPILED_ENTRIES and is_compilable()

    def _fill(
        self, threats: IntArray | slice, allocation: NDArray[Any]
    ) -> tuple[FloatArray, NDArray[Any]]:
        """Return each threat's values, best first, and how much of each its knapsack takes."""
        values, available = self._best_first(threats, allocation)
        before = available.cumsum(axis=1)
        before -= available
        room = 1.0 - before
        np.maximum(room, 0.0, out=room)
        return values, np.minimum(room, available, out=room)

    def _best_first(
        self, threats: IntArray | slice, allocation: NDArray[Any]
    ) -> tuple[FloatArray, NDArray[Any]]:
        """Return each threat's values, best first, and the level of each."""
        if self._order is not None:
            return self._ordered[threats], allocation[self._order[threats]]
        support = np.flatnonzero(allocation > 0)
        rows = self._rows(threats)[:, support]
        order = np.argsort(-rows, axis=1, kind="stable")
        return np.take_along_axis(rows, order, axis=1), allocation[support][order]


def _fillings(row: FloatArray, levels: FloatArray) -> list[float]:
    """Find the anchors of the cuts of a threat that are exact where its filled levels reach 1.

    Where the levels reach 1 exactly at the end of a defense, every anchor from there to the next
    funded defense is exact; an anchor at a defense in between makes a cut of its own.
    """
    values, place = np.unique(np.append(row, 0.0), return_inverse=True)  # increasing
    funded = np.bincount(place, weights=np.append(levels, 0.0))
    at_least = np.cumsum(funded[::-1])[::-1]
    above = at_least - funded
    at_least[0] = np.inf  # no anchor is below 0
    fits = (above <= 1.0 + NEAR) & (at_least >= 1.0 - NEAR)
    return [float(value) for value in values[fits]]
