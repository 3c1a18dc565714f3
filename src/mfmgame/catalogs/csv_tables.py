"""Weights of threats and costs of defenses from CSV files with a header."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args

from mfmgame.catalogs.importing.assumed_numbers import NO_COSTS, AssumedNumbers
from mfmgame.catalogs.scenario_entries import weakest
from mfmgame.catalogs.weighing import Weights
from mfmgame.documents.base import LARGEST, SMALLEST
from mfmgame.documents.catalog import Basis, Catalog
from mfmgame.documents.csv_reading import Row, csv_rows, line_refusal
from mfmgame.documents.json_reading import is_lost, path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, nearest, refuse_other_types, shown

__all__ = ["costed", "read_weights"]

_MOST_NAMED = 5
_NO_RESOURCES = ("defense", "name", "basis", "source")
_GIVES = "gives the costs of"
_COSTS_OF = "; costs: "
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BASES: tuple[Basis, ...] = get_args(Basis)


class _Row(Row):
    """Line of a table with numbers and their basis."""

    @property
    def basis(self) -> Basis:
        """Basis of the row's numbers: assumed unless stated."""
        text = self.fields.get("basis", "").strip() or "assumed"
        for basis in _BASES:
            if text == basis:
                return basis
        raise line_refusal(self.line, f"found {shown(text)}, expected one of {', '.join(_BASES)}")

    def number(self, column: str) -> float:
        """Read a number of at least 0 that a catalog can hold."""
        text = self.fields[column].strip()
        value = float(text) if _NUMBER.fullmatch(text) else -1.0
        where = f" as {shown(column)}"
        if value < 0.0:
            raise line_refusal(
                self.line, f"found {shown(text)}{where}, expected a number of at least 0"
            )
        if is_lost(text, value) or not (value == 0.0 or SMALLEST <= value <= LARGEST):
            raise line_refusal(
                self.line,
                f"found {shown(text)}{where}, expected 0 or from {SMALLEST} to {LARGEST}",
            )
        return value + 0.0  # -0.0 becomes 0.0


def read_weights(path: str | os.PathLike[str]) -> Weights:
    """Read weights of threats from a CSV file.

    The header names the columns ``threat`` and ``weight``, and may name ``basis``; other columns
    are not read.

    Parameters
    ----------
    path : str or path-like
        UTF-8, with or without a byte-order mark.

    Returns
    -------
    Weights
        Weights with basis "assumed" unless stated; the source is the file's name.

    Raises
    ------
    SpecificationError
        If the file is not such a table, names a threat twice, or a weight is not a number of at
        least 0.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> text = '''threat,weight
    ... anydoor,3
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "weights.csv")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     weights = mg.read_weights(file)
    >>> dict(weights.by_threat), weights.source
    ({'anydoor': 3.0}, 'weights.csv')
    """
    path = path_of(path)
    try:
        _, rows = _table(path, "threat", ("weight",))
        return Weights(
            by_threat={name: row.number("weight") for name, row in rows.items()},
            basis="assumed",
            source=_name(path),
            bases={name: row.basis for name, row in rows.items()},
        )
    except SpecificationError as error:
        raise error.located(str(path)) from None


