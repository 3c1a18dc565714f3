"""Numbers of a catalog from evidence: effectiveness, and the work that each defense keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any

from mfmgame.documents.base import refuse_unknown
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.evidence_file import LEAST_BASELINE_SUCCESSES, Evidence, EvidenceCell
from mfmgame.errors import SpecificationError
from mfmgame.evidence.mapping import MappedPair
from mfmgame.evidence.pair_groups import Groups, PairGroup, listed, origins, pair_groups
from mfmgame.evidence.pooling import PooledCounts, strongest_attack
from mfmgame.evidence.work_kept import set_work_kept
from mfmgame.messages import counted, refuse_other_types

__all__ = ["UTILITY", "measured_catalog"]

UTILITY = "utility"
"""Name of the resource that stands for work kept, unless another is given."""


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
        Cells whose threat (or technique) and defense are ids of the catalog are its measurements;
        other cells need a line of the mapping.
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
    for argument, values, kind in (
        ("mapping", mapping, MappedPair),
        ("models", models, str),
        ("suites", suites, str),
    ):
        refuse_other_types(values, argument, Sequence)
        for one in values:
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
    _refuse_unmatched(evidence, mapping)
    groups = pair_groups(catalog, cells, mapping)
    if not groups:
        raise SpecificationError(
            "found no cell of a threat and a defense of the catalog, expected their ids, or a "
            "table that maps to them (--map)"
        )
    notes: list[str] = []
    document = catalog.to_document()
    if utility is not None:
        set_work_kept(document, utility, groups, evidence, notes)
    _set_effectiveness(document, groups, evidence, notes)
    _note_others(cells, groups, notes)
    document["notes"] = [*document.get("notes", ()), *notes]
    return Catalog(**document)


def _refuse_unmatched(evidence: Evidence, mapping: Sequence[MappedPair]) -> None:
    """Refuse a mapped threat or defense that the evidence does not have."""
    pairs = {(cell.threat, cell.defense) for cell in evidence.cells}
    for index, pair in enumerate(mapping):
        if (pair.evidence_threat, pair.evidence_defense) not in pairs:
            refuse_unknown(
                pair.evidence_threat, sorted({t for t, _ in pairs}), "threat", "map", index
            )
            defenses = sorted(d for t, d in pairs if t == pair.evidence_threat)
            refuse_unknown(pair.evidence_defense, defenses, "defense", "map", index)


def _set_effectiveness(
    document: dict[str, Any], groups: Groups, evidence: Evidence, notes: list[str]
) -> None:
    """Write the measured effectiveness of each pair, over the catalog's own."""
    order = {
        key: {entry["id"]: place for place, entry in enumerate(document.get(key, ()))}
        for key in ("threats", "techniques", "defenses")
    }
    first = len(order["threats"])
    rows = order["threats"] | {name: first + row for name, row in order["techniques"].items()}
    entries = {
        (entry.get("threat") or entry["technique"], entry["defense"]): entry
        for entry in document.get("effectiveness", ())
    }
    unknown = []
    for pair in sorted(
        (pair for pair in groups if pair[1] in order["defenses"]),
        key=lambda pair: (rows[pair[0]], order["defenses"][pair[1]]),
    ):
        counts = strongest_attack(groups[pair].cells)
        if counts is None:
            unknown.append(f"{pair[1]} on {pair[0]}")
        else:
            noun = "technique" if pair[0] in order["techniques"] else "threat"
            entries[pair] = {noun: pair[0], **_entry(pair, groups[pair], counts, evidence)}
    document["effectiveness"] = list(entries.values())
    if unknown:
        notes.append(
            f"not measured, with fewer than {LEAST_BASELINE_SUCCESSES} successful attacks without "
            f"the defense: {listed(unknown)}"
        )


def _entry(
    pair: tuple[str, str], group: PairGroup, counts: PooledCounts, evidence: Evidence
) -> dict[str, Any]:
    adaptive = {cell.adaptive for cell in counts.cells}
    told = [
        *origins(counts.cells, evidence),
        _named("attack", {cell.attack for cell in counts.cells}),
        _named("model", {cell.model for cell in counts.cells}),
        f"{counts.successes} of {counted(counts.trials, 'attack')} succeed with the defense, "
        f"{counts.baseline_successes} of {counts.baseline_trials} without",
        group.reason,
    ]
    return {
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


def _note_others(cells: Iterable[EvidenceCell], groups: Groups, notes: list[str]) -> None:
    """Name the pairs of the evidence that the catalog has no place for."""
    used = {id(cell) for group in groups.values() for cell in group.cells}
    others = {f"{cell.defense} on {cell.threat}": None for cell in cells if id(cell) not in used}
    if others:
        notes.append(f"evidence that fits no pair of the catalog: {listed(list(others))}")


def _named(noun: str, names: set[str]) -> str:
    """Name the only model or attack, or count several."""
    names = names - {""}
    return (
        f"{noun} {names.pop()}" if len(names) == 1 else counted(len(names), noun) if names else ""
    )
