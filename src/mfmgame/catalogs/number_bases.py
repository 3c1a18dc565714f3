"""The basis of each number of a game: stated for the number itself, or for its entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mfmgame.documents.base import BASES, Basis
from mfmgame.documents.catalog import Assumptions, Catalog, Defense, Threat
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import DefenseOverride, Overrides, ThreatOverride
from mfmgame.documents.sourced_entries import Sourced
from mfmgame.documents.uncertain_numbers import Place
from mfmgame.numerics.arrays import BoolArray

__all__ = [
    "BASIS_NAMES",
    "CodeArray",
    "NumberBases",
    "bases_by_rule",
    "basis_by_rules",
    "basis_of",
    "code_of",
    "combined_codes",
    "number_bases",
    "resources_of",
    "weakest",
    "with_bases",
]

BASIS_NAMES: tuple[str, ...] = (*BASES, "not stated")
"""The bases, the strongest first, and the word for none."""
CodeArray = NDArray[np.int8]
"""Bases of numbers as positions in :data:`BASIS_NAMES`."""
_Bases = Mapping[Place, Basis | None]


@dataclass(frozen=True, eq=False)
class NumberBases:
    """Basis of each number of a game, as its position in :data:`BASIS_NAMES`.

    Attributes
    ----------
    severity, bandwidth : ndarray of int8, shape (n_threats,)
    effectiveness : ndarray of int8, shape (n_threats, n_defenses)
    use : ndarray of int8, shape (n_resources, n_defenses)
    limits : ndarray of int8, shape (n_resources,)
    attacker_bandwidth : ndarray of int8, shape ()
    """

    severity: CodeArray
    bandwidth: CodeArray
    effectiveness: CodeArray
    use: CodeArray
    limits: CodeArray
    attacker_bandwidth: CodeArray

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumberBases):
            return NotImplemented
        return all(np.array_equal(mine, vars(other)[name]) for name, mine in vars(self).items())


def basis_of(code: int) -> Basis | None:
    """Return the basis at a position of :data:`BASIS_NAMES`; None for none."""
    return BASES[code] if code < len(BASES) else None


def code_of(basis: Basis | None) -> int:
    """Return the position of a basis, or of none, in :data:`BASIS_NAMES`."""
    return len(BASES) if basis is None else BASES.index(basis)


def weakest(bases: Sequence[Basis | None]) -> Basis | None:
    """Return the weakest of several bases; None if none is stated."""
    stated: list[Basis] = [basis for basis in bases if basis is not None]
    return max(stated, key=BASES.index, default=None)


def basis_by_rules(assumptions: Assumptions) -> Basis:
    """Return the basis of numbers that the rules derive from assumptions."""
    used = [*assumptions.goals, *assumptions.classes, *assumptions.axes, assumptions.channel]
    return weakest(["derived", *(entry.basis for entry in used)]) or "derived"


def bases_by_rule(threats: Sequence[Basis | None], defenses: Sequence[Basis | None]) -> CodeArray:
    """Find the basis of the rule's effectiveness: the weakest among derived and the entries'.

    Parameters
    ----------
    threats, defenses : sequence of str or None
        Basis of the traits of each threat and each defense.

    Returns
    -------
    ndarray of int8, shape (n_threats, n_defenses)
    """
    rows, columns = (
        np.array([code_of(weakest(["derived", basis])) for basis in bases], dtype=np.int8)
        for bases in (threats, defenses)
    )
    return np.maximum.outer(rows, columns)


def combined_codes(codes: CodeArray, counts: BoolArray) -> CodeArray:
    """Find the basis of numbers that are each derived from one number or more of a column.

    Parameters
    ----------
    codes : ndarray of int8, shape (n_numbers, n_columns)
        Basis of each number, as its position in :data:`BASIS_NAMES`.
    counts : ndarray of bool, shape (n_numbers, n_columns)
        Whether the number is used; one or more in each column.

    Returns
    -------
    ndarray of int8, shape (n_columns,)
        The basis of a number that stands alone; else the weakest of those that are stated, at
        least derived.
    """
    alone = np.where(counts, codes, 0).max(axis=0)
    stated = np.where(counts & (codes < len(BASES)), codes, 0).max(axis=0)
    several = np.maximum(stated, code_of("derived"))
    is_several = counts.sum(axis=0) > 1
    return np.asarray(np.where(is_several, several, alone), dtype=np.int8)


def with_bases(
    threat: Threat,
    place: Place,
    bases: _Bases,
    change: ThreatOverride | None = None,
    overridden: _Bases | None = None,
    elsewhere: Mapping[Literal["severity", "bandwidth"], Basis | None] | None = None,
) -> Threat:
    """Return a threat whose basis and provenance say what each of its two numbers rests on.

    Parameters
    ----------
    threat : Threat
        As its document states it.
    place : tuple
        Place of the threat in its document.
    bases : mapping of tuple to (str or None)
        Basis of each number of this document that stands beside its own basis, by place.
    change : ThreatOverride, optional
        Numbers of the scenario that replace those of the threat.
    overridden : mapping of tuple to (str or None), optional
        As `bases`, of the scenario.
    elsewhere : mapping of str to (str or None), optional
        Basis of each number where the threat does not state the number.
    """
    keys: tuple[Literal["severity", "bandwidth"], ...] = ("severity", "bandwidth")
    found: dict[Literal["severity", "bandwidth"], Basis | None] = {}
    for key in keys:
        if change is not None and getattr(change, key) is not None:
            found[key] = (overridden or {}).get(("overrides", "threats", threat.id, key))
        elif getattr(threat, key) is not None:
            found[key] = bases.get((*place, key)) or threat.basis_of(key)
        else:
            found[key] = (elsewhere or {}).get(key)
    basis = weakest(list(found.values()))
    stated = {key: threat.provenance.get(key, threat) for key in keys}
    provenance = {
        key: Sourced(basis=own, source=stated[key].source if own == stated[key].basis else None)
        for key, own in found.items()
        if own != basis or key in threat.provenance
    }
    update = {"basis": basis, "provenance": provenance}
    update = {name: new for name, new in update.items() if new != getattr(threat, name)}
    return threat.model_copy(update=update) if update else threat


def resources_of(defenses: Sequence[Defense]) -> list[str]:
    """List the resources that defenses use, in the order of their first use."""
    return list(dict.fromkeys(name for defense in defenses for name in defense.use))


def number_bases(
    scenario: Scenario,
    catalog: Catalog,
    threats: Sequence[Threat],
    defenses: Sequence[Defense],
    effectiveness: CodeArray,
) -> NumberBases:
    """Collect the bases of all numbers of a game.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog
    threats : sequence of Threat
        Resolved, by :func:`with_bases`.
    defenses : sequence of Defense
        Those of the catalog, then those of the scenario.
    effectiveness : ndarray of int8, shape (n_threats, n_defenses)

    Returns
    -------
    NumberBases
    """
    stated = scenario.bases
    resources = resources_of(defenses)
    limits = [stated.get(("defender", "limits", name)) for name in resources]
    uses = _bases_of_uses(scenario, catalog, defenses)
    return NumberBases(
        severity=_codes([threat.basis_of("severity") for threat in threats]),
        bandwidth=_codes([threat.basis_of("bandwidth") for threat in threats]),
        effectiveness=effectiveness,
        use=_codes([use.get(name) for name in resources for use in uses]).reshape(
            len(resources), len(defenses)
        ),
        limits=_codes(limits),
        attacker_bandwidth=_codes([stated.get(("attacker", "bandwidth"))]).reshape(()),
    )


def _codes(bases: Sequence[Basis | None]) -> CodeArray:
    return np.array([code_of(basis) for basis in bases], dtype=np.int8)


def _bases_of_uses(
    scenario: Scenario, catalog: Catalog, defenses: Sequence[Defense]
) -> list[dict[str, Basis | None]]:
    """Find the basis of each use of each defense, by resource."""
    changes = (scenario.overrides or Overrides()).defenses
    stated, in_catalog = scenario.bases, catalog.bases
    found = []
    for j, defense in enumerate(defenses):
        change = changes.get(defense.id, DefenseOverride())
        own, place = (
            (in_catalog, j)
            if j < len(catalog.defenses)
            else (
                stated,
                j - len(catalog.defenses),
            )
        )
        found.append(
            {
                name: stated.get(("overrides", "defenses", defense.id, "use", name))
                if name in change.use
                else own.get(("defenses", place, "use", name)) or defense.basis
                for name in defense.use
            }
        )
    return found
