"""Tables that fit the terminal: columns go, digits stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import overload

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from mfmgame.messages import counted
from mfmgame.view.text.wrapping import wrapped

__all__ = ["FittingTable", "RowsOnDemand", "every_row", "shows_every_row", "table_of"]

Row = tuple[str, ...]

_EVERY_ROW = ContextVar("every_row", default=False)
_LEAST_TEXT, _LEAST_ID = 16, 32
"""Widths to which text, and the text of the first column, may shrink before a column is left
out."""
_NARROWEST = 8
"""Width to which text shrinks where even two columns do not fit."""
_GAP = 2
_ENTRIES = frozenset({"threat", "defense", "system"})
_NAME = "name"
"""Heading of the second column that shows a name only where it says more than the entry's id."""


@contextmanager
def every_row(*, on: bool = True) -> Iterator[None]:
    """Show every row of each table within a ``with`` block."""
    before = _EVERY_ROW.set(on)
    try:
        yield
    finally:
        _EVERY_ROW.reset(before)


def shows_every_row() -> bool:
    """Tell whether every row is asked for."""
    return _EVERY_ROW.get()


class RowsOnDemand(Sequence[Row]):
    """Rows of a table, each made when it is read: most rows of a long table are never shown.

    Parameters
    ----------
    total : int
        Number of rows.
    row_of : callable
        Makes the cells of the row at a position.
    """

    def __init__(self, total: int, row_of: Callable[[int], Row]) -> None:
        self._total, self._row_of = total, row_of

    def __len__(self) -> int:
        return self._total

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        positions = range(self._total)[at]
        if isinstance(positions, int):
            return self._row_of(positions)
        return [self._row_of(position) for position in positions]


class FittingTable:
    """A table that leaves out columns, never digits, where the terminal is too narrow.

    Beside the id of a threat, defense or system, a name stands only where it says more than the
    id; where no name does, the table has no column of names.

    Parameters
    ----------
    headings : sequence of str
    texts : collection of str
        Headings of the columns that hold text and may wrap; the others hold numbers.
    drop : sequence of str or tuple of str
        Headings of the columns to leave out, the first of them first; those in a tuple
        go together. Then the others go from the right, except the first two.
    most : int or None
        Number of rows above which further rows are only counted, unless every row is asked for.
    rows : sequence of tuple of str, optional
        Cells of each row; rows may be added if there are none.
    """

    def __init__(
        self,
        headings: Sequence[str],
        texts: Collection[str] = (),
        drop: Sequence[str | tuple[str, ...]] = (),
        most: int | None = None,
        rows: Sequence[Row] | None = None,
    ) -> None:
        self._added = list[Row]()
        self.headings, self.rows = list(headings), self._added if rows is None else rows
        self._texts, self._drop, self._most = texts, drop, most

    def add_row(self, *cells: str) -> None:
        """Add a row of a cell for each heading."""
        self._added.append(cells)

    def is_text(self, column: int) -> bool:
        """Tell whether a column holds text."""
        return self.headings[column] in self._texts

    def first_rows(self, most: int) -> FittingTable:
        """Return a table of at most so many rows."""
        return FittingTable(self.headings, self._texts, self._drop, rows=self.rows[:most])

    def rest(self, shown: int) -> str:
        """Count the rows beyond those shown; empty if all rows are shown."""
        hidden = len(self.rows) - shown
        return f"and {counted(hidden, 'more row')}" if hidden > 0 else ""

    def content(self, most: int | None) -> tuple[list[int], list[Row]]:
        """Return the columns to show, as positions of headings, and the cells of the first rows."""
        rows, columns = list(self.rows[:most]), list(range(len(self.headings)))
        if self.headings[0] not in _ENTRIES or self.headings[1:2] != [_NAME]:
            return columns, rows
        rows = [(row[0], _told(row[1], row[0]), *row[2:]) for row in rows]
        if not any(row[1] for row in rows):
            columns.remove(1)
        return columns, rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left, rows = self.content(None if shows_every_row() else self._most)
        longest = [self._longest(column, rows) for column in range(len(self.headings))]
        least = [self._least(column, most) for column, most in enumerate(longest)]
        shown = list(left)
        for together in (*self._drop, *reversed(self.headings[2:])):
            if sum(_GAP + least[column] for column in left) <= options.max_width:
                break
            headings = (together,) if isinstance(together, str) else together
            left = [column for column in left if self.headings[column] not in headings]
        hidden = [self.headings[c].replace("\n", " ") for c in shown if c not in left]
        widths = _shrunk(longest, least, left, options.max_width)
        narrowest = [min(_NARROWEST, w) if self.is_text(c) else w for c, w in enumerate(longest)]
        widths = _shrunk(widths, narrowest, left, options.max_width)
        table = Table(box=None, header_style="dim", padding=(0, 0, 0, _GAP), pad_edge=True)
        for column in left:
            is_text = self.is_text(column)
            table.add_column(
                self._broken(self.headings[column], column, widths),
                justify="left" if is_text else "right",
                overflow="fold",
                no_wrap=not is_text,
                width=widths[column],
            )
        for row in rows:
            table.add_row(*(self._broken(row[column], column, widths) for column in left))
        yield table
        if rest := self.rest(len(rows)):
            yield Text(f"  {rest}: --all shows every row", style="dim")
        if hidden:
            yield Text(f"  not shown at this width: {', '.join(hidden)}", style="dim")

    def _broken(self, cell: str, column: int, widths: Sequence[int]) -> str:
        """Break a cell of text into lines; a number is never broken."""
        return wrapped(cell, widths[column]) if self.is_text(column) else cell

    def _longest(self, column: int, rows: Sequence[Row]) -> int:
        """Return the width at which no cell of a column wraps."""
        cells = [self.headings[column], *(row[column] for row in rows)]
        return max(cell_len(line) for cell in cells for line in cell.split("\n"))

    def _least(self, column: int, longest: int) -> int:
        """Return the least width of a column at which no number breaks, and text wraps well."""
        if not self.is_text(column):
            return longest
        return min(_LEAST_TEXT if column else _LEAST_ID, longest)


def _told(name: str, entry: str) -> str:
    """Return a name, or nothing if it repeats the letters and digits of the entry's id."""
    return "" if _letters(name) == _letters(entry) else name


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _shrunk(
    longest: Sequence[int], least: Sequence[int], columns: Sequence[int], room: int
) -> list[int]:
    """Shrink the widest text, again and again, until the columns fit or all are least."""
    widths = list(longest)
    while sum(_GAP + widths[column] for column in columns) > room:
        widest = max(columns, key=lambda column: widths[column] * (widths[column] > least[column]))
        if widths[widest] <= least[widest]:
            break
        widths[widest] -= 1
    return widths


def table_of(
    headings: Sequence[str],
    text_columns: int = 1,
    *,
    texts: Collection[str] = (),
    drop: Sequence[str | tuple[str, ...]] = (),
    most: int | None = None,
    rows: Sequence[Row] | None = None,
) -> FittingTable:
    """Make a table with text in the first columns and in `texts`, and numbers in the others."""
    return FittingTable(headings, {*headings[:text_columns], *texts}, drop, most, rows)
