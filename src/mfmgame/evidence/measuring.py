"""Numbers of a catalog from evidence: effectiveness, and the work that each defense keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from mfmgame.catalogs.number_bases import weakest
from mfmgame.documents.base import Basis, refuse_unknown
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.evidence_file import LEAST_BASELINE_SUCCESSES, Evidence, EvidenceCell
from mfmgame.errors import SpecificationError
from mfmgame.evidence.mapping import MappedPair
from mfmgame.evidence.pooling import PooledCounts, strongest_attack
from mfmgame.messages import counted, refuse_other_types, shown

__all__ = ["UTILITY", "measured_catalog"]

UTILITY = "utility"
"""Name of the resource that stands for work kept, unless another is given."""
_MOST_NAMED = 5


def measured_catalog(
    catalog: Catalog,
    evidence: Evidence,
    mapping: Sequence[MappedPair] = (),
    *,
    models: Sequence[str] = (),
    suites: Sequence[str] = (),
    utility: str | None = UTILITY,
) -> Catalog:
    """Set effectiveness of a catalog from counts, and the work that each defense keeps.

    Cells of one threat and defense are pooled over models and suites. Of several attacks, the
    attack that the defense stops least counts, because the attacker chooses.

    Parameters
    ----------
    catalog : Catalog
    evidence : Evidence
        Cells whose threat and defense are ids of the catalog are its measurements; other cells
        need a line of the mapping.
    mapping : sequence of MappedPair, optional
        From :func:`read_mapping`.
    models, suites : sequence of str, optional
        The only ones to use; all by default.
    utility : str or None, default "utility"
        Resource that stands for the work kept without an attack: a defense uses the negative
        logarithm of the share that it keeps, and a scenario limits the least share to keep. None
        leaves the catalog's resources alone.

    Returns
    -------
    Catalog
        With notes on what was left out. A defense that keeps no work is left out, too.

    Raises
    ------
    SpecificationError
        If no cell fits the catalog, or trials would count twice.

    Examples
    --------
    >>> import mfmgame as mg
    >>> catalog = mg.Catalog(schema="mfmgame/catalog/1", name="own",
    ...     threats=[{"id": "injection", "severity": 1, "bandwidth": 1}],
    ...     defenses=[{"id": "guard"}])
    >>> evidence = mg.Evidence(schema="mfmgame/evidence/1", name="scan", cells=[
    ...     {"threat": "injection", "defense": "guard", "trials": 100, "successes": 10,
    ...      "baseline_trials": 100, "baseline_successes": 40}])
    >>> entry = mg.measured_catalog(catalog, evidence).effectiveness[0]
    >>> entry.basis, round(entry.value, 3)
    ('measured', 0.746)
    """
    refuse_other_types(catalog, "catalog", Catalog)
    refuse_other_types(evidence, "evidence", Evidence)
    for argument, listed, kind in (
        ("mapping", mapping, MappedPair),
        ("models", models, str),
        ("suites", suites, str),
    ):
        refuse_other_types(listed, argument, Sequence)
        for one in listed:
            refuse_other_types(one, argument, kind)
    refuse_other_types(utility, "utility", str, NoneType)
    cells = [
        cell
        for cell in evidence.cells
        if (not models or cell.model in models) and (not suites or cell.suite in suites)
    ]
    for name, chosen, known in (
        ("model", models, {cell.model for cell in evidence.cells}),
        ("suite", suites, {cell.suite for cell in evidence.cells}),
    ):
        for one in chosen:
            refuse_unknown(one, sorted(known), name, f"{name}s")
    groups = _groups(catalog, cells, mapping)
    if not groups:
        raise SpecificationError(
            "found no cell of a threat and a defense of the catalog, expected their ids, or a "
            "table that maps to them (--map)"
        )
    notes: list[str] = []
    document = catalog.to_document()
    if utility is not None:
        _set_work_kept(document, utility, groups, evidence, notes)
    _set_effectiveness(document, groups, evidence, notes)
    _note_others(cells, groups, notes)
    document["notes"] = [*document.get("notes", ()), *notes]
    return Catalog(**document)


@dataclass
class _Group:
    """Cells that measure one pair of the catalog, directly or by a proxy."""

    basis: Basis
    reason: str
    cells: list[EvidenceCell]


Groups = dict[tuple[str, str], _Group]


def _groups(
    catalog: Catalog, cells: Iterable[EvidenceCell], mapping: Sequence[MappedPair]
) -> Groups:
    """Collect the cells of each pair of the catalog; direct measurements go before proxies."""
    threats = {threat.id: None for threat in catalog.threats}
    defenses = {defense.id: None for defense in catalog.defenses}
    for index, pair in enumerate(mapping):
        refuse_unknown(pair.threat, threats, "threat", "map", index, "threat")
        refuse_unknown(pair.defense, defenses, "defense", "map", index, "defense")
    direct: Groups = {}
    mapped: Groups = {}
    for cell in cells:
        own = (cell.threat, cell.defense)
        stated = [pair for pair in mapping if (pair.evidence_threat, pair.evidence_defense) == own]
        for pair in stated:
            _add(mapped, (pair.threat, pair.defense), cell, pair.basis, pair.reason)
        is_restated = own in [(pair.threat, pair.defense) for pair in stated]
        if cell.threat in threats and cell.defense in defenses and not is_restated:
            _add(direct, own, cell, "measured")
    return mapped | direct


def _add(
    groups: Groups, pair: tuple[str, str], cell: EvidenceCell, basis: Basis, reason: str = ""
) -> None:
    """Add a cell to a pair, whose basis is the weakest of its cells."""
    group = groups.setdefault(pair, _Group(basis, reason, []))
    group.basis = weakest([group.basis, basis]) or basis
    if reason not in group.reason:
        group.reason = f"{group.reason}; {reason}" if group.reason else reason
    group.cells.append(cell)


def _set_effectiveness(
    document: dict[str, Any], groups: Groups, evidence: Evidence, notes: list[str]
) -> None:
    """Write the measured effectiveness of each pair, over the catalog's own."""
    order = {
        key: {entry["id"]: place for place, entry in enumerate(document.get(key, ()))}
        for key in ("threats", "defenses")
    }
    entries = {
        (entry["threat"], entry["defense"]): entry for entry in document.get("effectiveness", ())
    }
    unknown = []
    for pair in sorted(
        (pair for pair in groups if pair[1] in order["defenses"]),
        key=lambda pair: (order["threats"][pair[0]], order["defenses"][pair[1]]),
    ):
        counts = strongest_attack(groups[pair].cells)
        if counts is None:
            unknown.append(f"{pair[1]} on {pair[0]}")
        else:
            entries[pair] = _entry(pair, groups[pair], counts, evidence)
    document["effectiveness"] = list(entries.values())
    if unknown:
        notes.append(
            f"not measured, with fewer than {LEAST_BASELINE_SUCCESSES} successful attacks without "
            f"the defense: {_listed(unknown)}"
        )


