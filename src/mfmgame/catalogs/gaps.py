"""Gaps of a catalog: uncovered threats, and the basis of its numbers."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from mfmgame.catalogs.number_bases import BASIS_NAMES, CodeArray, resources_of
from mfmgame.catalogs.scenario_entries import Entries, resolve_catalog
from mfmgame.documents.catalog import Catalog, Defense, Threat
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "CatalogGaps",
    "Duplicate",
    "Group",
    "Grouping",
    "Uncovered",
    "check_catalog",
    "groups_of",
]

Grouping = Literal["class", "tactic"]

_MOST_DEFENSES = 3


@dataclass(frozen=True)
class Uncovered:
    """A threat that no defense covers.

    Attributes
    ----------
    id, name : str
    severity : float
        Severity in loss units.
    share : float
        Share of the severity of all threats; NaN if their severity is 0.
    """

    id: str
    name: str
    severity: float
    share: float


@dataclass(frozen=True)
class Duplicate:
    """Entries with the same name, ignoring case and spaces.

    Attributes
    ----------
    kind : {"threat", "defense"}
    name : str
        Name as the first entry writes it.
    ids : tuple of str
    """

    kind: Literal["threat", "defense"]
    name: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Threats of one class or one tactic.

    Attributes
    ----------
    name : str or None
        None for the threats without a tactic.
    threats, covered : int
        Number of threats, and how many of them a defense covers.
    severity : float
        Severity of all these threats together, in loss units.
    share : float
        Of that severity, in the threats that a defense covers; NaN if it is 0.
    best : mapping of str to float
        Up to three defenses that alone, at level 1, stop most of the severity, with the share
        that each stops.
    """

    name: str | None
    threats: int
    covered: int
    severity: float
    share: float
    best: Mapping[str, float]


@dataclass(frozen=True)
class CatalogGaps:
    """Gaps of a catalog.

    A defense covers a threat if its effectiveness on it is more than 0.

    Attributes
    ----------
    catalog : str
        Name of the catalog.
    threats, defenses, covered : int
        Number of threats, of defenses, and of threats that a defense covers.
    severity : float
        Severity of all threats together, in loss units.
    covered_share : float
        Of that severity, in the threats that a defense covers; NaN if it is 0.
    uncovered : tuple of Uncovered
        Threats that no defense covers, the most severe first.
    idle_defenses : tuple of str
        Ids of the defenses that cover no threat.
    harmless : tuple of str
        Ids of the threats of severity 0.
    bases : mapping of str to mapping of str to int
        For severities, bandwidths, uses and effectiveness, the number of values by basis;
        ``not stated`` where the catalog states none. Effectiveness by the rule counts only above 0.
    duplicates : tuple of Duplicate
    uncovered_parents : tuple of str
        Ids of uncovered threats that have a covered form.
    uncovered_forms : tuple of str
        Ids of uncovered threats that are a form of a covered threat.
    classes, tactics : tuple of Group
        In the order of the catalog. A threat counts in each of its tactics; there are no
        groups by tactic if no threat has one.
    notes : tuple of str
        Caveats about the numbers.
    """

    catalog: str
    threats: int
    defenses: int
    covered: int
    severity: float
    covered_share: float
    uncovered: tuple[Uncovered, ...]
    idle_defenses: tuple[str, ...]
    harmless: tuple[str, ...]
    bases: Mapping[str, Mapping[str, int]]
    duplicates: tuple[Duplicate, ...]
    uncovered_parents: tuple[str, ...]
    uncovered_forms: tuple[str, ...]
    classes: tuple[Group, ...]
    tactics: tuple[Group, ...]
    notes: tuple[str, ...]


def check_catalog(catalog: Catalog) -> CatalogGaps:
    """Find the gaps of a catalog, including all numbers that its rules derive.

    Parameters
    ----------
    catalog : Catalog

    Returns
    -------
    CatalogGaps

    Raises
    ------
    SpecificationError
        If the rules give a number out of range.

    Examples
    --------
    >>> import mfmgame as mg
    >>> gaps = mg.check_catalog(mg.load_catalog("mfm"))
    >>> gaps.threats, gaps.covered, gaps.bases["use"]["assumed"]
    (73, 73, 30)
    """
    entries = resolve_catalog(catalog)
    severities = _severities(entries)
    covered = _any_above_0(entries.effectiveness)
    acts = _any_above_0(entries.effectiveness.T)
    total = math.fsum(severities)
    rows = zip(entries.threats, severities, covered, strict=True)
    uncovered = [
        Uncovered(threat.id, threat.name, severity, _share(severity, total))
        for threat, severity, is_covered in rows
        if not is_covered
    ]
    is_covered = dict(zip((threat.id for threat in entries.threats), covered, strict=True))
    forms = [threat for threat in entries.threats if threat.parent in is_covered]
    with_covered_form = {threat.parent for threat in forms if is_covered[threat.id]}
    return CatalogGaps(
        catalog=catalog.name,
        threats=len(entries.threats),
        defenses=len(entries.defenses),
        covered=sum(covered),
        severity=total,
        covered_share=_share(_covered_part(severities, covered), total),
        uncovered=tuple(sorted(uncovered, key=lambda threat: -threat.severity)),
        idle_defenses=tuple(
            defense.id for defense, one in zip(entries.defenses, acts, strict=True) if not one
        ),
        harmless=tuple(
            threat.id for threat, one in zip(entries.threats, severities, strict=True) if one == 0
        ),
        bases=_bases(catalog, entries),
        duplicates=(
            *_duplicates("threat", entries.threats),
            *_duplicates("defense", entries.defenses),
        ),
        uncovered_parents=tuple(
            name for name, is_one in is_covered.items() if not is_one and name in with_covered_form
        ),
        uncovered_forms=tuple(
            threat.id
            for threat in forms
            if not is_covered[threat.id] and is_covered[threat.parent or ""]
        ),
        classes=groups_of(entries, "class"),
        tactics=groups_of(entries, "tactic"),
        notes=entries.notes,
    )


