"""A first scenario to fill in: an example, or the entries of a catalog."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

from mfmgame.catalogs.library import load_catalog, shipped_scenario
from mfmgame.catalogs.number_bases import basis_of
from mfmgame.catalogs.scenario_entries import resolve_catalog
from mfmgame.documents.base import BASES
from mfmgame.documents.catalog import Kind
from mfmgame.documents.json_reading import path_of
from mfmgame.documents.kept_shares import KeptShare, kept_share
from mfmgame.documents.losses_and_techniques import Loss, Technique
from mfmgame.documents.member_pointers import set_member
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, refuse_other_types, shown
from mfmgame.tables.scenario_files import write_document
from mfmgame.tables.sheets import INSTRUCTIONS
from mfmgame.tables.table_reading import RULES

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["init_scenario"]

_REPLACE = "starting value: replace it by your own"
_MOST_ROWS = 1000
_INSTRUCTIONS = (
    "How to use this workbook",
    "",
    "1. scenario: name the system. 'attacker bandwidth' is what the attacker can spend, in bits; "
    "'termination loss' is what it costs to stop the system.",
    "2. threats: a row for each threat. 'severity' is the loss at full effort if no defense runs. "
    "If you know a range instead, fill in 'low' and 'high', and 'likely' if you can: 'low' and "
    "'high' are the least and the greatest possible value (of a uniform distribution, or of a PERT "
    "distribution if 'likely' is filled in), not a 90 % interval.",
    "3. defenses: a row for each defense. A column 'use: budget' says what it costs. A defense of "
    "the kind 'binary' is bought whole or not at all.",
    "4. effectiveness: the fraction of each threat (row) that each defense (column) stops. "
    "0.6, 60 %, a range 0.4..0.8 or low/likely/high such as 0.4/0.6/0.8; blank means 0. If you "
    "have counted attacks, add a sheet 'measured' with a row for each pair of 'threat' and "
    "'defense': 'successes' of the attack in 'trials' beside the defense, the name of the "
    "'baseline' without it, 'baseline successes' and 'baseline trials'.",
    "5. limits: how much of each resource there is. If defenses cost work, add a resource with "
    "'kept_share' in a column 'shown_as': its limit is the least share of work to keep, such as "
    "50 %, and its column 'use: NAME' in the sheet defenses has the share that each defense keeps.",
    "6. rules: 'requires' means that the defense under 'name' runs only if all 'defenses' of the "
    "row run; 'conflicts' means that it does not run beside them. Separate names with semicolons. "
    "Rules need defenses of the kind 'binary', or with 'levels'.",
    f"7. basis and source: what a number rests on ({', '.join(BASES)}) and where "
    "it comes from. Answers say how many numbers are assumed.",
    "",
    "Then run:  mfmgame solve FILE",
    "Formulas are read by the values that they last had. Sheets whose names begin with # are not "
    "read, and neither is this one.",
)


def init_scenario(
    path: str | os.PathLike[str],
    *,
    catalog: str | None = None,
    only: Collection[str] | None = None,
) -> None:
    """Write a scenario that can be solved as it is, to fill in.

    Parameters
    ----------
    path : str or path-like
        A name that ends in ``.xlsx`` or ``.json``, or that of a folder. Nothing may be there.
    catalog : str, optional
        A shipped catalog, or a file, to take threats and defenses from; by default an example
        of six threats and five defenses.
    only : collection of str, optional
        Ids of the threats and defenses to take; if no threat (or no defense) is named, all
        threats (or defenses).

    Raises
    ------
    SpecificationError
        If a file is there already, a catalog or id is unknown, or nothing can be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mg.init_scenario(Path(folder, "plan.xlsx"))
    ...     mg.load_scenario(Path(folder, "plan.xlsx")).name
    'My system'
    """
    file = path_of(path)
    refuse_other_types(catalog, "catalog", str, NoneType)
    refuse_other_types(only, "only", Collection, NoneType)
    if only is not None and catalog is None:
        raise SpecificationError("found without a catalog, expected one", pointer="only")
    if (file.is_dir() and any(file.iterdir())) or (file.exists() and not file.is_dir()):
        raise SpecificationError(
            "found a file already, expected a new name; nothing is overwritten", source=str(file)
        )
    document = shipped_scenario("starter") if catalog is None else _from_catalog(catalog, only)
    write_document(document, file, _finish, with_rules=True)


def _from_catalog(name: str, only: Collection[str] | None) -> dict[str, Any]:
    """Build a scenario from the entries of a catalog, with all numbers from its rules."""
    catalog = load_catalog(name)
    entries = resolve_catalog(catalog)
    known = [*(one.id for one in entries.threats), *(one.id for one in entries.defenses)]
    for chosen in only or ():
        if chosen not in known:
            expected = nearest(chosen, known, "threat or defense")
            raise SpecificationError(
                f"unknown id {shown(chosen)}, expected {expected}", pointer="only"
            )
    rows = _chosen([one.id for one in entries.threats], only)
    columns = _chosen([one.id for one in entries.defenses], only)
    threats = [entries.threats[i].model_dump(by_alias=True, exclude_unset=True) for i in rows]
    defenses = [entries.defenses[j].model_dump(by_alias=True, exclude_unset=True) for j in columns]
    for place, form in catalog.stated.items():  # kept shares stay shares
        if isinstance(form, KeptShare) and place[0] == "defenses" and place[1] in columns:
            entry = defenses[columns.index(place[1])]
            set_member(entry, place[2:], form.model_dump(exclude_unset=True))
    for entry in (*threats, *defenses):
        entry.pop("traits", None)
        entry.pop("references", None)
    for defense in defenses:
        for key in ("requires", "conflicts"):
            if key in defense:
                ids = [entries.defenses[j].id for j in columns]
                defense[key] = [other for other in defense[key] if other in ids]
    written = {threat.id: threat for threat in catalog.threats}
    for threat in threats:  # ways and chains take their numbers from losses and techniques
        original = written[threat["id"]]
        if original.loss is not None and original.severity is None:
            del threat["severity"]
        if original.steps is not None and original.bandwidth is None:
            del threat["bandwidth"]
    techniques = {step for threat in threats for step in threat.get("steps") or ()}
    losses = {threat.get("loss") for threat in threats}
    effectiveness = [
        {
            "threat": entries.threats[i].id,
            "defense": entries.defenses[j].id,
            "value": float(entries.effectiveness[i, j]),
            "basis": basis_of(entries.bases.effectiveness[i, j]),
            "source": f"catalog {catalog.name}",
            **({"adaptive": False} if entries.static[i, j] else {}),
        }
        for i in rows
        for j in columns
        if entries.effectiveness[i, j] > 0.0
        and (entries.threats[i].steps is None or entries.stated[i, j])
    ]
    effectiveness += [
        entry.model_dump(exclude_unset=True)
        for entry in catalog.effectiveness
        if entry.technique in techniques
        and entry.defense in [entries.defenses[j].id for j in columns]
    ]
    total: dict[str, float] = {}
    for j in columns:
        for resource, amount in entries.defenses[j].use.items():
            total[resource] = total.get(resource, 0.0) + amount
    kept = [name for name in total if entries.shown_as.get(name) == "kept_share"]
    return {
        "schema": "mfmgame/scenario/1",
        "name": f"My system, from {catalog.name}",
        **_listed("losses", [one for one in catalog.losses if one.id in losses]),
        **_listed("techniques", [one for one in catalog.techniques if one.id in techniques]),
        "threats": threats,
        "defenses": defenses,
        "effectiveness": effectiveness,
        "attacker": {"bandwidth": _half(entries.threats[i].bandwidth for i in rows)},
        **({"resources": {name: {"shown_as": "kept_share"} for name in kept}} if kept else {}),
        "defender": {
            "limits": {
                resource: _kept_half(used) if resource in kept else _half([used])
                for resource, used in total.items()
            }
        },
        "termination": {"loss": _half(entries.threats[i].severity for i in rows)},
    }


def _listed(key: str, entries: Sequence[Loss] | Sequence[Technique]) -> dict[str, Any]:
    """Write a list of entries under its key; nothing if there are none."""
    listed = [entry.model_dump(exclude_unset=True) for entry in entries]
    return {key: listed} if listed else {}


def _chosen(ids: list[str], only: Collection[str] | None) -> list[int]:
    chosen = [place for place, name in enumerate(ids) if only and name in only]
    return chosen or list(range(len(ids)))


def _half(numbers: Any) -> dict[str, Any]:
    """Compute half of a sum, as an assumed number for the user to replace."""
    return {"value": 0.5 * sum(numbers), "basis": "assumed", "source": _REPLACE}


def _kept_half(amount: float) -> dict[str, Any]:
    """Compute the share of work that half of an amount keeps, for the user to replace."""
    share = kept_share(0.5 * amount)
    return {"kept_share": round(share, 3) or share, "basis": "assumed", "source": _REPLACE}


def _finish(workbook: Workbook) -> None:
    """Add the page of instructions, and lists to choose kinds and bases from."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    page = workbook.create_sheet(INSTRUCTIONS, 0)
    page.column_dimensions["A"].width = 100
    for row, line in enumerate(_INSTRUCTIONS, start=1):
        cell = page.cell(row, 1, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(bold=row == 1)
    for sheet in workbook.worksheets[1:]:
        for cell in sheet[1]:
            choices = {"basis": BASES, "kind": get_args(Kind), "rule": RULES}.get(cell.value)
            if cell.value == "class":
                values = (sheet.cell(row, cell.column).value for row in range(2, sheet.max_row + 1))
                choices = tuple(dict.fromkeys(value for value in values if value))
            listed = ",".join(choices or ())
            if choices and len(listed) < 250 and '"' not in listed:
                # Others may be typed: the list is a help, and reading tells what is wrong.
                rule = DataValidation("list", formula1=f'"{listed}"', showErrorMessage=False)
                rule.add(f"{cell.column_letter}2:{cell.column_letter}{_MOST_ROWS}")
                sheet.add_data_validation(rule)
