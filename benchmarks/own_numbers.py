"""Times of the first own decision: a workbook beside its JSON, and explanations by composition.

``python -m benchmarks.own_numbers`` prints medians of one run, the two files in turn.
"""

import statistics
import subprocess
import sys
import time

import numpy as np

import mfmgame as mg

FILES = ("examples/claims_agent.json", "examples/claims_agent.xlsx")
COMPOSITIONS = ("additive", "best_of", "independent")
RUNS = 7
N_THREATS, N_DEFENSES = 57, 15


def seconds(action) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def solved(file: str) -> None:
    command = [sys.executable, "-m", "mfmgame", "solve", file]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def random_game(composition: str, seed: int) -> mg.DefenseGame:
    """A catalog of this size: most defenses act on a few threats, the budget pays for a third."""
    rng = np.random.default_rng(seed)
    acts = rng.random((N_THREATS, N_DEFENSES)) < 0.25
    cost = rng.integers(1, 9, N_DEFENSES).astype(float)
    return mg.DefenseGame(
        severity=rng.lognormal(3.0, 1.0, N_THREATS),
        bandwidth=rng.integers(1, 6, N_THREATS).astype(float),
        effectiveness=acts * rng.uniform(0.1, 0.9, acts.shape),
        attacker_bandwidth=20.0,
        use={"budget": cost},
        limits={"budget": cost.sum() / 3.0},
        composition=composition,
        termination_loss=150.0,
        units=mg.Units(loss="kUSD", resources={"budget": "kUSD"}),
    )


def main() -> None:
    times = {file: list[float]() for file in FILES}
    for _ in range(RUNS):
        for file in FILES:
            times[file].append(seconds(lambda file=file: solved(file)))
    medians = [statistics.median(times[file]) for file in FILES]
    print(f"solve, JSON      {medians[0]:6.2f} s")
    print(f"solve, workbook  {medians[1]:6.2f} s, {medians[1] / medians[0]:.2f} times the JSON")
    for composition in COMPOSITIONS:
        games = [random_game(composition, seed) for seed in range(RUNS)]
        taken = statistics.median(seconds(lambda game=game: mg.explain(game)) for game in games)
        print(f"explain, {N_THREATS} x {N_DEFENSES}, {composition:12}{taken:6.2f} s")


if __name__ == "__main__":
    main()
