"""Workbooks (.xlsx) as sheets of plain cells: values are read, and nothing is run.

Files from outside are taken for hostile: their size, the size that they unpack to and their
XML are looked at before a cell is read.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfmgame.documents.json_reading import read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.messages import is_encodable, shown
from mfmgame.tables.sheets import RISKY, SHEETS, Cell, Sheet, Tables, cell_error, refuse_similar

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["WORKBOOKS", "read_workbook", "workbook_bytes"]

WORKBOOKS = (".xlsx", ".xlsm")
"""Endings of files that are read as workbooks; their macros are not."""
_MOST_BYTES = 32 * 2**20
_MOST_UNPACKED = 256 * 2**20
_MOST_CELLS = 2_000_000
_NO_VALUE = (
    "found a formula without a value, expected a value (save it as values, or put ' before a text "
    "that begins with =)"
)
_TIME = re.compile(rb">[^<>]*</dcterms:(created|modified)>")


def read_workbook(path: Path) -> tuple[Tables, list[str]]:
    """Read the sheets of a workbook that hold a scenario.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    mapping of str to Sheet
    list of str
        Names of the sheets that are not read.

    Raises
    ------
    SpecificationError
        If the file is no workbook, is too large, or a cell is hidden or holds no plain value.
    """
    data = read_bytes(path, _MOST_BYTES)
    _refuse_bombs(data)
    workbook = _loaded(data, values=False)
    values: Workbook | None = None
    sheets: dict[str, Sheet] = {}
    titles = [worksheet.title for worksheet in workbook.worksheets]
    others = [title for title in titles if title.strip().lower() not in SHEETS]
    for title in others:
        if not title.startswith("#"):
            refuse_similar(title, [other.strip().lower() for other in titles])
    for worksheet in workbook.worksheets:
        name = worksheet.title.strip().lower()
        if name not in SHEETS:
            continue
        if worksheet.sheet_state != "visible":
            raise SpecificationError("found a hidden sheet, expected a visible one", pointer=name)
        if worksheet.max_row * worksheet.max_column > _MOST_CELLS:
            raise SpecificationError(
                f"found {worksheet.max_row} rows of {worksheet.max_column} cells, expected at most "
                f"{_MOST_CELLS} cells",
                pointer=name,
            )
        for merged in worksheet.merged_cells.ranges:
            message = f"found the merged cells {merged.coord}, expected single cells"
            raise cell_error(name, merged.min_row - 1, merged.min_col - 1, message)
        if values is None and _has_formulas(worksheet):
            values = _loaded(data, values=True)
        cached = worksheet if values is None else values[worksheet.title]
        _refuse_hidden(name, worksheet)
        sheets[name] = Sheet(name, _rows(name, worksheet, cached), _percents(worksheet))
    return sheets, others


def workbook_bytes(tables: Tables, finish: Callable[[Workbook], None] | None = None) -> bytes:
    """Write sheets as a workbook.

    Parameters
    ----------
    tables : mapping of str to Sheet
    finish : callable, optional
        Adds what makes the workbook handy, such as drop-down lists.

    Returns
    -------
    bytes
        The same for the same sheets.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    workbook = Workbook()
    workbook.remove(workbook.active)
    for sheet in tables.values():
        worksheet = workbook.create_sheet(sheet.name)
        for row, cells in enumerate(sheet.rows, start=1):
            for column, value in enumerate(cells, start=1):
                if value is not None:
                    _put(worksheet.cell(row, column), value)
        for cell in worksheet[1] if sheet.rows else ():
            cell.font = Font(bold=True)
        worksheet.freeze_panes = "B2"
        _fit_columns(worksheet, sheet.rows)
    if finish is not None:
        finish(workbook)
    workbook.properties.creator = "mfmgame"
    return _packed(workbook)


