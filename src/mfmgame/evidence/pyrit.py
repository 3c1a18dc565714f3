"""Attack results of PyRIT: its SQLite memory, or the same rows as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from mfmgame.documents.json_reading import opened, read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import members_of, parsed, placed, prompt_id, text_of
from mfmgame.evidence.reading_options import Choice
from mfmgame.evidence.run_files import naming, with_progress
from mfmgame.evidence.trials import Progress, Task, Trials
from mfmgame.messages import nearest, shown

__all__ = ["read_pyrit"]

TABLE = "AttackResultEntries"
_SQLITE = b"SQLite format 3\0"
_IDS = ("attack_result_id", "id")
_IDENTIFIERS = ("attack_identifier", "atomic_attack_identifier")
_WITHIN = ("attack_technique", "attack")
"""Parts of an identifier, each within the other, that lead to the attack."""
_CLASS_NAMES = ("class_name", "__type__", "name")
_COLUMNS = (*_IDS, "objective", "outcome", *_IDENTIFIERS)
_OUTCOMES = ("success", "failure", "error", "undetermined")
_MOST_CELL_BYTES = 16 * 2**20
_MOST_ROWS = 10_000_000
_STEPS_PER_CALL = 1_000_000
_MOST_CALLS = 20_000
"""A query that takes more steps than these calls is ended: a file may define an endless table."""


def read_pyrit(files: Sequence[Path], choice: Choice, progress: Progress | None) -> Trials:
    """Count the attack results of PyRIT by their outcome.

    Parameters
    ----------
    files : sequence of pathlib.Path
    choice : Choice
    progress : callable, optional

    Returns
    -------
    Trials

    Raises
    ------
    SpecificationError
        If a file is neither such a database nor its rows, or a result occurs twice.
    """
    trials = Trials()
    seen: set[str] = set()
    for file in with_progress(files, progress):
        with naming(file):
            for place, row in _rows(file):
                with placed(place):
                    _count(members_of(row), trials, choice, seen)
    return trials


def _count(row: Mapping[str, Any], trials: Trials, choice: Choice, seen: set[str]) -> None:
    key = next((key for key in _IDS if row.get(key) is not None), _IDS[0])
    identity = text_of(row, key)
    if identity in seen:
        raise SpecificationError(f"found the result {shown(identity)} twice, expected it once")
    seen.add(identity)
    attack = _attack(row)
    outcome = text_of(row, "outcome")
    if outcome not in _OUTCOMES:
        raise SpecificationError(
            f"found {shown(outcome)}, expected {nearest(outcome, _OUTCOMES, 'outcome')}",
            pointer="/outcome",
        )
    if not choice.takes(attack):
        return
    if outcome == "error":
        trials.errors[attack, ""] += 1
    elif outcome == "undetermined":
        trials.left_out["the outcome is undetermined"] += 1
    else:
        if not isinstance(row.get("objective"), str):
            raise SpecificationError(
                f"found {shown(row.get('objective'))}, expected text", pointer="/objective"
            )
        task = Task(attack, "", prompt_id(row["objective"]))
        trials.add_attack(task, outcome == "success", identity)


def _attack(row: Mapping[str, Any]) -> str:
    """Return the class name of an attack; empty if the row does not name it."""
    for key in _IDENTIFIERS:
        identifier = row.get(key)
        with placed(f"/{key}"):
            if isinstance(identifier, str):  # as a database holds it
                identifier = parsed(identifier.encode("utf-8", "surrogatepass"))
            for child in _WITHIN:
                identifier = _child(identifier, child)
            if isinstance(identifier, dict):
                for member in _CLASS_NAMES:
                    if isinstance(identifier.get(member), str):
                        return text_of(identifier, member)
    return ""


def _child(identifier: object, name: str) -> object:
    """Return the part of an identifier that has this name, or else the identifier."""
    children = identifier.get("children") if isinstance(identifier, dict) else None
    child = children.get(name) if isinstance(children, dict) else None
    return identifier if child is None else child


def _rows(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield the place of each row, and the row."""
    if file.is_file():
        with opened(file) as stream:
            if stream.read(len(_SQLITE)) == _SQLITE:
                yield from _database_rows(file)
                return
    document = parsed(read_bytes(file))
    place = ""
    if isinstance(document, dict):
        lists = [key for key, value in document.items() if isinstance(value, list)]
        if len(lists) != 1:
            raise SpecificationError(
                f"found {len(lists)} lists in the object, expected one list of attack results"
            )
        place, document = f"/{lists[0]}", document[lists[0]]
    if not isinstance(document, list):
        raise SpecificationError(f"found {shown(document)}, expected a list of attack results")
    for index, row in enumerate(document):
        yield f"{place}/{index}", row


def _database_rows(file: Path) -> Iterator[tuple[str, Any]]:
    log = file.with_name(f"{file.name}-wal")
    if log.is_file() and log.stat().st_size:
        raise SpecificationError(
            f"has unfinished changes in {log.name}, expected a database that PyRIT has closed"
        )
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    calls = iter(range(_MOST_CALLS))
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_CELL_BYTES)
            database.set_progress_handler(lambda: next(calls, None) is None, _STEPS_PER_CALL)
            database.execute("PRAGMA trusted_schema = OFF")
            columns = _columns(database)
            query = f'SELECT {", ".join(columns)} FROM "{TABLE}" ORDER BY rowid'  # known names only
            for number, row in enumerate(database.execute(query)):
                if number == _MOST_ROWS:
                    raise SpecificationError(f"has more rows than the limit of {_MOST_ROWS}")
                yield f"row {number + 1}", dict(zip(columns, row, strict=True))
    except sqlite3.Error as error:
        raise SpecificationError(f"cannot be read as a database: {error}") from None


def _columns(database: sqlite3.Connection) -> list[str]:
    """Return those columns of the table that are read."""
    kinds = database.execute("SELECT type, sql FROM sqlite_schema WHERE name = ?", (TABLE,))
    kind, definition = kinds.fetchone() or ("", "")
    if kind != "table" or str(definition).upper().startswith("CREATE VIRTUAL"):
        raise SpecificationError(f"has no table {TABLE}, expected a memory of PyRIT")
    present = {row[1] for row in database.execute(f'PRAGMA table_info("{TABLE}")')}
    for column in ("objective", "outcome"):
        if column not in present:
            raise SpecificationError(f"the table {TABLE} has no column {column}")
    return [column for column in _COLUMNS if column in present]
