"""MITRE ATLAS from its YAML, in the layout with matrices."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from pydantic import Field, model_validator

from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.knowledge_base import (
    KnowledgeBase,
    Link,
    Mitigation,
    Technique,
    refuse_circles,
)
from mfmgame.catalogs.importing.untrusted_files import Outside, read_yaml_model
from mfmgame.documents.base import Identifier, Text
from mfmgame.documents.catalog import Catalog, Origin, Reference
from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types

__all__ = ["import_atlas", "read_atlas"]

_LICENCE = "Apache-2.0"
_URL = "https://atlas.mitre.org"


class _Dated(Outside):
    id: Identifier
    name: Text = ""
    modified_date: Text = ""


class _Reference(Outside):
    id: Identifier
    url: Text = ""


class _Technique(_Dated):
    tactics: list[Identifier] = []
    parent: Identifier | None = Field(default=None, alias="subtechnique-of")
    maturity: Text = ""
    attack: _Reference | None = Field(default=None, alias="ATT&CK-reference")


class _Use(Outside):
    id: Identifier
    use: Text = ""


class _Mitigation(_Dated):
    techniques: list[_Use] = []
    lifecycle: list[Any] = Field(default=[], alias="ml-lifecycle")
    category: list[Text] = []
    attack: _Reference | None = Field(default=None, alias="ATT&CK-reference")


class _Matrix(Outside):
    tactics: list[_Dated] = []
    techniques: list[_Technique] = []
    mitigations: list[_Mitigation] = []


class _File(Outside):
    id: Identifier
    version: Text | int = ""
    matrices: list[_Matrix]

    @model_validator(mode="before")
    @classmethod
    def _has_matrices(cls, document: Any) -> Any:
        if not isinstance(document, dict) or not isinstance(document.get("matrices"), list):
            raise SpecificationError(
                "found no list of matrices, expected the layout of ATLAS.yaml that has them "
                "(for another, import the STIX edition of ATLAS: mfmgame catalog import attack)"
            )
        return document


def import_atlas(path: str | os.PathLike[str], numbers: AssumedNumbers | None = None) -> Catalog:
    """Make a catalog of MITRE ATLAS.

    Techniques and sub-techniques become threats, mitigations defenses. The class of a
    threat is its first tactic; a sub-technique without tactics has those of its parent.

    Parameters
    ----------
    path : str or path-like
        ``ATLAS.yaml``, in the layout with ``matrices``.
    numbers : AssumedNumbers, optional
        What ATLAS does not say: severities, bandwidths, effectiveness, costs.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If the file is not ATLAS in this layout, or a number is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> text = '''
    ... id: ATLAS
    ... version: 1.0.0
    ... matrices:
    ... - id: ATLAS
    ...   tactics: [{id: TA1, name: Access}]
    ...   techniques: [{id: T1, name: Guess the password, tactics: [TA1]}]
    ...   mitigations: [{id: M1, name: Longer passwords, techniques: [{id: T1}]}]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "ATLAS.yaml")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     catalog = mg.import_atlas(file, mg.AssumedNumbers(effectiveness=0.25))
    >>> [(pair.threat, pair.defense, pair.value) for pair in catalog.effectiveness]
    [('T1', 'M1', 0.25)]
    """
    refuse_other_types(numbers, "numbers", AssumedNumbers, NoneType)
    return as_catalog(read_atlas(path_of(path)), numbers or AssumedNumbers())


def read_atlas(path: Path) -> KnowledgeBase:
    """Read the techniques, mitigations and links of a file of ATLAS.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    KnowledgeBase

    Raises
    ------
    SpecificationError
        If the file is not ATLAS in the layout with matrices, or has no techniques.
    """
    file = read_yaml_model(path, _File)
    try:
        return _knowledge_base(file)
    except SpecificationError as error:
        raise error.located(str(path)) from None


def _knowledge_base(file: _File) -> KnowledgeBase:
    """Put together what all matrices of a file say."""
    techniques = [entry for matrix in file.matrices for entry in matrix.techniques]
    mitigations = [entry for matrix in file.matrices for entry in matrix.mitigations]
    if not techniques:
        raise SpecificationError("found no techniques in its matrices, expected some")
    known = {entry.id: entry for entry in techniques}
    parents = {entry.id: _parent_of(entry, known) for entry in techniques}
    refuse_circles({child: parent for child, parent in parents.items() if parent})
    tactics = {tactic.id: tactic.name for matrix in file.matrices for tactic in matrix.tactics}
    links = [
        Link(use.id, entry.id, (use.use.strip(),) if use.use.strip() else ())
        for entry in mitigations
        for use in entry.techniques
    ]
    dates = [entry.modified_date for entry in (*techniques, *mitigations)]
    return KnowledgeBase(
        name=file.id.lower(),
        origin=Origin(
            name=file.id,
            version=str(file.version),
            date=max(dates, default=""),
            licence=_LICENCE,
            url=_URL,
        ),
        techniques=tuple(
            Technique(
                entry.id,
                entry.name,
                _tactics_of(entry, known.get(parents[entry.id] or ""), tactics),
                parents[entry.id],
                entry.maturity,
                _references(entry.attack),
            )
            for entry in techniques
        ),
        mitigations=tuple(
            Mitigation(
                entry.id,
                entry.name,
                lifecycle=tuple(stage for stage in entry.lifecycle if isinstance(stage, str)),
                categories=tuple(entry.category),
                references=_references(entry.attack),
            )
            for entry in mitigations
        ),
        links=tuple(link for link in links if link.technique in known),
        notes=_notes(parents, mitigations, links),
    )


def _parent_of(entry: _Technique, known: Collection[str]) -> str | None:
    """The technique that a sub-technique names, or that its id says it is a form of."""
    stem, _, form = entry.id.rpartition(".")
    return entry.parent or (stem if form.isdecimal() and stem in known else None)


def _tactics_of(
    entry: _Technique, parent: _Technique | None, names: Mapping[str, str]
) -> tuple[str, ...]:
    """Name the tactics of a technique: its own, or those of its parent."""
    ids = entry.tactics or (parent.tactics if parent else [])
    return tuple(names.get(tactic) or tactic for tactic in ids)


def _references(attack: _Reference | None) -> tuple[Reference, ...]:
    return () if attack is None else (Reference(source="ATT&CK", id=attack.id, url=attack.url),)


def _notes(
    parents: Mapping[str, str | None], mitigations: Iterable[_Mitigation], links: Iterable[Link]
) -> tuple[str, ...]:
    """Count the links and stages that are left out, and the sub-techniques without a parent."""
    unknown = sum(link.technique not in parents for link in links)
    misplaced = [
        entry.id for entry in mitigations for stage in entry.lifecycle if not isinstance(stage, str)
    ]
    orphans = sum(parent is not None and parent not in parents for parent in parents.values())
    counts = (
        ("left out: ", unknown, "link", "to techniques that are not in the file"),
        (
            "left out: ",
            len(misplaced),
            "entry",
            f"of ml-lifecycle that are no stages, of {', '.join(misplaced)}",
        ),
        ("", orphans, "sub-technique", "of techniques that are not in the file"),
    )
    return tuple(f"{begin}{counted(n, noun)} {rest}" for begin, n, noun, rest in counts if n)
