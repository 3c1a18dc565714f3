"""Games of 200 million cells: minutes, and about 4 GB of memory."""

import time

import numpy as np
import pytest

import mfmgame as mg
from benchmarks.games import LARGE_SIZE, SMOKE_SIZE, defense_game
from benchmarks.measure import memory


@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_large(composition, sparse, benchmark, results, smoke, pytestconfig):
    if not (smoke or pytestconfig.getoption("--large")):
        pytest.skip("only with --large")
    n, m = SMOKE_SIZE if smoke else LARGE_SIZE
    mg.solve(defense_game(*SMOKE_SIZE, composition, sparse=sparse))
    game = defense_game(n, m, composition, sparse=sparse)
    matrix = game.effectiveness
    arrays = [matrix] if isinstance(matrix, np.ndarray) else [matrix.data, matrix.indices]

    def solve():
        start = time.perf_counter()
        with memory() as grown:
            solution = mg.solve(game)
        return solution, time.perf_counter() - start, grown["bytes"]

    solution, wall, grown = benchmark.pedantic(solve, rounds=1)
    results.append(
        {
            "kind": "large",
            "composition": composition,
            "sparse": sparse,
            "n": n,
            "m": m,
            "wall": wall,
            "gap": solution.gap,
            "rounds": solution.rounds,
            "memory": grown,
            "matrix": sum(array.nbytes for array in arrays),
        }
    )
