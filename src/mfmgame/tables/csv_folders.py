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


def read_csv_folder(folder: Path) -> tuple[Tables, list[str]]:
    """Read the CSV files of a folder that hold a scenario.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    mapping of str to Sheet
    list of str
        Names of the sheets that are not read.

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
    names = [file.stem.lower() for file in files]
    others = [file.stem for file in files if file.stem.lower() not in SHEETS]
    for other in others:
        if not other.startswith("#"):
            refuse_similar(other, names)
    for file, name in zip(files, names, strict=True):
        if name in sheets:
            raise SpecificationError("found two files of this name, expected one", pointer=name)
        if name in SHEETS:
            try:
                sheets[name] = Sheet(name, _rows(_text(read_bytes(file, _MOST_BYTES))))
            except SpecificationError as error:
                raise SpecificationError(error.message, pointer=file.name) from None
    return {name: sheets[name] for name in SHEETS if name in sheets}, others


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


def _text(data: bytes) -> str:
    try:
        return decoded(data)
    except SpecificationError as error:
        raise SpecificationError(f"{error.message}; save it as 'CSV UTF-8'") from None


def _rows(text: str) -> list[list[Cell]]:
    header = text.partition("\n")[0]
    if header.count("\t") > max(header.count(";"), header.count(",")):
        raise SpecificationError("found tabs between the columns, expected , or ;")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[Cell]] = []
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            reason = "a quotation mark is not closed" if "end of data" in str(error) else error
            raise SpecificationError(f"line {line}: is no CSV: {reason}") from None
        if row is None:
            return rows
        rows.append([_unescaped(cell) for cell in row])


def _escaped(cell: Cell) -> str:
    if isinstance(cell, str) and cell.startswith((*RISKY, _QUOTE)):
        return _QUOTE + cell
    return "" if cell is None else str(cell)


def _unescaped(cell: str) -> Cell:
    if cell.startswith(_QUOTE) and cell[1:].startswith((*RISKY, _QUOTE)):
        return cell[1:]
    return cell or None
