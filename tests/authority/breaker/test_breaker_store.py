"""State of a circuit breaker: shared by processes that may die, and refused when broken."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import mfmgame as mg
from breakers import SEND, TRUSTED, admitted, breaker, policy, rows
from mfmgame.authority.breaker import store_file
from mfmgame.authority.breaker.breaker_status import read_status

MOST = 60
LIMIT = MOST * 2.81
"""Bits in which 60 calls fit, and a 61st does not."""

ROUNDS = """
import os, random, signal, sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from breakers import SEND, breaker

def admit_all(name, path):
    seen = os.open(f"{{path}}.{{name}}", os.O_CREAT | os.O_WRONLY)
    with breaker(limit={limit!r}, path=path) as found:
        while True:
            decision = found.admit(name, SEND)
            if not decision.admitted:
                assert "the breaker" in decision.reason, decision.reason
                break
            os.write(seen, f"{{decision.spent!r}}\\n".encode())
            time.sleep(0.002)  # SQLite is not fair to those who wait

breaker(limit={limit!r}).close()  # everything is imported before the first fork
dice = random.Random(1)
for turn in range({turns}):
    children = []
    for k in range(8):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                admit_all(f"s{{k}}", Path({folder!r}) / f"{{turn}}.db")
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    killed = dice.sample(children, 5)
    for child in killed:
        time.sleep(dice.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
    ends = {{child: os.waitpid(child, 0)[1] for child in children}}
    assert all(ends[child] == 0 for child in children if child not in killed), ends
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks processes")
def test_processes_that_are_killed_at_random_never_admit_beyond_the_limit(tmp_path):
    turns, side_by_side = 12, 0
    code = ROUNDS.format(paths=sys.path, limit=LIMIT, folder=str(tmp_path), turns=turns)
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    for turn in range(turns):
        path = tmp_path / f"{turn}.db"
        lines = [file.read_text().splitlines() for file in tmp_path.glob(f"{turn}.db.s*")]
        seen = [line for of_one in lines for line in of_one]
        status = read_status(path)
        (system,) = status.scopes
        assert len(set(seen)) == len(seen) <= system.calls == MOST
        assert len(seen) >= system.calls - 5  # each killed process may have lost an answer
        assert status.admitted == MOST == sum(row[0] for row in rows(path, "is_admitted"))
        assert max(spent for _, spent in rows(path, "is_admitted, spent")) <= LIMIT
        side_by_side += sum(len(of_one) > 0 for of_one in lines) > 2
    assert side_by_side  # processes did admit calls side by side


def test_threads_share_a_breaker(tmp_path):
    for path in (tmp_path / "a.db", None):
        decisions: list[bool] = []
        with breaker(limit=LIMIT, path=path) as found:
            threads = [
                threading.Thread(target=lambda: decisions.extend(admitted(found, *"s" * 10)))  # noqa: B023
                for _ in range(6)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sum(decisions) == MOST == found.status().scopes[0].calls


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
@pytest.mark.parametrize("kept", [True, False])
def test_a_forked_process_opens_the_file_again_and_has_no_state_in_memory(tmp_path, kept):
    path = tmp_path / "a.db" if kept else None
    with breaker(limit=6, path=path) as found:
        assert admitted(found, "s") == [True]
        pipe, end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                decisions = [found.admit("s", SEND) for _ in range(2)]
                text = json.dumps([[one.admitted, one.reason] for one in decisions])
                os.write(end, text.encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        os.close(end)
        with os.fdopen(pipe) as stream:
            answers = json.load(stream)
        assert [one[0] for one in answers] == [kept, False]
        if not kept:
            assert answers[0][1] == "the state in memory belongs to the parent process"
        assert admitted(found, "s") == [not kept]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
def test_what_a_forked_process_spends_outlives_the_connection_of_its_parent(tmp_path):
    path = tmp_path / "a.db"
    found = breaker(limit=9, path=path)
    assert admitted(found, "s") == [True]
    (told, tell), (answer, answers) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            first = found.admit("s", SEND).admitted
            os.write(answers, b"x")
            os.read(told, 1)
            os.write(answers, b"%d" % (first + found.admit("s", SEND).admitted))
        finally:
            os._exit(0)
    os.read(answer, 1)
    found.close()  # SQLite removes its log with the last connection that it knows of
    read_status(path)
    os.write(tell, b"x")
    assert os.read(answer, 1) == b"2"
    os.waitpid(child, 0)
    assert read_status(path).scopes[0].calls == 3
    for end in (told, tell, answer, answers):
        os.close(end)


def damaged(path, statement):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE scopes SET calls = -1", "a count in the state is damaged"),
        ("UPDATE scopes SET calls = 'many'", "a count in the state is damaged"),
        ("UPDATE scopes SET calls = 1e300", "a count in the state is damaged"),
        ("UPDATE sessions SET calls_by_tool = '[1]'", "calls of a session in the state are"),
        ("UPDATE sessions SET calls_by_tool = '{'", "calls of a session in the state are"),
        ("UPDATE scopes SET opened = CAST(x'ff' AS TEXT)", "the state cannot be used: Could not"),
        ("DROP TABLE entries", "the state cannot be used: no such table"),
    ],
)
def test_damaged_numbers_are_refused_not_guessed(tmp_path, statement, reason):
    path = tmp_path / "a.db"
    with breaker(limit=6, path=path) as found:
        assert admitted(found, "s") == [True]
        damaged(path, statement)
        refused = found.admit("s", SEND)
        assert reason in refused.reason
        assert (refused.admitted, refused.spent, refused.left) == (False, None, None)


def test_a_removed_or_replaced_file_admits_nothing(tmp_path):
    path = tmp_path / "a.db"
    with breaker(limit=6, path=path) as found:
        assert admitted(found, "s") == [True]
        path.rename(tmp_path / "b.db")
        assert "the state was removed" in found.admit("s", SEND).reason
        with breaker(limit=6, path=path) as other:
            assert admitted(other, "s") == [True]
        assert "replaced by another file" in found.admit("s", SEND).reason


def test_a_full_disk_admits_nothing(tmp_path):
    with breaker(limit=10**9, path=tmp_path / "a.db") as found:
        connection = found._store._file._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        decisions = [found.admit(f"session {k}", SEND) for k in range(200)]
        refused = [one for one in decisions if not one.admitted]
        assert refused
        assert {one.reason for one in refused} == {
            "the state cannot be used: database or disk is full"
        }
        connection.execute("PRAGMA max_page_count = 100000")
        status = found.status()
        assert status.admitted == status.scopes[0].calls == len(decisions) - len(refused)


def test_a_state_that_is_held_for_too_long_admits_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(store_file, "_SECONDS_OF_WAITING", 0.05)
    path = tmp_path / "a.db"
    with breaker(limit=6, path=path) as found:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        assert (
            found.admit("s", SEND).reason == "other processes kept the state busy for 0.05 seconds"
        )
        with pytest.raises(mg.SpecificationError, match="other processes kept the state busy"):
            found.status()
        holder.execute("ROLLBACK")
        holder.close()
        assert admitted(found, "s") == [True]


def test_a_closed_breaker_admits_nothing(tmp_path):
    for path in (tmp_path / "a.db", None):
        found = breaker(limit=6, path=path)
        found.close()
        assert "closed" in found.admit("s", SEND).reason


def test_a_taint_that_cannot_be_recorded_holds_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(store_file, "_SECONDS_OF_WAITING", 0.05)
    path = tmp_path / "a.db"
    with breaker(limit=6, path=path, rules=policy(trusted_sources=TRUSTED)) as found:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(mg.SpecificationError, match="other processes kept the state busy"):
            found.taint("s", "tool_result:read")
        holder.execute("ROLLBACK")
        holder.close()
        assert [found.admit(name, SEND).bits > 0 for name in "st"] == [True, False]


def other_database(path):
    damaged(path, "CREATE TABLE cookies (name TEXT)")


def with_trigger(path):
    breaker(limit=6, path=path).close()
    damaged(path, "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM scopes; END")


def of_another_version(path):
    breaker(limit=6, path=path).close()
    damaged(path, "PRAGMA user_version = 2")


def without_certificate(path):
    breaker(limit=6, path=path).close()
    damaged(path, "UPDATE certificate SET limit_bits = '0x1/0x0'")


def to_itself(path):
    path.symlink_to(path)


def to_a_file(path):
    breaker(limit=6, path=path.with_suffix(".real")).close()
    path.symlink_to(path.with_suffix(".real"))


HOSTILE = {
    "no database": (lambda path: path.write_bytes(b"x" * 5000), "file is not a database"),
    "cut off": (lambda path: path.write_bytes(b"SQLite format 3\0"), "file is not a database"),
    "other database": (other_database, "found another SQLite database"),
    "trigger": (with_trigger, "found other tables, expected schema version 1"),
    "version": (of_another_version, "found other tables, expected schema version 1"),
    "certificate": (without_certificate, "the certificate in the state is damaged"),
    "folder": (lambda path: path.mkdir(), "found a folder or device, expected a file"),
    "pipe": (lambda path: os.mkfifo(path), "found a folder or device, expected a file"),
    "link": (to_a_file, "found a symbolic link, expected a file"),
    "circular link": (to_itself, "found a symbolic link, expected a file"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_state_is_refused_in_one_line_and_left_as_it_is(tmp_path, kind):
    make, reason = HOSTILE[kind]
    path = tmp_path / "a.db"
    make(path)
    before = path.read_bytes() if path.is_file() and kind != "link" else None
    for opened in (lambda: breaker(limit=6, path=path), lambda: read_status(path)):
        with pytest.raises(mg.SpecificationError) as caught:
            opened()
        assert reason in str(caught.value)
        assert str(caught.value).startswith(f"{path}: ")
        assert len(str(caught.value).splitlines()) == 1
    if before is not None:
        assert path.read_bytes() == before


def test_a_state_that_cannot_be_made_is_refused(tmp_path):
    for path in (tmp_path / "none" / "a.db", tmp_path / ("a" * 300), tmp_path / "a\0b"):
        with pytest.raises(mg.SpecificationError, match="cannot be used"):
            breaker(limit=6, path=path)
    with pytest.raises(mg.SpecificationError, match="No such file"):
        read_status(tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists()


def test_only_its_owner_reads_a_state(tmp_path):
    with breaker(limit=6, path=tmp_path / "a.db") as found:
        assert admitted(found, "s") == [True]
        modes = {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {0o600}


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with breaker(limit=6, path=Path("a.db")) as found:
        monkeypatch.chdir("/")
        assert admitted(found, "s") == [True]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE certificate SET count = '0x0'",
        "UPDATE certificate SET limit_bits = '-0x5/0x1'",
        "UPDATE certificate SET plan = x'ff'",
        "INSERT INTO scopes VALUES (x'ff', 1, NULL)",
        "INSERT INTO scopes VALUES ('a', 1, x'ff')",
    ],
)
def test_the_status_of_a_damaged_state_is_an_error_of_a_line(tmp_path, statement):
    with breaker(limit=6, path=tmp_path / "state.db"):
        pass
    damaged(tmp_path / "state.db", statement)
    with pytest.raises(mg.SpecificationError, match="in the state is damaged"):
        read_status(tmp_path / "state.db")