def groups_of(entries: Entries, by: Grouping) -> tuple[Group, ...]:
    """Compute coverage by class or by tactic.

    Parameters
    ----------
    entries : Entries
    by : {"class", "tactic"}

    Returns
    -------
    tuple of Group
        In the order of the threats, the group without a tactic last; empty by tactic if no threat
        has a tactic.

    Raises
    ------
    SpecificationError
        If `by` is neither.
    """
    if by not in get_args(Grouping):
        raise SpecificationError(
            f"found {shown(by)}, expected {nearest(by, get_args(Grouping), 'grouping')}",
            pointer="by",
        )
    members: dict[str | None, list[int]] = {}
    for row, threat in enumerate(entries.threats):
        names: list[str | None] = [threat.threat_class] if by == "class" else [*threat.tactics]
        for name in dict.fromkeys(names or [None]):
            members.setdefault(name, []).append(row)
    without = members.pop(None, [])
    if without and members:
        members[None] = without
    return tuple(_group(entries, name, rows) for name, rows in members.items())


def _group(entries: Entries, name: str | None, rows: Sequence[int]) -> Group:
    severities = [entries.threats[row].severity or 0.0 for row in rows]
    effectiveness = entries.effectiveness[rows]
    covered = _any_above_0(effectiveness)
    total = math.fsum(severities)
    best: dict[str, float] = {}
    if total > 0:
        stopped = (np.array(severities) / total) @ effectiveness
        order = np.argsort(-stopped, kind="stable")[:_MOST_DEFENSES].tolist()
        best = {entries.defenses[j].id: min(float(stopped[j]), 1.0) for j in order if stopped[j]}
    return Group(
        name=name,
        threats=len(rows),
        covered=sum(covered),
        severity=total,
        share=_share(_covered_part(severities, covered), total),
        best=best,
    )


def _severities(entries: Entries) -> list[float]:
    return [threat.severity or 0.0 for threat in entries.threats]


def _any_above_0(matrix: FloatArray) -> list[bool]:
    """Tell which rows have a number above 0."""
    return [bool(row.any()) for row in matrix > 0]


def _covered_part(severities: Sequence[float], covered: Sequence[bool]) -> float:
    return math.fsum(one for one, is_one in zip(severities, covered, strict=True) if is_one)


def _share(part: float, total: float) -> float:
    return part / total if total > 0 else math.nan


def _bases(catalog: Catalog, entries: Entries) -> dict[str, dict[str, int]]:
    """Count the numbers of each kind by basis."""
    bases = entries.bases
    rows = {threat.id: row for row, threat in enumerate(entries.threats)}
    columns = {defense.id: column for column, defense in enumerate(entries.defenses)}
    resources = resources_of(entries.defenses)
    uses = [
        (resources.index(name), columns[one.id]) for one in catalog.defenses for name in one.use
    ]
    counts = entries.effectiveness > 0.0
    for entry in catalog.effectiveness:
        if entry.threat is not None:
            counts[rows[entry.threat], columns[entry.defense]] = True
    return {
        "severity": _counted(bases.severity),
        "bandwidth": _counted(bases.bandwidth),
        "use": _counted(bases.use[tuple(np.array(uses, dtype=np.intp).reshape(-1, 2).T)]),
        "effectiveness": _counted(bases.effectiveness[counts]),
    }


def _counted(codes: CodeArray) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(BASIS_NAMES)).tolist()
    return dict(zip(BASIS_NAMES, counts, strict=True))


def _duplicates(
    kind: Literal["threat", "defense"], entries: Sequence[Threat | Defense]
) -> Iterable[Duplicate]:
    same: dict[str, list[Threat | Defense]] = {}
    for entry in entries:
        folded = " ".join(unicodedata.normalize("NFKC", entry.name).casefold().split())
        if folded:
            same.setdefault(folded, []).append(entry)
    for found in same.values():
        if len(found) > 1:
            yield Duplicate(kind, found[0].name, tuple(entry.id for entry in found))
