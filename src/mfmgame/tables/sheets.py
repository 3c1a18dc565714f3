"""Sheets: rows of plain cells, whatever file they come from, and the names of cells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = [
    "INSTRUCTIONS",
    "RISKY",
    "SHEETS",
    "Cell",
    "Sheet",
    "Tables",
    "cell_error",
    "cell_name",
    "refuse_similar",
    "without_sheet",
]

Cell = str | float | None
"""Text, a number, or None for a blank cell."""

SHEETS = (
    "scenario",
    "losses",
    "techniques",
    "threats",
    "defenses",
    "effectiveness",
    "measured",
    "effectiveness_sources",
    "limits",
    "rules",
    "plans",
    "more",
)
"""Sheets that hold a scenario, in the order in which they are written."""


INSTRUCTIONS = "instructions"
"""Sheet of a starter workbook that tells how to fill it in."""

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""How text begins that a spreadsheet program may run as a formula."""


@dataclass(frozen=True)
class Sheet:
    """A table whose first row names its columns.

    Attributes
    ----------
    name : str
    rows : sequence of sequence of (str, float or None)
        From the first row of the file on; rows may end early.
    percents : collection of (int, int)
        Row and column of each number that the file shows per cent.
    """

    name: str
    rows: Sequence[Sequence[Cell]]
    percents: Collection[tuple[int, int]] = ()

    def at(self, row: int, column: int) -> Cell:
        """Return a cell, blank beyond the end of its row.

        Parameters
        ----------
        row, column : int
            From 0.

        Returns
        -------
        str, float or None
        """
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None

    def text(self, row: int, column: int) -> str:
        """Return a cell as text without spaces around it; empty if the cell is blank.

        Parameters
        ----------
        row, column : int
            From 0.

        Returns
        -------
        str
        """
        cell = self.at(row, column)
        if isinstance(cell, float):
            return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
        return (cell or "").strip()

    def filled_rows(self) -> Iterator[int]:
        """Iterate over the rows below the header that are not blank."""
        for row in range(1, len(self.rows)):
            if any(self.text(row, column) for column in range(len(self.rows[row]))):
                yield row

    def columns(self) -> dict[str, int]:
        """Map the name of each column to its position.

        Returns
        -------
        dict of str to int

        Raises
        ------
        SpecificationError
            If a name stands twice, or a cell stands below no name.
        """
        found: dict[str, int] = {}
        for column in range(len(self.rows[0]) if self.rows else 0):
            name = self.text(0, column)
            if name in found:
                message = f"found the column {shown(name)} again, expected it once"
                raise cell_error(self.name, 0, column, message)
            if name:
                found[name] = column
        named = set(found.values())
        for row in self.filled_rows():
            for column in range(len(self.rows[row])):
                if column not in named and self.text(row, column):
                    message = f"found {shown(self.text(row, column))} below no column name"
                    raise cell_error(self.name, row, column, f"{message}, expected a blank cell")
        return found


Tables = Mapping[str, Sheet]
"""Sheets by name."""


def cell_name(row: int, column: int) -> str:
    """Name a cell as spreadsheets do.

    Examples
    --------
    >>> cell_name(6, 2), cell_name(0, 27)
    ('C7', 'AB1')
    """
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def cell_error(sheet: str, row: int, column: int, message: str) -> SpecificationError:
    """Make the error for a cell to raise: its sheet, its name, and what is wrong."""
    return SpecificationError(message, pointer=f"{sheet}!{cell_name(row, column)}")


def without_sheet(name: str, others: Collection[str]) -> SpecificationError:
    """Build the error to raise for a sheet that is missing, naming the sheets that are not read."""
    named = [shown(other) for other in others if other != INSTRUCTIONS]
    found = f"; other sheets found: {', '.join(named)}" if named else ""
    return SpecificationError(f"missing, expected a sheet {shown(name)}{found}", pointer=name)


def refuse_similar(name: str, present: Collection[str]) -> None:
    """Refuse the name of a sheet that is likely meant to be that of another.

    Parameters
    ----------
    name : str
    present : collection of str
        Sheets of the file that are read; none of them is suggested.

    Raises
    ------
    SpecificationError
        If the sheet would not be read, and its name is near to one that would.
    """
    if "did you mean" in nearest(name.lower(), SHEETS, "sheet"):
        missing = [sheet for sheet in SHEETS if sheet not in present]
        expected = nearest(name.lower(), missing, "sheet") if missing else "no further sheet"
        if len(missing) == 1 and "did you mean" not in expected:
            expected = f"no further sheet but {expected}"
        raise SpecificationError(
            f"unknown sheet, expected {expected} (a name that begins with # is not read)",
            pointer=shown(name),
        )
