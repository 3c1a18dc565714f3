"""Reading of CSV tables with a header from outside."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mfmgame.documents.json_reading import decoded, read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, shown

__all__ = ["Row", "csv_rows", "line_refusal"]

_MAX_TABLE_BYTES = 64 * 2**20
_MOST_NAMED = 5


@dataclass(frozen=True)
class Row:
    """Line of a table, its fields by column."""

    line: int
    fields: Mapping[str, str]


def csv_rows(path: Path, needed: Sequence[str]) -> tuple[list[str], list[Row]]:
    """Read the columns and lines of a CSV table.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, with or without a byte-order mark.
    needed : sequence of str
        Columns that the header must name.

    Returns
    -------
    columns : list of str
    rows : list of Row
        Without blank lines.

    Raises
    ------
    SpecificationError
        If the file is not such a table; the message names the line.
    """
    text = decoded(read_bytes(path, _MAX_TABLE_BYTES))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise line_refusal(line, "found a NUL character, expected text")
    lines = _lines(text)
    _, header = next(lines, (1, []))
    columns = [column.strip() for column in header]
    for column in needed:
        if column not in columns:
            listed = ", ".join(shown(name) for name in columns[:_MOST_NAMED])
            listed += ", ..." if len(columns) > _MOST_NAMED else ""
            raise line_refusal(
                1, f"found {listed or 'no columns'}, expected a column {shown(column)}"
            )
    for column, count in Counter(columns).items():
        if count > 1:
            raise line_refusal(1, f"found the column {shown(column)} twice, expected once")
    rows = []
    for line, fields in lines:
        if len(fields) != len(columns):
            raise line_refusal(
                line,
                f"found {counted(len(fields), 'field')}, expected {len(columns)} as in the header",
            )
        rows.append(Row(line, dict(zip(columns, fields, strict=True))))
    return columns, rows


def line_refusal(line: int, message: str) -> SpecificationError:
    """Make the error about a line."""
    return SpecificationError(f"line {line}: {message}")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the nonblank lines, each with the number of its first physical line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise line_refusal(line, f"not CSV: {error}") from None
        if fields:
            yield line, fields
