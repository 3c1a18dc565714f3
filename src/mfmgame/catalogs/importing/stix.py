"""STIX 2.0 and 2.1 bundles: the objects that a catalog is made of, in their newest versions.

A general STIX reader makes an object of everything in a bundle, groups and malware too,
and takes many times as long; here the JSON is checked and only what matters modelled.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from mfmgame.catalogs.importing.untrusted_files import Outside
from mfmgame.documents.base import Identifier, Text, first_problem
from mfmgame.documents.json_reading import read_document
from mfmgame.errors import SpecificationError
from mfmgame.messages import pointer_to, shown

__all__ = [
    "AttackPattern",
    "Bundle",
    "Collection",
    "CourseOfAction",
    "ExternalReference",
    "Matrix",
    "Named",
    "Relationship",
    "Tactic",
    "moment",
    "read_bundle",
]

_ATLAS_YAML = "ATLAS.yaml goes to: mfmgame catalog import atlas"
_EXPECTED = f"expected a STIX bundle of ATT&CK or ATLAS ({_ATLAS_YAML})"


class ExternalReference(Outside):
    """What a knowledge base calls an object."""

    source: Text = Field(default="", alias="source_name")
    id: Text = Field(default="", alias="external_id")
    url: Text = ""


class _Object(Outside):
    type: Identifier
    id: Identifier
    modified: Text = ""
    revoked: bool = False
    deprecated: bool = Field(default=False, alias="x_mitre_deprecated")

    @property
    def key(self) -> Hashable:
        """What all versions of the object share."""
        return self.type, self.id

    @property
    def live(self) -> bool:
        """Whether it is still meant."""
        return not (self.revoked or self.deprecated)


class Named(_Object):
    """An object with a name, that knowledge bases have ids for."""

    name: Text = ""
    references: list[ExternalReference] = Field(default=[], alias="external_references")
    domains: list[Text] = Field(default=[], alias="x_mitre_domains")


class _Phase(Outside):
    chain: Text = Field(default="", alias="kill_chain_name")
    name: Identifier = Field(alias="phase_name")


class AttackPattern(Named):
    """A technique."""

    phases: list[_Phase] = Field(default=[], alias="kill_chain_phases")
    is_subtechnique: bool | None = Field(default=None, alias="x_mitre_is_subtechnique")


class CourseOfAction(Named):
    """A mitigation."""

    labels: list[Text] = []


class Tactic(Named):
    """A phase of a kill chain, with a name to read."""

    shortname: Text = Field(default="", alias="x_mitre_shortname")


class Matrix(Named):
    """The tactics of a domain."""


class Collection(Named):
    """All of a release."""

    version: Text = Field(default="", alias="x_mitre_version")


class _Statement(Outside):
    statement: Text = ""


class _Marking(_Object):
    definition: _Statement = _Statement()


class Relationship(_Object):
    """That one object has to do with another."""

    kind: Identifier = Field(alias="relationship_type")
    source: Identifier = Field(alias="source_ref")
    target: Identifier = Field(alias="target_ref")
    description: Text = ""

    @property
    def key(self) -> Hashable:
        """Its ends, too: ATLAS gives relationships of one mitigation with one text one id."""
        return self.id, self.kind, self.source, self.target


_Any = TypeVar("_Any", bound=_Object)

_MODELS: dict[str, type[_Object]] = {
    "attack-pattern": AttackPattern,
    "course-of-action": CourseOfAction,
    "marking-definition": _Marking,
    "relationship": Relationship,
    "x-mitre-collection": Collection,
    "x-mitre-matrix": Matrix,
    "x-mitre-tactic": Tactic,
}
_RELATIONSHIPS = ("mitigates", "subtechnique-of")


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds of each kind, in the order of the file.

    Attributes
    ----------
    techniques, mitigations, relationships, tactics, matrices, collections : list
        Revoked and deprecated ones, too.
    statements : list of str
        Of the marking definitions: copyright and licence.
    modified : str
        The latest time at which any object of the file was.
    older : int
        Versions that a newer one of the same object has replaced.
    """

    techniques: list[AttackPattern]
    mitigations: list[CourseOfAction]
    relationships: list[Relationship]
    tactics: list[Tactic] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    modified: str = ""
    older: int = 0


def read_bundle(path: Path) -> Bundle:
    """Read what a catalog needs from a STIX bundle.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Bundle

    Raises
    ------
    SpecificationError
        If the file is no STIX bundle, or an object that is read is not as expected.
    """
    try:
        document = read_document(path)
    except SpecificationError as error:
        if path.suffix.lower() not in (".yaml", ".yml"):
            raise
        message = f"{error.message} ({_ATLAS_YAML})"
        raise SpecificationError(message, pointer=error.pointer, source=str(path)) from None
    try:
        return _bundle(document)
    except SpecificationError as error:
        raise error.located(str(path)) from None


def _bundle(document: dict[str, Any]) -> Bundle:
    if document.get("type") != "bundle":
        raise SpecificationError(f"found no STIX bundle, {_EXPECTED}")
    entries = document.get("objects", [])
    if not isinstance(entries, list):
        raise SpecificationError(f"found {shown(entries)}, expected a list", pointer="/objects")
    objects = [made for index, entry in enumerate(entries) if (made := _object(index, entry))]
    newest: dict[Hashable, _Object] = {}
    for one in objects:
        other = newest.get(one.key)
        if other is None or moment(one.modified) >= moment(other.modified):
            newest[one.key] = one

    def all_of(model: type[_Any]) -> list[_Any]:
        return [one for one in newest.values() if isinstance(one, model)]

    techniques = all_of(AttackPattern)
    if not techniques:
        raise SpecificationError(f"found a STIX bundle without attack patterns, {_EXPECTED}")
    statements = [one.definition.statement for one in all_of(_Marking)]
    return Bundle(
        techniques=techniques,
        mitigations=all_of(CourseOfAction),
        relationships=all_of(Relationship),
        tactics=all_of(Tactic),
        matrices=all_of(Matrix),
        collections=all_of(Collection),
        statements=[text for text in dict.fromkeys(statements) if text],
        modified=max(map(_modified, entries), key=moment),
        older=len(objects) - len(newest),
    )


def _object(index: int, entry: Any) -> _Object | None:
    """The object, if it is of a kind that matters."""
    place: tuple[str | int, ...] = ("objects", index)
    if not isinstance(entry, dict):
        raise SpecificationError(
            f"found {shown(entry)}, expected an object", pointer=pointer_to(place)
        )
    kind = entry.get("type")
    if not isinstance(kind, str):
        problem = f"found {shown(kind)}" if "type" in entry else "missing"
        raise SpecificationError(
            f"{problem}, expected a string", pointer=pointer_to((*place, "type"))
        )
    model = _MODELS.get(kind)
    # Nearly all of a bundle is about who uses what, and no concern of ours.
    relation = entry.get("relationship_type")
    if model is None or (
        model is Relationship and isinstance(relation, str) and relation not in _RELATIONSHIPS
    ):
        return None
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        first = first_problem(error)
        pointer = pointer_to(place) + first.pointer
        raise SpecificationError(first.message, pointer=pointer) from None


def _modified(entry: dict[str, Any]) -> str:
    found = entry.get("modified")
    return found if isinstance(found, str) else ""


def moment(timestamp: str) -> str:
    """A timestamp of STIX (always in UTC) as text that sorts by time."""
    return timestamp.removesuffix("Z")