def _entry(
    pair: tuple[str, str], group: _Group, counts: PooledCounts, evidence: Evidence
) -> dict[str, Any]:
    adaptive = {cell.adaptive for cell in counts.cells}
    told = [
        *_origins(counts.cells, evidence),
        _named("attack", {cell.attack for cell in counts.cells}),
        _named("model", {cell.model for cell in counts.cells}),
        f"{counts.successes} of {counted(counts.trials, 'attack')} succeed with the defense, "
        f"{counts.baseline_successes} of {counts.baseline_trials} without",
        group.reason,
    ]
    return {
        "threat": pair[0],
        "defense": pair[1],
        "value": {
            "distribution": "measured",
            "successes": counts.successes,
            "trials": counts.trials,
            "effective_trials": counts.effective_trials,
            "baseline": {
                "id": counts.baseline_id,
                "successes": counts.baseline_successes,
                "trials": counts.baseline_trials,
                "effective_trials": counts.baseline_effective_trials,
            },
        },
        "basis": group.basis,
        "source": "; ".join(part for part in told if part),
        **(
            {"adaptive": False not in adaptive} if False in adaptive or None not in adaptive else {}
        ),
    }


def _set_work_kept(
    document: dict[str, Any], utility: str, groups: Groups, evidence: Evidence, notes: list[str]
) -> None:
    """Write the share of work that each defense keeps, and leave out defenses that keep none."""
    useless: dict[str, str] = {}
    unknown = []
    display = document.get("resources", {}).get(utility, {"shown_as": "amount"})
    has_shares = display["shown_as"] == "kept_share"
    has_amounts = not has_shares and any(
        utility in defense.get("use", {}) for defense in document.get("defenses", ())
    )
    for defense in document.get("defenses", ()):
        own = [(pair, group) for pair, group in groups.items() if pair[1] == defense["id"]]
        if not own:
            continue
        counts, cells = _benign(group for _, group in own)
        if not counts["trials"] or not counts["baseline_successes"]:
            if not (has_shares and utility in defense.get("use", {})):
                unknown.append(defense["id"])
        elif not counts["successes"]:
            useless[defense["id"]] = f"{defense['id']} (0 of {counted(counts['trials'], 'task')})"
        elif has_amounts:
            raise SpecificationError(
                f"the catalog's resource {shown(utility)} is not shown as a kept share of work, "
                "expected another name for work kept (--utility)"
            )
        else:
            bases: list[Basis | None] = [group.basis for _, group in own]
            use = {
                "kept_share": counts,
                "basis": weakest(bases),
                "source": "; ".join(_origins(cells, evidence)) or evidence.name,
            }
            defense["use"] = {**defense.get("use", {}), utility: use}
            shown_as = {utility: {"shown_as": "kept_share"}}
            document["resources"] = {**document.get("resources", {}), **shown_as}
    if useless:
        _drop_defenses(document, useless)
        told = _listed(list(useless.values()))
        notes.append(f"left out, because they keep no work at all: {told}")
    if unknown:
        notes.append(f"no runs without an attack, taken to keep all work: {_listed(unknown)}")


