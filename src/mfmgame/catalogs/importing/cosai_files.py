"""Files of the CoSAI Risk Map: risks, controls, and the frameworks that they refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from mfmgame.catalogs.importing.untrusted_files import Outside, null_as, read_yaml_model
from mfmgame.documents.base import Identifier, Text, refuse, refuse_duplicates
from mfmgame.documents.sourced_entries import Reference
from mfmgame.errors import SpecificationError

__all__ = ["Control", "Risk", "RiskMap", "read_risk_map"]

_ALL = "all"


def _as_list(value: Any) -> Any:
    """Read the words that stand instead of a list: all, none, or nothing."""
    if value is None or value == "none":
        return []
    return [_ALL] if value == _ALL else value


_Optional = Annotated[Text, null_as(str)]
_List = Annotated[list[Identifier], BeforeValidator(_as_list)]
_Mappings = Annotated[dict[Identifier, _List], null_as(dict)]


class _Named(Outside):
    id: Identifier
    title: _Optional = ""


class _Mapped(_Named):
    category: _Optional = ""
    mappings: _Mappings = {}


class Risk(_Mapped):
    """A risk, and the controls that address the risk."""

    controls: _List = []


class Control(_Mapped):
    """A control, and the risks that the control addresses."""

    risks: _List = []
    stages: _List = Field(default=[], alias="lifecycleStage")

    @property
    def addresses_all(self) -> bool:
        """Whether the control addresses all risks, and so names none."""
        return self.risks == [_ALL]


class _Framework(Outside):
    id: Identifier
    name: _Optional = ""
    pattern: _Optional = Field(default="", alias="techniqueUriPattern")


class _Risks(Outside):
    risks: list[Risk]
    categories: list[_Named] = []


class _Controls(Outside):
    controls: list[Control]
    categories: list[_Named] = []


class _Frameworks(Outside):
    frameworks: list[_Framework]


@dataclass(frozen=True)
class RiskMap:
    """Content of the files.

    Attributes
    ----------
    risks : sequence of Risk
    controls : sequence of Control
    categories : mapping of str to str
        Titles of categories by id, as far as the files state them.
    frameworks : mapping of str to _Framework
    """

    risks: Sequence[Risk]
    controls: Sequence[Control]
    categories: Mapping[str, str]
    frameworks: Mapping[str, _Framework]

    def category_of(self, entry: Risk | Control) -> str:
        """Return the title of the category of an entry, or the category's id.

        Parameters
        ----------
        entry : Risk or Control

        Returns
        -------
        str
        """
        return self.categories.get(entry.category) or entry.category

    def references_of(self, entry: Risk | Control) -> tuple[Reference, ...]:
        """List the entries of other frameworks that an entry maps to.

        Parameters
        ----------
        entry : Risk or Control

        Returns
        -------
        tuple of Reference
            With the framework's version, as in ``AML.T0020@5.0.1``, beside its name.
        """
        return tuple(
            self._reference(key, text, isinstance(entry, Risk))
            for key, texts in entry.mappings.items()
            for text in texts
        )

    def _reference(self, key: str, text: str, of_risk: bool) -> Reference:
        code, _, version = text.rpartition("@") if "@" in text[1:] else (text, "", "")
        framework = self.frameworks.get(key)
        name = (framework and framework.name) or key
        # Risks map to techniques; no pattern is known for the mitigations of controls.
        pattern = framework.pattern if framework and of_risk else ""
        return Reference(
            source=f"{name} {version}".strip(), id=code, url=pattern.replace("{id}", code)
        )


def read_risk_map(folder: Path) -> RiskMap:
    """Read the files of a risk map.

    Parameters
    ----------
    folder : pathlib.Path
        Has ``risks.yaml`` and ``controls.yaml``; ``frameworks.yaml`` may be absent.

    Returns
    -------
    RiskMap

    Raises
    ------
    SpecificationError
        If a file is missing, is not of this format, or has an id twice or no entry.
    """
    if not folder.is_dir():
        raise SpecificationError(
            "found no folder, expected the folder of risks.yaml and controls.yaml of the CoSAI "
            "Risk Map",
            source=str(folder),
        )
    risks = read_yaml_model(folder / "risks.yaml", _Risks)
    controls = read_yaml_model(folder / "controls.yaml", _Controls)
    third = folder / "frameworks.yaml"
    frameworks = read_yaml_model(third, _Frameworks).frameworks if third.exists() else []
    _refuse_unusable(folder / "risks.yaml", "risks", risks.risks)
    _refuse_unusable(folder / "controls.yaml", "controls", controls.controls)
    return RiskMap(
        risks.risks,
        controls.controls,
        {entry.id: entry.title for entry in (*risks.categories, *controls.categories)},
        {entry.id: entry for entry in frameworks},
    )


def _refuse_unusable(file: Path, key: str, entries: Sequence[_Named]) -> None:
    """Refuse a file without entries, or with two entries of one id."""
    try:
        if not entries:
            raise refuse((key,), "found none, expected one or more")
        refuse_duplicates((entry.id for entry in entries), key)
    except SpecificationError as error:
        raise error.located(str(file)) from None
