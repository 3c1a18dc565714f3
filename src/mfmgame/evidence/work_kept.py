"""The work that each defense of a catalog keeps, from runs without an attack."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mfmgame.catalogs.number_bases import weakest
from mfmgame.documents.base import Basis
from mfmgame.documents.evidence_file import Evidence, EvidenceCell
from mfmgame.errors import SpecificationError
from mfmgame.evidence.pair_groups import Groups, PairGroup, listed, origins
from mfmgame.evidence.pooling import ALL_SUITES
from mfmgame.messages import counted, shown

__all__ = ["set_work_kept"]


def set_work_kept(
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
                "source": "; ".join(origins(cells, evidence)) or evidence.name,
            }
            defense["use"] = {**defense.get("use", {}), utility: use}
            shown_as = {utility: {"shown_as": "kept_share"}}
            document["resources"] = {**document.get("resources", {}), **shown_as}
    if useless:
        _drop_defenses(document, useless)
        told = listed(list(useless.values()))
        notes.append(f"left out, because they keep no work at all: {told}")
    if unknown:
        notes.append(f"no runs without an attack, taken to keep all work: {listed(unknown)}")


def _benign(groups: Iterable[PairGroup]) -> tuple[dict[str, int], list[EvidenceCell]]:
    """Add up the runs without an attack, those that several cells repeat once."""
    cells = [
        cell
        for group in groups
        for cell in group.cells
        if cell.benign_trials and cell.baseline_benign_trials
    ]
    whole = {_run(cell) for cell in cells if cell.suite == ALL_SUITES}
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
        for cell in cells
        if cell.suite == ALL_SUITES or _run(cell) not in whole
    }
    sums = [sum(int(key[place]) for key in distinct) for place in range(4, 8)]
    names = ("trials", "successes", "baseline_trials", "baseline_successes")
    return dict(zip(names, sums, strict=True)), list(distinct.values())


def _run(cell: EvidenceCell) -> tuple[str, str, str]:
    return cell.source, cell.model, cell.defense


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
