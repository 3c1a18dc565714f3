"""Tables that fit the terminal: columns go, digits stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from mfmgame.messages import counted

__all__ = ["FittingTable", "every_row", "shows_every_row", "table_of"]

_EVERY_ROW = ContextVar("every_row", default=False)
_LEAST_TEXT = 12
"""Width to which text may shrink before a column is left out."""
_GAP = 2


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


class FittingTable:
    """A table that leaves out columns, never digits, where the terminal is too narrow.

    Parameters
    ----------
    headings : sequence of str
    texts : collection of str
        Headings of the columns that hold text and may wrap; the others hold numbers.
    drop : sequence of str
        Headings of the columns that may be left out, the first of them first.
    most : int or None
        Number of rows above which further rows are only counted, unless every row is asked for.
    """

    def __init__(
        self,
        headings: Sequence[str],
        texts: Collection[str] = (),
        drop: Sequence[str] = (),
        most: int | None = None,
    ) -> None:
        self.headings, self.rows = list(headings), list[tuple[str, ...]]()
        self._texts, self._drop, self._most = texts, drop, most

    def add_row(self, *cells: str) -> None:
        """Add a row of a cell for each heading."""
        self.rows.append(cells)

    def is_text(self, column: int) -> bool:
        """Tell whether a column holds text."""
        return self.headings[column] in self._texts

    @property
    def shown_rows(self) -> list[tuple[str, ...]]:
        """Rows to show."""
        return self.rows if shows_every_row() else self.rows[: self._most]

    @property
    def rest(self) -> str:
        """Count of the rows that are not shown; empty if all rows are."""
        hidden = len(self.rows) - len(self.shown_rows)
        return f"and {counted(hidden, 'more row')}: --all shows every row" if hidden else ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left, hidden = list(range(len(self.headings))), list[str]()
        for heading in self._drop:
            if self._least_width(left) <= options.max_width:
                break
            if heading in self.headings:
                left.remove(self.headings.index(heading))
                hidden.append(heading.replace("\n", " "))
        table = Table(box=None, header_style="dim", padding=(0, 0, 0, _GAP), pad_edge=True)
        for column in left:
            is_text = self.is_text(column)
            table.add_column(
                self.headings[column],
                justify="left" if is_text else "right",
                overflow="fold",
                no_wrap=not is_text,
                min_width=self._least(column),
            )
        for row in self.shown_rows:
            table.add_row(*(row[column] for column in left))
        yield table
        if self.rest:
            yield Text(f"  {self.rest}", style="dim")
        if hidden:
            yield Text(f"  not shown at this width: {', '.join(hidden)}", style="dim")

    def _least(self, column: int) -> int:
        """Return the least width of a column at which no number breaks, and text wraps well."""
        cells = [self.headings[column], *(row[column] for row in self.shown_rows)]
        longest = max(cell_len(line) for cell in cells for line in cell.split("\n"))
        return min(_LEAST_TEXT, longest) if self.is_text(column) else longest

    def _least_width(self, columns: Sequence[int]) -> int:
        return sum(_GAP + self._least(column) for column in columns)


def table_of(
    headings: Sequence[str],
    text_columns: int = 1,
    *,
    texts: Collection[str] = (),
    drop: Sequence[str] = (),
    most: int | None = None,
) -> FittingTable:
    """Make an empty table whose first columns, and `texts`, hold text; other columns numbers."""
    return FittingTable(headings, {*headings[:text_columns], *texts}, drop, most)
