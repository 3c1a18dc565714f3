"""The sheet ``measured``: a row for each effectiveness that is measured by counts of attacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mfmgame.messages import shown
from mfmgame.tables.cell_document import CellDocument
from mfmgame.tables.cell_numbers import flag_cell, number_cell
from mfmgame.tables.sheets import Cell, Sheet

__all__ = ["MEASURED_COLUMNS", "acts_on", "has_row", "measured_row", "read_measured"]

_FORM: Mapping[str, tuple[tuple[str, ...], str]] = {
    "successes": (("successes",), "count"),
    "trials": (("trials",), "count"),
    "effective_trials": (("effective_trials",), "number"),
    "baseline": (("baseline", "id"), "text"),
    "baseline_successes": (("baseline", "successes"), "count"),
    "baseline_trials": (("baseline", "trials"), "count"),
    "baseline_effective_trials": (("baseline", "effective_trials"), "number"),
    "nominal": (("nominal",), "number"),
}
"""Member of the distribution that each column holds, and the kind of its cells."""
_ENTRY = {"basis": "text", "source": "text", "adaptive": "flag"}
"""Member of the entry that each further column holds, and the kind of its cells."""
MEASURED_COLUMNS = ("threat", "technique", "defense", *_FORM, *_ENTRY)
_OPTIONAL = ("effective_trials", "baseline_effective_trials", "nominal")


def acts_on(entry: Mapping[str, Any]) -> str:
    """Return the threat or technique of an effectiveness entry."""
    found: str = entry.get("threat") or entry["technique"]
    return found


def read_measured(
    document: CellDocument,
    sheet: Sheet,
    acts_on_in: Callable[[Sheet, int, Mapping[str, int]], tuple[str, str]],
    resolved: Callable[[Sheet, int, int, str], str],
) -> None:
    """Add an effectiveness entry to a document for each row of the sheet.

    Parameters
    ----------
    document : CellDocument
    sheet : Sheet
    acts_on_in : callable
        Gives what a row is about, "threat" or "technique", and the id.
    resolved : callable
        Gives the id that a cell of a row and column stands for, of a defense.

    Raises
    ------
    SpecificationError
        If a cell is malformed, or a pair stands in two places.
    """
    needed = [name for name in ("threat", "defense", *_FORM) if name not in _OPTIONAL]
    columns = document.columns_of(sheet, dict.fromkeys(MEASURED_COLUMNS), needed)
    entries = document.document.setdefault("effectiveness", [])
    seen = {(acts_on(entry), entry["defense"]) for entry in entries}
    for row in sheet.filled_rows():
        noun, own = acts_on_in(sheet, row, columns)
        defense = resolved(sheet, row, columns["defense"], "defenses")
        if (own, defense) in seen:
            document.refuse(
                sheet,
                row,
                columns[noun],
                f"found {shown(defense)} against {shown(own)} again, expected each pair once "
                "in the sheets 'effectiveness' and 'measured'",
            )
        seen.add((own, defense))
        place = ("effectiveness", len(entries))
        form = {"distribution": "measured", "baseline": {}}
        entries.append({noun: own, "defense": defense, "value": form})
        document.note(place, sheet, row, columns[noun])
        document.note((*place, "defense"), sheet, row, columns["defense"])
        for name, (member, kind) in _FORM.items():
            if name in columns:
                document.note((*place, "value", *member), sheet, row, columns[name])
                document.set_cell((*place, "value", *member), sheet, row, columns[name], kind)
        for name, kind in _ENTRY.items():
            if name in columns:
                document.set_cell((*place, name), sheet, row, columns[name], kind)


def has_row(entry: Mapping[str, Any]) -> bool:
    """Tell whether an effectiveness entry has a row in the sheet."""
    value, members = entry["value"], {member[0] for member, _ in _FORM.values()}
    return (
        isinstance(value, dict)
        and value.get("distribution") == "measured"
        and value.keys() <= {"distribution", *members}
        and value["baseline"]["id"] == value["baseline"]["id"].strip()
    )


def measured_row(entry: Mapping[str, Any], *, exact: bool) -> Sequence[Cell]:
    """Write the row of an effectiveness entry.

    Parameters
    ----------
    entry : mapping
    exact : bool
        Whether cells hold text anyway, as in CSV.

    Returns
    -------
    sequence of (str, float or None)
    """
    cells: list[Cell] = [entry.get("threat"), entry.get("technique"), entry["defense"]]
    for member, kind in _FORM.values():
        value = entry["value"]
        for part in member:
            value = value.get(part)
        is_plain = value is None or kind == "text"
        cells.append(value if is_plain else number_cell(value, exact=exact))
    return [*cells, entry.get("basis"), entry.get("source"), flag_cell(entry.get("adaptive"))]
