"""Threats and defenses that a user adds to a scenario to see their effect."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from mfmgame.documents.base import Document, Text, refuse
from mfmgame.documents.catalog import (
    NO_TRAITS,
    Defense,
    Threat,
)
from mfmgame.documents.entry_references import refuse_inconsistent_entries, refuse_missing_numbers
from mfmgame.documents.json_reading import STANDARD_INPUT, input_of, read_document
from mfmgame.documents.losses_and_techniques import Effectiveness
from mfmgame.documents.uncertain_numbers import with_certain_numbers
from mfmgame.errors import SpecificationError

__all__ = ["Addition", "load_addition"]


class Addition(Document):
    """Threats and defenses to add to a scenario, in the form of its own lists.

    Raises
    ------
    SpecificationError
        If the addition is malformed or inconsistent; the error's `pointer` says where.

    Examples
    --------
    >>> import mfmgame as mg
    >>> addition = mg.Addition(
    ...     schema="mfmgame/addition/1",
    ...     threats=[{"id": "new", "severity": 3.0, "bandwidth": 1.0}],
    ...     effectiveness=[{"threat": "new", "defense": "filter", "value": 0.5}],
    ... )
    >>> addition.threats[0].severity
    3.0
    """

    schema_id: Literal["mfmgame/addition/1"] = Field(alias="schema")
    threats: list[Annotated[Threat, NO_TRAITS]] = []
    defenses: list[Annotated[Defense, NO_TRAITS]] = []
    effectiveness: list[Effectiveness] = []

    _source: Text = PrivateAttr(default="")

    def __init__(self, /, **data: Any) -> None:
        self.refuse_other_schema(data)
        super().__init__(**with_certain_numbers(type(self), data))

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse_inconsistent_entries(self.threats, self.defenses, self.effectiveness)
        for index, threat in enumerate(self.threats):
            if threat.traits is None:
                refuse_missing_numbers(index, threat)
        for key, traits in (
            ("threats", [threat.traits for threat in self.threats]),
            ("defenses", [defense.traits for defense in self.defenses]),
        ):
            for index, stated in enumerate(traits):
                if stated is not None:
                    raise refuse((key, index, "traits"), "found here, expected in a catalog only")
        return self

    @property
    def ids(self) -> list[str]:
        """Ids of the threats, then of the defenses."""
        return [threat.id for threat in self.threats] + [one.id for one in self.defenses]

    @property
    def source(self) -> str:
        """File that the addition was read from, if any."""
        return self._source


def load_addition(path: str | os.PathLike[str]) -> Addition:
    """Read an addition from a JSON file.

    Parameters
    ----------
    path : str or path-like
        The file; ``"-"`` reads standard input.

    Returns
    -------
    Addition

    Raises
    ------
    SpecificationError
        If the file cannot be read, or is malformed or inconsistent.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> addition = {"schema": "mfmgame/addition/1", "threats": [
    ...     {"id": "new", "severity": 9, "bandwidth": 1}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "new.json")
    ...     _ = file.write_text(json.dumps(addition), encoding="utf-8")
    ...     loaded = mg.load_addition(file)
    >>> loaded.threats[0].id
    'new'
    """
    file = input_of(path)
    source = STANDARD_INPUT if file is None else os.fspath(path)
    try:
        addition = Addition(**read_document(file))
    except SpecificationError as error:
        raise (error if error.source else error.located(source)) from None
    addition._source = source
    return addition
