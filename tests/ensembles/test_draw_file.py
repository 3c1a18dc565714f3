"""Draws in a file: whole or not there, and the same bytes however often a run is cut off."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

import mfmgame as mg
from mfmgame.ensembles.draw_table import DrawTables

N = 220


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "draws.parquet"


@pytest.fixture
def whole(scenario, tmp_path_factory) -> bytes:
    """What the file holds after a run that nothing has cut off."""
    file = tmp_path_factory.mktemp("whole") / "draws.parquet"
    mg.ensemble(scenario, n=N, seed=7, to=file)
    return file.read_bytes()


def cut_off(scenario, target, after, **more) -> None:
    """A run that is interrupted once so many draws are finished."""

    def interrupt(finished, total):
        if finished >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"draws\.parquet\.parts, and the same command"):
        mg.ensemble(scenario, n=N, seed=7, to=target, progress=interrupt, **more)


def test_the_file_holds_the_draws_and_their_answers(scenario, target):
    found = mg.ensemble(scenario, n=N, seed=7, to=target)
    table = pyarrow.parquet.read_table(target)
    frame = found.to_frame(inputs=True)
    assert table.column_names == ["draw", *frame.columns]
    assert table.column("draw").to_pylist() == list(range(N))
    for name in frame.columns:
        np.testing.assert_array_equal(table.column(name).to_numpy(), frame[name].to_numpy())
    run = json.loads(table.schema.metadata[b"mfmgame"])
    assert (run["draws"], run["seed"], run["version"]) == (N, 7, mg.__version__)
    assert [file.name for file in target.parent.iterdir()] == ["draws.parquet"]


def test_a_file_makes_no_difference_to_the_answer(scenario, target):
    kept = mg.ensemble(scenario, n=N, seed=7, to=target)
    assert kept.rows.tobytes() == mg.ensemble(scenario, n=N, seed=7).rows.tobytes()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_was_cut_off_goes_on_and_ends_with_the_same_bytes(scenario, target, whole, jobs):
    cut_off(scenario, target, 60, workers=mg.Workers(jobs=jobs))
    assert not target.exists()
    told = []
    found = mg.ensemble(
        scenario,
        n=N,
        seed=7,
        to=target,
        progress=lambda *count: told.append(count),
        workers=mg.Workers(jobs=jobs),
    )
    assert told[0] == (100, N)
    assert target.read_bytes() == whole
    assert found.rows.tobytes() == mg.ensemble(scenario, n=N, seed=7).rows.tobytes()
    assert [file.name for file in target.parent.iterdir()] == ["draws.parquet"]


def test_a_dask_cluster_writes_the_same_bytes(scenario, target, whole, cluster):
    mg.ensemble(
        scenario, n=N, seed=7, to=target, workers=mg.Workers(dask=cluster.scheduler_address)
    )
    assert target.read_bytes() == whole


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_killed_run_goes_on_where_it_stopped(document, tmp_path, jobs):
    (tmp_path / "scenario.json").write_text(json.dumps(document))
    draws = tmp_path / "draws.parquet"
    parts = tmp_path / "draws.parquet.parts"
    command = [sys.executable, "-m", "mfmgame", "ensemble", "scenario.json"]
    command += ["-n", "600", "--seed", "3", "--draws", "draws.parquet", "--jobs", jobs]
    options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    run = subprocess.Popen(command, start_new_session=True, **options)
    deadline = time.monotonic() + 60
    while len(list(parts.glob("0*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    kept = {file.name: file.stat().st_mtime_ns for file in parts.glob("0*.parquet")}
    assert 3 <= len(kept) < 12
    assert not draws.exists()
    (parts / ".draws.parquet.cut").write_bytes(b"what a kill leaves")

    again = subprocess.run(command, check=False, **options)
    assert again.returncode == 0, again.stderr
    assert not parts.exists()
    fresh = tmp_path / "fresh.parquet"
    mg.ensemble(mg.load_scenario(tmp_path / "scenario.json"), n=600, seed=3, to=fresh)
    assert draws.read_bytes() == fresh.read_bytes()


@pytest.mark.parametrize("change", ["n", "seed", "scenario", "tolerance", "measures"])
def test_draws_of_another_run_are_refused(scenario, document, target, change):
    cut_off(scenario, target, 60)
    before = sorted(
        (file.name, file.read_bytes()) for file in target.with_name("draws.parquet.parts").iterdir()
    )
    other = {
        "n": {"n": N + 1},
        "seed": {"seed": 8},
        "tolerance": {"tolerance": 1e-7},
        "measures": {"measures": {"bits": lambda game, solution: game.attacker_bandwidth}},
        "scenario": {},
    }[change]
    if change == "scenario":
        scenario = mg.Scenario(**{**document, "termination": {"loss": 2.5}})
    with pytest.raises(mg.SpecificationError, match="found draws of another run") as caught:
        mg.ensemble(scenario, **{"n": N, "seed": 7, "to": target, **other})
    assert caught.value.source == str(target) + ".parts"
    folder = target.with_name("draws.parquet.parts")
    assert sorted((file.name, file.read_bytes()) for file in folder.iterdir()) == before


def twice(game, solution):
    return 2 * solution.value


def test_own_measures_that_are_the_same_go_on_and_others_do_not(scenario, target):
    cut_off(scenario, target, 100, measures={"own": twice})
    more = {"n": N, "seed": 7, "to": target}

    def changed(game, solution):
        return 3 * solution.value

    changed.__qualname__, changed.__module__ = twice.__qualname__, twice.__module__
    with pytest.raises(mg.SpecificationError, match="found draws of another run"):
        mg.ensemble(scenario, **more, measures={"own": changed})
    told = []
    found = mg.ensemble(
        scenario, **more, measures={"own": twice}, progress=lambda *count: told.append(count)
    )
    assert told[0] == (100, N)
    np.testing.assert_array_equal(found["own"], 2 * found["value"])
    with pytest.raises(mg.SpecificationError, match="found draws of another run"):
        mg.ensemble(scenario, **more, measures={"own": changed})


class Times:
    """A measure that no fingerprint tells from another."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, game, solution):
        return self.factor * solution.value


