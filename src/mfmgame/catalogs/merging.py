"""Merging of catalogs: shared entries once, disagreements named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any, Literal, TypeVar

from mfmgame.documents.base import Strict
from mfmgame.documents.catalog import (
    Assumptions,
    Catalog,
    Defense,
    Resource,
    System,
    Threat,
)
from mfmgame.documents.kept_shares import KeptShare
from mfmgame.documents.losses_and_techniques import Effectiveness
from mfmgame.documents.sourced_entries import Sourced
from mfmgame.documents.stated_numbers import StatedNumber
from mfmgame.documents.uncertain_numbers import Place
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, nearest, refuse_other_types, shown

__all__ = ["Side", "merge_catalogs"]

Side = Literal["first", "last"]
Entry = TypeVar("Entry", Threat, Defense, System)
Item = TypeVar("Item")

_MOST_NAMED = 20
_ID_WIDTH = 16
_VALUE_WIDTH = 12
"""Width in characters, such that this many conflicts fit into one line of an error."""


def merge_catalogs(
    *catalogs: Catalog, prefer: Side | None = None, name: str | None = None
) -> Catalog:
    """Merge several catalogs into one.

    Threats, defenses, systems and effectiveness keep the order of the catalogs. Equal entries
    appear once. Effectiveness entries with the same value and basis keep all their texts and
    sources; an entry without basis and source takes those of the other.

    The rules apply to the merged catalog as to any other: a defense with traits from one catalog
    acts on a threat with traits from another, and an explicit effectiveness overrides the rule.

    Parameters
    ----------
    *catalogs : Catalog
        One or more.
    prefer : {"first", "last"}, optional
        Catalog whose whole entry to take where two disagree on an id. A note of the merged
        catalog counts these conflicts, and notes of the other catalogs are marked as taken in
        part.
    name : str, optional
        Name of the merged catalog; by default all names, joined by ``+``.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If catalogs disagree and `prefer` is not given, naming every field in conflict (the first
        20 if more); or if the merged catalog is not consistent.

    Examples
    --------
    >>> import mfmgame as mg
    >>> mfm = mg.load_catalog("mfm")
    >>> mg.merge_catalogs(mfm, mfm) == mfm
    True
    >>> threat = {"id": "theft", "severity": 2.0, "bandwidth": 1.0}
    >>> own = mg.Catalog(schema="mfmgame/catalog/1", name="own", threats=[threat])
    >>> merged = mg.merge_catalogs(mfm, own)
    >>> merged.name, len(merged.threats)
    ('mfm+own', 74)
    """
    if not catalogs:
        raise SpecificationError("found none, expected one or more", pointer="catalogs")
    if prefer not in (None, "first", "last"):
        raise SpecificationError(
            f"found {shown(prefer)}, expected {nearest(prefer, ('first', 'last'), 'side')}",
            pointer="prefer",
        )
    for catalog in catalogs:
        refuse_other_types(catalog, "catalogs", Catalog)
        if catalog.uncertain:
            found = counted(len(catalog.uncertain), "uncertain number")
            raise SpecificationError(
                f"found {found} in {shown(catalog.name)}, expected plain numbers, "
                "which alone can be merged"
            )
    conflicts = _Conflicts(prefer)
    threats = conflicts.united("threat", [catalog.threats for catalog in catalogs])
    defenses = conflicts.united("defense", [catalog.defenses for catalog in catalogs])
    systems = conflicts.united("system", [catalog.systems for catalog in catalogs])
    effectiveness = conflicts.united_pairs([catalog.effectiveness for catalog in catalogs])
    resources = conflicts.united_resources(catalogs)
    assumptions = conflicts.united_rules([catalog.assumptions for catalog in catalogs])
    settled = conflicts.settled()
    winner = catalogs[0 if prefer == "first" else -1]
    notes = _distinct(
        f"of {shown(catalog.name)}, taken in part: {note}"
        if settled and catalog is not winner and note not in winner.notes
        else note
        for catalog in catalogs
        for note in catalog.notes
    )
    merged = Catalog(
        schema="mfmgame/catalog/1",
        name="+".join(_distinct(one.name for one in catalogs)) if name is None else name,
        source="; ".join(_distinct(one.source for one in catalogs if one.source)),
        origins=_distinct(origin for catalog in catalogs for origin in catalog.origins),
        notes=[*notes, *settled],
        resources=resources,
        threats=threats,
        defenses=defenses,
        effectiveness=effectiveness,
        systems=systems,
        assumptions=assumptions,
    )
    return merged.restated(_forms_in_defenses(catalogs, merged))


def _forms_in_defenses(
    catalogs: Sequence[Catalog], merged: Catalog
) -> dict[Place, StatedNumber | KeptShare]:
    """Collect how the numbers of merged defenses are stated, kept shares among them."""
    places = {defense.id: place for place, defense in enumerate(merged.defenses)}
    return {
        ("defenses", places[defense.id], *place[2:]): form
        for catalog in catalogs
        for place, form in catalog.stated.items()
        if place[0] == "defenses"
        for defense in (catalog.defenses[int(place[1])],)
        if defense == merged.defenses[places[defense.id]]
    }


class _Conflicts:
    """Merges entries and collects their disagreements."""

    def __init__(self, prefer: Side | None) -> None:
        self.prefer = prefer
        self.found: list[str] = []
        self.n_entries = 0

    def united(self, noun: str, lists: Iterable[list[Entry]]) -> list[Entry]:
        """Merge lists into one entry per id."""
        kept: dict[str, Entry] = {}
        for entries in lists:
            for entry in entries:
                other = kept.setdefault(entry.id, entry)
                if other != entry:
                    label = f"{noun} {shown(entry.id, _ID_WIDTH)}"
                    kept[entry.id] = self._chosen(label, other, entry)
        return list(kept.values())

    def united_pairs(self, lists: Iterable[list[Effectiveness]]) -> list[Effectiveness]:
        """Merge effectiveness lists into one entry per pair."""
        kept: dict[tuple[str, str], Effectiveness] = {}
        for entries in lists:
            for entry in entries:
                pair = entry.acts_on, entry.defense
                other = kept.setdefault(pair, entry)
                if other == entry:
                    continue
                if entry.value == other.value and _agree_on_basis(other, entry):
                    kept[pair] = _joined(other, entry)
                else:
                    ids = f"{shown(entry.acts_on, _ID_WIDTH)} by {shown(entry.defense, _ID_WIDTH)}"
                    differing = ("value", "basis", "source")
                    kept[pair] = self._chosen(ids, other, entry, differing)
        return list(kept.values())

    def united_resources(self, catalogs: Iterable[Catalog]) -> dict[str, Resource]:
        """Merge how resources are shown; a resource in use is shown as an amount by default."""
        kept: dict[str, Resource] = {}
        stated = set[str]()
        for catalog in catalogs:
            stated.update(catalog.resources)
            for name in dict.fromkeys(name for one in catalog.defenses for name in one.use):
                entry = catalog.resources.get(name, Resource(shown_as="amount"))
                other = kept.setdefault(name, entry)
                if other != entry:
                    kept[name] = self._chosen(f"resource {shown(name, _ID_WIDTH)}", other, entry)
        return {name: entry for name, entry in kept.items() if name in stated}

    def united_rules(self, stated: Iterable[Assumptions | None]) -> Assumptions | None:
        """Merge the numbers of the rules, which must agree."""
        kept: Assumptions | None = None
        for rules in stated:
            if kept is None or rules is None or rules == kept:
                kept = kept or rules
            else:
                kept = self._chosen("assumptions", kept, rules)
        return kept

    def _chosen(
        self, label: str, first: Any, last: Any, fields: tuple[str, ...] | None = None
    ) -> Any:
        """Return the preferred of two entries that disagree."""
        self.n_entries += 1
        self.found += _differences(label, first, last, fields)
        return last if self.prefer == "last" else first

    def settled(self) -> list[str]:
        """Write the note on conflicts that the preference resolved, if any.

        Raises
        ------
        SpecificationError
            If there are conflicts and no preference.
        """
        if not self.found:
            return []
        number = counted(len(self.found), "conflict")
        if self.prefer is not None:
            entries = f"in {self.n_entries} {'entry' if self.n_entries == 1 else 'entries'}"
            return [f"{number} {entries} resolved by taking the {self.prefer} catalog's entry"]
        more = len(self.found) - _MOST_NAMED
        named = f" ({_MOST_NAMED} named here, {more} more)" if more > 0 else ""
        raise SpecificationError(
            f"{number}{named}, expected none (or prefer the first or the last): "
            + "; ".join(self.found[:_MOST_NAMED])
        )


def _differences(
    label: str, first: Strict, last: Strict, only: tuple[str, ...] | None
) -> Iterable[str]:
    """Describe each field that two entries disagree on, with both values."""
    ones, others = (entry.model_dump(mode="json", by_alias=True) for entry in (first, last))
    for key in only or ones:
        if ones[key] != others[key]:
            yield f"{label}: {key} {_both(ones[key], others[key])}"


def _both(first: Any, last: Any) -> str:
    """Write two values briefly, from just before their first difference."""
    texts = json.dumps(first), json.dumps(last)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False)))
    start = max(0, same - _VALUE_WIDTH // 2)
    return " or ".join(_excerpt(text, start) for text in texts)


def _excerpt(text: str, start: int) -> str:
    cut = text[start : start + _VALUE_WIDTH]
    return ("..." if start else "") + cut + ("..." if start + _VALUE_WIDTH < len(text) else "")


def _agree_on_basis(one: Sourced, other: Sourced) -> bool:
    return one.basis == other.basis or not _is_sourced(one) or not _is_sourced(other)


def _is_sourced(entry: Sourced) -> bool:
    return entry.basis is not None or entry.source is not None


def _joined(one: Effectiveness, other: Effectiveness) -> Effectiveness:
    """Join two entries of one value, keeping all texts and sources."""
    sources = _distinct(entry.source for entry in (one, other) if entry.source is not None)
    adapted = [entry.adaptive for entry in (one, other) if entry.adaptive is not None]
    return one.model_copy(
        update={
            "texts": _distinct([*one.texts, *other.texts]),
            "basis": one.basis if _is_sourced(one) else other.basis,
            "source": "; ".join(sources) if sources else None,
            # A value also measured against an attacker that adapted is no mere upper bound.
            "adaptive": max(adapted) if adapted else None,
        }
    )


def _distinct(items: Iterable[Item]) -> list[Item]:
    """Remove repeated items, keeping the order of first appearance."""
    kept: list[Item] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept
