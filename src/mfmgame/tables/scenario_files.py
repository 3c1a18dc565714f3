"""Scenarios in files: JSON, workbooks and folders of CSV files."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfmgame.catalogs.library import load_catalog
from mfmgame.documents.json_reading import input_of, path_of
from mfmgame.documents.scenario import Scenario, read_scenario
from mfmgame.errors import SpecificationError
from mfmgame.machine.atomic_files import replacing, reported_writing
from mfmgame.messages import refuse_other_types, shown
from mfmgame.tables.csv_folders import csv_files, read_csv_folder
from mfmgame.tables.measured_sheet import acts_on
from mfmgame.tables.sheets import SHEETS
from mfmgame.tables.table_reading import TableReader
from mfmgame.tables.table_writing import tables_of
from mfmgame.tables.workbook_files import WORKBOOKS, read_workbook, workbook_bytes

if TYPE_CHECKING:
    from openpyxl import Workbook

    from mfmgame.tables.sheets import Tables

__all__ = ["load_scenario", "save_scenario"]

_FIRST_SHEET = "scenario.csv"
_OTHER_TABLES = {
    **dict.fromkeys((".csv", ".tsv"), "found a single file, expected the folder that holds it"),
    **{
        kind: f"found the ending '{kind}', expected .xlsx, .json or a folder of CSV files"
        for kind in (".xls", ".xlsb", ".ods", ".numbers")
    },
}
"""What to say of files of tables that are not read, by their endings."""


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario from a JSON file, a workbook or a folder of CSV files.

    Parameters
    ----------
    path : str or path-like
        A folder; a file whose name ends in ``.xlsx`` or ``.xlsm``, of which only values are
        read; or a file of JSON. ``"-"`` reads JSON from standard input.

    Returns
    -------
    Scenario
        The validated scenario.

    Raises
    ------
    SpecificationError
        If the file cannot be read, or is malformed or inconsistent; its text names the file,
        the JSON pointer or the cell, what is wrong and what was expected.

    Examples
    --------
    >>> import mfmgame as mg
    >>> mg.load_scenario("examples/llava.json").name
    'LLaVA as a plain model'
    """
    file, is_folder = input_of(path), False
    with contextlib.suppress(OSError):  # a name that is too long, which reading reports
        is_folder = file is not None and file.is_dir()
    kind = "" if file is None else file.suffix.lower()
    if file is None or not (is_folder or kind in WORKBOOKS):
        if kind in _OTHER_TABLES:
            raise SpecificationError(_OTHER_TABLES[kind], source=os.fspath(path))
        return read_scenario(path)
    try:
        tables, others = read_csv_folder(file) if is_folder else read_workbook(file)
        if not tables:
            kind = "folder without scenario.csv" if is_folder else "workbook without its sheets"
            raise SpecificationError(f"found a {kind}, expected a file or folder of a scenario")
        return _scenario_of(tables, file, os.fspath(path), others)
    except SpecificationError as error:
        raise error if error.source else error.located(os.fspath(path)) from None


def save_scenario(scenario: Scenario, path: str | os.PathLike[str]) -> None:
    """Write a scenario to a JSON file, a workbook or a folder of CSV files.

    What is written gives the same scenario when it is read again. It is complete or not
    there: an existing file is replaced; in a folder, only the sheets' own files are.

    Parameters
    ----------
    scenario : Scenario
    path : str or path-like
        A name that ends in ``.json`` or ``.xlsx``; any other name, or a folder that exists, is
        that of a folder.

    Raises
    ------
    SpecificationError
        If the file cannot be written, or cells cannot hold the scenario.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> scenario = mg.load_scenario("examples/llava.json")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mg.save_scenario(scenario, Path(folder, "llava.xlsx"))
    ...     mg.load_scenario(Path(folder, "llava.xlsx")).termination == scenario.termination
    True
    """
    refuse_other_types(scenario, "scenario", Scenario)
    file, document = path_of(path), scenario.to_document()
    if scenario.catalog is not None and scenario.catalog.endswith(".json"):
        # The path of a catalog is relative to the scenario's own file.
        own = os.path.join(scenario.folder, scenario.catalog)
        document["catalog"] = own if os.path.isabs(own) else os.path.relpath(own, file.parent)
    write_document(document, file)


