"""From sheets to the document of a scenario, and the cell of each of its members."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mfmgame.documents.member_pointers import parts_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown
from mfmgame.tables.cell_document import CellDocument
from mfmgame.tables.cell_numbers import BITS, KEPT_SHARE, SHARE, Measure
from mfmgame.tables.columns import (
    ENTRY_KEYS,
    ESTIMATE,
    SCENARIO_KEYS,
    USE,
    Kind,
    canonical,
    known_word,
)
from mfmgame.tables.measured_sheet import acts_on, read_measured
from mfmgame.tables.sheets import Sheet, Tables, without_sheet

__all__ = ["RULES", "TableReader"]

_SCENARIO_COLUMNS = ("key", "value", *ESTIMATE, "basis", "source")
_LIMIT_COLUMNS = ("resource", "limit", "unit", "shown_as", "basis", "source")
_SOURCE_COLUMNS = ("threat", "technique", "defense", "basis", "source", "adaptive")
_RULE_COLUMNS = ("rule", "name", "defenses", "at_least", "at_most")
_MORE_COLUMNS = ("id", "pointer", "value")
RULES = ("requires", "conflicts", "group")
"""Words of the column ``rule``."""
_NO_WORD = re.compile(r"[^a-z0-9]+")


class TableReader(CellDocument):
    """Reader that builds the scenario document from its sheets.

    Parameters
    ----------
    tables : mapping of str to Sheet
    known_names : callable
        Gives the entries of the scenario's catalog, names by their ids, for a member
        ("threats" or "defenses") and the name of the catalog; None if there is no such catalog.
    others : sequence of str, optional
        Names of the sheets that are not read.

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
        self,
        tables: Tables,
        known_names: Callable[[str, str], Mapping[str, str] | None],
        others: Sequence[str] = (),
    ) -> None:
        if "scenario" not in tables:
            raise without_sheet("scenario", others)
        self._tables, self._others = tables, others
        self._known_names = known_names
        self._loss = Measure()
        self._units = _cells_by_resource(tables, "unit")
        self._displays = _cells_by_resource(tables, "shown_as")
        super().__init__({"schema": "mfmgame/scenario/1"})
        self._names: dict[str, dict[str, str]] = {}
        self._read_scenario(tables["scenario"])
        for member in ENTRY_KEYS:
            if member in tables:
                self._read_entries(tables[member], member)
        for name, read in (
            ("effectiveness", self._read_effectiveness),
            ("measured", lambda sheet: read_measured(self, sheet, self._acts_on, self._resolved)),
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
        self._loss = Measure(units=_loss_units(sheet, rows, columns))
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
                measures = {"attacker.bandwidth": BITS, "termination.loss": self._loss}
                measure = measures.get(key, SHARE)
                self.set_estimate(place, sheet, row, columns, "value", measure)
                self.set_provenance(place, sheet, row, columns)
            else:
                self.set_cell(place, sheet, row, columns["value"], kind)

    def _read_entries(self, sheet: Sheet, member: str) -> None:
        known: dict[str, Kind | None] = {**ENTRY_KEYS[member]}
        if "severity" in known:
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
                if name in ("severity", "bandwidth"):
                    self.note((*place, name), sheet, row, column)  # also of a blank cell
                if name in (*ESTIMATE, "id", "severity") or not sheet.text(row, column):
                    continue
                if name.startswith(USE):
                    resource = name.removeprefix(USE).strip()
                    measure = self._measure_of(resource)
                    self.set_cell((*place, "use", resource), sheet, row, column, "number", measure)
                else:
                    kind = known.get(name) or "json"
                    measure = BITS if name == "bandwidth" else SHARE
                    self.set_cell((*place, *name.split(".")), sheet, row, column, kind, measure)
            if "severity" in known:
                where = (*place, "severity")
                self.set_estimate(where, sheet, row, columns, "severity", self._loss)
            entry = entries[-1]
            if "loss" in entry:
                entry["loss"] = self._known(entry["loss"], "losses")
            if "steps" in entry:
                entry["steps"] = [self._known(step, "techniques") for step in entry["steps"]]
            self._names[member][own] = entry.get("name", "")

    def _read_effectiveness(self, sheet: Sheet) -> None:
        if not sheet.rows:
            return
        self._refuse_swapped(sheet)
        columns = {"threat": 0}
        if sheet.text(0, 1).casefold() == "technique" and not self._is_defense(sheet.text(0, 1)):
            columns["technique"] = 1
        first = len(columns)
        defenses = {
            column: self._resolved(sheet, 0, column, "defenses")
            for column in range(first, len(sheet.rows[0]))
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
            noun, own = self._acts_on(sheet, row, columns)
            if own in seen:
                message = f"found {shown(own)} again, expected it once"
                self.refuse(sheet, row, columns[noun], message)
            seen.add(own)
            for column in range(first, len(sheet.rows[row])):
                if not sheet.text(row, column):
                    continue
                if column not in defenses:
                    self.refuse(sheet, row, column, "found a cell below no defense")
                place = ("effectiveness", len(entries))
                entries.append({noun: own, "defense": defenses[column]})
                self.note((*place, noun), sheet, row, columns[noun])
                self.note((*place, "defense"), sheet, 0, column)
                self.note(place, sheet, row, column)
                self.set_cell((*place, "value"), sheet, row, column, "number")

    def _is_defense(self, text: str) -> bool:
        return self._known(text, "defenses") in (self._entries("defenses") or {})

    def _acts_on(self, sheet: Sheet, row: int, columns: Mapping[str, int]) -> tuple[str, str]:
        """Read which threat or technique a row is about: its noun and its id."""
        filled = {
            noun: columns[noun]
            for noun in ("threat", "technique")
            if noun in columns and sheet.text(row, columns[noun])
        }
        if len(filled) == 2:
            message = "found beside a threat, expected one of the two"
            self.refuse(sheet, row, filled["technique"], message)
        noun = next(iter(filled), "threat")
        return noun, self._resolved(sheet, row, columns[noun], f"{noun}s")

    def _refuse_swapped(self, sheet: Sheet) -> None:
        """Refuse a matrix with defenses down and threats across."""
        threats, defenses = self._entries("threats"), self._entries("defenses")
        across = [sheet.text(0, column) for column in range(1, len(sheet.rows[0]))]
        down = [sheet.text(row, 0) for row in sheet.filled_rows()]
        if not (threats and defenses):
            return
        if (
            not any(self._known(text, "defenses") in defenses for text in across)
            and not any(self._known(text, "threats") in threats for text in down)
            and any(self._known(text, "threats") in threats for text in across)
            and any(self._known(text, "defenses") in defenses for text in down)
        ):
            message = "found threats across and defenses down, expected threats down and defenses"
            self.refuse(sheet, 0, 0, f"{message} across: are rows and columns swapped?")

    def _measure_of(self, resource: str) -> Measure:
        if known_word("shown_as", self._displays.get(resource, "")) == "kept_share":
            return KEPT_SHARE
        return Measure(units=(self._units[resource],) if resource in self._units else ())

    def _read_sources(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_SOURCE_COLUMNS), ("threat", "defense"))
        pairs = {
            (acts_on(entry), entry["defense"]): index
            for index, entry in enumerate(self.document.get("effectiveness", []))
        }
        for row in sheet.filled_rows():
            noun, own = self._acts_on(sheet, row, columns)
            defense = self._resolved(sheet, row, columns["defense"], "defenses")
            index = pairs.get((own, defense))
            if index is None:
                self.refuse(
                    sheet,
                    row,
                    columns[noun],
                    f"found the source of {shown(defense)} against {shown(own)}, expected a "
                    "pair of the sheet 'effectiveness' or 'measured'",
                )
            for key in ("basis", "source", "adaptive"):
                if key in columns:
                    kind = "flag" if key == "adaptive" else "text"
                    place = ("effectiveness", index, key)
                    self.set_cell(place, sheet, row, columns[key], kind)

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
                measure = self._measure_of(resource)
                self.set_estimate(place, sheet, row, columns, "limit", measure)
                limit = self.member(place)
                if isinstance(limit, float) and limit < 0.0:
                    message = f"found {shown(limit)}, expected at least 0"
                    self.refuse(sheet, row, columns["limit"], message)
                self.set_provenance(place, sheet, row, columns)
            if "unit" in columns:
                where = ("units", "resources", resource)
                self.set_cell(where, sheet, row, columns["unit"], "text")
            if "shown_as" in columns:
                where = ("resources", resource, "shown_as")
                self.set_cell(where, sheet, row, columns["shown_as"], "text")
                self.note(where[:-1], sheet, row, columns["shown_as"])

    def _read_rules(self, sheet: Sheet) -> None:
        columns = self.columns_of(sheet, dict.fromkeys(_RULE_COLUMNS), ("rule", "defenses"))
        for row in sheet.filled_rows():
            rule = sheet.text(row, columns["rule"]).lower()
            if rule not in RULES:
                expected = nearest(rule, RULES, "rule")
                self.refuse(
                    sheet, row, columns["rule"], f"found {shown(rule)}, expected {expected}"
                )
            others = self.texts(sheet.text(row, columns["defenses"]))
            self._refuse_commas(sheet, row, columns["defenses"], others)
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

    def _refuse_commas(self, sheet: Sheet, row: int, column: int, names: Sequence[str]) -> None:
        """Refuse names that commas separate, which would be taken for a single name."""
        known = self._entries("defenses") or {}
        for name in names:
            parts = [self._known(part.strip(), "defenses") for part in name.split(",")]
            if self._known(name, "defenses") not in known and any(part in known for part in parts):
                self.refuse(sheet, row, column, f"found {shown(name)}, separate names with ;")

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
        for plan in columns:
            if plan != first:
                self.document.setdefault("plans", {}).setdefault(plan, {})
        seen = set()
        for row in sheet.filled_rows():
            defense = self._resolved(sheet, row, columns.get(first, 0), "defenses")
            if defense in seen:
                message = f"found {shown(defense)} again, expected it once"
                self.refuse(sheet, row, columns.get(first, 0), message)
            seen.add(defense)
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
            if not known and member not in self._tables:
                raise without_sheet(member, self._others)
            noun = member.removesuffix("s")
            expected = nearest(text, known, noun)
            self.refuse(sheet, row, column, f"unknown {noun} {shown(text)}, expected {expected}")
        return found

    def _known(self, text: str, member: str) -> str:
        """The id that a text stands for: an id, or a name that one entry has; case comes second."""
        known = self._entries(member) or {}
        if text in known:
            return text
        named = [key for key, name in known.items() if name == text]
        if not named:
            folded = text.casefold()
            named = [
                key for key, name in known.items() if folded in (key.casefold(), name.casefold())
            ]
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
            found = "more than one entry has" if places else "no entry has"
            message = f"found {shown(text)}, which {found} for its id, expected the id of one"
            self.refuse(sheet, row, column, message)
        return places[0]


def _loss_units(
    sheet: Sheet, rows: Mapping[str, int], columns: Mapping[str, int]
) -> tuple[str, ...]:
    """List the spellings of the unit of losses that the sheet ``scenario`` states."""
    loss, period = (
        sheet.text(rows[key], columns["value"]) if key in rows else ""
        for key in ("units.loss", "units.period")
    )
    if not loss:
        return ()
    return (loss, f"{loss} per {period}", f"{loss}/{period}") if period else (loss,)


def _cells_by_resource(tables: Tables, name: str) -> dict[str, str]:
    """Look up a column of the sheet ``limits``, which is read only later, by resource."""
    if "limits" not in tables:
        return {}
    sheet = tables["limits"]
    columns = {
        canonical(name, dict.fromkeys(_LIMIT_COLUMNS)): column
        for name, column in sheet.columns().items()
    }
    if not {"resource", name} <= columns.keys():
        return {}
    return {
        sheet.text(row, columns["resource"]): sheet.text(row, columns[name])
        for row in sheet.filled_rows()
        if sheet.text(row, columns[name])
    }
