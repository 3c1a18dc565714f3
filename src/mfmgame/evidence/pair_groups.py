"""Evidence cells by the pair of a catalog that they measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mfmgame.catalogs.number_bases import weakest
from mfmgame.documents.base import Basis, refuse_unknown
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.evidence_file import Evidence, EvidenceCell
from mfmgame.evidence.mapping import MappedPair

__all__ = ["Groups", "PairGroup", "listed", "origins", "pair_groups"]

_MOST_NAMED = 5


@dataclass
class PairGroup:
    """Cells that measure one pair of the catalog, directly or by a proxy."""

    basis: Basis
    reason: str
    cells: list[EvidenceCell]


Groups = dict[tuple[str, str], PairGroup]


def pair_groups(
    catalog: Catalog, cells: Iterable[EvidenceCell], mapping: Sequence[MappedPair]
) -> Groups:
    """Collect the cells of each pair of the catalog; direct measurements go before proxies.

    The threat of a cell or of the mapping may also be a technique of the catalog.
    """
    threats = {threat.id: None for threat in catalog.threats}
    threats |= {technique.id: None for technique in catalog.techniques}
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
    group = groups.setdefault(pair, PairGroup(basis, reason, []))
    group.basis = weakest([group.basis, basis]) or basis
    if reason not in group.reason:
        group.reason = f"{group.reason}; {reason}" if group.reason else reason
    group.cells.append(cell)


def origins(cells: Iterable[EvidenceCell], evidence: Evidence) -> list[str]:
    """List the sources of cells, each once."""
    return list(dict.fromkeys(cell.source or evidence.source for cell in cells))


def listed(names: list[str]) -> str:
    """Name the first few of several names, and count the others."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
