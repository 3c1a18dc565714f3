"""Format 5 of MITRE ATLAS: a list of matrices, each with its tactics and techniques."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field, model_validator

from mfmgame.catalogs.importing.atlas_entries import AtlasEntries, AttackReference, references_to
from mfmgame.catalogs.importing.knowledge_base import Chain, Link, Mitigation, Technique
from mfmgame.catalogs.importing.untrusted_files import Outside
from mfmgame.documents.base import Identifier, Text
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted

__all__ = ["AtlasFormat5"]


class _Dated(Outside):
    id: Identifier
    name: Text = ""
    modified_date: Text = ""


class _Derived(_Dated):
    attack: AttackReference | None = Field(default=None, alias="ATT&CK-reference")


class _Technique(_Derived):
    tactics: list[Identifier] = []
    parent: Identifier | None = Field(default=None, alias="subtechnique-of")
    maturity: Text = ""


class _Use(Outside):
    id: Identifier
    use: Text = ""


class _Mitigation(_Derived):
    techniques: list[_Use] = []
    lifecycle: list[Any] = Field(default=[], alias="ml-lifecycle")
    category: list[Text] = []


class _Matrix(Outside):
    tactics: list[_Dated] = []
    techniques: list[_Technique] = []
    mitigations: list[_Mitigation] = []


class _Step(Outside):
    technique: Identifier


class _CaseStudy(Outside):
    id: Identifier
    name: Text = ""
    type: Text = Field(default="", alias="case-study-type")
    procedure: list[_Step] = []


class AtlasFormat5(Outside):
    """A file of format 5."""

    id: Identifier
    version: Text | int = ""
    matrices: list[_Matrix]
    case_studies: list[_CaseStudy] = Field(default=[], alias="case-studies")

    @model_validator(mode="before")
    @classmethod
    def _has_matrices(cls, document: Any) -> Any:
        if not isinstance(document, dict) or not isinstance(document.get("matrices"), list):
            raise SpecificationError(
                "found no list of matrices and no format-version, expected the YAML of ATLAS in "
                "format 5 or 6 (for another, import the STIX edition of ATLAS: mfmgame catalog "
                "import attack)"
            )
        return document

    def entries(self) -> AtlasEntries:
        """Put together what all matrices of the file state.

        Raises
        ------
        SpecificationError
            If the file has no techniques.
        """
        techniques = [entry for matrix in self.matrices for entry in matrix.techniques]
        mitigations = [entry for matrix in self.matrices for entry in matrix.mitigations]
        if not techniques:
            raise SpecificationError("found no techniques in its matrices, expected some")
        dates = [entry.modified_date for entry in (*techniques, *mitigations)]
        return AtlasEntries(
            name=self.id,
            version=str(self.version),
            date=max(dates, default=""),
            form="is in format 5, which is no longer updated: later releases have format 6",
            tactics={tactic.id: tactic.name for one in self.matrices for tactic in one.tactics},
            techniques=[
                Technique(
                    entry.id,
                    entry.name,
                    tuple(entry.tactics),
                    entry.parent,
                    entry.maturity,
                    references=references_to(entry.attack),
                )
                for entry in techniques
            ],
            mitigations=[
                Mitigation(
                    entry.id,
                    entry.name,
                    lifecycle=tuple(stage for stage in entry.lifecycle if isinstance(stage, str)),
                    categories=tuple(entry.category),
                    references=references_to(entry.attack),
                )
                for entry in mitigations
            ],
            links=[
                Link(use.id, entry.id, (use.use.strip(),) if use.use.strip() else ())
                for entry in mitigations
                for use in entry.techniques
            ],
            chains=[
                Chain(
                    entry.id,
                    entry.name,
                    tuple(step.technique for step in entry.procedure),
                    entry.type,
                )
                for entry in self.case_studies
                if entry.procedure
            ],
            notes=_misplaced(mitigations),
        )


def _misplaced(mitigations: Iterable[_Mitigation]) -> list[str]:
    """Count the entries of life cycles that are no stages."""
    found = [
        entry.id for entry in mitigations for stage in entry.lifecycle if not isinstance(stage, str)
    ]
    if not found:
        return []
    return [
        f"left out: {counted(len(found), 'entry')} of ml-lifecycle that are no stages, "
        f"of {', '.join(found)}"
    ]
