"""Content of a file of ATLAS, alike for all formats, and the knowledge base made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from mfmgame.catalogs.importing.knowledge_base import (
    KnowledgeBase,
    Link,
    Mitigation,
    Technique,
    refuse_circles,
)
from mfmgame.catalogs.importing.untrusted_files import Outside, null_as
from mfmgame.documents.base import Identifier, Text
from mfmgame.documents.catalog import Origin
from mfmgame.documents.sourced_entries import Reference
from mfmgame.messages import counted

__all__ = ["AtlasEntries", "AttackReference", "atlas_knowledge", "references_to"]

_LICENCE = "Apache-2.0"
_URL = "https://atlas.mitre.org"


class AttackReference(Outside):
    """The entry of ATT&CK that an entry of ATLAS derives from."""

    id: Identifier
    url: Annotated[Text, null_as(str)] = ""


@dataclass(frozen=True)
class AtlasEntries:
    """Content of a file of ATLAS as the file states it.

    Attributes
    ----------
    name, version, date : str
        Of the release.
    form : str
        What a note says of the file's format, after the release.
    tactics : mapping of str to str
        Names of the tactics by id.
    techniques : sequence of Technique
        With their own tactics, by id, and the parent that the file states.
    mitigations : sequence of Mitigation
    links : sequence of Link
        A link may name a technique that the file does not have.
    notes : sequence of str
    """

    name: str
    version: str
    date: str
    form: str
    tactics: Mapping[str, str]
    techniques: Sequence[Technique]
    mitigations: Sequence[Mitigation]
    links: Sequence[Link]
    notes: Sequence[str] = ()


def atlas_knowledge(entries: AtlasEntries) -> KnowledgeBase:
    """Build the knowledge base of a file's entries: parents, names of tactics, known links.

    Parameters
    ----------
    entries : AtlasEntries

    Returns
    -------
    KnowledgeBase

    Raises
    ------
    SpecificationError
        If a technique is a sub-technique of itself.
    """
    known = {entry.id: entry for entry in entries.techniques}
    parents = {entry.id: _parent_of(entry, known) for entry in entries.techniques}
    refuse_circles({child: parent for child, parent in parents.items() if parent})
    origin = Origin(
        name=entries.name,
        version=entries.version,
        date=entries.date,
        licence=_LICENCE,
        url=_URL,
    )
    return KnowledgeBase(
        name=entries.name.lower(),
        origin=origin,
        techniques=tuple(
            replace(
                entry,
                tactics=_tactics_of(entry, known.get(parents[entry.id] or ""), entries.tactics),
                parent=parents[entry.id],
            )
            for entry in entries.techniques
        ),
        mitigations=tuple(entries.mitigations),
        links=tuple(link for link in entries.links if link.technique in known),
        notes=(
            f"{origin.name} {origin.version} ".lstrip() + entries.form,
            *_notes(parents, entries.links),
            *entries.notes,
        ),
    )


def references_to(entry: AttackReference | None) -> tuple[Reference, ...]:
    """List the entry of ATT&CK as references; none if there is no such entry."""
    return () if entry is None else (Reference(source="ATT&CK", id=entry.id, url=entry.url),)


def _parent_of(entry: Technique, known: Collection[str]) -> str | None:
    """The technique that a sub-technique names, or that its id says it is a form of."""
    stem, _, form = entry.id.rpartition(".")
    return entry.parent or (stem if form.isdecimal() and stem in known else None)


def _tactics_of(
    entry: Technique, parent: Technique | None, names: Mapping[str, str]
) -> tuple[str, ...]:
    """Name the tactics of a technique: its own, or those of its parent."""
    ids = entry.tactics or (parent.tactics if parent else ())
    return tuple(names.get(tactic) or tactic for tactic in ids)


def _notes(parents: Mapping[str, str | None], links: Iterable[Link]) -> list[str]:
    """Count the links that are left out, and the sub-techniques without a parent."""
    unknown = sum(link.technique not in parents for link in links)
    orphans = sum(parent is not None and parent not in parents for parent in parents.values())
    counts = (
        ("left out: ", unknown, "link", "to techniques that are not in the file"),
        ("", orphans, "sub-technique", "of techniques that are not in the file"),
    )
    return [f"{begin}{counted(n, noun)} {rest}" for begin, n, noun, rest in counts if n]
