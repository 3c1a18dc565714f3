"""Tables of the page: a caption, headings and rows; rows beyond a limit are omitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mfmgame.messages import counted
from mfmgame.view.report.wording import short

__all__ = ["Table", "table"]

MOST_ROWS = 200
MOST_COLUMNS = 16


@dataclass(frozen=True)
class Table:
    """Contents of a table, for the template.

    Attributes
    ----------
    caption : str
    headings : tuple of str
    text_columns : int
        Number of columns, from the left, that hold text; the others hold numbers.
    rows : tuple of tuple of str
    left_out : str
        Sentence that counts the omitted rows and columns; empty if nothing is omitted.
    """

    caption: str
    headings: tuple[str, ...]
    text_columns: int
    rows: tuple[tuple[str, ...], ...]
    left_out: str


def table(
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    text_columns: int = 1,
    noun: str = "row",
    most: int = MOST_ROWS,
) -> Table:
    """Make a table of limited length, and a sentence that counts the omitted rows.

    Parameters
    ----------
    caption : str
    headings : sequence of str
    rows : iterable of sequence of str
        Any text; it is made printable, and long text is cut.
    text_columns : int, optional
    noun : str, optional
        Noun for a row, for the sentence.
    most : int, optional

    Returns
    -------
    Table
    """
    kept = []
    n_rows = 0
    for row in rows:
        n_rows += 1
        if n_rows <= most:
            kept.append(tuple(short(cell) for cell in row[:MOST_COLUMNS]))
    left_out = []
    if n_rows > most:
        left_out.append(f"a further {counted(n_rows - most, noun)}")
    if len(headings) > MOST_COLUMNS:
        left_out.append(counted(len(headings) - MOST_COLUMNS, "column"))
    return Table(
        caption=caption,
        headings=tuple(short(heading) for heading in headings[:MOST_COLUMNS]),
        text_columns=text_columns,
        rows=tuple(kept),
        left_out=f"Omitted here: {' and '.join(left_out)}." if left_out else "",
    )
