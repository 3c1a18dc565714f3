"""How several defenses act on one threat.

Each composition gives the *exposure* of every threat, ``1 - coverage``: the share of it
that gets through an allocation. It is convex in the allocation, so a *cut* supports it
from below: ``exposure(x) >= constant - gradient . x`` for every allocation ``x``, with
equality at the one it was made at. One number a threat, the *anchor*, says which cut; any
anchor at least 0 gives a valid one, which is what makes proofs short.

A new composition is one class, in a file beside this one, and a line in
:mod:`mfmgame.documents.composition_names`. What needs more than the class says refuses the
composition by its name.
"""

from __future__ import annotations

import math
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mfmgame.documents.composition_names import COMPOSITIONS
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown
from mfmgame.numerics.arrays import FloatArray, IntArray, dense
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, WideArray

if TYPE_CHECKING:
    import scipy.sparse

    from mfmgame.game.game import DefenseGame

__all__ = ["ANCHOR_GRAIN", "NEAR", "Composition", "compose", "composition_class"]


ANCHOR_GRAIN = 2.0**-26
"""Anchors closer than this make the same cut, but for a loss of its square; those of
`independent` are multiples of it."""
_FAINT, _MAX_FAINT = 1e-6, 100
"""Below this exposure a rounding of the coverage matters; so many threats get an exact one."""
NEAR = 1e-9
"""Levels and coverages that differ by less, relatively, are the same."""


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
    if not (isinstance(name, str) and name in COMPOSITIONS):
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
