"""From the document of a scenario to sheets that give the same document back."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mfmgame.messages import pointer_to
from mfmgame.tables.cell_numbers import flag_cell, is_pert, kept_cell, number_cell
from mfmgame.tables.columns import ENTRY_KEYS, ESTIMATE, SCENARIO_KEYS, USE, Kind
from mfmgame.tables.measured_sheet import MEASURED_COLUMNS, acts_on, has_row, measured_row
from mfmgame.tables.sheets import SHEETS, Cell, Sheet, Tables

__all__ = ["tables_of"]

_RULE_HEADINGS = ("rule", "name", "defenses", "at_least", "at_most")
_ALWAYS = {
    "losses": ("id", "name", "severity", *ESTIMATE, "basis", "source"),
    "techniques": ("id", "name", "bandwidth", "basis", "source"),
    "threats": ("id", "name", "class", "severity", *ESTIMATE, "bandwidth", "basis", "source"),
    "defenses": ("id", "name", "kind", "basis", "source"),
}
"""Columns that are written even where every cell is blank: people fill them in."""
_WITH_COLUMNS = ("threat", "technique", "defense", "value", "basis", "source", "adaptive")
"""Members of an effectiveness entry that sheets have columns for."""


def tables_of(document: Mapping[str, Any], *, as_text: bool, with_rules: bool = False) -> Tables:
    """Write the document of a scenario as sheets.

    Parameters
    ----------
    document : mapping
        By :meth:`Scenario.to_document`.
    as_text : bool
        Whether cells hold text only, as in CSV files.
    with_rules : bool, default False
        Whether the sheet of rules is written even if there are none.

    Returns
    -------
    mapping of str to Sheet
    """
    tables = _Writer(document, as_text).tables
    if with_rules and "rules" not in tables:
        written = {**tables, "rules": Sheet("rules", [_RULE_HEADINGS])}
        return {name: written[name] for name in SHEETS if name in written}
    return tables


class _Writer:
    """The sheets of a document; what has no column is left to the sheet ``more``."""

    def __init__(self, document: Mapping[str, Any], as_text: bool) -> None:
        self._as_text = as_text
        self._n_entries = Counter(
            str(entry["id"]) for member in ENTRY_KEYS for entry in document.get(member) or ()
        )
        self._more: list[list[Cell]] = []
        displays = document.get("resources") or {}
        self._kept = {name for name, one in displays.items() if one["shown_as"] == "kept_share"}
        left = copy.deepcopy({key: value for key, value in document.items() if key != "schema"})
        written = {
            **{member: self._entries(member, left.pop(member, None)) for member in ENTRY_KEYS},
            **self._effectiveness(left.pop("effectiveness", None) or [], document),
            "limits": self._limits(left),
            "rules": self._rules(left, document),
            "plans": self._plans(left.pop("plans", None) or {}),
            "scenario": self._scenario(left),
        }
        self._leave("", (), left)
        written["more"] = [["id", "pointer", "value"], *self._more] if self._more else []
        self.tables = {name: Sheet(name, written[name]) for name in SHEETS if written.get(name)}

    def _scenario(self, left: dict[str, Any]) -> list[list[Cell]]:
        """The rows of single members; those that are written are taken out of what is left."""
        rows: list[list[Cell]] = [["key", "value", *ESTIMATE, "basis", "source"]]
        if self._as_text:
            rows.append(["decimal", "."])
        keys = dict(SCENARIO_KEYS)
        for name in left.get("correlations", {}):
            keys[f"correlations.{name}"] = "number"
        for key, kind in keys.items():
            first, _, second = key.partition(".")
            within, name = (left.get(first) or {}, second) if second else (left, first)
            if within.get(name) is None:
                continue
            value = within[name]
            cells = self._stated(value) if kind == "number" else [self._cell(value, kind)]
            if cells == [None]:
                continue
            rows.append([key, *cells])
            del within[name]
            if not within:
                del left[first]
        return rows

    def _entries(
        self, member: str, entries: Sequence[Mapping[str, Any]] | None
    ) -> list[list[Cell]]:
        """A row for each entry; the header alone if there are none."""
        if entries is None:
            return []
        kinds = ENTRY_KEYS[member]
        used = {key for entry in entries for key, value in entry.items() if value is not None}
        resources = list(dict.fromkeys(name for entry in entries for name in entry.get("use", {})))
        columns = [name for name in self._ordered(kinds) if name in used or name in _ALWAYS[member]]
        header = [*columns, *(USE + name for name in resources)]
        rows: list[list[Cell]] = [header]
        for index, entry in enumerate(entries):
            left = {key: value for key, value in entry.items() if value is not None}
            row = dict.fromkeys(header)
            if "severity" in left:
                row |= dict(
                    zip(("severity", *ESTIMATE), self._estimate(left.pop("severity")), strict=True)
                )
            for name in columns:
                if name in kinds and name in left:
                    cell = self._cell(left[name], kinds[name])
                    if cell is not None:
                        row[name] = cell
                        del left[name]
            use = left.pop("use", {})
            for name in resources:
                if name in use:
                    row[USE + name] = self._amount_cell(name, use[name])
            unwritten = {name: use[name] for name in use if row[USE + name] is None}
            if unwritten:
                left["use"] = unwritten
            for key in ("requires", "conflicts"):
                if self._cell(left.get(key, []), "texts") is not None:
                    left.pop(key, None)
            rows.append(list(row.values()))
            self._leave(str(entry["id"]), (member, index), left)
        return rows

    @staticmethod
    def _ordered(kinds: Mapping[str, Kind]) -> list[str]:
        names = list(kinds)
        if "severity" in kinds:
            at = names.index("severity") + 1
            names[at:at] = ESTIMATE
        return names

    def _effectiveness(
        self, entries: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
    ) -> dict[str, list[list[Cell]]]:
        """The matrix, the sources of its cells, and the measured pairs."""
        orders = []
        for noun in ("threat", "technique", "defense"):
            own = [entry["id"] for entry in document.get(f"{noun}s") or []]
            named = [entry[noun] for entry in entries if entry.get(noun)]
            orders.append(list(dict.fromkeys([*own, *named])))
        threats, techniques, defenses = orders
        if not (threats or techniques) or not defenses:
            return {}
        by_pair = {(acts_on(entry), entry["defense"]): entry for entry in entries}
        # Most scenarios have no techniques, and no columns of them.
        first = [[threat, *([None] if techniques else [])] for threat in threats]
        first += [[None, technique] for technique in techniques]
        nouns = ["threat", *(["technique"] if techniques else [])]
        rows: list[list[Cell]] = [[*nouns, *defenses]]
        sources: list[list[Cell]] = []
        in_order: list[Mapping[str, Any]] = []
        measured: list[Mapping[str, Any]] = []
        for own, ids in zip((*threats, *techniques), first, strict=True):
            row: list[Cell] = [*ids]
            for defense in defenses:
                entry = by_pair.get((own, defense))
                if entry is None or has_row(entry):
                    row.append(None)
                    measured += [entry] if entry else []
                    continue
                row.append(number_cell(entry["value"], exact=self._as_text))
                given = [entry.get("basis"), entry.get("source"), flag_cell(entry.get("adaptive"))]
                if any(given):
                    sources.append([*ids, defense, *given])
                in_order.append(entry)
            rows.append(row)
        for index, entry in enumerate([*in_order, *measured]):
            self._leave("", ("effectiveness", index), _without(entry, *_WITH_COLUMNS))
        header: list[Cell] = [*nouns, "defense", "basis", "source", "adaptive"]
        if not any(source[-1] for source in sources):  # most scenarios have no such column
            header, sources = header[:-1], [source[:-1] for source in sources]
        listed = [measured_row(entry, exact=self._as_text) for entry in measured]
        columns: list[Cell] = list(MEASURED_COLUMNS)
        if not any(row[-1] for row in listed):
            columns, listed = columns[:-1], [row[:-1] for row in listed]
        if not any(row[1] for row in listed):
            columns, listed = [columns[0], *columns[2:]], [[row[0], *row[2:]] for row in listed]
        return {
            "effectiveness": rows,
            "measured": [columns, *map(list, listed)] if listed else [],
            "effectiveness_sources": [header, *sources] if sources else [],
        }

    def _limits(self, left: dict[str, Any]) -> list[list[Cell]]:
        defender, units = left.get("defender", {}), left.get("units", {})
        stated, named = defender.get("limits") or {}, (units or {}).get("resources") or {}
        displays = left.pop("resources", None) or {}
        limits = {
            name: limit
            for name, limit in stated.items()
            if not (_is_negative(limit) or (name in self._kept and not _is_kept_share(limit)))
        }
        refused = {name: stated[name] for name in stated.keys() - limits.keys()}
        rows: list[list[Cell]] = [
            ["resource", "limit", "unit", *(["shown_as"] if displays else []), "basis", "source"]
        ]
        for resource in dict.fromkeys([*limits, *named, *displays]):
            cells = self._stated(limits[resource]) if resource in limits else [None] * 6
            number = cells[0]
            if any(cells[1:4]):  # an estimate of its own columns is written in the one cell here
                number = number_cell(_without(limits[resource], "basis", "source"), exact=True)
            if resource in self._kept and resource in limits:
                number = kept_cell(_without(limits[resource], "basis", "source"))
            shown_as = [displays.get(resource, {}).get("shown_as")] if displays else []
            rows.append([resource, number, named.get(resource), *shown_as, *cells[4:]])
        for inside, key in ((defender, "limits"), (units, "resources")):
            if inside:
                inside.pop(key, None)
        if refused:  # the sheet takes no negative limit, and of kept shares no logarithm
            defender["limits"] = refused
        for key in ("defender", "units"):
            if key in left and not left[key]:
                del left[key]
        return rows if len(rows) > 1 else []

    def _rules(self, left: dict[str, Any], document: Mapping[str, Any]) -> list[list[Cell]]:
        rows: list[list[Cell]] = [list(_RULE_HEADINGS)]
        for entry in document.get("defenses") or []:
            for key in ("requires", "conflicts"):
                others = self._cell(entry.get(key) or [], "texts")
                if others:
                    rows.append([key, entry["id"], others, None, None])
        groups = left.get("defender", {}).get("groups") or []
        if all(self._cell(group["defenses"], "texts") for group in groups):
            for group in groups:
                counts = [group.get(key) for key in ("at_least", "at_most")]
                rows.append(
                    [
                        "group",
                        group.get("name"),
                        self._cell(group["defenses"], "texts"),
                        *(
                            None if count is None else self._cell(count, "number")
                            for count in counts
                        ),
                    ]
                )
            left.get("defender", {}).pop("groups", None)
        if "defender" in left and not left["defender"]:
            del left["defender"]
        return rows if len(rows) > 1 else []

    def _plans(self, plans: Mapping[str, Mapping[str, float]]) -> list[list[Cell]]:
        if not plans:
            return []
        defenses = list(dict.fromkeys(name for levels in plans.values() for name in levels))
        rows: list[list[Cell]] = [["defense", *plans]]
        for defense in defenses:
            levels = [plan.get(defense) for plan in plans.values()]
            rows.append(
                [defense, *(None if x is None else self._cell(x, "number") for x in levels)]
            )
        return rows

    def _stated(self, value: Any) -> list[Cell]:
        """Cells of value, low, likely, high, basis and source."""
        given = [value.get("basis"), value.get("source")] if isinstance(value, dict) else [None] * 2
        if isinstance(value, dict):
            value = _without(value, "basis", "source")
            if value.keys() == {"value"}:
                value = value["value"]
        return [*self._estimate(value), *given]

    def _estimate(self, value: Any) -> list[Cell]:
        """Cells of a number, or of its range and likeliest value."""
        if isinstance(value, dict):
            rest = _without(value, "nominal")
            ends: list[Any] | None = None
            if rest.keys() == {"range"}:
                ends = [value["range"][0], None, value["range"][1]]
            elif is_pert(rest) and value.get("nominal") in (None, value["mode"]):
                ends = [value["low"], value["mode"], value["high"]]
            if ends is not None:
                return [
                    None if x is None else self._cell(x, "number")
                    for x in (value.get("nominal"), *ends)
                ]
        return [self._cell(value, "number"), None, None, None]

    def _amount_cell(self, resource: str, value: Any) -> Cell:
        """A cell of an amount of a resource; None where a share is expected and there is none."""
        if resource in self._kept:
            return kept_cell(value) if _is_kept_share(value) else None
        return number_cell(value, exact=self._as_text)

    def _cell(self, value: Any, kind: Kind) -> Cell:
        """A cell; None where the value has none of its own."""
        if kind == "number":
            return number_cell(value, exact=self._as_text)
        if kind == "text":
            return value if isinstance(value, str) and value and value == value.strip() else None
        parts = [str(number_cell(x, exact=True)) if kind == "numbers" else x for x in value]
        if not parts or any(";" in part or part != part.strip() or not part for part in parts):
            return None
        return "; ".join(parts)

    def _leave(self, own: str, place: tuple[Any, ...], left: Mapping[str, Any]) -> None:
        """Write what has no column as rows of the sheet ``more``."""
        own = own if self._n_entries.get(own) == 1 else ""
        for parts, value in _leaves(left):
            text = json.dumps(value, ensure_ascii=False)
            pointer = pointer_to(parts if own else (*place, *parts))
            self._more.append([own or None, pointer, text])


def _is_negative(limit: Any) -> bool:
    value = limit.get("value", 0.0) if isinstance(limit, dict) else limit
    return bool(value < 0.0)


def _is_kept_share(value: Any) -> bool:
    return isinstance(value, dict) and "kept_share" in value


def _without(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key not in keys}


def _leaves(value: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Members of objects within objects that are not objects of members themselves."""
    for key, inner in value.items():
        if (
            isinstance(inner, dict)
            and inner
            and not inner.keys() & {"range", "distribution", "value", "kept_share"}
        ):
            for parts, leaf in _leaves(inner):
                yield (key, *parts), leaf
        elif inner is not None:
            yield (key,), inner
