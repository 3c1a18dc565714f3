"""A document in the making: members set from cells, and the cell of each member."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from mfmgame.documents.member_pointers import key_of, set_member
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, pointer_to, shown
from mfmgame.tables.cell_numbers import (
    SHARE,
    DecimalMark,
    Measure,
    decimal_mark,
    number_or_distribution,
)
from mfmgame.tables.columns import ESTIMATE, USE, canonical, known_word
from mfmgame.tables.sheets import Cell, Sheet, cell_error, cell_name

__all__ = ["CellDocument", "Places"]

_FLAGS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Places:
    """The cells that the members of a document were read from.

    Attributes
    ----------
    cells : dict of str to str
        By JSON pointer.
    """

    cells: dict[str, str]

    def name_of(self, pointer: str) -> str:
        """Name the cell of a member, or of the nearest that holds it, and the member.

        Parameters
        ----------
        pointer : str
            JSON pointer.

        Returns
        -------
        str
        """
        held = pointer
        while held and held not in self.cells:
            held = held.rpartition("/")[0]
        parts = [key_of(part) for part in pointer.split("/")[1:]]
        if len(parts) > 1 and parts[1].isdigit():  # an entry, which its row names
            parts = parts[2:]
        return ": ".join(part for part in (self.cells.get(held, ""), ".".join(parts)) if part)


class CellDocument:
    """A document that grows cell by cell, and the place of each of its members.

    Attributes
    ----------
    document : dict
    places : Places
        The cell of each member.
    decimal : {".", ","} or None
        The decimal mark of numbers in text, if it is stated.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.places = Places({})
        self.decimal: DecimalMark | None = None
        self._marks: dict[tuple[str, int], DecimalMark | None] = {}

    def columns_of(
        self,
        sheet: Sheet,
        known: Mapping[str, Any],
        needed: Sequence[str],
        is_known: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, int]:
        """Map the columns of a sheet by the names of this package; refuse unknown columns."""
        found: dict[str, int] = {}
        for name, column in sheet.columns().items():
            own = canonical(name, known)
            if sheet.name == "defenses" and own.lower().startswith(USE.strip()):
                own = USE + own[len(USE.strip()) :].strip()
            elif own not in known and not is_known(own):
                message = f"unknown column {shown(name)}, expected {nearest(own, known, 'column')}"
                if sheet.name == "defenses" and "did you mean" not in message:
                    cells = [sheet.at(row, column) for row in sheet.filled_rows()]
                    hint = f"; did you mean {shown(USE + name)}?" if _are_numbers(cells) else ""
                    message += f", or '{USE}NAME' for a cost{hint}"
                self.refuse(sheet, 0, column, message)
            if own in found:
                message = f"found the column {shown(own)} again, expected it once"
                self.refuse(sheet, 0, column, message)
            found[own] = column
        for name in needed:
            if name not in found:
                self.refuse(sheet, 0, 0, f"missing, expected a column {shown(name)}")
        return found

    def set_estimate(
        self,
        place: tuple[Any, ...],
        sheet: Sheet,
        row: int,
        columns: Mapping[str, int],
        column: str,
        measure: Measure,
    ) -> None:
        """Set a number from its own column and, if they are filled, low, likely and high."""
        given = {
            name: self.number(sheet, row, columns[name], measure)
            for name in (column, *ESTIMATE)
            if name in columns and sheet.text(row, columns[name])
        }
        stated = given.pop(column, None)
        if not given:
            if stated is not None:
                self.set_member(place, stated)
                self.note(place, sheet, row, columns[column])
            return
        first = columns[next(iter(given))]
        if not {"low", "high"} <= given.keys():
            self.refuse(
                sheet, row, first, f"found {' and '.join(given)} alone, expected low and high"
            )
        for name, number in (*given.items(), (column, stated)):
            if isinstance(number, dict):
                self.refuse(sheet, row, columns[name], "found a distribution, expected a number")
        form: dict[str, Any] = {"range": [given["low"], given["high"]]}
        names = {"range/0": "low", "range/1": "high"}
        if "likely" in given:
            if stated not in (None, given["likely"]):
                values = f"{shown(stated)} and the likely value {shown(given['likely'])}"
                message = f"found both {values}, expected one of them, or the same number twice"
                self.refuse(sheet, row, columns[column], message)
            form = {"distribution": "pert", "low": given["low"], "mode": given["likely"]}
            form["high"] = given["high"]
            names = {"low": "low", "mode": "likely", "high": "high"}
        if stated is not None:
            form["nominal"] = stated
            names["nominal"] = column
        self.set_member(place, form)
        self.note(place, sheet, row, first)
        for key, name in names.items():
            self.note((*place, *key.split("/")), sheet, row, columns[name])

    def set_provenance(
        self, place: tuple[Any, ...], sheet: Sheet, row: int, columns: Mapping[str, int]
    ) -> None:
        """Set what a number rests on: beside the number, which becomes an object."""
        given = {
            key: known_word(key, sheet.text(row, columns[key]))
            for key in ("basis", "source")
            if key in columns and sheet.text(row, columns[key])
        }
        if not given:
            return
        number = self.member(place)
        if not isinstance(number, dict):
            number = {"value": number}
            self.note((*place, "value"), sheet, row, columns.get("value", columns.get("limit", 0)))
        self.set_member(place, number | given)
        for key in given:
            self.note((*place, key), sheet, row, columns[key])

    def set_cell(
        self,
        place: tuple[Any, ...],
        sheet: Sheet,
        row: int,
        column: int,
        kind: str,
        measure: Measure = SHARE,
    ) -> None:
        """Set a member from one cell; a blank cell sets nothing."""
        text = sheet.text(row, column)
        if not text:
            return
        value: Any = known_word(str(place[-1]), text)
        if kind == "texts":
            value = self.texts(text)
        elif kind == "number":
            value = self.number(sheet, row, column, measure)
        elif kind == "count":
            value = self.number(sheet, row, column, Measure())
            if isinstance(value, float) and value.is_integer():
                value = int(value)
        elif kind == "numbers":
            value = [self._in_cell(sheet, row, column, part, measure) for part in self.texts(text)]
        elif kind == "flag":
            value = _FLAGS.get(text.casefold(), value)
        elif kind == "json":
            value = self.json_value(sheet, row, column)
            value = known_word(str(place[-1]), value) if isinstance(value, str) else value
        try:
            self.set_member(place, value)
        except (KeyError, IndexError, TypeError):
            message = f"found {shown('.'.join(map(str, place[2:])))}, expected another column"
            self.refuse(sheet, 0, column, message)
        self.note(place, sheet, row, column)

    def number(self, sheet: Sheet, row: int, column: int, measure: Measure) -> Any:
        """Read a cell as a number or a distribution."""
        return self._in_cell(sheet, row, column, sheet.at(row, column), measure)

    def _in_cell(self, sheet: Sheet, row: int, column: int, cell: Any, measure: Measure) -> Any:
        if not isinstance(cell, str) and not measure.is_share and (row, column) in sheet.percents:
            cell = f"{100.0 * cell:.12g} %"  # as the workbook shows the number
        mark = self.decimal or self._shown_mark(sheet, column)
        try:
            return number_or_distribution(cell, mark, measure)
        except SpecificationError as error:
            message = error.message
            if self.decimal is not None and message.endswith("as the decimal mark"):
                message += f" (scenario!decimal says {shown(self.decimal)})"
            self.refuse(sheet, row, column, message)

    def _shown_mark(self, sheet: Sheet, column: int) -> DecimalMark | None:
        """The decimal mark that the texts of a column show."""
        where = sheet.name, column
        if where not in self._marks:
            cells = (sheet.at(row, column) for row in range(1, len(sheet.rows)))
            self._marks[where] = decimal_mark(cell for cell in cells if isinstance(cell, str))
        return self._marks[where]

    def json_value(self, sheet: Sheet, row: int, column: int) -> Any:
        """Read a cell as JSON, or as plain text if it is no JSON."""
        cell = sheet.at(row, column)
        if not isinstance(cell, str):
            return cell
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell.strip()

    @staticmethod
    def texts(text: str) -> list[str]:
        """Split the text of a cell at its semicolons."""
        return [part.strip() for part in text.split(";") if part.strip()]

    def set_member(self, place: Sequence[Any], value: Any) -> None:
        """Set a member of the document, and make the objects that hold it."""
        set_member(self.document, place, value)

    def member(self, place: Sequence[Any]) -> Any:
        """Return a member of the document."""
        inside: Any = self.document
        for part in place:
            inside = inside[part]
        return inside

    def note(self, place: Sequence[Any], sheet: Sheet, row: int, column: int) -> None:
        """Remember the cell of a member."""
        self.places.cells[pointer_to(place)] = f"{sheet.name}!{cell_name(row, column)}"

    @staticmethod
    def refuse(sheet: Sheet, row: int, column: int, message: str) -> NoReturn:
        """Raise the error for a cell: sheet, cell and column, and what is wrong."""
        error = cell_error(sheet.name, row, column, message)
        member = sheet.text(0, column) if row and sheet.rows else ""
        raise SpecificationError(message, pointer=f"{error.pointer}: {member}".removesuffix(": "))


def _are_numbers(cells: Sequence[Cell]) -> bool:
    """Tell whether every cell that is filled holds a number."""
    try:
        for cell in cells:
            if cell is not None:
                number_or_distribution(cell, ".")
    except SpecificationError:
        return False
    return any(cell is not None for cell in cells)