def _benign(groups: Iterable[_Group]) -> tuple[dict[str, int], list[EvidenceCell]]:
    """Add up the runs without an attack, those that several cells repeat once."""
    distinct = {
        (
            cell.defense,
            cell.source,
            cell.model,
            cell.suite,
            cell.benign_trials,
            cell.benign_successes,
            cell.baseline_benign_trials,
            cell.baseline_benign_successes,
        ): cell
        for group in groups
        for cell in group.cells
        if cell.benign_trials and cell.baseline_benign_trials
    }
    sums = [sum(int(key[place]) for key in distinct) for place in range(4, 8)]
    names = ("trials", "successes", "baseline_trials", "baseline_successes")
    return dict(zip(names, sums, strict=True)), list(distinct.values())


def _drop_defenses(document: dict[str, Any], names: Collection[str]) -> None:
    for defense in document["defenses"]:
        for other in defense.get("requires", ()):
            if other in names and defense["id"] not in names:
                raise SpecificationError(
                    f"found that {shown(other)} keeps no work, but {shown(defense['id'])} requires "
                    "it, expected a defense that can run"
                )
        if "conflicts" in defense:
            defense["conflicts"] = [one for one in defense["conflicts"] if one not in names]
    document["defenses"] = [one for one in document["defenses"] if one["id"] not in names]
    document["effectiveness"] = [
        one for one in document.get("effectiveness", ()) if one["defense"] not in names
    ]


def _note_others(cells: Iterable[EvidenceCell], groups: Groups, notes: list[str]) -> None:
    """Name the pairs of the evidence that the catalog has no place for."""
    used = {id(cell) for group in groups.values() for cell in group.cells}
    others = {f"{cell.defense} on {cell.threat}": None for cell in cells if id(cell) not in used}
    if others:
        notes.append(f"evidence that fits no pair of the catalog: {_listed(list(others))}")


def _origins(cells: Iterable[EvidenceCell], evidence: Evidence) -> list[str]:
    return list(dict.fromkeys(cell.source or evidence.source for cell in cells))


def _named(noun: str, names: set[str]) -> str:
    """Name the only model or attack, or count several."""
    names = names - {""}
    return (
        f"{noun} {names.pop()}" if len(names) == 1 else counted(len(names), noun) if names else ""
    )


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