def test_nothing_is_taken_from_own_measures_that_cannot_be_told_apart(scenario, target, whole):
    folder = target.with_name("draws.parquet.parts")
    more = {"n": N, "seed": 7, "to": target}

    def interrupt(finished, total):
        if finished >= 60:
            kept.update({file.name: file.read_bytes() for file in folder.iterdir()})
            raise KeyboardInterrupt

    kept = {}
    with pytest.raises(KeyboardInterrupt, match="nothing is kept, because changes of own measures"):
        mg.ensemble(scenario, **more, measures={"own": Times(2)}, progress=interrupt)
    assert list(target.parent.iterdir()) == []

    folder.mkdir()
    for name, content in kept.items():  # as a kill leaves them
        (folder / name).write_bytes(content)
    found = mg.ensemble(scenario, **more, measures={"own": Times(3)})
    np.testing.assert_array_equal(found["own"], 3 * found["value"])
    before = target.read_bytes()
    with pytest.raises(mg.SpecificationError, match="own measures may differ from those"):
        mg.ensemble(scenario, **more, measures={"own": Times(4)})
    assert target.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"PAR1", "cut", "other"])
def test_a_chunk_that_is_not_whole_is_computed_again(scenario, target, whole, damage):
    cut_off(scenario, target, 100)
    folder = target.with_name("draws.parquet.parts")
    first, second = folder / "000000000000.parquet", folder / "000000000050.parquet"
    content = first.read_bytes()
    if damage == "cut":
        first.write_bytes(content[:-20])
    elif damage == "other":
        second.write_bytes(content)
    else:
        first.write_bytes(damage)
    with pytest.warns(RuntimeWarning, match=r"found damaged draws .*; they are computed again"):
        mg.ensemble(scenario, n=N, seed=7, to=target)
    assert target.read_bytes() == whole


