"""Attack results of PyRIT: a database or its rows."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence import pyrit
from mfmgame.evidence.reading import ReadingOptions, read_trials
from mfmgame.evidence.trials import Counts

EXAMPLE = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "formats"
OUTCOMES = ("success", "failure", "failure", "error", "undetermined")


def row(number=0, outcome="success", **more):
    identity = {"attack_result_id": f"r{number}", "objective": "obtain the password"}
    return identity | {"outcome": outcome} | more


ROWS = [
    row(number, outcome, attack_identifier={"__type__": "CrescendoAttack"})
    for number, outcome in enumerate(OUTCOMES)
]


def write_database(file, rows, table="CREATE TABLE {} (id, objective, outcome, attack_identifier)"):
    with closing(sqlite3.connect(file)) as database:
        database.execute(table.format(pyrit.TABLE))
        for one in rows:
            cells = (
                one["attack_result_id"],
                one["objective"],
                one["outcome"],
                json.dumps(one.get("attack_identifier")),
            )
            database.execute(f"INSERT INTO {pyrit.TABLE} VALUES (?, ?, ?, ?)", cells)
        database.commit()


def read(path, document, name="results.json", **options):
    (path / name).write_text(json.dumps(document), "utf-8")
    return read_trials("pyrit", [path], ReadingOptions(**options))


def refusal(path, document=None):
    with pytest.raises(SpecificationError) as caught:
        read(path, document) if document is not None else read_trials("pyrit", [path])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_rows_count_by_their_outcome(tmp_path):
    for document in (ROWS, {"name": "x", "results": ROWS}):
        trials = read(tmp_path, document)
        ((task, counts),) = trials.attacks.items()
        assert (task.attack, counts) == ("CrescendoAttack", Counts(3, 1))
        assert trials.errors == Counter({("CrescendoAttack", ""): 1})
        assert trials.left_out == Counter({"the outcome is undetermined": 1})


def test_a_database_gives_the_counts_of_its_rows(tmp_path):
    file = tmp_path / "memory #1?.db"
    write_database(file, ROWS)
    before = file.read_bytes()
    trials = read_trials("pyrit", [file])
    assert list(trials.attacks.values()) == [Counts(3, 1)]
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "identifier",
    [
        {"class_name": "RedTeamingAttack"},
        {"class_name": "AtomicAttack", "children": {"attack": {"class_name": "RedTeamingAttack"}}},
        {
            "class_name": "AtomicAttack",
            "children": {
                "attack_technique": {"children": {"attack": {"class_name": "RedTeamingAttack"}}}
            },
        },
    ],
)
def test_the_attack_is_found_in_every_version_of_its_identifier(tmp_path, identifier):
    for written in (identifier, json.dumps(identifier)):
        trials = read(tmp_path, [row(atomic_attack_identifier=written)])
        assert [task.attack for task in trials.attacks] == ["RedTeamingAttack"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([row(), row()], "/1: found the result 'r0' twice"),
        ([row(), row(objective="another")], "/1: found the result 'r0' twice"),
        ([row(outcome="sucess")], "/0/outcome: found 'sucess', expected a known outcome; did"),
        ([row(outcome=True)], "/0/outcome: found true"),
        ([row(objective=None)], "/0/objective: found null"),
        ([{"outcome": "success"}], "/0/attack_result_id: missing"),
        ([3], "/0: found 3, expected an object"),
        ({"a": [], "b": []}, "found 2 lists in the object"),
        ("x", "found 'x', expected a list"),
        ([row(attack_identifier="{")], "/0/attack_identifier: line 1, column 2: not JSON"),
    ],
)
def test_impossible_rows_are_refused_with_their_place(tmp_path, document, message):
    assert refusal(tmp_path, document).startswith(f"{tmp_path / 'results.json'}: {message}")


ENDLESS = """CREATE VIEW {} AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
    SELECT x AS id, 'a' AS objective, 'success' AS outcome FROM n"""


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (ENDLESS, "has no table AttackResultEntries"),
        ("CREATE TABLE other_{} (id)", "has no table AttackResultEntries"),
        ("CREATE TABLE {} (id, outcome)", "has no column objective"),
        ("CREATE VIRTUAL TABLE {} USING fts5(objective, outcome)", "has no table"),
    ],
)
def test_databases_of_other_kinds_are_refused(tmp_path, table, message):
    write_database(tmp_path / "memory.db", [], table)
    assert message in refusal(tmp_path)


def test_hostile_databases_give_one_line(tmp_path, monkeypatch):
    file = tmp_path / "memory.db"
    write_database(file, ROWS)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read as a database" in refusal(tmp_path)
    file.write_bytes(whole.replace(b"success", b"succ\xffss"))
    assert "cannot be read as a database: Could not decode" in refusal(tmp_path)
    file.write_bytes(whole)
    monkeypatch.setattr(pyrit, "_MOST_ROWS", 4)
    assert "more rows than the limit of 4" in refusal(tmp_path)
    monkeypatch.setattr(pyrit, "_MOST_CELL_BYTES", 10)
    assert "cannot be read as a database" in refusal(tmp_path)


def test_an_endless_query_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(pyrit, "_STEPS_PER_CALL", 10)
    monkeypatch.setattr(pyrit, "_MOST_CALLS", 2)
    write_database(tmp_path / "memory.db", [row(number) for number in range(100)])
    assert "cannot be read as a database: interrupted" in refusal(tmp_path)


def test_a_database_in_use_is_refused(tmp_path):
    write_database(tmp_path / "memory.db", ROWS)
    (tmp_path / "memory.db-wal").write_bytes(b"changes")
    assert "has unfinished changes in memory.db-wal" in refusal(tmp_path)


@pytest.mark.skipif(not EXAMPLE.exists(), reason="needs the examples of formats")
def test_the_example_is_read():
    trials = read_trials("pyrit", [EXAMPLE / "pyrit_attack_results.json"])
    assert list(trials.attacks.values()) == [Counts(2, 1)]
