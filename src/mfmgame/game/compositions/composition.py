"""Base class of compositions: how several defenses act on one threat.

Each composition gives the *exposure* of every threat, ``1 - coverage``: the share of the threat
that gets through an allocation. The exposure is convex in the allocation, so a *cut* supports it
from below: ``exposure(x) >= constant - gradient . x`` for every allocation ``x``, with equality
where the cut was made. One number per threat, the *anchor*, identifies the cut; any anchor of at
least 0 gives a valid cut, which keeps proofs short.

A new composition needs one class, in a file beside this one, and a line in
:mod:`mfmgame.documents.composition_names`. Code that needs more than the class states refuses the
composition by name.
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
"""Anchors closer than this give cuts whose loss differs only by its square; the anchors of
`independent` are multiples of it."""
_FAINT, _MAX_FAINT = 1e-6, 100
"""Exposure below which rounding of the coverage matters; number of exposures computed exactly."""
NEAR = 1e-9
"""Relative difference below which levels or coverages count as equal."""


class Composition(ABC):
    """Combination of defenses, bound to the effectiveness matrix of one game.

    Parameters
    ----------
    effectiveness : ndarray or SciPy CSR array, shape (n_threats, n_defenses)
    """

    cut_rounding: float
    """Relative rounding error of each number of a cut."""
    is_polyhedral = True
    """Whether coverage is piecewise linear in the levels, so that a threat has finitely many
    cuts."""
    form: Literal["sum", "fill", "depth"] | None = None
    """Formula of the exposure from the matrix, for exports to other solvers, derivatives and the
    walk along an exact frontier. None for any other formula: these refuse it."""
    tolerance = 1e-9
    """Default relative width of the proven bracket of a value."""
    frontier_tolerance = 1e-8
    """Default relative width of the proven bracket of a frontier."""
    most_rounds = 50
    """Most solves that one box of a branch and bound may take."""
    far = 0.5
    """Share of the attacker's price below which a threat stays out of the first master program."""

    def __init__(self, effectiveness: FloatArray | scipy.sparse.csr_array) -> None:
        self.matrix = effectiveness

    @classmethod
    def check_effectiveness(
        cls, effectiveness: FloatArray, threat_ids: Sequence[str], defense_ids: Sequence[str]
    ) -> None:
        """Refuse values that the composition cannot interpret, naming threat and defense.

        Raises
        ------
        SpecificationError
            If there is such a value.
        """
        del effectiveness, threat_ids, defense_ids  # any share between 0 and 1 is meaningful

    @classmethod
    def beside_steps(cls, stopped: FloatArray, effectiveness: FloatArray) -> FloatArray:
        """Add a step to a chain, which each defense stops if it stops any step.

        Parameters
        ----------
        stopped : ndarray of float, shape (n_chains, n_defenses)
            Share that each defense stops at the steps so far; 0 before the first.
        effectiveness : ndarray of float, shape (n_chains, n_defenses)
            Effectiveness on the next step, a technique that is not among the steps so far.

        Returns
        -------
        ndarray of float, shape (n_chains, n_defenses)
            The order of steps does not matter, but for rounding.

        Raises
        ------
        SpecificationError
            If the composition has no rule for chains.
        """
        del stopped, effectiveness
        raise SpecificationError(f"{cls.__name__} has no rule for chains", pointer="composition")

    @property
    def alone(self) -> FloatArray | scipy.sparse.csr_array:
        """Share of each threat that each defense stops alone, shape (n_threats, n_defenses)."""
        return self.matrix

    def exposures(self, allocations: FloatArray) -> FloatArray:
        """Compute all exposures under many allocations, shape (n_allocations, n_threats)."""
        rows = [self.exposure(allocation) for allocation in allocations]
        return np.array(rows).reshape(len(allocations), self.matrix.shape[0])

    def exposure(self, allocation: FloatArray, rounding: float = 0.0) -> FloatArray:
        """Compute the share of each threat that gets through, shape (n_threats,), in [0, 1].

        A relative `rounding` lowers the defenses' reach by this share first.
        """
        reach = self._reach(allocation)
        return self._through(reach * (1.0 - rounding) if rounding else reach)

    @abstractmethod
    def _reach(self, allocation: FloatArray) -> FloatArray:
        """Sum the products of levels and the matrix for each threat, shape (n_threats,)."""

    def _through(self, reach: FloatArray) -> FloatArray:
        """Compute the exposure from the sum that :meth:`_reach` returns."""
        return np.minimum(np.maximum(1.0 - reach, 0.0), 1.0)

    @abstractmethod
    def anchors(self, threats: IntArray, allocation: FloatArray) -> FloatArray:
        """Compute the anchors of the cuts that are exact at an allocation, shape (n_chosen,)."""

    @abstractmethod
    def cuts(self, threats: IntArray, anchors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Compute cuts: constants, (n_chosen,), and gradients, (n_chosen, n_defenses)."""

    @abstractmethod
    def exposure_bound(self, threats: IntArray, allocation: FloatArray) -> WideArray:
        """Bound the exposure of the given threats from above, within a few wide roundings."""

    @abstractmethod
    def certain_exposure(self, threats: IntArray, allocation: NDArray[Any]) -> list[Fraction]:
        """Compute the given threats' exposure, exactly or as the top of a narrow interval.

        A piecewise linear composition also takes levels given as fractions.
        """

    @abstractmethod
    def certain_cuts(
        self, threats: IntArray, anchors: FloatArray
    ) -> tuple[list[Fraction], list[list[Fraction]]]:
        """Compute constants and gradients of cuts, exact or rounded to keep cuts valid."""

    def certain_anchors(self, threats: IntArray, allocation: NDArray[Any]) -> FloatArray:
        """Compute anchors of cuts that are exact at an allocation; fractions if polyhedral."""
        return self.anchors(threats, allocation)

    @abstractmethod
    def are_anchors(self, threats: IntArray, anchors: FloatArray) -> NDArray[np.bool_]:
        """Tell which anchors belong to cuts that a proof may need, shape (n_chosen,)."""

    @abstractmethod
    def tight_anchors(
        self, threats: IntArray, allocation: FloatArray, usable: NDArray[np.bool_]
    ) -> list[list[float]]:
        """List the anchors of all cuts that are exact at an allocation, for each given threat.

        Defenses outside `usable` cannot run at all.
        """

    def acting_shares(self, anchors: FloatArray) -> FloatArray:
        """Return the part of each cut's weight on which coverage acts, shape (n_cuts,)."""
        return np.ones(len(anchors))

    def idle_effects(self, anchors: FloatArray) -> FloatArray:
        """Return the effect up to which a defense changes no exact cut, shape (n_cuts,)."""
        return np.zeros(len(anchors))

    def slopes(self, threats: IntArray, allocation: FloatArray) -> FloatArray | None:
        """Differentiate the coverage by each effectiveness, shape (n_chosen, n_defenses).

        Where the levels cover a threat just fully, the derivatives hold for less coverage. None if
        the class does not know them.
        """
        del threats, allocation
        return None

    def coverage(self, allocation: FloatArray) -> FloatArray:
        """Compute the share of each threat that an allocation stops, shape (n_threats,)."""
        return 1.0 - self.exposure(allocation)

    def _sharpened(
        self, covered: WideArray, threats: IntArray, allocation: FloatArray
    ) -> WideArray:
        """Compute exposures from wide sums of coverage, exactly where little gets through."""
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
        Name used in scenarios.

    Returns
    -------
    type

    Raises
    ------
    SpecificationError
        If no composition of this name is registered in this process, which may be a worker.
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
        Bind it to these defenses' columns alone, as a dense matrix.

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
