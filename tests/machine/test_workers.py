"""Results are the same and in order, whoever computes them and whoever is killed."""

import os
import signal
import socket
import time

import pytest

import mfmgame as mg
from mfmgame.machine.workers import MOST_LOSSES, Workers

CHUNKS = list(range(90))


def squaring(pause=0.0):
    """A function that is sent by value: this file cannot be imported by a worker."""

    def square(chunk):
        time.sleep(pause)
        return chunk * chunk, os.getpid()

    return square


def killed_at(folder, chunks, times=1):
    """The same, but for a process that is killed when it comes to certain chunks."""

    def square(chunk):
        marks = len(list(folder.glob(f"{chunk}-*")))
        if chunk in chunks and marks < times:
            (folder / f"{chunk}-{marks}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01)
        return chunk * chunk, os.getpid()

    return square


def assert_squares(results) -> set[int]:
    """The processes that have worked, once the results are found right."""
    assert [result for result, _ in results] == [chunk * chunk for chunk in CHUNKS]
    return {process for _, process in results}


def test_one_job_starts_no_process():
    assert assert_squares(list(Workers().map(squaring(), CHUNKS))) == {os.getpid()}


def test_two_jobs_are_two_other_processes():
    processes = assert_squares(list(Workers(jobs=2).map(squaring(0.02), CHUNKS)))
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_progress_is_told_after_each_chunk():
    told = []
    list(Workers(jobs=2).map(squaring(), CHUNKS[:5], lambda *count: told.append(count)))
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_results_come_while_others_are_computed():
    results = Workers(jobs=2).map(squaring(0.05), CHUNKS)
    next(results)
    start = time.monotonic()
    next(results)
    assert time.monotonic() - start < 1.0  # all of them together take over 2 seconds
    results.close()


def test_an_error_of_the_function_arrives_as_it_is():
    def refuse(chunk):
        raise mg.SpecificationError("found nothing", pointer="/here", source="a.json")

    for jobs in (1, 2):
        with pytest.raises(mg.SpecificationError) as caught:
            list(Workers(jobs=jobs).map(refuse, [1, 2]))
        assert (caught.value.pointer, str(caught.value)) == (
            "/here",
            "a.json: /here: found nothing",
        )


def test_killed_processes_lose_nothing(tmp_path):
    found = list(Workers(jobs=2).map(killed_at(tmp_path, {0, 7, 50}), CHUNKS))
    assert_squares(found)
    assert len(list(tmp_path.iterdir())) == 3


def test_work_that_kills_every_process_ends_in_an_error(tmp_path):
    message = (
        r"worker processes crashed 6 times before finishing any work "
        r"\(.* SIGKILL\(-9\)\); they may have run out of memory"
    )
    with pytest.raises(mg.WorkerError, match=message):
        list(Workers(jobs=2).map(killed_at(tmp_path, {0}, times=99), CHUNKS))
    assert len(list(tmp_path.iterdir())) >= MOST_LOSSES


def test_memory_is_not_blamed_for_work_that_ends_its_process(monkeypatch):
    monkeypatch.setattr("mfmgame.machine.workers.MOST_LOSSES", 0)
    with pytest.raises(mg.WorkerError, match=r"EXIT\(3\)\); their own messages may say why"):
        list(Workers(jobs=2).map(lambda chunk: os._exit(3), CHUNKS))


def test_processes_that_cannot_start_are_tried_once(monkeypatch):
    monkeypatch.setattr("mfmgame.machine.process_pool.SAFE_PATH", "PYTHONHOME")
    with pytest.raises(mg.WorkerError) as caught:
        list(Workers(jobs=2).map(squaring(), CHUNKS))
    assert str(caught.value) == (
        "worker processes crashed once before finishing any work (last: EXIT(1)); "
        "they failed to start; their own messages say why"
    )


def test_a_context_of_joblib_chooses_the_backend():
    import joblib

    with joblib.parallel_config("threading", n_jobs=2):
        assert assert_squares(list(Workers(jobs=None).map(squaring(), CHUNKS))) == {os.getpid()}


def test_a_dask_cluster_is_named_by_its_address(cluster):
    workers = Workers(dask=cluster.scheduler_address)
    processes = assert_squares(list(workers.map(squaring(0.02), CHUNKS)))
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_a_dask_client_at_hand_is_used_and_left_open(cluster):
    from distributed import Client

    with Client(cluster, set_as_default=False) as client:
        assert_squares(list(Workers(dask=client).map(squaring(), CHUNKS)))
        assert client.submit(sum, (1, 2)).result() == 3


def test_killed_workers_of_a_dask_cluster_lose_nothing(cluster, tmp_path):
    workers = Workers(dask=cluster.scheduler_address)
    assert_squares(list(workers.map(killed_at(tmp_path, {3, 40}), CHUNKS)))
    assert len(list(tmp_path.iterdir())) == 2


def test_what_dask_gives_up_is_computed_again(cluster, tmp_path):
    # Dask gives up a task whose workers have ended four times; the fifth would do.
    workers = Workers(dask=cluster.scheduler_address)
    assert_squares(list(workers.map(killed_at(tmp_path, {3}, times=4), CHUNKS)))
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("jobs", [0, -2, 1.0, True, "2"])
def test_a_number_of_processes_that_is_none_is_refused(jobs):
    with pytest.raises(mg.SpecificationError, match="jobs: found"):
        Workers(jobs=jobs)


@pytest.mark.parametrize("jobs", [2, -1])
def test_processes_beside_a_cluster_are_refused(jobs):
    with pytest.raises(mg.SpecificationError, match="jobs: found with a Dask cluster"):
        Workers(jobs=jobs, dask="tcp://127.0.0.1:1")


def test_two_clusters_are_refused():
    with pytest.raises(mg.SpecificationError, match="found Dask and Ray"):
        Workers(dask="tcp://127.0.0.1:1", ray=True)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("mfmgame.machine.dask_cluster.SECONDS_TO_ANSWER", 0.5)
    with pytest.raises(
        mg.SpecificationError, match=r"no Dask scheduler answers at 'tcp://127.* within 0\.5 sec"
    ):
        list(Workers(dask="tcp://127.0.0.1:9").map(squaring(), CHUNKS))


def test_a_server_of_another_kind_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("mfmgame.machine.dask_cluster.SECONDS_TO_ANSWER", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(mg.SpecificationError, match="no Dask scheduler answers at 'tcp://127"):
            list(Workers(dask=address).map(squaring(), CHUNKS))


def test_a_worker_is_no_scheduler(cluster):
    address = next(iter(cluster.scheduler_info["workers"]))
    with pytest.raises(mg.SpecificationError, match="found a Worker"):
        list(Workers(dask=address).map(squaring(), CHUNKS))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "nonsense://",
        "http://localhost:80",
        "tcp://x",
        "tcp://:8786",
        "tcp://x:y",
        "tcp://x:99999",
        "tcp://x:²",
        "://x:1",
        "x:1\n",
    ],
)
def test_an_address_that_is_none_is_refused_before_any_work(address):
    with pytest.raises(mg.SpecificationError, match="expected an address such as tcp://host:8786"):
        Workers(dask=address)


def test_an_address_may_leave_out_its_scheme(cluster):
    workers = Workers(dask=cluster.scheduler_address.removeprefix("tcp://"))
    assert_squares(list(workers.map(squaring(), CHUNKS)))


def test_a_worker_of_another_version_is_refused(monkeypatch):
    # The processes may have been started before: the version here is what changes.
    monkeypatch.setattr("mfmgame.machine.workers.__version__", "0.0.0")
    with pytest.raises(
        mg.SpecificationError, match=r"found a worker with mfmgame .*, expected 0\.0\.0"
    ):
        list(Workers(jobs=2).map(squaring(), CHUNKS))
