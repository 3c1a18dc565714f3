"""Format 6 of MITRE ATLAS: entries by id, and relationships by source and type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from mfmgame.catalogs.importing.atlas_entries import AtlasEntries, AttackReference, references_to
from mfmgame.catalogs.importing.knowledge_base import Chain, Link, Mitigation, Technique
from mfmgame.catalogs.importing.step_order import sorted_after
from mfmgame.catalogs.importing.untrusted_files import Outside, null_as
from mfmgame.documents.base import Identifier, Text, refuse
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, shown

__all__ = ["AtlasFormat6"]

_Optional = Annotated[Text, null_as(str)]
_Texts = Annotated[list[Text], null_as(list)]


class _Entry(Outside):
    id: Identifier | None = None
    name: _Optional = ""
    modified: _Optional = Field(default="", alias="modified-date")
    attack: AttackReference | None = Field(default=None, alias="attack-reference")


class _Technique(_Entry):
    maturity: _Optional = ""
    platforms: _Texts = []


class _Mitigation(_Entry):
    lifecycle: _Texts = Field(default=[], alias="lifecycle-phases")
    categories: _Texts = []


class _CaseStudy(_Entry):
    type: _Optional = ""


class _Collection(Outside):
    name: Identifier = "ATLAS"
    version: Text | int = ""
    modified: _Optional = Field(default="", alias="modified-date")


class _Relationship(Outside):
    source: Identifier | None = None
    target: Identifier
    description: _Optional = ""


_Relationships = Annotated[list[_Relationship], null_as(list)]


class _Step(_Relationship):
    step: Identifier | None = Field(default=None, alias="step-id")
    leads_to: Annotated[list[Identifier], null_as(list)] = Field(default=[], alias="leads-to")


class _OfSource(Outside):
    """Relationships of a source that a catalog needs; other types are ignored."""

    achieves: _Relationships = []
    specializes: _Relationships = []
    mitigates: _Relationships = []
    employs: Annotated[list[_Step], null_as(list)] = []


class AtlasFormat6(Outside):
    """A file of format 6."""

    form: Text | int = Field(alias="format-version")
    collection: _Collection = _Collection()
    tactics: Annotated[dict[str, _Entry], null_as(dict)] = {}
    techniques: Annotated[dict[str, _Technique], null_as(dict)] = {}
    mitigations: Annotated[dict[str, _Mitigation], null_as(dict)] = {}
    case_studies: Annotated[dict[str, _CaseStudy], null_as(dict)] = Field(
        default={}, alias="case-studies"
    )
    relationships: Annotated[dict[str, _OfSource], null_as(dict)] = {}

    def entries(self) -> AtlasEntries:
        """Put together what the entries and their relationships state.

        Raises
        ------
        SpecificationError
            If the file has no techniques, an entry or a relationship contradicts the key that
            it stands under, or steps of a case study lead to themselves.
        """
        if not self.techniques:
            raise SpecificationError("found no techniques, expected some", pointer="/techniques")
        self._refuse_contradictions()
        of_source = self.relationships
        entries = (*self.techniques.values(), *self.mitigations.values())
        return AtlasEntries(
            name=self.collection.name,
            version=str(self.collection.version),
            date=self.collection.modified or max(entry.modified for entry in entries),
            form=f"is in format {self.form}",
            tactics={code: entry.name for code, entry in self.tactics.items()},
            techniques=[
                _technique(code, entry, of_source.get(code, _OfSource()))
                for code, entry in self.techniques.items()
            ],
            mitigations=[
                Mitigation(
                    code,
                    entry.name,
                    lifecycle=tuple(entry.lifecycle),
                    categories=tuple(entry.categories),
                    references=references_to(entry.attack),
                )
                for code, entry in self.mitigations.items()
            ],
            links=[
                Link(one.target, code, (text,) if (text := one.description.strip()) else ())
                for code in self.mitigations
                for one in of_source.get(code, _OfSource()).mitigates
            ],
            chains=[
                Chain(code, entry.name, _in_order(code, steps), entry.type.lower())
                for code, entry in self.case_studies.items()
                if (steps := of_source.get(code, _OfSource()).employs)
            ],
            notes=self._notes(),
        )

    def _notes(self) -> list[str]:
        """Count the relationships with an end that is not in the file."""
        lost = strange = 0
        for code, one in self.relationships.items():
            if code not in self.techniques:
                lost += len(one.achieves) + len(one.specializes)
            if code not in self.mitigations:
                lost += len(one.mitigates)
            strange += sum(link.target not in self.tactics for link in one.achieves)
        counts = (
            (f"left out: {counted(lost, 'relationship')} of techniques or mitigations", lost),
            (f"kept: {counted(strange, 'relationship')} to tactics", strange),
        )
        return [f"{text} that are not in the file" for text, count in counts if count]

    def _refuse_contradictions(self) -> None:
        kinds: dict[str, Mapping[str, _Entry]] = {
            "tactics": self.tactics,
            "techniques": self.techniques,
            "mitigations": self.mitigations,
            "case-studies": self.case_studies,
        }
        for kind, entries in kinds.items():
            for code, entry in entries.items():
                _refuse_another((kind, code, "id"), entry.id, code)
        for code, related in self.relationships.items():
            for name in ("achieves", "specializes", "mitigates", "employs"):
                for index, one in enumerate(getattr(related, name)):
                    place = ("relationships", code, name, index, "source")
                    _refuse_another(place, one.source, code)


def _refuse_another(place: Sequence[str | int], found: str | None, key: str) -> None:
    if found not in (None, key):
        raise refuse(place, f"found {shown(found)}, expected {shown(key)}, as the key says")


def _technique(code: str, entry: _Technique, related: _OfSource) -> Technique:
    """Make a technique of an entry and its relationships, maturity as format 5 spells it."""
    return Technique(
        code,
        entry.name,
        tuple(one.target for one in related.achieves),
        next((one.target for one in related.specializes), None),
        entry.maturity.lower(),
        tuple(entry.platforms),
        references=references_to(entry.attack),
    )


def _in_order(code: str, steps: Sequence[_Step]) -> tuple[str, ...]:
    """List the techniques of steps so that each step comes before those that it leads to."""
    places = {entry.step: place for place, entry in enumerate(steps) if entry.step is not None}
    before: dict[int, list[int]] = {place: [] for place in range(len(steps))}
    for place, entry in enumerate(steps):
        for name in entry.leads_to:
            if name in places:
                before[places[name]].append(place)
    order, circle = sorted_after(range(len(steps)), before)
    if circle:
        raise refuse(
            ("relationships", code, "employs", circle[0], "leads-to"),
            "found a step that leads to itself, expected no circle of steps",
        )
    return tuple(steps[place].target for place in order)
