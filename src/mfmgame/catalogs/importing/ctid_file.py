"""Mappings Explorer files: their format in all editions, and their rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from mfmgame.catalogs.importing.scores import CATEGORIES, VALUES
from mfmgame.catalogs.importing.untrusted_files import Outside, read_json_model
from mfmgame.documents.base import Identifier, Text, refuse, refuse_unknown
from mfmgame.documents.catalog import Origin
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, nearest, shown

__all__ = ["VULNERABILITY", "Mappings", "Row", "read_mappings"]

_LICENCE = "Apache-2.0"
_URL = "https://center-for-threat-informed-defense.github.io/mappings-explorer/"
_FRAMEWORKS = {
    "aws": "AWS",
    "azure": "Azure",
    "cis": "CIS Controls",
    "cri_profile": "CRI Profile",
    "csa_ccm": "CSA CCM",
    "cve": "CVE",
    "gcp": "GCP",
    "hed": "Hardware-Enabled Defense",
    "intel-vpro": "Intel vPro",
    "kev": "KEV",
    "m365": "M365",
    "nist_800_53": "NIST 800-53",
    "veris": "VERIS",
}
_SCORED = ("technique_scores", "technique_score")
VULNERABILITY = ("exploitation_technique", "primary_impact", "secondary_impact", "uncategorized")
_UNSCORED = ("mitigates", "protects")
_KNOWN = (*_SCORED, *_UNSCORED, "related_to", "non_mappable", *VULNERABILITY)
_RELATED = "related to a technique but no defense against it"


def _word(text: str | None) -> str:
    """Normalize words that editions write in capitals, with hyphens or with spaces."""
    return re.sub(r"[\s-]+", "_", (text or "").strip().lower())


def _empty_if_null(value: Any) -> Any:
    return "" if value is None else value


def _text_of_number(value: Any) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if number else _empty_if_null(value)


def _list_of_one(value: Any) -> Any:
    """Convert mapping types to a list: some editions have a list, others one type or none."""
    if value is None or isinstance(value, str):
        return [value] if value else []
    if not isinstance(value, list):
        raise SpecificationError(f"found {shown(value)}, expected a string or a list of them")
    return value


def _names_by_id(entries: Any) -> Any:
    """Read names by id from a list of objects or from single-name lists, as in some editions."""
    if isinstance(entries, list):
        by_id = {}
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                raise refuse((index,), f"found {shown(entry)}, expected an object with an id")
            if entry["id"] in by_id:
                raise refuse((index, "id"), f"found {shown(entry['id'])} twice, expected once")
            by_id[entry["id"]] = entry
        entries = by_id
    if not isinstance(entries, dict):
        return {} if entries is None else entries
    return {key: _empty_if_null(_name(item)) for key, item in entries.items()}


def _name(item: Any) -> Any:
    if isinstance(item, list) and len(item) == 1:
        item = item[0]
    return item.get("name") if isinstance(item, dict) else item


def _score(known: Collection[str], noun: str) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if word := _word(text):
            refuse_unknown(word, known, noun)
        return word

    return checked


_Optional = Annotated[Text, BeforeValidator(_empty_if_null), AfterValidator(str.strip)]
_Version = Annotated[Text, BeforeValidator(_text_of_number), AfterValidator(str.strip)]
_Category = Annotated[_Optional, AfterValidator(_score(CATEGORIES, "category of scores"))]
_Value = Annotated[_Optional, AfterValidator(_score(VALUES, "score"))]
_Types = Annotated[list[Text], BeforeValidator(_list_of_one)]
_Names = Annotated[dict[str, Text], BeforeValidator(_names_by_id)]


class Row(Outside):
    """Mapping of a capability to a technique; missing fields are empty."""

    capability: _Optional = Field(default="", alias="capability_id")
    capability_name: _Optional = Field(default="", alias="capability_description")
    technique: _Optional = Field(default="", alias="attack_object_id")
    technique_name: _Optional = Field(default="", alias="attack_object_name")
    group: _Optional = Field(default="", validation_alias=AliasChoices("capability_group", "group"))
    types: _Types = Field(default=[], alias="mapping_type")
    category: _Category = Field(default="", alias="score_category")
    value: _Value = Field(default="", alias="score_value")
    comments: _Optional = ""
    status: _Optional = ""
    attack_version: _Version = ""


class _Metadata(Outside):
    framework: Identifier = Field(alias="mapping_framework")
    framework_version: _Version = Field(default="", alias="mapping_framework_version")
    attack_version: _Version = ""
    domain: Annotated[_Optional, AfterValidator(_word)] = Field(
        default="", alias="technology_domain"
    )
    created: _Optional = Field(default="", alias="creation_date")
    updated: _Optional = Field(default="", alias="last_update")
    types: _Names = Field(default={}, alias="mapping_types")
    groups: _Names = Field(default={}, validation_alias=AliasChoices("capability_groups", "groups"))


class _File(Outside):
    metadata: _Metadata
    mapping_objects: list[Row] = []
    attack_objects: list[Row] = Field(default=[], description="Of the first editions.")

    @model_validator(mode="before")
    @classmethod
    def _has_mappings(cls, document: Any) -> Any:
        keys = ("mapping_objects", "attack_objects")
        if "metadata" not in document or not any(key in document for key in keys):
            raise SpecificationError(
                "found no metadata with mapping_objects, expected the JSON of Mappings Explorer "
                "(not its STIX, nor its layers for the Navigator)"
            )
        return document


@dataclass(frozen=True)
class Mappings:
    """Rows of a mapping file, separated into defenses, vulnerabilities and unmapped techniques.

    Attributes
    ----------
    about : _Metadata
    defenses, vulnerabilities : list of Row
        At least one of the two has a row.
    undefended : list of Row
        Techniques that the file lists as unmapped.
    notes : tuple of str
        Rows left out, and rows kept with caveats.
    """

    about: _Metadata
    defenses: list[Row]
    vulnerabilities: list[Row]
    undefended: list[Row]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the resulting catalog, with the domain unless it is the usual one."""
        about = self.about
        parts = [about.framework, "attack", about.attack_version]
        if about.domain not in ("", "enterprise"):
            parts.append(about.domain)
        return "-".join(part for part in parts if part)

    @property
    def origin(self) -> Origin:
        """Origin of the file, with its version and ATT&CK's."""
        about = self.about
        target = f"for ATT&CK {about.attack_version}".strip()
        if about.domain not in ("", "enterprise"):
            target += f" ({about.domain})"
        return Origin(
            name=_FRAMEWORKS.get(about.framework, about.framework),
            version=f"{about.framework_version} {target}".strip(),
            date=about.updated or about.created,
            licence=_LICENCE,
            url=_URL,
        )

    @property
    def relation(self) -> str:
        """Short name of the mapping, with its version."""
        return f"{self.origin.name} {self.origin.version}"

    def types_of(self, row: Row) -> set[str]:
        """Return a row's mapping types in normalized spelling.

        Parameters
        ----------
        row : Row

        Returns
        -------
        set of str
        """
        return _types(row, self.about)