def costed(
    catalog: Catalog,
    path: str | os.PathLike[str],
    *,
    others: float | Literal["keep", "drop"] | None = None,
) -> Catalog:
    """Set the resource use of a catalog's defenses from a CSV file.

    The header names the column ``defense``, and ``cost`` (units of ``budget``) or a column for
    each resource. It may name ``basis``; ``name`` and ``source`` are not read.

    Parameters
    ----------
    catalog : Catalog
    path : str or path-like
        UTF-8, with or without a byte-order mark.
    others : float, "keep" or "drop", optional
        What becomes of defenses without a line: they all use that much of each resource of the
        file, keep the use that they have, or are left out. By default they are refused: the cost
        of 1 that an import assumes, beside real money, makes them look free.

    Returns
    -------
    Catalog
        Numbers from the file have the basis "assumed" unless stated; their source is the file's
        name.

    Raises
    ------
    SpecificationError
        If the file is not such a table, names a defense twice or an unknown defense, or a cost is
        not a number of at least 0; or if it omits defenses, and `others` is not given.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> text = '''defense,cost
    ... guardt2i,1.5
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "costs.csv")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     catalog = mg.costed(mg.load_catalog("mfm"), file, others="keep")
    >>> [dict(defense.use) for defense in catalog.defenses if defense.id == "guardt2i"]
    [{'budget': 1.5}]
    """
    refuse_other_types(catalog, "catalog", Catalog)
    refuse_other_types(others, "others", int, float, str, NoneType)
    if isinstance(others, str) and others not in ("keep", "drop"):
        raise SpecificationError(
            f"found {shown(others)}, expected a cost, 'keep' or 'drop'", pointer="others"
        )
    path = path_of(path)
    try:
        columns, rows = _table(path, "defense", ())
        resources = _resources(columns)
        known = [defense.id for defense in catalog.defenses]
        places = set(known)
        uses: dict[str, dict[str, float]] = {}
        bases: dict[str, Basis] = {}
        for name, row in rows.items():
            if name not in places:
                expected = nearest(name, known, "defense")
                raise line_refusal(row.line, f"unknown defense {shown(name)}, expected {expected}")
            uses[name] = {resource: row.number(column) for column, resource in resources.items()}
            bases[name] = row.basis
        omitted = [name for name in known if name not in uses]
        if omitted and others is None:
            raise SpecificationError(
                f"omits {shown(omitted[0])} and gives the costs of {len(uses)} of "
                f"{counted(len(known), 'defense')}, expected all, --other-costs or --only-listed"
            )
    except SpecificationError as error:
        raise error.located(str(path)) from None
    source = _name(path)
    document = catalog.to_document()
    for defense in document["defenses"]:
        name = defense["id"]
        if name not in uses:
            if isinstance(others, (int, float)):
                defense["use"] = {resource: float(others) for resource in resources.values()}
            continue
        defense["use"] = uses[name]
        if defense.get("traits") is None:
            defense |= {"basis": bases[name], "source": source}
        else:  # its strength rests on the same basis
            other = (defense.get("source") or "").partition(_COSTS_OF)[0]
            defense["basis"] = weakest([bases[name], defense.get("basis")])
            defense["source"] = f"{other}{_COSTS_OF}{source}" if other else source
    if others == "drop":
        _keep_only(document, uses)
    changed = Catalog(**document)
    document["notes"] = [*_kept_notes(changed, uses, source), *_gap(changed, uses, source)]
    return Catalog(**document)


def _keep_only(document: dict[str, Any], defenses: Collection[str]) -> None:
    """Leave out of a catalog's document every defense but those named, and what refers to them."""
    document["defenses"] = [one for one in document["defenses"] if one["id"] in defenses]
    for defense in document["defenses"]:
        for key in ("requires", "conflicts"):
            if key in defense:
                defense[key] = [name for name in defense[key] if name in defenses]
    entries = document.get("effectiveness", [])
    document["effectiveness"] = [one for one in entries if one["defense"] in defenses]


def _kept_notes(catalog: Catalog, covered: Collection[str], source: str) -> list[str]:
    """Drop notes on costs that are no longer true."""
    untrue = (f"{catalog.source} {NO_COSTS}", f"{source} {_GIVES}")
    return [
        note
        for note in catalog.notes
        if not note.startswith(untrue)
        and not (f" {_GIVES}" in note and len(covered) == len(catalog.defenses))
    ]


def _gap(catalog: Catalog, covered: Collection[str], source: str) -> list[str]:
    """Write the note on defenses that a file of costs omits, if any."""
    others = [defense.use for defense in catalog.defenses if defense.id not in covered]
    if not others:
        return []
    listed = [f"{units:g} of {shown(resource)}" for resource, units in others[0].items()]
    alike = all(use == others[0] for use in others)
    used = f"use {', '.join(listed)} at level 1" if alike and listed else "keep what they use"
    total = counted(len(catalog.defenses), "defense")
    return [f"{source} {_GIVES} {len(covered)} of {total}; the other {len(others)} {used}"]


def _resources(columns: Iterable[str]) -> dict[str, str]:
    """Map each cost column to its resource."""
    named = [column for column in columns if column not in _NO_RESOURCES]
    if "cost" not in named:
        if not named or "" in named:
            found = "a column without a name" if named else "no column with a cost"
            raise line_refusal(1, f"found {found}, expected 'cost' or the name of a resource")
        return {column: column for column in named}
    if len(named) > 1:
        other = next(column for column in named if column != "cost")
        raise line_refusal(
            1, f"found {shown(other)} beside 'cost', expected 'cost' or the names of resources"
        )
    return {"cost": AssumedNumbers.resource}


def _table(path: Path, key: str, needed: Sequence[str]) -> tuple[list[str], dict[str, _Row]]:
    """Read a table's columns, and its lines by their entry in the column `key`."""
    columns, lines = csv_rows(path, (key, *needed))
    rows: dict[str, _Row] = {}
    for one in lines:
        name = one.fields[key]
        if not name:
            raise line_refusal(one.line, f"found an empty {key}, expected an id")
        if name in rows:
            raise line_refusal(
                one.line, f"duplicate id {shown(name)} (first on line {rows[name].line})"
            )
        rows[name] = _Row(one.line, one.fields)
    if not rows:
        raise SpecificationError(f"found only a header, expected a line for each {key}")
    return columns, rows


def _name(path: Path) -> str:
    """Return the file's name without folders, as text that a catalog can hold."""
    return path.name.encode("utf-8", "backslashreplace").decode()
