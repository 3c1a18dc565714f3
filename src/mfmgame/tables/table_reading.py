"""From sheets to the document of a scenario, and the cell of each of its members."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mfmgame.documents.member_pointers import parts_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown
from mfmgame.tables.cell_document import CellDocument
from mfmgame.tables.columns import ENTRY_KEYS, ESTIMATE, SCENARIO_KEYS, USE, Kind, canonical
from mfmgame.tables.sheets import Sheet, Tables

__all__ = ["TableReader"]

_SCENARIO_COLUMNS = ("key", "value", *ESTIMATE, "basis", "source")
_LIMIT_COLUMNS = ("resource", "limit", "unit", "basis", "source")
_SOURCE_COLUMNS = ("threat", "defense", "basis", "source")
_RULE_COLUMNS = ("rule", "name", "defenses", "at_least", "at_most")
_MORE_COLUMNS = ("id", "pointer", "value")
_RULES = ("requires", "conflicts", "group")
_NO_WORD = re.compile(r"[^a-z0-9]+")


class TableReader(CellDocument):
    """Reader that builds the scenario document from its sheets.

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
        self._known_names = known_names
        super().__init__({"schema": "mfmgame/scenario/1"})
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
        if "attacker" not in self.document:
            message = "missing, expected a row with the key 'attacker bandwidth'"
            raise SpecificationError(message, pointer="scenario")

    def _read_scenario(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_SCENARIO_COLUMNS), ("key", "value"))
        rows = {}
        for row in sheet.filled_rows():
            key = canonical(sheet.text(row, columns["key"]), SCENARIO_KEYS)
            if key in rows:
                self.refuse(
                    sheet, row, columns["key"], f"found {shown(key)} again, expected it once"
                )
            rows[key] = row
        if "decimal" in rows:
            row = rows.pop("decimal")
            mark = sheet.text(row, columns["value"])
            if mark not in (".", ","):
                self.refuse(sheet, row, columns["value"], f"found {shown(mark)}, expected . or ,")
            self.decimal = "." if mark == "." else ","
        for key, row in rows.items():
            place: tuple[str, ...] = tuple(key.split("."))
            if key.startswith("correlations."):
                place = ("correlations", key.removeprefix("correlations."))
            elif key not in SCENARIO_KEYS:
                known = [*SCENARIO_KEYS, "decimal"]
                self.refuse(
                    sheet,
                    row,
                    columns["key"],
                    f"unknown key {shown(key)}, expected {nearest(key, known, 'key')}",
                )
            kind = SCENARIO_KEYS.get(key, "number")
            if kind == "number":
                self.set_estimate(place, sheet, row, columns, "value")
                self.set_provenance(place, sheet, row, columns)
            else:
                self.set_cell(place, sheet, row, columns["value"], kind)

    def _read_entries(self, sheet: Sheet, member: str) -> None:
        known: dict[str, Kind | None] = {**ENTRY_KEYS[member]}
        if member == "threats":
            known |= dict.fromkeys(ESTIMATE)
        columns = self.columns_of(sheet, known, (), is_known=lambda name: "." in name)
        if not {"id", "name"} & columns.keys():
            self.refuse(sheet, 0, 0, "found neither 'id' nor 'name', expected one of the columns")
        entries = self.document.setdefault(member, [])
        self._names[member] = {}
        for row in sheet.filled_rows():
            place = (member, len(entries))
            entries.append({})
            self.note(place, sheet, row, columns.get("id", columns.get("name", 0)))
            own = self._identifier(sheet, row, columns)
            if own in self._names[member]:
                column = columns.get("id", columns.get("name", 0))
                self.refuse(sheet, row, column, f"duplicate id {shown(own)}, expected unique ids")
            self.set_member((*place, "id"), own)
            for name, column in columns.items():
                if name in ESTIMATE or name == "id" or not sheet.text(row, column):
                    continue
                if name == "severity":
                    continue
                if name.startswith(USE):
                    resource = name.removeprefix(USE).strip()
                    self.set_cell((*place, "use", resource), sheet, row, column, "number")
                else:
                    kind = known.get(name) or "json"
                    self.set_cell((*place, *name.split(".")), sheet, row, column, kind)
            if member == "threats":
                self.set_estimate((*place, "severity"), sheet, row, columns, "severity")
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
                self.refuse(sheet, 0, column, f"found {shown(defense)} again, expected it once")
            named[defense] = column
        entries = self.document.setdefault("effectiveness", [])
        seen = set()
        for row in sheet.filled_rows():
            threat = self._resolved(sheet, row, 0, "threats")
            if threat in seen:
                self.refuse(sheet, row, 0, f"found {shown(threat)} again, expected it once")
            seen.add(threat)
            for column in range(1, len(sheet.rows[row])):
                if not sheet.text(row, column):
                    continue
                if column not in defenses:
                    self.refuse(sheet, row, column, "found a cell below no defense")
                place = ("effectiveness", len(entries))
                entries.append({"threat": threat, "defense": defenses[column]})
                self.note((*place, "threat"), sheet, row, 0)
                self.note((*place, "defense"), sheet, 0, column)
                self.note(place, sheet, row, column)
                self.set_cell((*place, "value"), sheet, row, column, "number")

    def _read_sources(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_SOURCE_COLUMNS), ("threat", "defense"))
        pairs = {
            (entry["threat"], entry["defense"]): index
            for index, entry in enumerate(self.document.get("effectiveness", []))
        }
        for row in sheet.filled_rows():
            threat = self._resolved(sheet, row, columns["threat"], "threats")
            defense = self._resolved(sheet, row, columns["defense"], "defenses")
            index = pairs.get((threat, defense))
            if index is None:
                self.refuse(
                    sheet,
                    row,
                    columns["threat"],
                    f"found the source of {shown(defense)} against {shown(threat)}, expected a "
                    "pair of the sheet 'effectiveness'",
                )
            for key in ("basis", "source"):
                if key in columns:
                    place = ("effectiveness", index, key)
                    self.set_cell(place, sheet, row, columns[key], "text")

    def _read_limits(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_LIMIT_COLUMNS), ("resource", "limit"))
        seen = set()
        for row in sheet.filled_rows():
            resource = sheet.text(row, columns["resource"])
            if resource in seen or not resource:
                found = f"found {shown(resource)} again" if resource else "found a blank cell"
                self.refuse(sheet, row, columns["resource"], f"{found}, expected a new resource")
            seen.add(resource)
            place = ("defender", "limits", resource)
            if sheet.text(row, columns["limit"]):
                self.set_estimate(place, sheet, row, columns, "limit")
                self.set_provenance(place, sheet, row, columns)
            if "unit" in columns:
                where = ("units", "resources", resource)
                self.set_cell(where, sheet, row, columns["unit"], "text")

    def _read_rules(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_RULE_COLUMNS), ("rule", "defenses"))
        for row in sheet.filled_rows():
            rule = sheet.text(row, columns["rule"]).lower()
            if rule not in _RULES:
                expected = nearest(rule, _RULES, "rule")
                self.refuse(
                    sheet, row, columns["rule"], f"found {shown(rule)}, expected {expected}"
                )
            others = self.texts(sheet.text(row, columns["defenses"]))
            others = [self._known(other, "defenses") for other in others]
            if rule == "group":
                self._read_group(sheet, row, columns, others)
                continue
            column = columns.get("name", columns["rule"])
            own = self._known(sheet.text(row, column), "defenses")
            ids = [entry["id"] for entry in self.document.get("defenses", [])]
            if own not in ids:
                expected = nearest(own, ids, "defense")
                self.refuse(
                    sheet, row, column, f"unknown defense {shown(own)}, expected {expected}"
                )
            place = ("defenses", ids.index(own), rule)
            listed = self.document["defenses"][place[1]].setdefault(rule, [])
            for other in others:
                self.note((*place, len(listed)), sheet, row, columns["defenses"])
                listed.append(other)

    def _read_group(
        self, sheet: Sheet, row: int, columns: Mapping[str, int], members: list[str]
    ) -> None:
        groups = self.document.setdefault("defender", {}).setdefault("groups", [])
        place = ("defender", "groups", len(groups))
        groups.append({})
        self.note(place, sheet, row, columns["rule"])
        self.set_member((*place, "defenses"), members)
        self.note((*place, "defenses"), sheet, row, columns["defenses"])
        for key, kind in (("name", "text"), ("at_least", "count"), ("at_most", "count")):
            if key in columns and sheet.text(row, columns[key]):
                self.set_cell((*place, key), sheet, row, columns[key], kind)

    def _read_plans(self, sheet: Sheet) -> None:
        columns = sheet.columns()
        first = next(iter(columns), "")
        for row in sheet.filled_rows():
            defense = self._resolved(sheet, row, columns.get(first, 0), "defenses")
            for plan, column in columns.items():
                if plan != first and sheet.text(row, column):
                    self.note(("plans", plan), sheet, 0, column)
                    self.set_cell(("plans", plan, defense), sheet, row, column, "number")

    def _read_more(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_MORE_COLUMNS), ("pointer", "value"))
        for row in sheet.filled_rows():
            pointer = sheet.text(row, columns["pointer"])
            if not pointer.startswith("/"):
                self.refuse(
                    sheet,
                    row,
                    columns["pointer"],
                    f"found {shown(pointer)}, expected a JSON pointer such as /references",
                )
            parts = parts_of(pointer)
            own = sheet.text(row, columns["id"]) if "id" in columns else ""
            place = (*self._entry_place(sheet, row, columns["id"], own), *parts) if own else parts
            value = self.json_value(sheet, row, columns["value"])
            try:
                self.set_member(place, value)
            except (KeyError, IndexError, TypeError, ValueError):
                self.refuse(
                    sheet,
                    row,
                    columns["pointer"],
                    f"found {shown(pointer)}, expected a place in the scenario",
                )
            self.note(place, sheet, row, columns["value"])

    def _identifier(self, sheet: Sheet, row: int, columns: Mapping[str, int]) -> str:
        own = sheet.text(row, columns["id"]) if "id" in columns else ""
        name = sheet.text(row, columns["name"]) if "name" in columns else ""
        made = own or _NO_WORD.sub("-", name.lower()).strip("-") or name
        if not made:
            column = columns.get("id", columns.get("name", 0))
            self.refuse(sheet, row, column, "missing, expected an id or a name")
        return made

    def _resolved(self, sheet: Sheet, row: int, column: int, member: str) -> str:
        text = sheet.text(row, column)
        if not text:
            noun = member.removesuffix("s")
            self.refuse(sheet, row, column, f"missing, expected a {noun}")
        found, known = self._known(text, member), self._entries(member)
        if known is not None and found not in known:
            noun = member.removesuffix("s")
            expected = nearest(text, known, noun)
            self.refuse(sheet, row, column, f"unknown {noun} {shown(text)}, expected {expected}")
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
            self.refuse(sheet, row, column, message)
        return places[0]
