"""Measurement of a case in a process of its own: value, time and memory."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import mfmgame as mg
from benchmarks.cases import Case
from benchmarks.peers import matrix_strategies

MOST_ROUNDS = 100


def measured(case: Case, benchmark: Any, *, seconds: float, budget: float) -> dict[str, Any]:
    """Measure status, value, times and memory of a peer on a game."""
    peer = case.adapter
    try:
        for package in peer.packages:
            version(package)
    except PackageNotFoundError:
        return {"status": "not installed"}
    problem = case.problem()
    spent: list[float] = []

    def timed() -> Any:
        start = cpu_seconds()
        value = peer.solve(prepared)
        spent.append(cpu_seconds() - start)
        return value

    try:
        # A small game triggers imports and compilation, which are not part of the answer.
        peer.solve(peer.prepare(case.small().problem()))
        with memory() as grown:
            prepared = peer.prepare(problem)
            start = time.perf_counter()
            with killed_after(budget):
                value = timed()
            first = time.perf_counter() - start
    except NotImplementedError:
        return {"status": "not in this version"}
    except Exception as error:  # any exception of a peer is its result
        return {"status": "error", "error": type(error).__name__}
    rounds = int(np.clip(seconds / first, 1, MOST_ROUNDS))
    benchmark.pedantic(timed, rounds=rounds, iterations=1, warmup_rounds=0)
    return {
        "status": "done",
        "value": np.ravel(value).tolist(),
        "wall": min(first, benchmark.stats.stats.min),
        "cpu": min(spent),
        "rounds": len(spent),
        "memory": grown["bytes"],
    }


def proof(case: Case) -> dict[str, Any]:
    """Prove brackets of a problem's values in exact arithmetic."""
    problem, about = case.problem(), {}
    if case.group == "matrix":
        bounds = [matrix_bracket(problem)]
    elif case.group.startswith("sweep"):
        game, points = problem
        about["pieces"] = mg.sweep(game).n_pieces
        solver = mg.Solver(game)
        bounds = [
            verified(solver.solve(point), game.with_attacker_bandwidth(point))
            for point in points.tolist()
        ]
    else:
        bounds = [verified(mg.solve(problem), problem)]
    lower, upper = zip(*bounds, strict=True)
    return {"status": "done", "lower": lower, "upper": upper, **about}


def verified(solution: mg.Solution, game: mg.DefenseGame) -> tuple[float, float]:
    proven = mg.verify(solution, game)
    return proven.lower, proven.upper


def matrix_bracket(losses: np.ndarray) -> tuple[float, float]:
    """Compute the bracket that two mixtures guarantee, in fractions: valid for any mixtures."""
    rows, columns = (
        [Fraction(max(share, 0.0)) for share in mixture.tolist()]
        for mixture in matrix_strategies(losses)
    )
    exact = [[Fraction(loss) for loss in row] for row in losses.tolist()]
    upper = max(
        sum(share * row[column] for share, row in zip(rows, exact, strict=True))
        for column in range(len(columns))
    ) / sum(rows)
    lower = min(
        sum(share * loss for share, loss in zip(columns, row, strict=True)) for row in exact
    ) / sum(columns)
    return float(lower), float(upper)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@contextlib.contextmanager
def killed_after(seconds: float) -> Iterator[None]:
    """Kill this process, even in compiled code, if the block takes longer."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


@contextlib.contextmanager
def memory() -> Iterator[dict[str, int]]:
    """Measure the growth of this process's peak memory in the block, and its children's peak."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: reset the peak
    before, grown = peak_memory(), {"bytes": 0}
    with children_watched() as children:
        yield grown
    grown["bytes"] = peak_memory() - before + sum([*children.values()])


def peak_memory(process: int | str = "self") -> int:
    """Return the greatest resident memory of a process in bytes, from the operating system.

    On Linux this is not ``ru_maxrss``, which a process inherits from its parent.
    """
    status = Path(f"/proc/{process}/status")
    if status.exists():
        return _kilobytes(status, "VmHWM:")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_memory() -> int:
    """Return the resident memory of this process in bytes; without /proc, its peak."""
    status = Path("/proc/self/status")
    return _kilobytes(status, "VmRSS:") if status.exists() else peak_memory()


def _kilobytes(status: Path, key: str) -> int:
    lines = status.read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), 0)


@contextlib.contextmanager
def children_watched() -> Iterator[dict[str, int]]:
    """Record the peak memory of each child process, sampled every two milliseconds."""
    peaks: dict[str, int] = {}
    done = threading.Event()
    listed = Path(f"/proc/self/task/{os.getpid()}/children")

    def watch() -> None:
        while not done.wait(0.002):
            for child in listed.read_text().split():
                with contextlib.suppress(OSError):  # the child has just ended
                    # Until a child runs its own program, it shares our memory.
                    if os.readlink(f"/proc/{child}/exe") != os.readlink("/proc/self/exe"):
                        peaks[child] = max(peaks.get(child, 0), peak_memory(child))

    thread = threading.Thread(target=watch, daemon=True)
    if listed.exists():
        thread.start()
    try:
        yield peaks
    finally:
        done.set()


def best_time(call: Callable[[], object], benchmark: Any, rounds: int) -> float:
    benchmark.pedantic(call, rounds=rounds, iterations=1, warmup_rounds=1)
    return float(benchmark.stats.stats.min)
