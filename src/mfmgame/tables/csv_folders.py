"""Folders of CSV files as sheets of plain cells: a file for each sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from mfmgame.documents.json_reading import decoded, read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.tables.sheets import RISKY, SHEETS, Cell, Sheet, Tables, refuse_similar

__all__ = ["csv_files", "read_csv_folder"]

_MOST_BYTES = 32 * 2**20
_QUOTE = "'"
"""What stands before text that a spreadsheet program may run as a formula."""


def read_csv_folder(folder: Path) -> Tables:
    """Read the CSV files of a folder that hold a scenario.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    mapping of str to Sheet
        Files of other names are left out.

    Raises
    ------
    SpecificationError
        If a file cannot be read, or is no CSV.
    """
    sheets: dict[str, Sheet] = {}
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".csv")
    except OSError as error:
        raise SpecificationError(f"cannot be read: {error.strerror or error}") from None
    for file in files:
        name = file.stem.lower()
        if name in sheets:
            raise SpecificationError("found two files of this name, expected one", pointer=name)
        if name in SHEETS:
            sheets[name] = Sheet(name, _rows(name, decoded(read_bytes(file, _MOST_BYTES))))
        elif not file.stem.startswith("#"):
            refuse_similar(file.stem)
    return {name: sheets[name] for name in SHEETS if name in sheets}


def csv_files(tables: Tables) -> Mapping[str, str]:
    """Write sheets as the texts of CSV files.

    Parameters
    ----------
    tables : mapping of str to Sheet

    Returns
    -------
    mapping of str to str
        By the names of the files.
    """
    texts = {}
    for sheet in tables.values():
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        for row in sheet.rows:
            writer.writerow([_escaped(cell) for cell in row])
        texts[f"{sheet.name}.csv"] = stream.getvalue()
    return texts


def _rows(name: str, text: str) -> list[list[Cell]]:
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise SpecificationError(f"is no CSV: {error}", pointer=name) from None
    return [[_unescaped(cell) for cell in row] for row in rows]


def _escaped(cell: Cell) -> str:
    if isinstance(cell, str) and cell.startswith((*RISKY, _QUOTE)):
        return _QUOTE + cell
    return "" if cell is None else str(cell)


def _unescaped(cell: str) -> Cell:
    if cell.startswith(_QUOTE) and cell[1:].startswith((*RISKY, _QUOTE)):
        return cell[1:]
    return cell or None
