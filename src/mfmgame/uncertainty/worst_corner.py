"""The worst that uncertain numbers can make of a game: each at the end that hurts.

Whatever the allocation, the worst attack costs no less if a severity, the attacker's
bandwidth or what a defense uses is greater, and no more if an effectiveness, a threat's
bandwidth, a limit or a greatest level is. So an allocation is never worse off than in the
game that has the worst of every entry of every array, the *hull*.

Rules may let one uncertain number move several entries. Where it moves all of them for the
worse at one end, that end is the worst for every allocation; if this holds for all numbers,
one choice of values gives the hull itself, and the answer is exact. Else no choice need give
it, and the hull is an upper bound. Every rule is monotone in each of its numbers, the others
held; so the worst of an entry is found at ends. Which end may depend on the others' values
only for the modality weights of a threat: then all combinations of those are tried.
"""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray
from mfmgame.uncertainty.game_family import GameFamily

__all__ = ["Corners", "worst_corners"]


WORSE_UP = {
    "severity": True,
    "bandwidth": False,
    "effectiveness": False,
    "attacker_bandwidth": True,
    "use": True,
    "limits": False,
    "max_level": False,
    "termination_loss": False,
}
"""Whether the defender is worse off with more of it. (Less of a termination loss means that
stopping is sooner the cheaper choice.)"""
_MOST_AMBIGUOUS = 10


@dataclass(frozen=True, eq=False)
class Corners:
    """The worst of a family's games within a box of values.

    Attributes
    ----------
    hull : DefenseGame
        With the worst of every entry.
    values : ndarray of float, shape (n_inputs,)
        The worst end of each number; of a mixed one, that which hurts more entries.
    mixed : ndarray of bool, shape (n_inputs,)
        Numbers that hurt some entries at one end and others at the other.
    games : list of DefenseGame
        Games of the family at corners: the first at `values`.
    """

    hull: DefenseGame
    values: FloatArray
    mixed: BoolArray
    games: list[DefenseGame]


def worst_corners(family: GameFamily, lower: FloatArray, upper: FloatArray) -> Corners:
    """Find the worst of every entry within a box.

    Parameters
    ----------
    family : GameFamily
    lower, upper : ndarray of float, shape (n_inputs,)
        Ends of the box.

    Returns
    -------
    Corners

    Raises
    ------
    SpecificationError
        If an uncertain number decides which threats there are, or more than ten act one
        way or the other depending on the rest.
    """
    directions, both = _directions(family, lower, upper)
    ambiguous = np.flatnonzero(both.any(axis=1))
    if len(ambiguous) > _MOST_AMBIGUOUS:
        raise SpecificationError(
            f"{len(ambiguous)} uncertain numbers act one way or the other depending on the "
            f"rest, expected at most {_MOST_AMBIGUOUS}",
            pointer=f"/{family.inputs.names[int(ambiguous[0])]}",
        )
    hurts_up = (directions > 0).sum(axis=1)
    hurts_down = (directions < 0).sum(axis=1)
    mixed = ((hurts_up > 0) & (hurts_down > 0)) | both.any(axis=1)
    values = np.where(hurts_up >= hurts_down, upper, lower)
    values = np.where(hurts_up + hurts_down == 0, family.inputs.nominal, values)
    values = np.clip(values, lower, upper)
    first = family.game_at(values)
    if not mixed.any():
        return Corners(first, values, mixed, [first])
    # Entries that the same numbers hurt at the same ends have their worst at one corner.
    patterns = np.unique(directions[mixed].T, axis=0)
    games, hull = [first], _entries(first)
    for pattern in patterns:
        corner = values.copy()
        ends = np.where(pattern > 0, upper[mixed], lower[mixed])
        corner[mixed] = np.where(pattern == 0, values[mixed], ends)
        for combination in itertools.product((lower, upper), repeat=len(ambiguous)):
            for column, end in zip(ambiguous.tolist(), combination, strict=True):
                corner[column] = end[column]
            games.append(family.game_at(corner))
            hull = np.maximum(hull, _entries(games[-1]))
    return Corners(_game_of(first, hull), values, mixed, games)


def _directions(
    family: GameFamily, lower: FloatArray, upper: FloatArray
) -> tuple[NDArray[np.int8], BoolArray]:
    """Which end of each number hurts each entry: 1 the upper, -1 the lower, 0 neither.

    Looked at with the other numbers at their nominal values and at either end, since one
    may count for nothing beside the others. And where both happen.
    """
    inputs = family.inputs
    nominal = np.clip(inputs.nominal, lower, upper)
    size = len(_entries(family.nominal))
    up, down = (np.zeros((len(inputs), size), dtype=bool) for _ in range(2))
    for base in (nominal, lower, upper):
        for column in range(len(inputs)):
            ends = []
            for end in (lower, upper):
                values = base.copy()
                values[column] = end[column]
                game = family.game_at(values)
                if tuple(game.threat_ids) != tuple(family.nominal.threat_ids):
                    raise SpecificationError(
                        "decides which threats there are, so that there is no worst case; "
                        "expected numbers of the same threats",
                        pointer=f"/{inputs.names[column]}",
                    )
                ends.append(_entries(game))
            # Rules that are worked out in another order may differ by rounding.
            real = ~np.isclose(ends[1], ends[0], rtol=1e-14, atol=0.0)
            up[column] |= real & (ends[1] > ends[0])
            down[column] |= real & (ends[1] < ends[0])
    return up.astype(np.int8) - down.astype(np.int8), up & down


def _entries(game: DefenseGame) -> FloatArray:
    """All numbers of a game, each with the sign with which more of it is worse."""
    parts = []
    for name, worse_up in WORSE_UP.items():
        numbers = getattr(game, name)
        if numbers is not None:
            parts.append(np.ravel(numbers) * (1.0 if worse_up else -1.0))
    return np.concatenate(parts)


def _game_of(pattern: DefenseGame, entries: FloatArray) -> DefenseGame:
    """The game like another that has these numbers."""
    game = copy.copy(pattern)
    start = 0
    for name, worse_up in WORSE_UP.items():
        numbers = getattr(pattern, name)
        if numbers is None:
            continue
        stop = start + np.size(numbers)
        changed = entries[start:stop] * (1.0 if worse_up else -1.0) + 0.0
        if isinstance(numbers, np.ndarray):
            changed = changed.reshape(numbers.shape)
            changed.flags.writeable = False
            setattr(game, name, changed)
        else:
            setattr(game, name, float(changed[0]))
        start = stop
    return game
