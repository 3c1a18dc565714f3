"""From sheets to the document of a scenario, and the cell of each of its members."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, pointer_to, shown
from mfmgame.tables.cell_numbers import DecimalMark, decimal_mark, number_or_distribution
from mfmgame.tables.columns import ENTRY_KEYS, ESTIMATE, SCENARIO_KEYS, USE, Kind, canonical
from mfmgame.tables.sheets import Sheet, Tables, cell_error, cell_name

__all__ = ["Places", "TableReader"]

_SCENARIO_COLUMNS = ("key", "value", *ESTIMATE, "basis", "source")
_LIMIT_COLUMNS = ("resource", "limit", "unit", "basis", "source")
_SOURCE_COLUMNS = ("threat", "defense", "basis", "source")
_RULE_COLUMNS = ("rule", "name", "defenses", "at_least", "at_most")
_MORE_COLUMNS = ("id", "pointer", "value")
_RULES = ("requires", "conflicts", "group")
_NO_WORD = re.compile(r"[^a-z0-9]+")


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


class TableReader:
    """The document that sheets hold.

    Parameters
    ----------
    tables : mapping of str to Sheet
    known_names : callable
        Gives the entries of the scenario's catalog, names by their ids, for a member
        ("threats" or "defenses") and the name of the catalog; None if there is no such catalog.

    Attributes
    ----------
    document : dict
        Of the kind ``mfmgame/scenario/1``.
    places : Places
        The cell of each member.

    Raises
    ------
    SpecificationError
        If a cell is malformed; its pointer names sheet and cell.
    """

    def __init__(
        self, tables: Tables, known_names: Callable[[str, str], Mapping[str, str] | None]
    ) -> None:
        if "scenario" not in tables:
            raise SpecificationError("missing, expected a sheet 'scenario'", pointer="scenario")
        self._tables, self._known_names = tables, known_names
        self.document: dict[str, Any] = {"schema": "mfmgame/scenario/1"}
        self.places = Places({})
        self._decimal: DecimalMark | None = None
        self._marks: dict[tuple[str, int], DecimalMark | None] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._read_scenario(tables["scenario"])
        for member in ENTRY_KEYS:
            if member in tables:
                self._read_entries(tables[member], member)
        for name, read in (
            ("effectiveness", self._read_effectiveness),
            ("effectiveness_sources", self._read_sources),
            ("limits", self._read_limits),
            ("rules", self._read_rules),
            ("plans", self._read_plans),
            ("more", self._read_more),
        ):
            if name in tables:
                read(tables[name])

    # The sheets, one by one.

    def _read_scenario(self, sheet: Sheet) -> None:
        columns = self._columns(sheet, dict.fromkeys(_SCENARIO_COLUMNS), ("key", "value"))
        rows = {}
        for row in sheet.filled_rows():
            key = canonical(sheet.text(row, columns["key"]), SCENARIO_KEYS)
            if key in rows:
                self._refuse(
                    sheet, row, columns["key"], f"found {shown(key)} again, expected it once"
                )
            rows[key] = row
        if "decimal" in rows:
            row = rows.pop("decimal")
            mark = sheet.text(row, columns["value"])
            if mark not in (".", ","):
                self._refuse(sheet, row, columns["value"], f"found {shown(mark)}, expected . or ,")
            self._decimal = "." if mark == "." else ","
        for key, row in rows.items():
            place: tuple[str, ...] = tuple(key.split("."))
            if key.startswith("correlations."):
                place = ("correlations", key.removeprefix("correlations."))
            elif key not in SCENARIO_KEYS:
                known = [*SCENARIO_KEYS, "decimal"]
                self._refuse(
                    sheet,
                    row,
                    columns["key"],
                    f"unknown key {shown(key)}, expected {nearest(key, known, 'key')}",
                )
            kind = SCENARIO_KEYS.get(key, "number")
            if kind == "number":
                self._set_estimate(place, sheet, row, columns, "value")
                self._set_provenance(place, sheet, row, columns)
            else:
                self._set_cell(place, sheet, row, columns["value"], kind)

    def _read_entries(self, sheet: Sheet, member: str) -> None:
        known: dict[str, Kind | None] = {**ENTRY_KEYS[member]}
        if member == "threats":
            known |= dict.fromkeys(ESTIMATE)
        columns = self._columns(sheet, known, (), is_known=lambda name: "." in name)
        if not {"id", "name"} & columns.keys():
            self._refuse(sheet, 0, 0, "found neither 'id' nor 'name', expected one of the columns")
        entries = self.document.setdefault(member, [])
        self._names[member] = {}
        for row in sheet.filled_rows():
            place = (member, len(entries))
            entries.append({})
            self._note(place, sheet, row, columns.get("id", columns.get("name", 0)))
            own = self._identifier(sheet, row, columns)
            if own in self._names[member]:
                column = columns.get("id", columns.get("name", 0))
                self._refuse(sheet, row, column, f"duplicate id {shown(own)}, expected unique ids")
            self._set((*place, "id"), own)
            for name, column in columns.items():
                if name in ESTIMATE or name == "id" or not sheet.text(row, column):
                    continue
                if name == "severity":
                    continue
                if name.startswith(USE):
                    resource = name.removeprefix(USE).strip()
                    self._set_cell((*place, "use", resource), sheet, row, column, "number")
                else:
                    kind = known.get(name) or "json"
                    self._set_cell((*place, *name.split(".")), sheet, row, column, kind)
            if member == "threats":
                self._set_estimate((*place, "severity"), sheet, row, columns, "severity")
            entry = entries[-1]
            self._names[member][own] = entry.get("name", "")

    def _read_effectiveness(self, sheet: Sheet) -> None:
        if not sheet.rows:
            return
        defenses = {
            column: self._resolved(sheet, 0, column, "defenses")
            for column in range(1, len(sheet.rows[0]))
            if sheet.text(0, column)
        }
        named: dict[str, int] = {}
        for column, defense in defenses.items():
            if defense in named:
                self._refuse(sheet, 0, column, f"found {shown(defense)} again, expected it once")
            named[defense] = column
        entries = self.document.setdefault("effectiveness", [])
        seen = set()
        for row in sheet.filled_rows():
            threat = self._resolved(sheet, row, 0, "threats")
            if threat in seen:
                self._refuse(sheet, row, 0, f"found {shown(threat)} again, expected it once")
            seen.add(threat)
            for column in range(1, len(sheet.rows[row])):
                if not sheet.text(row, column):
                    continue
                if column not in defenses:
                    self._refuse(sheet, row, column, "found a cell below no defense")
                place = ("effectiveness", len(entries))
                entries.append({"threat": threat, "defense": defenses[column]})
                self._note((*place, "threat"), sheet, row, 0)
                self._note((*place, "defense"), sheet, 0, column)
                self._note(place, sheet, row, column)
                self._set_cell((*place, "value"), sheet, row, column, "number")

    def _read_sources(self, sheet: Sheet) -> None:
        columns = self._columns(sheet, dict.fromkeys(_SOURCE_COLUMNS), ("threat", "defense"))
        pairs = {
            (entry["threat"], entry["defense"]): index
            for index, entry in enumerate(self.document.get("effectiveness", []))
        }
        for row in sheet.filled_rows():
            threat = self._resolved(sheet, row, columns["threat"], "threats")
            defense = self._resolved(sheet, row, columns["defense"], "defenses")
            index = pairs.get((threat, defense))
            if index is None:
                self._refuse(
                    sheet,
                    row,
                    columns["threat"],
                    f"found the source of {shown(defense)} against {shown(threat)}, expected a "
                    "pair of the sheet 'effectiveness'",
                )
            for key in ("basis", "source"):
                if key in columns:
                    place = ("effectiveness", index, key)
                    self._set_cell(place, sheet, row, columns[key], "text")

    def _read_limits(self, sheet: Sheet) -> None:
        columns = self._columns(sheet, dict.fromkeys(_LIMIT_COLUMNS), ("resource", "limit"))
        seen = set()
        for row in sheet.filled_rows():
            resource = sheet.text(row, columns["resource"])
            if resource in seen or not resource:
                found = f"found {shown(resource)} again" if resource else "found a blank cell"
                self._refuse(sheet, row, columns["resource"], f"{found}, expected a new resource")
            seen.add(resource)
            place = ("defender", "limits", resource)
            if sheet.text(row, columns["limit"]):
                self._set_estimate(place, sheet, row, columns, "limit")
                self._set_provenance(place, sheet, row, columns)
            if "unit" in columns:
                where = ("units", "resources", resource)
                self._set_cell(where, sheet, row, columns["unit"], "text")

    def _read_rules(self, sheet: Sheet) -> None:
        columns = self._columns(sheet, dict.fromkeys(_RULE_COLUMNS), ("rule", "defenses"))
        for row in sheet.filled_rows():
            rule = sheet.text(row, columns["rule"]).lower()
            if rule not in _RULES:
                expected = nearest(rule, _RULES, "rule")
                self._refuse(
                    sheet, row, columns["rule"], f"found {shown(rule)}, expected {expected}"
                )
            others = self._texts(sheet.text(row, columns["defenses"]))
            others = [self._known(other, "defenses") for other in others]
            if rule == "group":
                self._read_group(sheet, row, columns, others)
                continue
            column = columns.get("name", columns["rule"])
            own = self._known(sheet.text(row, column), "defenses")
            ids = [entry["id"] for entry in self.document.get("defenses", [])]
            if own not in ids:
                expected = nearest(own, ids, "defense")
                self._refuse(
                    sheet, row, column, f"unknown defense {shown(own)}, expected {expected}"
                )
            place = ("defenses", ids.index(own), rule)
            listed = self.document["defenses"][place[1]].setdefault(rule, [])
            for other in others:
                self._note((*place, len(listed)), sheet, row, columns["defenses"])
                listed.append(other)

    def _read_group(
        self, sheet: Sheet, row: int, columns: Mapping[str, int], members: list[str]
    ) -> None:
        groups = self.document.setdefault("defender", {}).setdefault("groups", [])
        place = ("defender", "groups", len(groups))
        groups.append({})
        self._note(place, sheet, row, columns["rule"])
        self._set((*place, "defenses"), members)
        self._note((*place, "defenses"), sheet, row, columns["defenses"])
        for key, kind in (("name", "text"), ("at_least", "count"), ("at_most", "count")):
            if key in columns and sheet.text(row, columns[key]):
                self._set_cell((*place, key), sheet, row, columns[key], kind)

    def _read_plans(self, sheet: Sheet) -> None:
        columns = sheet.columns()
        first = next(iter(columns), "")
        for row in sheet.filled_rows():
            defense = self._resolved(sheet, row, columns.get(first, 0), "defenses")
            for plan, column in columns.items():
                if plan != first and sheet.text(row, column):
                    self._note(("plans", plan), sheet, 0, column)
                    self._set_cell(("plans", plan, defense), sheet, row, column, "number")

    def _read_more(self, sheet: Sheet) -> None:
        columns = self._columns(sheet, dict.fromkeys(_MORE_COLUMNS), ("pointer", "value"))
        for row in sheet.filled_rows():
            pointer = sheet.text(row, columns["pointer"])
            if not pointer.startswith("/"):
                self._refuse(
                    sheet,
                    row,
                    columns["pointer"],
                    f"found {shown(pointer)}, expected a JSON pointer such as /references",
                )
            parts = [key_of(part) for part in pointer[1:].split("/")]
            own = sheet.text(row, columns["id"]) if "id" in columns else ""
            place = (*self._entry_place(sheet, row, columns["id"], own), *parts) if own else parts
            value = self._json(sheet, row, columns["value"])
            try:
                self._set(place, value)
            except (KeyError, IndexError, TypeError, ValueError):
                self._refuse(
                    sheet,
                    row,
                    columns["pointer"],
                    f"found {shown(pointer)}, expected a place in the scenario",
                )
            self._note(place, sheet, row, columns["value"])

    # Cells and names.

    def _columns(
        self,
        sheet: Sheet,
        known: Mapping[str, Any],
        needed: Sequence[str],
        is_known: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, int]:
        """The columns of a sheet by the names of this package; unknown ones are refused."""
        found: dict[str, int] = {}
        for name, column in sheet.columns().items():
            own = canonical(name, known)
            if sheet.name == "defenses" and own.lower().startswith(USE.strip()):
                own = USE + own[len(USE.strip()) :].strip()
            elif own not in known and not is_known(own):
                expected = nearest(own, known, "column")
                message = f"unknown column {shown(name)}, expected {expected}"
                self._refuse(sheet, 0, column, message)
            if own in found:
                message = f"found the column {shown(own)} again, expected it once"
                self._refuse(sheet, 0, column, message)
            found[own] = column
        for name in needed:
            if name not in found:
                self._refuse(sheet, 0, 0, f"missing, expected a column {shown(name)}")
        return found

    def _identifier(self, sheet: Sheet, row: int, columns: Mapping[str, int]) -> str:
        own = sheet.text(row, columns["id"]) if "id" in columns else ""
        name = sheet.text(row, columns["name"]) if "name" in columns else ""
        made = own or _NO_WORD.sub("-", name.lower()).strip("-") or name
        if not made:
            column = columns.get("id", columns.get("name", 0))
            self._refuse(sheet, row, column, "missing, expected an id or a name")
        return made

    def _resolved(self, sheet: Sheet, row: int, column: int, member: str) -> str:
        text = sheet.text(row, column)
        if not text:
            noun = member.removesuffix("s")
            self._refuse(sheet, row, column, f"missing, expected a {noun}")
        found, known = self._known(text, member), self._entries(member)
        if known is not None and found not in known:
            noun = member.removesuffix("s")
            expected = nearest(text, known, noun)
            self._refuse(sheet, row, column, f"unknown {noun} {shown(text)}, expected {expected}")
        return found

    def _known(self, text: str, member: str) -> str:
        """The id that a text stands for: an id itself, or a name that one entry has."""
        known = self._entries(member) or {}
        if text in known:
            return text
        named = [key for key, name in known.items() if name == text]
        return named[0] if len(named) == 1 else text

    def _entries(self, member: str) -> Mapping[str, str] | None:
        """The names of all threats or defenses by their ids; None if the catalog is not known."""
        own = self._names.get(member, {})
        if "catalog" not in self.document:
            return own
        named = self._known_names(member, self.document["catalog"])
        return None if named is None else {**named, **own}

    def _entry_place(self, sheet: Sheet, row: int, column: int, text: str) -> tuple[Any, ...]:
        places = []
        for member in ENTRY_KEYS:
            own = self._known(text, member)
            ids = [entry["id"] for entry in self.document.get(member, [])]
            if own in ids:
                places.append((member, ids.index(own)))
        if len(places) != 1:
            found = "a threat and a defense" if places else "no threat or defense"
            message = f"found {shown(text)}, which {found} has for its id, expected the id of one"
            self._refuse(sheet, row, column, message)
        return places[0]

    def _set_estimate(
        self,
        place: tuple[Any, ...],
        sheet: Sheet,
        row: int,
        columns: Mapping[str, int],
        column: str,
    ) -> None:
        """Set a number from its own column and, if they are filled, low, likely and high."""
        given = {
            name: self._number(sheet, row, columns[name])
            for name in (column, *ESTIMATE)
            if name in columns and sheet.text(row, columns[name])
        }
        stated = given.pop(column, None)
        if not given:
            if stated is not None:
                self._set(place, stated)
                self._note(place, sheet, row, columns[column])
            return
        first = columns[next(iter(given))]
        if not {"low", "high"} <= given.keys():
            self._refuse(
                sheet, row, first, f"found {' and '.join(given)} alone, expected low and high"
            )
        for name, number in (*given.items(), (column, stated)):
            if isinstance(number, dict):
                self._refuse(sheet, row, columns[name], "found a distribution, expected a number")
        form: dict[str, Any] = {"range": [given["low"], given["high"]]}
        names = {"range/0": "low", "range/1": "high"}
        if "likely" in given:
            form = {"distribution": "pert", "low": given["low"], "mode": given["likely"]}
            form["high"] = given["high"]
            names = {"low": "low", "mode": "likely", "high": "high"}
        if stated is not None:
            form["nominal"] = stated
            names["nominal"] = column
        self._set(place, form)
        self._note(place, sheet, row, first)
        for key, name in names.items():
            self._note((*place, *key.split("/")), sheet, row, columns[name])

    def _set_provenance(
        self, place: tuple[Any, ...], sheet: Sheet, row: int, columns: Mapping[str, int]
    ) -> None:
        """Set what a number rests on: beside the number, which becomes an object."""
        given = {
            key: sheet.text(row, columns[key])
            for key in ("basis", "source")
            if key in columns and sheet.text(row, columns[key])
        }
        if not given:
            return
        number = self._at(place)
        if not isinstance(number, dict):
            number = {"value": number}
            self._note((*place, "value"), sheet, row, columns.get("value", columns.get("limit", 0)))
        self._set(place, number | given)
        for key in given:
            self._note((*place, key), sheet, row, columns[key])

    def _set_cell(
        self, place: tuple[Any, ...], sheet: Sheet, row: int, column: int, kind: str
    ) -> None:
        """Set a member from one cell; a blank cell sets nothing."""
        text = sheet.text(row, column)
        if not text:
            return
        value: Any = text
        if kind == "texts":
            value = self._texts(text)
        elif kind == "number":
            value = self._number(sheet, row, column)
        elif kind == "count":
            value = self._number(sheet, row, column)
            if isinstance(value, float) and value.is_integer():
                value = int(value)
        elif kind == "numbers":
            value = [self._in_cell(sheet, row, column, part) for part in self._texts(text)]
        elif kind == "json":
            value = self._json(sheet, row, column)
        try:
            self._set(place, value)
        except (KeyError, IndexError, TypeError):
            message = f"found {shown('.'.join(map(str, place[2:])))}, expected another column"
            self._refuse(sheet, 0, column, message)
        self._note(place, sheet, row, column)

    def _number(self, sheet: Sheet, row: int, column: int) -> Any:
        return self._in_cell(sheet, row, column, sheet.at(row, column))

    def _in_cell(self, sheet: Sheet, row: int, column: int, cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        try:
            return number_or_distribution(cell, self._decimal or self._shown_mark(sheet, column))
        except SpecificationError as error:
            self._refuse(sheet, row, column, error.message)

    def _shown_mark(self, sheet: Sheet, column: int) -> DecimalMark | None:
        """The decimal mark that the texts of a column show."""
        where = sheet.name, column
        if where not in self._marks:
            cells = (sheet.at(row, column) for row in range(1, len(sheet.rows)))
            self._marks[where] = decimal_mark(cell for cell in cells if isinstance(cell, str))
        return self._marks[where]

    def _json(self, sheet: Sheet, row: int, column: int) -> Any:
        cell = sheet.at(row, column)
        if not isinstance(cell, str):
            return cell
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell.strip()

    @staticmethod
    def _texts(text: str) -> list[str]:
        return [part.strip() for part in text.split(";") if part.strip()]

    # The document.

    def _set(self, place: Sequence[Any], value: Any) -> None:
        inside: Any = self.document
        for part, following in pairwise(place):
            if isinstance(inside, list):
                inside = inside[int(part)]
            else:
                inside = inside.setdefault(part, [] if following == "0" else {})
        if isinstance(inside, list):
            index = int(place[-1])
            inside[index : index + 1] = [value]
        else:
            inside[place[-1]] = value

    def _at(self, place: Sequence[Any]) -> Any:
        inside: Any = self.document
        for part in place:
            inside = inside[part]
        return inside

    def _note(self, place: Sequence[Any], sheet: Sheet, row: int, column: int) -> None:
        self.places.cells[pointer_to(place)] = f"{sheet.name}!{cell_name(row, column)}"

    @staticmethod
    def _refuse(sheet: Sheet, row: int, column: int, message: str) -> NoReturn:
        error = cell_error(sheet.name, row, column, message)
        member = sheet.text(0, column) if row and sheet.rows else ""
        raise SpecificationError(message, pointer=f"{error.pointer}: {member}".removesuffix(": "))


def key_of(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