def test_a_chunk_with_another_number_is_computed_again(scenario, target, whole):
    cut_off(scenario, target, 100)
    part = target.with_name("draws.parquet.parts") / "000000000050.parquet"
    table = pyarrow.parquet.read_table(part)
    place = table.column_names.index("value")
    values = table.column("value").to_numpy().copy()
    values[3] = np.nextafter(values[3], 9.0)
    table = table.set_column(place, table.schema.field(place), pyarrow.array(values))
    pyarrow.parquet.write_table(table, part, use_dictionary=False)
    with pytest.warns(RuntimeWarning, match=r"000000000050\.parquet; they are computed again"):
        mg.ensemble(scenario, n=N, seed=7, to=target)
    assert target.read_bytes() == whole


def test_no_flipped_bit_changes_a_number(tmp_path):
    tables = DrawTables(["value", "threshold"], ["severity"], b"run")
    numbers = np.array([[1.0, -0.0, np.inf], [0.0, 0.0, -np.nan], [5e-324, 2.0, np.nan]])
    file = tmp_path / "part"
    with file.open("wb") as stream:
        tables.write(stream, 50, numbers)
    content = file.read_bytes()
    accepted = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        found = tables.read(file, (50, 53))
        accepted += found is not None
        assert found is None or found[0].tobytes() == numbers.tobytes()
    assert accepted < len(content) / 2  # statistics, for one, are no part of the numbers
    file.write_bytes(content)
    assert tables.read(file, (50, 53))[0].tobytes() == numbers.tobytes()


def test_a_whole_file_is_read_and_not_computed_again(scenario, target, whole):
    first = mg.ensemble(scenario, n=N, seed=7, to=target)
    before = target.stat().st_mtime_ns
    told = []
    again = mg.ensemble(
        scenario, n=N, seed=7, to=target, progress=lambda *count: told.append(count)
    )
    assert told == [(N, N)]
    assert again.rows.tobytes() == first.rows.tobytes()
    assert target.read_bytes() == whole
    assert target.stat().st_mtime_ns == before
    assert [file.name for file in target.parent.iterdir()] == ["draws.parquet"]


def test_what_a_kill_leaves_beside_a_whole_file_is_removed(scenario, target, whole):
    cut_off(scenario, target, 60)
    target.write_bytes(whole)
    mg.ensemble(scenario, n=N, seed=7, to=target)
    assert [file.name for file in target.parent.iterdir()] == ["draws.parquet"]


def test_the_chunks_of_another_run_beside_a_whole_file_are_left_alone(scenario, target):
    folder = target.with_name("draws.parquet.parts")
    cut_off(scenario, target, 60)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    other = target.with_name("other.parquet")
    expected = mg.ensemble(scenario, n=N, seed=8, to=other).rows
    other.rename(target)
    again = mg.ensemble(scenario, n=N, seed=8, to=target)
    assert again.rows.tobytes() == expected.tobytes()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_chunk_that_is_changed_before_the_end_is_in_no_whole_file(
    scenario, target, whole, change
):
    part = target.with_name("draws.parquet.parts") / "000000000000.parquet"

    def tamper(finished, total):
        if finished < total:
            return
        if change == "removed":
            part.unlink()
            return
        table = pyarrow.parquet.read_table(part)
        names = table.column_names[1:]
        inputs = [name for name in names if name.startswith("input/")]
        columns = [name for name in names if name not in inputs]
        run = table.schema.metadata[b"mfmgame"]
        numbers = np.column_stack([table.column(name).to_numpy() for name in names])
        tables = DrawTables(columns, [name.removeprefix("input/") for name in inputs], run)
        with part.open("wb") as stream:
            tables.write(stream, 0, numbers + 1.0)
        assert tables.read(part, (0, len(numbers))) is not None  # whole in itself

    with pytest.raises(mg.SpecificationError, match="found changed or removed draws") as caught:
        mg.ensemble(scenario, n=N, seed=7, to=target, progress=tamper)
    assert caught.value.source == str(part)
    assert not target.exists()


