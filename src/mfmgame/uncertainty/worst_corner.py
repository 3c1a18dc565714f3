"""The worst game over all values of the uncertain numbers.

For any allocation, the loss of the worst attack does not fall if a severity, the attacker's
bandwidth or the use of a defense grows, and does not rise if an effectiveness, a threat's
bandwidth, a limit or a greatest level grows. So no allocation does worse than in the game
with the worst value of every array entry, the *hull*.

By the catalog's rules, one uncertain number may move several entries. If it moves all of them
for the worse at the same end, that end is the worst for every allocation. If all numbers do,
one choice of values gives the hull itself, and the answer is exact. Otherwise no choice may
give the hull, which is then an upper bound. Every rule is monotone in each of its numbers when
the others are held, so the worst value of an entry is found at ends. Only for the modality
weights of a threat may the worst end depend on other numbers: then all combinations are tried.
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
"""Whether the defender is worse off if the entry grows. (A smaller termination loss makes
stopping the cheaper choice sooner.)"""
_MOST_AMBIGUOUS = 10


@dataclass(frozen=True, eq=False)
class Corners:
    """The worst of a family's games within a box of values.

    Attributes
    ----------
    hull : DefenseGame
        Game with the worst value of every entry.
    values : ndarray of float, shape (n_inputs,)
        The worst end of each number; for a mixed number, the end that hurts more entries.
    mixed : ndarray of bool, shape (n_inputs,)
        Numbers that hurt some entries at one end and others at the other.
    games : list of DefenseGame
        Games of the family at corners of the box: the first at `values`.
    """

    hull: DefenseGame
    values: FloatArray
    mixed: BoolArray
    games: list[DefenseGame]


def worst_corners(family: GameFamily, lower: FloatArray, upper: FloatArray) -> Corners:
    """Find the worst value of every entry within a box.

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
        If an uncertain number decides which threats there are, or if the worst end of more
        than ten numbers depends on other numbers.
    """
    directions, both = _directions(family, lower, upper)
    ambiguous = np.flatnonzero(both.any(axis=1))
    if len(ambiguous) > _MOST_AMBIGUOUS:
        raise SpecificationError(
            f"found {len(ambiguous)} uncertain numbers whose worst end depends on other numbers, "
            f"expected at most {_MOST_AMBIGUOUS}",
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
    # Entries that are hurt by the same numbers at the same ends share their worst corner.
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
    """Find which end of each number hurts each entry: 1 the upper, -1 the lower, 0 neither.

    The other numbers are held at their nominal values, then at either end, since a number
    may have no effect beside the others. Also mark the numbers that hurt at both ends.
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
                        "decides which threats there are, so there is no worst case; expected the "
                        "same threats for all values",
                        pointer=f"/{inputs.names[column]}",
                    )
                ends.append(_entries(game))
            # The order in which rules are computed may cause rounding differences.
            real = ~np.isclose(ends[1], ends[0], rtol=1e-14, atol=0.0)
            up[column] |= real & (ends[1] > ends[0])
            down[column] |= real & (ends[1] < ends[0])
    return up.astype(np.int8) - down.astype(np.int8), up & down


def _entries(game: DefenseGame) -> FloatArray:
    """Collect all numbers of a game, signed so that a greater number is worse."""
    parts = []
    for name, worse_up in WORSE_UP.items():
        numbers = getattr(game, name)
        if numbers is not None:
            parts.append(np.ravel(numbers) * (1.0 if worse_up else -1.0))
    return np.concatenate(parts)


def _game_of(pattern: DefenseGame, entries: FloatArray) -> DefenseGame:
    """Build a game like another one, with other numbers."""
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
