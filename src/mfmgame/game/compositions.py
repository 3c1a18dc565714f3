"""How several defenses act on one threat.

Each composition gives the *exposure* of every threat, ``1 - coverage``: the share of it
that gets through an allocation. It is convex in the allocation, so a *cut* supports it
from below: ``exposure(x) >= constant - gradient . x`` for every allocation ``x``, with
equality at the one it was made at. One number a threat, the *anchor*, says which cut; any
anchor at least 0 gives a valid one, which is what makes proofs short.

A new composition is one class and a line in :mod:`mfmgame.documents.composition_names`. What
needs more than the class says refuses the composition by its name.
"""

from __future__ import annotations

import math
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mfmgame.documents.composition_names import COMPOSITIONS
from mfmgame.errors import SpecificationError
from mfmgame.game.best_of_kernel import filled_rows, is_compilable
from mfmgame.messages import nearest, shown
from mfmgame.numerics.arrays import FloatArray, IntArray, dense, stored
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, WideArray, wide

if TYPE_CHECKING:
    import scipy.sparse

    from mfmgame.game.game import DefenseGame

__all__ = ["Additive", "BestOf", "Composition", "Independent", "compose", "composition_class"]


ANCHOR_GRAIN = 2.0**-26
"""Anchors closer than this make the same cut, but for a loss of its square; those of
`independent` are multiples of it."""
_EPS = 2.0**-52
_FAINT, _MAX_FAINT = 1e-6, 100
"""Below this exposure a rounding of the coverage matters; so many threats get an exact one."""
_INTERVAL_BITS = 120
_NEAR = 1e-9
"""Levels and coverages that differ by less, relatively, are the same."""
_DEEPEST = 746.0
"""Depth from which on an exposure is 0 in floats."""
_CHUNK_ENTRIES = 2**20
"""Entries of the matrix that are sorted at a time: a few arrays of 8 MiB."""
_COMPILED_ENTRIES = 2**22
"""So many stored entries repay the compiling of a kernel that need not sort."""


