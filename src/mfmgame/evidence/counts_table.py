"""Counts of attacks from a CSV file with a column for each member of an evidence cell."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from mfmgame.documents.base import first_problem
from mfmgame.documents.csv_reading import Row, csv_rows, line_refusal
from mfmgame.documents.evidence_file import EvidenceCell
from mfmgame.documents.json_reading import is_lost, path_of
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import placed
from mfmgame.evidence.run_files import naming
from mfmgame.messages import nearest, shown

__all__ = ["read_counts"]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NO_COLUMNS = ("left_out",)
_COLUMNS = tuple(name for name in EvidenceCell.model_fields if name not in _NO_COLUMNS)
_NEEDED = ("threat", "defense", "trials", "successes")
_FLAGS = {"true": True, "false": False}


def read_counts(path: str | os.PathLike[str]) -> list[EvidenceCell]:
    """Read evidence cells from a CSV file.

    The header names members of a cell; ``threat``, ``defense``, ``trials`` and ``successes`` must
    be among them. An empty field leaves the member at its default. The two ends of ``interval``
    stand between a semicolon, as in ``0.4;0.9``.

    Parameters
    ----------
    path : str or path-like
        UTF-8, with or without a byte-order mark.

    Returns
    -------
    list of EvidenceCell

    Raises
    ------
    SpecificationError
        If the file is not such a table, or a line is not a cell or repeats a cell.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> text = '''threat,defense,trials,successes,baseline_trials,baseline_successes
    ... injection,filter,100,10,100,40
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "counts.csv")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     [cell] = read_counts(file)
    >>> cell.effectiveness
    0.75
    """
    file = path_of(path)
    with naming(file):
        return _cells(*csv_rows(file, _NEEDED))


def _cells(columns: Sequence[str], rows: Sequence[Row]) -> list[EvidenceCell]:
    for column in columns:
        if column not in _COLUMNS:
            raise line_refusal(
                1, f"unknown column {shown(column)}, expected {nearest(column, _COLUMNS, 'column')}"
            )
    cells: list[EvidenceCell] = []
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        with placed(f"line {row.line}"):
            cell = _cell(row.fields)
            key = (*cell.key, cell.source)
            if key in seen:
                raise SpecificationError(
                    f"duplicate cell of {shown(cell.threat)} with {shown(cell.defense)} (first on "
                    f"line {seen[key]}), expected each threat, defense, model, suite and attack "
                    "once per source"
                )
            seen[key] = row.line
            cells.append(cell)
    if not cells:
        raise SpecificationError("found only a header, expected a line for each cell")
    return cells


def _cell(fields: Mapping[str, str]) -> EvidenceCell:
    members = {}
    for column, field in fields.items():
        if field.strip():
            with placed(f"/{column}"):
                members[column] = _value(column, field.strip())
    try:
        return EvidenceCell(**members)
    except ValidationError as error:
        raise first_problem(error) from None


def _value(column: str, text: str) -> Any:
    """Convert a field to the type of its member."""
    if column == "interval":
        return [_number(end.strip()) for end in text.split(";")]
    kinds = _kinds(EvidenceCell.model_fields[column].annotation)
    if bool in kinds:
        if text.lower() not in _FLAGS:
            raise SpecificationError(f"found {shown(text)}, expected true or false")
        return _FLAGS[text.lower()]
    return _number(text) if kinds & {int, float} else text


def _kinds(annotation: Any) -> set[Any]:
    parts = get_args(annotation)
    return {annotation}.union(*map(_kinds, parts)) if parts else {annotation}


def _number(text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else None
    if value is None or is_lost(text, value):
        raise SpecificationError(f"found {shown(text)}, expected a number")
    return value
