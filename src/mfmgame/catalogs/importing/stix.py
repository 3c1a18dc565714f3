"""STIX 2.0 and 2.1 bundles: the newest versions of the objects that catalogs need.

A general STIX reader builds every object in a bundle, including groups and malware, and takes
many times as long; this reader checks the JSON and models only the needed objects.
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
    """Id of an object in a knowledge base."""

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
        """Key that all versions of the object share."""
        return self.type, self.id

    @property
    def live(self) -> bool:
        """Whether the object is neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)


class Named(_Object):
    """An object with a name and with ids in knowledge bases."""

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
    """A phase of a kill chain, with a readable name."""

    shortname: Text = Field(default="", alias="x_mitre_shortname")


class Matrix(Named):
    """The tactics of a domain."""


class Collection(Named):
    """A whole release."""

    version: Text = Field(default="", alias="x_mitre_version")


class _Statement(Outside):
    statement: Text = ""


class _Marking(_Object):
    definition: _Statement = _Statement()


class Relationship(_Object):
    """A relationship between two objects."""

    kind: Identifier = Field(alias="relationship_type")
    source: Identifier = Field(alias="source_ref")
    target: Identifier = Field(alias="target_ref")
    description: Text = ""

    @property
    def key(self) -> Hashable:
        """Id, kind and both ends: in ATLAS several relationships may share one id."""
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
    """Objects of a bundle by kind, in the order of the file.

    Attributes
    ----------
    techniques, mitigations, relationships, tactics, matrices, collections : list
        Objects of each kind, revoked and deprecated ones included.
    statements : list of str
        Texts of the marking definitions: copyright and licence.
    modified : str
        Latest modification time of any object in the file.
    older : int
        Number of versions that a newer version of the same object replaced.
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
    """Read the objects that a catalog needs from a STIX bundle.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Bundle

    Raises
    ------
    SpecificationError
        If the file is not a STIX bundle, or a needed object is malformed.
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
    """Model an entry if it is of a needed kind."""
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
    # Most of a bundle records who uses what, which a catalog does not need.
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
    """Convert a STIX timestamp (always UTC) to text that sorts by time."""
    return timestamp.removesuffix("Z")
