"""Chains: threats that succeed only if every one of their techniques does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.documents.float_reading import as_floats, outside
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import composition_class
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Chains", "chain_effectiveness"]


@dataclass(frozen=True, eq=False)
class Chains:
    """Techniques of a game, and the threats that are chains of them.

    Attributes
    ----------
    technique_ids, technique_names : tuple of str, length n_techniques
    effectiveness : ndarray of float, shape (n_techniques, n_defenses)
    bandwidth : ndarray of float, shape (n_techniques,)
        Bits that each technique needs at full effort.
    steps : tuple of ndarray of int, length n_threats
        Positions of each threat's distinct techniques; empty for a threat that is no chain.
    stated : ndarray of bool, shape (n_threats, n_defenses)
        Pairs whose effectiveness is stated for the threat itself, and does not follow from steps.
    """

    technique_ids: tuple[str, ...]
    technique_names: tuple[str, ...]
    effectiveness: FloatArray
    bandwidth: FloatArray
    steps: tuple[IntArray, ...]
    stated: BoolArray

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chains):
            return NotImplemented
        steps = [one.tolist() for one in self.steps] == [one.tolist() for one in other.steps]
        return steps and all(
            np.array_equal(value, vars(other)[name])
            for name, value in vars(self).items()
            if name != "steps"
        )

    def completed(self, effectiveness: FloatArray, composition: str) -> FloatArray:
        """Copy an effectiveness matrix with what the chains' steps give under a composition.

        Parameters
        ----------
        effectiveness : ndarray of float, shape (n_threats, n_defenses)
        composition : str

        Returns
        -------
        ndarray of float, shape (n_threats, n_defenses)

        Raises
        ------
        SpecificationError
            If the composition has no rule for chains.
        """
        rows = [row for row, steps in enumerate(self.steps) if len(steps)]
        given = _along(self.effectiveness, [self.steps[row] for row in rows], composition)
        matrix = effectiveness.copy()
        matrix[rows] = np.where(self.stated[rows], matrix[rows], given)
        matrix.flags.writeable = False
        return matrix


def chain_effectiveness(
    effectiveness: ArrayLike, steps: Sequence[Sequence[int]], composition: str
) -> FloatArray:
    """Compute the effectiveness of defenses on chains of techniques.

    A chain succeeds only if every technique does; a repeated technique counts once. Under
    ``best_of``, a defense stops a chain at the step that it stops best; under ``independent``,
    the layers at all steps fail independently, ``1 - prod(1 - E)``; under ``additive``, effects
    add up, ``min(1, sum E)``.

    Parameters
    ----------
    effectiveness : array_like, shape (n_techniques, n_defenses)
        Share of each technique that each defense stops at level 1, in [0, 1].
    steps : sequence of sequence of int, length n_chains
        Positions of each chain's techniques, one or more.
    composition : {"best_of", "additive", "independent"}

    Returns
    -------
    ndarray of float, shape (n_chains, n_defenses)

    Raises
    ------
    SpecificationError
        If a share is out of [0, 1], a position is out of range, or a chain has no step.

    Examples
    --------
    >>> shares = [[0.5, 0.0], [0.5, 0.25]]
    >>> {name: chain_effectiveness(shares, [[0, 1, 0]], name).tolist()
    ...  for name in ("best_of", "independent", "additive")}
    {'best_of': [[0.5, 0.25]], 'independent': [[0.75, 0.25]], 'additive': [[1.0, 0.25]]}
    """
    refuse_other_types(composition, "composition", str)
    matrix = as_floats(effectiveness, "effectiveness")
    if matrix.ndim != 2:
        found = f"found {matrix.ndim} axes, expected (n_techniques, n_defenses)"
        raise SpecificationError(found, pointer="effectiveness")
    within = (matrix >= 0.0) & (matrix <= 1.0)
    if not within.all():
        raise outside(matrix, within, "effectiveness", "a value in [0, 1]")
    refuse_other_types(steps, "steps", Sequence, np.ndarray)
    chains = [
        _checked_steps(one, len(matrix), f"steps[{place}]") for place, one in enumerate(steps)
    ]
    return _along(matrix, chains, composition)


def _checked_steps(steps: Any, n_techniques: int, name: str) -> IntArray:
    refuse_other_types(steps, name, Sequence, np.ndarray)
    distinct = list(dict.fromkeys(np.asarray(steps).tolist()))
    if not distinct:
        raise SpecificationError("found none, expected one technique or more", pointer=name)
    for step in distinct:
        if type(step) is not int or not 0 <= step < n_techniques:
            raise SpecificationError(
                f"found {shown(step)}, expected the position of a technique, from 0 to "
                f"{n_techniques - 1}",
                pointer=name,
            )
    return np.array(distinct, dtype=np.intp)


def _along(effectiveness: FloatArray, chains: Sequence[IntArray], composition: str) -> FloatArray:
    """Combine the rows of each chain's distinct steps, all chains step by step."""
    combined = composition_class(composition).beside_steps
    stopped = np.zeros((len(chains), effectiveness.shape[1]))
    for place in range(max((len(steps) for steps in chains), default=0)):
        longer = [row for row, steps in enumerate(chains) if len(steps) > place]
        following = effectiveness[[chains[row][place] for row in longer]]
        stopped[longer] = combined(stopped[longer], following)
    return stopped