def _refuse_bombs(data: bytes) -> None:
    """Refuse what is no archive, unpacks to too much, or has declarations in its XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            left = _MOST_UNPACKED
            for entry in archive.infolist():
                with archive.open(entry) as stream:
                    start = stream.read(2048)
                    size = len(start)
                    while size <= left and (block := stream.read(2**20)):
                        size += len(block)
                left -= size
                if left < 0:
                    raise SpecificationError(
                        f"found a workbook that unpacks to more than {_MOST_UNPACKED} bytes, "
                        "expected a smaller one"
                    )
                if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                    raise SpecificationError("found declarations in its XML, expected none")
    except SpecificationError:
        raise
    except Exception:  # zipfile raises a dozen kinds for damaged archives
        raise SpecificationError("is no workbook, expected a file of the kind .xlsx") from None


def _loaded(data: bytes, *, values: bool) -> Workbook:
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of extensions that it leaves out
            return openpyxl.load_workbook(
                io.BytesIO(data), data_only=values, keep_links=False, rich_text=False
            )
    except Exception as error:  # openpyxl names no errors of its own for malformed parts
        reason = shown(str(error).partition("\n")[0])
        raise SpecificationError(f"cannot be read as a workbook: {reason}") from None


def _has_formulas(worksheet: Worksheet) -> bool:
    return any(cell.data_type == "f" for row in worksheet.iter_rows() for cell in row)


def _refuse_hidden(name: str, worksheet: Worksheet) -> None:
    """Refuse rows and columns that are filled and hidden: nobody sees what is read there."""
    from openpyxl.utils import get_column_letter

    columns = {
        column
        for letter, found in worksheet.column_dimensions.items()
        if found.hidden
        for column in range(found.min or _number_of(letter), (found.max or _number_of(letter)) + 1)
    }
    rows = {row for row, found in worksheet.row_dimensions.items() if found.hidden}
    if not (rows or columns):
        return
    for cells in worksheet.iter_rows():
        for cell in cells:
            if cell.value is None or not (cell.row in rows or cell.column in columns):
                continue
            letter = get_column_letter(cell.column)
            what = f"row {cell.row}" if cell.row in rows else f"column {letter}"
            raise SpecificationError(
                f"found the hidden {what}, expected visible cells: unhide it or delete it",
                pointer=name,
            )


def _number_of(letter: str) -> int:
    from openpyxl.utils import column_index_from_string

    return int(column_index_from_string(letter))


def _percents(worksheet: Worksheet) -> frozenset[tuple[int, int]]:
    """List the cells whose numbers are shown per cent: 35 % is held as 0.35."""
    return frozenset(
        (cell.row - 1, cell.column - 1)
        for cells in worksheet.iter_rows()
        for cell in cells
        if cell.has_style and cell.value is not None and "%" in cell.number_format
    )


def _rows(name: str, worksheet: Worksheet, cached: Worksheet) -> list[list[Cell]]:
    """Read the cells of a sheet; those of formulas from the values that were kept beside them."""
    rows: list[list[Cell]] = []
    for number, cells in enumerate(worksheet.iter_rows()):
        row: list[Cell] = []
        for place, cell in enumerate(cells):
            value = cell.value
            if cell.data_type == "f":
                value = cached.cell(number + 1, place + 1).value
                if value is None:
                    raise _refusal(name, rows, number, place, _NO_VALUE)
            if problem := _problem(value, cell.data_type):
                raise _refusal(name, rows, number, place, problem)
            row.append(None if value == "" else float(value) if _is_number(value) else value)
        rows.append(row)
    return rows


def _refusal(
    sheet: str, rows: Sequence[Sequence[Cell]], row: int, column: int, message: str
) -> SpecificationError:
    """Build the error to raise for a cell, naming the cell and the heading of its column."""
    heading = rows[0][column] if rows and column < len(rows[0]) else None
    error = cell_error(sheet, row, column, message)
    parts = (error.pointer, heading.strip() if isinstance(heading, str) else "")
    return SpecificationError(message, pointer=": ".join(part for part in parts if part))


def _problem(value: Any, kind: str) -> str:
    """Describe why a cell is neither text nor a number; empty if it is, or is blank."""
    if value is None or value == "":
        return ""
    if kind == "e" or (isinstance(value, str) and kind == "f" and value.startswith("#")):
        return f"found the error {shown(value)}, expected a value"
    if isinstance(value, str):
        return "" if is_encodable(value) else f"{shown(value)} is not valid Unicode"
    if isinstance(value, bool):
        return f"found {shown(value)}, expected text or a number"
    if isinstance(value, (datetime, date)):
        has_time = isinstance(value, datetime) and value.time() != time()
        written = f"{value:%Y-%m-%d %H:%M}" if has_time else f"{value:%Y-%m-%d}"
        return f"found the date {written}, expected text or a number"
    if not _is_number(value):
        return f"found a {type(value).__name__}, expected text or a number"
    try:
        is_finite = math.isfinite(value)
    except OverflowError:
        is_finite = False
    return "" if is_finite else f"found {shown(value)}, expected a finite number"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _put(cell: Any, value: Cell) -> None:
    """Set a cell so that no program takes its text for a formula."""
    from openpyxl.utils.exceptions import IllegalCharacterError

    try:
        cell.value = value
    except IllegalCharacterError:
        raise SpecificationError(
            f"{shown(value)} has a control character, which no workbook holds"
        ) from None
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(RISKY)


def _fit_columns(worksheet: Worksheet, rows: Sequence[Sequence[Cell]]) -> None:
    from openpyxl.utils import get_column_letter

    width = max((len(row) for row in rows), default=0)
    for column in range(width):
        texts = [str(row[column]) for row in rows if column < len(row) and row[column] is not None]
        longest = max((len(text) for text in texts), default=0)
        letter = get_column_letter(column + 1)
        worksheet.column_dimensions[letter].width = min(max(longest + 2, 10), 60)


def _packed(workbook: Workbook) -> bytes:
    """The bytes of a workbook, without the time at which they are made."""
    first = io.BytesIO()
    workbook.save(first)
    second = io.BytesIO()
    with zipfile.ZipFile(first) as made, zipfile.ZipFile(second, "w") as archive:
        for entry in made.infolist():
            data = made.read(entry)
            if entry.filename == "docProps/core.xml":
                data = _TIME.sub(rb">2000-01-01T00:00:00Z</dcterms:\1>", data)
            still = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            still.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(still, data)
    return second.getvalue()