def write_document(
    document: Mapping[str, Any],
    file: Path,
    finish: Callable[[Workbook], None] | None = None,
    *,
    with_rules: bool = False,
) -> None:
    """Write the document of a scenario as the kind of file that the name says.

    Parameters
    ----------
    document : mapping
    file : pathlib.Path
    finish : callable, optional
        Adds what makes a workbook handy.
    with_rules : bool, default False
        Whether tables have a sheet of rules even if there are none.
    """
    kind = "" if file.is_dir() else file.suffix.lower()
    if kind not in ("", ".json", ".xlsx"):
        raise SpecificationError(
            f"found the ending {shown(file.suffix)}, expected .json, .xlsx or a folder",
            source=str(file),
        )
    if kind == ".json":
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        _write({file: text.encode("utf-8")})
        return
    if document.get("graph") is not None:
        raise SpecificationError(
            "found an attack graph, expected listed threats: tables have no place for graphs "
            "(write a .json file)",
            pointer="/graph",
        )
    tables = tables_of(document, as_text=kind == "", with_rules=with_rules)
    _refuse_other_scenario(document, tables, file)
    if kind == ".xlsx":
        try:
            _write({file: workbook_bytes(tables, finish)})
        except SpecificationError as error:
            raise error if error.source else error.located(str(file)) from None
        return
    with reported_writing(str(file)):
        file.mkdir(exist_ok=True)
        _write_folder(file, csv_files(tables))
        for name in SHEETS:  # of a scenario that was there before
            if name not in tables:
                (file / f"{name}.csv").unlink(missing_ok=True)


def _scenario_of(tables: Tables, file: Path, source: str, others: Sequence[str] = ()) -> Scenario:
    @cache
    def known_names(member: str, catalog: str) -> Mapping[str, str] | None:
        try:
            entries = getattr(load_catalog(catalog, file.parent), member)
        except SpecificationError:  # reported when the scenario is resolved
            return None
        return {entry.id: entry.name for entry in entries}

    reader = TableReader(tables, known_names, others)
    try:
        scenario = Scenario(**reader.document)
    except SpecificationError as error:
        raise SpecificationError(
            error.message, pointer=reader.places.name_of(error.pointer)
        ) from None
    return scenario.read_from(source, reader.places.name_of)


def _refuse_other_scenario(document: Mapping[str, Any], tables: Tables, file: Path) -> None:
    """Refuse to write what would not give the same scenario back."""
    read = _scenario_of(tables, file, str(file)).to_document()
    wanted = Scenario(**document).to_document()
    for key in wanted.keys() | read.keys():
        if (_plain(key, wanted.get(key)) or None) != (_plain(key, read.get(key)) or None):
            raise SpecificationError(
                "cannot be kept in cells (spaces around a name, or a semicolon in a list, are "
                "lost there); expected a file of JSON",
                pointer=f"/{key}",
                source=str(file),
            )


def _plain(key: str, value: Any) -> Any:
    """A member without what says nothing: blank members, and the order of the matrix."""
    if isinstance(value, dict):
        plain = {name: _plain(name, inner) for name, inner in value.items()}
        return {name: inner for name, inner in plain.items() if inner not in (None, "", {}, [])}
    if isinstance(value, list):
        entries = [_plain("", inner) for inner in value]
        if key == "effectiveness":
            entries.sort(key=lambda entry: (acts_on(entry), entry["defense"]))
        return entries
    return value


def _write(files: Mapping[Path, bytes]) -> None:
    for file, data in files.items():
        with reported_writing(str(file)), replacing(file) as stream:
            stream.write(data)


def _write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write all files beside their targets first, then replace the targets.

    If the replacement fails or is interrupted, the old files come back. ``scenario.csv``, without
    which a folder is no scenario, goes first and is replaced last: so not even a killed process
    leaves a mixture that can be read.
    """
    targets = {folder / name: text.encode("utf-8") for name, text in files.items()}
    for file in targets:
        if file.is_dir():
            raise SpecificationError("found a folder, expected a file to replace", source=str(file))
    first = folder / _FIRST_SHEET
    before = {file: file.read_bytes() for file in targets if file.exists()}
    try:
        with contextlib.ExitStack() as stack:
            for file in sorted(targets, key=lambda file: file != first):
                stream = stack.enter_context(replacing(file))  # the first is replaced last
                stream.write(targets[file])
            first.unlink(missing_ok=True)
    except BaseException:
        for file in targets:
            if file in before:
                file.write_bytes(before[file])
            else:
                file.unlink(missing_ok=True)
        raise