def test_a_folder_that_a_kill_has_left_before_its_manifest_is_taken(scenario, target, whole):
    folder = target.with_name("draws.parquet.parts")
    folder.mkdir()
    (folder / ".manifest.json.x1").write_bytes(b"{")
    mg.ensemble(scenario, n=N, seed=7, to=target)
    assert target.read_bytes() == whole
    assert not folder.exists()


def test_a_damaged_file_is_computed_again(scenario, target, whole):
    place = whole.index(b"PAR1") + 200  # among the numbers
    target.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    with pytest.warns(RuntimeWarning, match=r"found damaged draws .*draws\.parquet; they"):
        found = mg.ensemble(scenario, n=N, seed=7, to=target)
    assert target.read_bytes() == whole
    assert found.rows.tobytes() == mg.ensemble(scenario, n=N, seed=7).rows.tobytes()


@pytest.mark.parametrize("content", ["other run", "other table", b"dear reader", b""])
def test_another_file_is_refused_and_left_alone(scenario, target, content):
    complaint = "found a file that holds no draws; remove it, or name another file"
    if content == "other run":
        mg.ensemble(scenario, n=N, seed=8, to=target)
        complaint = "found draws of another run"
    elif content == "other table":
        pyarrow.parquet.write_table(pyarrow.table({"draw": [1]}), target)
    else:
        target.write_bytes(content)
    before = target.read_bytes()
    with pytest.raises(mg.SpecificationError, match=complaint) as caught:
        mg.ensemble(scenario, n=N, seed=7, to=target)
    assert caught.value.source == str(target)
    assert target.read_bytes() == before
    assert [file.name for file in target.parent.iterdir()] == ["draws.parquet"]


@pytest.mark.parametrize("name", ["draws.csv", "draws", ".parquet"])
def test_an_ending_that_would_mislead_is_refused(scenario, tmp_path, name):
    with pytest.raises(mg.SpecificationError, match=r"found the ending '.*', expected \.parquet"):
        mg.ensemble(scenario, n=N, seed=7, to=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_has_finished_nothing_leaves_nothing(scenario, target):
    def interrupt(finished, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=f"interrupted before any of {N} draws was fin"):
        mg.ensemble(scenario, n=N, seed=7, to=target, progress=interrupt)
    assert list(target.parent.iterdir()) == []


def test_a_folder_of_other_files_is_left_alone(scenario, target):
    folder = target.with_name("draws.parquet.parts")
    folder.mkdir()
    (folder / "letter.txt").write_text("dear reader")
    with pytest.raises(mg.SpecificationError, match="found files that are not from a run"):
        mg.ensemble(scenario, n=N, seed=7, to=target)
    assert [file.name for file in folder.iterdir()] == ["letter.txt"]


def test_a_file_beside_the_chunks_is_not_removed(scenario, target, whole):
    cut_off(scenario, target, 60)
    letter = target.with_name("draws.parquet.parts") / "letter.txt"
    letter.write_text("dear reader")
    mg.ensemble(scenario, n=N, seed=7, to=target)
    assert target.read_bytes() == whole
    assert letter.read_text() == "dear reader"


def test_a_folder_that_is_not_there_is_named(scenario, tmp_path):
    with pytest.raises(mg.SpecificationError, match="cannot be written: No such file"):
        mg.ensemble(scenario, n=N, seed=7, to=tmp_path / "none" / "draws.parquet")


def test_a_target_that_is_a_folder_is_refused(scenario, tmp_path):
    with pytest.raises(mg.SpecificationError, match="found no regular file"):
        mg.ensemble(scenario, n=N, seed=7, to=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pyarrow_is_asked_for_where_it_is_missing(scenario, target, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(mg.SpecificationError, match=r"needs pyarrow: .*mfmgame\[ensemble\]"):
        mg.ensemble(scenario, n=N, seed=7, to=target)
