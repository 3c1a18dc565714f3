"""Many solves in one process: time and memory must not grow."""

import time

import mfmgame as mg
from benchmarks.games import defense_game
from benchmarks.measure import resident_memory


def test_endurance(benchmark, results, smoke):
    count = 20 if smoke else 10_000
    part = count // 10
    game = defense_game(73, 15, "best_of")

    def solve_many():
        seconds, memory = [], []
        for _ in range(count):
            start = time.perf_counter()
            mg.solve(game)
            seconds.append(time.perf_counter() - start)
            memory.append(resident_memory() if len(seconds) % part == 0 else 0)
        return seconds, memory

    seconds, memory = benchmark.pedantic(solve_many, rounds=1)
    results.append(
        {
            "kind": "endurance",
            "count": count,
            "part": part,
            "first": sum(seconds[:part]) / part,
            "last": sum(seconds[-part:]) / part,
            "grown": memory[-1] - memory[part - 1],
        }
    )
