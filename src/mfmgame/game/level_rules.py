"""Levels of all-or-nothing and stepped defenses, and the rules between defenses.

A *box* holds the least and the greatest level of every defense. A stepped defense takes one of a
few levels. A rule lets a defense run only if another runs, or bounds how many defenses of a group
run. Where a rule excludes levels of a box, the box can shrink; where it excludes all of them, the
box holds no allowed allocation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.documents.float_reading import amounts
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Box", "DefenseGroup", "LevelRules", "level_rules_of"]

Box = tuple[FloatArray, FloatArray]


class DefenseGroup(NamedTuple):
    """Bounds on how many defenses of a group run, at any level but 0.

    Attributes
    ----------
    defenses : sequence of str
        Ids of the group's defenses.
    at_least : int
    at_most : int or None
        None if all of them may run.
    """

    defenses: Sequence[str]
    at_least: int = 0
    at_most: int | None = None


@dataclass(frozen=True, eq=False)
class LevelRules:
    """Levels that stepped defenses can take, and the rules between defenses.

    The rules of a continuous game allow every level.

    Attributes
    ----------
    levels : tuple of (ndarray of float or None), length n_defenses
        Increasing levels of each defense; None for a continuous defense.
    requires : tuple of (int, int)
        Position of a defense, and of a defense that must run if the first runs.
    groups : tuple of (tuple of int, int, int)
        Positions of the group's defenses; least and greatest number of them that run.
    """

    levels: tuple[FloatArray | None, ...]
    requires: tuple[tuple[int, int], ...]
    groups: tuple[tuple[tuple[int, ...], int, int], ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LevelRules):
            return NotImplemented
        mine, theirs = (
            [None if levels is None else levels.tolist() for levels in rules.levels]
            for rules in (self, other)
        )
        same_rules = self.requires == other.requires and self.groups == other.groups
        return same_rules and mine == theirs

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    @cached_property
    def stepped(self) -> NDArray[np.bool_]:
        """Mask of the stepped defenses, shape (n_defenses,)."""
        return np.array([levels is not None for levels in self.levels], dtype=bool)

    @classmethod
    def continuous(cls, n_defenses: int) -> LevelRules:
        """Make the rules of a game without stepped defenses."""
        return cls((None,) * n_defenses, (), ())

    def greatest_levels(self, max_level: FloatArray) -> FloatArray:
        """Return the greatest attainable level of each defense, shape (n_defenses,)."""
        most = max_level.copy()
        most[self.stepped] = [levels[-1] for levels in self.levels if levels is not None]
        most.flags.writeable = False
        return most

    def full_box(self, max_level: FloatArray) -> Box | None:
        """Return the smallest box of all allocations; None if the rules allow none."""
        least = np.zeros_like(max_level)
        least[self.stepped] = [levels[0] for levels in self.levels if levels is not None]
        return self.tightened((least, max_level))

    @cached_property
    def _table(self) -> FloatArray:
        """Levels of the stepped defenses, the last repeated, shape (n_stepped, n_levels)."""
        stepped = [levels for levels in self.levels if levels is not None]
        longest = max((len(levels) for levels in stepped), default=0)
        return np.array([np.pad(one, (0, longest - len(one)), mode="edge") for one in stepped])

    def nearest_levels(self, point: FloatArray) -> FloatArray:
        """Move each stepped defense to its nearest level, shape (n_defenses,)."""
        snapped, table = point.copy(), self._table
        nearest = np.abs(table - point[self.stepped, None]).argmin(axis=1)
        snapped[self.stepped] = table[np.arange(len(table)), nearest]
        return snapped

    def distance_to_levels(self, point: FloatArray) -> FloatArray:
        """Measure how far each level lies from its nearest step, from 0 to 0.5 of the interval."""
        far, table, at = np.zeros_like(point), self._table, point[self.stepped, None]
        below = np.where(table <= at, table, table[:, :1]).max(axis=1)
        above = np.where(table >= at, table, table[:, -1:]).min(axis=1)
        share = np.divide(at[:, 0] - below, above - below, where=above > below, out=below * 0.0)
        far[self.stepped] = np.clip(np.minimum(share, 1.0 - share), 0.0, 0.5)
        return far

    def rounded_down(self, point: FloatArray) -> FloatArray:
        """Round each stepped defense down to one of its levels, shape (n_defenses,)."""
        lowered, table = point.copy(), self._table
        at = point[self.stepped, None]
        lowered[self.stepped] = np.where(table <= at, table, table[:, :1]).max(axis=1)
        return lowered

    def adjacent_levels(self, defense: int, level: float, box: Box) -> tuple[float, float]:
        """Find the two adjacent levels of a box around a level."""
        levels = self.levels[defense]
        assert levels is not None
        within = levels[(levels >= box[0][defense]) & (levels <= box[1][defense])]
        above = int(np.clip(np.searchsorted(within, level), 1, len(within) - 1))
        return float(within[above - 1]), float(within[above])

    def tightened(self, box: Box, twins: Iterable[tuple[int, int]] = ()) -> Box | None:
        """Shrink a box as far as each single rule allows, keeping every allowed allocation.

        Parameters
        ----------
        box : tuple of two ndarrays of float, shape (n_defenses,)
        twins : iterable of (int, int), optional
            Pairs of interchangeable defenses: the first has at least the level of the second.

        Returns
        -------
        tuple of two ndarrays of float, shape (n_defenses,), or None
            None if a rule excludes every allocation of the box.
        """
        least, greatest = box[0].copy(), box[1].copy()
        for first, second in twins:
            greatest[second] = min(greatest[first], greatest[second])
        for first, second in reversed(tuple(twins)):
            least[first] = max(least[first], least[second])
        if (least > greatest).any():
            return None
        changed = True
        while changed:
            on, off = (least > 0.0).tolist(), (greatest <= 0.0).tolist()
            starts, stops = set[int](), set[int]()
            for defense, needed in self.requires:
                if on[defense]:
                    starts.add(needed)
                if off[needed]:
                    stops.add(defense)
            for members, at_least, at_most in self.groups:
                running = sum(on[member] for member in members)
                stopped = sum(off[member] for member in members)
                if running >= at_most:
                    stops |= {member for member in members if not on[member]}
                if len(members) - stopped <= at_least:
                    starts |= {member for member in members if not off[member]}
                if running > at_most or len(members) - stopped < at_least:
                    return None
            starts = {defense for defense in starts if not on[defense]}
            stops = {defense for defense in stops if not off[defense]}
            for defense in starts:
                levels = self.levels[defense]
                assert levels is not None
                higher = levels[(levels > 0.0) & (levels <= greatest[defense])]
                if not len(higher):
                    return None
                least[defense] = higher[0]
            for defense in stops:
                if least[defense] > 0.0:
                    return None
                greatest[defense] = 0.0
            changed = bool(starts or stops)
        return least, greatest

    def allows(self, allocation: FloatArray) -> bool:
        """Tell whether an allocation takes only allowed levels and keeps every rule."""
        at_a_level = all(
            levels is None or level in levels
            for levels, level in zip(self.levels, allocation.tolist(), strict=True)
        )
        return at_a_level and self.tightened((allocation, allocation)) is not None


def level_rules_of(
    defense_ids: Sequence[str],
    max_level: FloatArray,
    levels: Mapping[str, ArrayLike],
    requires: Mapping[str, Iterable[str]],
    groups: Iterable[DefenseGroup],
) -> LevelRules:
    """Build the level rules of a game from its arguments.

    Raises
    ------
    SpecificationError
        If a defense is unknown, a level is out of range, or a rule names a continuous defense or
        contradicts itself.
    """
    positions = {name: index for index, name in enumerate(defense_ids)}

    def position(name: str, where: str, *, stepped: bool = True) -> int:
        if name not in positions:
            hint = nearest(name, defense_ids, "defense")
            raise SpecificationError(
                f"unknown defense {shown(name)}, expected {hint}", pointer=where
            )
        if stepped and name not in levels:
            raise SpecificationError(
                f"found the continuous defense {shown(name)} in a rule, expected a stepped defense",
                pointer=where,
            )
        return positions[name]

    stepped: list[FloatArray | None] = [None] * len(defense_ids)
    for name, steps in levels.items():
        where = f"levels[{shown(name)}]"
        index = position(name, where)
        stepped[index] = _steps(steps, float(max_level[index]), where)
    for name, others in requires.items():
        refuse_other_types(others, f"requires[{shown(name)}]", Collection)
    needs = tuple(
        (position(name, f"requires[{shown(name)}]"), position(other, f"requires[{shown(name)}]"))
        for name, others in requires.items()
        for other in others
    )
    counted = []
    for number, group in enumerate(groups):
        where = f"groups[{number}]"
        refuse_other_types(group, where, DefenseGroup)
        refuse_other_types(group.defenses, where, Collection)
        refuse_other_types(group.at_least, where, int)
        refuse_other_types(group.at_most, where, int, NoneType)
        members = tuple(dict.fromkeys(position(name, where) for name in group.defenses))
        most = len(members) if group.at_most is None else group.at_most
        if not 0 <= group.at_least <= min(most, len(members)):
            raise SpecificationError(
                f"found at least {group.at_least} and at most {most} of {len(members)}, "
                "expected bounds that the group can meet",
                pointer=where,
            )
        counted.append((members, group.at_least, most))
    return LevelRules(tuple(stepped), needs, tuple(counted))


def _steps(values: ArrayLike, most: float, where: str) -> FloatArray:
    steps = amounts(values, where, n_axes=1).copy()
    if not len(steps) or not np.all(np.diff(steps) > 0.0):
        raise SpecificationError("expected one level or more, in increasing order", pointer=where)
    if not (steps[0] >= 0.0 and steps[-1] <= most):
        wrong = steps[0] if steps[0] < 0.0 else steps[-1]
        raise SpecificationError(
            f"found a level of {float(wrong)!r}, expected from 0 to {most!r}", pointer=where
        )
    steps.flags.writeable = False
    return steps