class Composition(ABC):
    """How defenses combine, bound to the effectiveness matrix of one game.

    Parameters
    ----------
    effectiveness : ndarray or SciPy CSR array, shape (n_threats, n_defenses)
    """

    cut_rounding: float
    """Relative rounding error of each number of a cut."""
    is_polyhedral = True
    """Whether coverage is piecewise linear in the levels: a threat then has finitely many cuts."""
    form: Literal["sum", "fill", "depth"] | None = None
    """How the matrix gives the exposure, for what needs its formula: programs for other solvers,
    derivatives, the walk along an exact frontier. None if in another way: they refuse it."""
    tolerance = 1e-9
    """Relative width of the proven bracket of a value, where none is asked for."""
    frontier_tolerance = 1e-8
    """Relative width of the proven bracket of a frontier, where none is asked for."""
    most_rounds = 50
    """Solves that one box of a branch and bound may take."""
    far = 0.5
    """Share of the attacker's price below which a threat does not enter the first master."""

    def __init__(self, effectiveness: FloatArray | scipy.sparse.csr_array) -> None:
        self.matrix = effectiveness

    @classmethod
    def check_effectiveness(
        cls, effectiveness: FloatArray, threat_ids: Sequence[str], defense_ids: Sequence[str]
    ) -> None:
        """Refuse values that the composition has no meaning for, naming threat and defense.

        Raises
        ------
        SpecificationError
            If there is one.
        """
        del effectiveness, threat_ids, defense_ids  # any share between 0 and 1 has one

    @property
    def alone(self) -> FloatArray | scipy.sparse.csr_array:
        """Share of each threat that each defense stops alone, shape (n_threats, n_defenses)."""
        return self.matrix

    def exposures(self, allocations: FloatArray) -> FloatArray:
        """Exposures of all threats under many allocations, shape (n_allocations, n_threats)."""
        rows = [self.exposure(allocation) for allocation in allocations]
        return np.array(rows).reshape(len(allocations), self.matrix.shape[0])

    def exposure(self, allocation: FloatArray, rounding: float = 0.0) -> FloatArray:
        """Share of each threat that gets through, shape (n_threats,), in [0, 1].

        With a relative `rounding`, as much as if the defenses reached that much less.
        """
        reach = self._reach(allocation)
        return self._through(reach * (1.0 - rounding) if rounding else reach)

    @abstractmethod
    def _reach(self, allocation: FloatArray) -> FloatArray:
        """A sum of products of levels and the matrix, by threat, shape (n_threats,)."""

    def _through(self, reach: FloatArray) -> FloatArray:
        """The exposure that a sum leaves."""
        return np.minimum(np.maximum(1.0 - reach, 0.0), 1.0)

    @abstractmethod
    def anchors(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        """Anchors of the cuts that are exact at an allocation, shape (n_chosen,)."""

    @abstractmethod
    def cuts(self, threats: IntArray, anchors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Constants, shape (n_chosen,), and gradients, shape (n_chosen, n_defenses)."""

    @abstractmethod
    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        """At least the exposure of the threats named, above it by a few wide roundings."""

    @abstractmethod
    def certain_exposure(self, threats: IntArray, allocation: NDArray[Any]) -> list[Fraction]:
        """Exposure of the threats named, exact or the upper end of a narrow interval.

        A piecewise linear composition takes levels that are fractions, too.
        """

    @abstractmethod
    def certain_cuts(
        self, threats: IntArray, anchors: FloatArray
    ) -> tuple[list[Fraction], list[list[Fraction]]]:
        """Constants and gradients of cuts, exact or the ends of intervals that keep them valid."""

    def certain_anchors(self, threats: IntArray, allocation: NDArray[Any]) -> FloatArray:
        """Anchors of cuts that are exact at an allocation, of fractions if polyhedral."""
        return self.anchors(threats, allocation)

    @abstractmethod
    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        """Whether each anchor is that of a cut which a proof may need, shape (n_chosen,)."""

    @abstractmethod
    def tight_anchors(
        self, threats: IntArray, allocation: FloatArray, usable: NDArray[np.bool_]
    ) -> list[list[float]]:
        """Anchors of all cuts that are exact at an allocation, for each threat named.

        Defenses that are not `usable` cannot run at all.
        """

    def acting_shares(self, anchors: FloatArray) -> FloatArray:
        """Part of the weight of each cut on which coverage acts, shape (n_cuts,)."""
        return np.ones(len(anchors))

    def idle_effects(self, anchors: FloatArray) -> FloatArray:
        """Effect that changes nothing where a cut is exact, shape (n_cuts,)."""
        return np.zeros(len(anchors))

    def coverage(self, allocation: FloatArray) -> FloatArray:
        """Share of each threat that an allocation stops, shape (n_threats,)."""
        return 1.0 - self.exposure(allocation)

    def _sharpened(
        self, covered: WideArray, threats: IntArray, allocation: FloatArray
    ) -> WideArray:
        """Exposures from wide sums of coverage, exact where little gets through."""
        error = 2.0 * (np.count_nonzero(allocation) + 4) * WIDE_EPS
        exposure: WideArray = np.maximum(0.0, 1.0 - covered + error)
        faint = np.flatnonzero(exposure < _FAINT)[:_MAX_FAINT]
        if len(faint):
            exact = self.certain_exposure(threats[faint], allocation)
            for place, share in zip(faint, exact, strict=True):
                exposure[place] = math.nextafter(float(share), 1.0) if share else 0.0
        return exposure

    def _rows(self, threats: IntArray | slice) -> FloatArray:
        rows = self.matrix[threats]
        return dense(rows)


class Additive(Composition):
    """Effects add up until the threat is covered: ``min(1, sum_j E[i,j] x[j])``.

    Since an exposure is at least 0, any share ``1 - a`` of the cut ``1 - E[i] . x`` is one
    too: the whole of it with anchor 0, nothing with anchor 1, where the threat is covered.
    """

    cut_rounding = 0.0  # with the anchors 0 and 1
    form = "sum"
    far = 0.0  # the only cut of a threat cannot come too early

    def exposures(self, allocations: FloatArray) -> FloatArray:
        return np.asarray(np.maximum(1.0 - allocations @ self.matrix.T, 0.0))

    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((anchors == 0.0) | (anchors == 1.0))

    def tight_anchors(
        self, threats: IntArray, allocation: FloatArray, usable: NDArray[np.bool_]
    ) -> list[list[float]]:
        either = {-1: [0.0], 0: [0.0, 1.0], 1: [1.0]}
        covered = self._rows(threats) @ allocation
        sides = np.where(np.abs(covered - 1.0) <= _NEAR, 0, np.where(covered < 1.0, -1, 1))
        return [either[side] for side in sides.tolist()]

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
        if isinstance(effectiveness, np.ndarray) and effectiveness.size <= _CHUNK_ENTRIES:
            # Small enough to keep every row's order, best first.
            self._order = np.argsort(-effectiveness, axis=1, kind="stable")
            self._ordered = effectiveness[np.arange(len(effectiveness))[:, None], self._order]

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

    def idle_effects(self, anchors: FloatArray) -> FloatArray:
        # A cut that a proof uses is exact at all optimal allocations: they all fill the threat
        # at its anchor.
        return anchors

    def _repays_compiling(self, n_rows: int) -> bool:
        n_threats = self.matrix.shape[0]
        entries = self.matrix.size * (n_rows / max(n_threats, 1))
        return entries >= _COMPILED_ENTRIES and is_compilable()

    def _fill(
        self, threats: IntArray | slice, allocation: NDArray[Any]
    ) -> tuple[FloatArray, NDArray[Any]]:
        """Each threat's values, best first, and how much of each its knapsack takes."""
        values, available = self._best_first(threats, allocation)
        before = available.cumsum(axis=1)
        before -= available
        room = 1.0 - before
        np.maximum(room, 0.0, out=room)
        return values, np.minimum(room, available, out=room)

    def _best_first(
        self, threats: IntArray | slice, allocation: NDArray[Any]
    ) -> tuple[FloatArray, NDArray[Any]]:
        """Each threat's values, best first, and the level of each."""
        if self._order is not None:
            return self._ordered[threats], allocation[self._order[threats]]
        support = np.flatnonzero(allocation > 0)
        rows = self._rows(threats)[:, support]
        order = np.argsort(-rows, axis=1, kind="stable")
        return np.take_along_axis(rows, order, axis=1), allocation[support][order]


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

    @property
    def alone(self) -> FloatArray | scipy.sparse.csr_array:
        return self._effectiveness

    def exposures(self, allocations: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-(allocations @ self.matrix.T)))

    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        within = np.clip(anchors, 0.0, _DEEPEST)
        grains = within / ANCHOR_GRAIN
        return np.asarray((anchors == within) & (grains == np.rint(grains)))

    def tight_anchors(
        self, threats: IntArray, allocation: FloatArray, usable: NDArray[np.bool_]
    ) -> list[list[float]]:
        return [[depth] for depth in (-np.log(self.exposure(allocation)[threats])).tolist()]

    def _reach(self, allocation: FloatArray) -> FloatArray:
        return np.asarray(self.matrix @ allocation)

    def _through(self, reach: FloatArray) -> FloatArray:
        return np.exp(-reach)

    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        # The depths themselves are rounded, each by a few units in its last place.
        depth = wide(self._rows(threats)) @ wide(allocation) * (1.0 - 8.0 * _EPS)
        exposure: WideArray = np.exp(-depth) * (1.0 + 8.0 * _EPS)
        return np.minimum(1.0, exposure)

    def certain_exposure(self, threats: IntArray, allocation: NDArray[Any]) -> list[Fraction]:
        iv = _intervals()
        support = np.flatnonzero(allocation > 0)
        levels = allocation[support].tolist()
        exposures = []
        for row in self._given_rows(threats)[:, support].tolist():
            through = iv.mpf(1)
            for share, level in zip(row, levels, strict=True):
                through *= iv.exp(iv.log(1 - iv.mpf(share)) * level)
            exposures.append(_fraction(through.b))
        return exposures

    def certain_cuts(
        self, threats: IntArray, anchors: FloatArray
    ) -> tuple[list[Fraction], list[list[Fraction]]]:
        iv = _intervals()
        constants, gradients = [], []
        rows = self._given_rows(threats).tolist()
        for row, anchor in zip(rows, anchors.tolist(), strict=True):
            through = iv.exp(-iv.mpf(anchor))
            constants.append(_fraction((through * (1 + iv.mpf(anchor))).a))
            gradients.append([_fraction((-through * iv.log(1 - iv.mpf(s))).b) for s in row])
        return constants, gradients

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
    """Interval arithmetic of enough digits that sums of many terms stay far below rounding."""
    from mpmath.ctx_iv import MPIntervalContext

    intervals = MPIntervalContext()
    intervals.prec = _INTERVAL_BITS
    return intervals


def _fraction(number: Any) -> Fraction:
    """An end of an interval, exactly."""
    from mpmath.libmp import to_rational

    return Fraction(*to_rational(number._mpi_[0]))


def composition_class(name: str) -> type[Composition]:
    """Find the class of a composition.

    Parameters
    ----------
    name : str
        As scenarios name it.

    Returns
    -------
    type

    Raises
    ------
    SpecificationError
        If no composition of this name is registered here, which may be another process.
    """
    if name not in COMPOSITIONS:
        expected = nearest(name, COMPOSITIONS, "composition")
        raise SpecificationError(f"found {shown(name)}, expected {expected}", pointer="composition")
    entry = COMPOSITIONS[name]
    found: type[Composition] = pkgutil.resolve_name(entry) if isinstance(entry, str) else entry
    return found


def compose(game: DefenseGame, defenses: IntArray | None = None) -> Composition:
    """Bind the game's composition to its effectiveness matrix.

    Parameters
    ----------
    game : DefenseGame
    defenses : ndarray of int, optional
        Bind it to the columns of these alone, densely.

    Returns
    -------
    Composition

    Raises
    ------
    SpecificationError
        If `independent` meets an effectiveness of 1.
    """
    matrix = game.effectiveness
    if defenses is not None:
        matrix = np.ascontiguousarray(dense(matrix[:, defenses]))
    return composition_class(game.composition)(matrix)


def _fillings(row: FloatArray, levels: FloatArray) -> list[float]:
    """Anchors of the cuts of a `best_of` threat: where levels, best first, reach 1.

    Where they reach it just at the end of a defense, every anchor from there to the next
    one that is funded will do; those at a defense between make a cut of their own.
    """
    values, place = np.unique(np.append(row, 0.0), return_inverse=True)  # increasing
    funded = np.bincount(place, weights=np.append(levels, 0.0))
    at_least = np.cumsum(funded[::-1])[::-1]
    above = at_least - funded
    at_least[0] = np.inf  # no anchor is below 0
    fits = (above <= 1.0 + _NEAR) & (at_least >= 1.0 - _NEAR)
    return [float(value) for value in values[fits]]


def _layer_depths(
    effectiveness: FloatArray | scipy.sparse.csr_array,
) -> FloatArray | scipy.sparse.csr_array:
    """``-log(1 - E)``, in the same layout."""
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
    if isinstance(effectiveness, np.ndarray):
        return depths
    import scipy.sparse

    return scipy.sparse.csr_array(
        (depths, effectiveness.indices, effectiveness.indptr), shape=effectiveness.shape
    )