def read_mappings(path: Path) -> Mappings:
    """Read a file of Mappings Explorer, of any edition.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Mappings

    Raises
    ------
    SpecificationError
        If the file is not of this format, maps no defense and no vulnerability to a technique, or
        has an unknown score or mapping type.
    """
    file = read_json_model(path, _File)
    try:
        return _sorted(file)
    except SpecificationError as error:
        raise error.located(str(path)) from None


def _sorted(file: _File) -> Mappings:
    """Sort rows by kind, refusing rows that might change numbers unnoticed."""
    lists = {"mapping_objects": file.mapping_objects, "attack_objects": file.attack_objects}
    kinds: dict[str, list[Row]] = {}
    for key, rows in lists.items():
        for index, row in enumerate(rows):
            kind = _kind(row, file.metadata, key, index)
            kinds.setdefault(kind, []).append(row)
    every = [row for rows in kinds.values() for row in rows]
    defenses = kinds.pop("defense", [])
    vulnerabilities = kinds.pop("vulnerability", [])
    undefended = kinds.pop("undefended", [])
    used = defenses or vulnerabilities
    if not used and _RELATED in kinds:
        raise refuse(
            ("metadata", "mapping_framework"),
            f"found {shown(file.metadata.framework)}, whose rows name no defense and no "
            "vulnerability, expected a framework of either (such as aws, nist_800_53 or kev)",
        )
    if not used:
        raise SpecificationError(
            "found no row that maps a defense or a vulnerability to a technique, expected one"
        )
    notes = [f"left out: {counted(len(rows), 'row')} {kind}" for kind, rows in kinds.items()]
    names = dict.fromkeys(row.capability for row in every if row.capability)
    idle = len(names) - len({row.capability for row in used})
    if idle:
        notes.append(f"left out: {counted(idle, 'capability')} without a row that counts")
    alone = len({row.technique for row in undefended} - {row.technique for row in used})
    if alone:
        notes.append(f"kept: {counted(alone, 'technique')} that the file lists as unmapped")
    statuses = Counter(row.status for row in used if _word(row.status) not in ("", "complete"))
    notes += [f"kept: {counted(n, 'row')} of status {shown(name)}" for name, n in statuses.items()]
    version = file.metadata.attack_version
    others = sum(row.attack_version not in ("", version) for row in used)
    if others:
        notes.append(f"kept: {counted(others, 'row')} of another version of ATT&CK")
    return Mappings(file.metadata, defenses, vulnerabilities, undefended, tuple(notes))


def _kind(row: Row, about: _Metadata, key: str, index: int) -> str:
    """Return ``"defense"``, ``"vulnerability"``, ``"undefended"``, or why the row is left out."""
    types = _types(row, about)
    if "non_mappable" in types or _word(row.status) == "non_mappable":
        lone = row.technique and not row.capability
        return "undefended" if lone else "that cannot be mapped"
    if not row.technique or not row.capability:
        return "without a technique" if row.capability else "without a capability"
    if types.intersection(VULNERABILITY):
        return "vulnerability"
    if "related_to" in types:
        return _RELATED
    if row.category and row.value:
        return "defense"
    if row.category or row.value or types.intersection(_SCORED):
        return "without a category and a score"
    if types.intersection(_UNSCORED):
        return "defense"
    if not types:
        return "without a mapping type"
    name = next(about.types.get(key) or key for key in row.types if _word(key))
    raise refuse(
        (key, index, "mapping_type"),
        f"unknown mapping type {shown(name)} without a score, expected "
        + nearest(_word(name), _KNOWN, "mapping type"),
    )


def _types(row: Row, about: _Metadata) -> set[str]:
    """Return a row's mapping types by key and by name: in some editions the key is a number."""
    words = (_word(text) for key in row.types for text in (key, about.types.get(key)))
    return {word for word in words if word}
