"""Tables of the page: a caption, headings, and rows that are cut where there are too many."""

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
    """What a template needs to write one table.

    Attributes
    ----------
    caption : str
    headings : tuple of str
    text_columns : int
        How many columns, from the left, hold text; the others hold numbers.
    rows : tuple of tuple of str
    left_out : str
        What was cut, in words; empty if nothing was.
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
    """A table of at most so many rows, and a sentence on those left out.

    Parameters
    ----------
    caption : str
    headings : sequence of str
    rows : iterable of sequence of str
        Any text; it is made printable, and cut where it is very long.
    text_columns : int, optional
    noun : str, optional
        What a row is, for the sentence.
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
        left_out.append(f"{counted(n_rows - most, noun)} more")
    if len(headings) > MOST_COLUMNS:
        left_out.append(counted(len(headings) - MOST_COLUMNS, "column"))
    return Table(
        caption=caption,
        headings=tuple(short(heading) for heading in headings[:MOST_COLUMNS]),
        text_columns=text_columns,
        rows=tuple(kept),
        left_out=f"Left out here: {' and '.join(left_out)}." if left_out else "",
    )
