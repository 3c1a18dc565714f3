"""How often 95 % intervals of effectiveness cover the truth, on simulated clustered trials.

Run ``python -m benchmarks.interval_coverage``. Outcomes depend on the user's task and on the
attacker's goal; three intervals are compared in one run on the same samples: this package's, the
percentile interval of a pigeonhole bootstrap over both, and that of independent trials.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from mfmgame.evidence.intervals import TaskTable, ratio_interval
from mfmgame.evidence.trials import Counts, Task

SAMPLES, REPLICATES = 400, 400
MODELS = {
    "the defense stops 90 % of each task's attacks": {"spread": 1.2, "own": 0.0, "thin": 0.9},
    "odds shifted alike for all tasks": {"spread": 1.0, "own": 0.0, "shift": 1.0},
    "odds shifted, some tasks more": {"spread": 1.0, "own": 0.5, "shift": 2.0},
    "odds shifted, tasks differ much": {"spread": 1.5, "own": 1.5, "shift": 1.0},
    "nearly everything stopped": {"spread": 1.0, "own": 0.5, "shift": 5.0},
    "no clusters at all": {"spread": 0.0, "own": 0.0, "shift": 1.5},
}
SHAPES = ((3, 20, 10), (1, 20, 10), (1, 40, 14))


def rates(rng: Any, users: Any, goals: Any, own: Any, model: dict[str, float]) -> tuple[Any, Any]:
    """Compute success rates with the defense and without."""
    undefended = expit(model["spread"] * (users + goals) - 0.5)
    if "thin" in model:
        return undefended * (1.0 - model["thin"]), undefended
    shifted = model["spread"] * (users + goals) - 0.5 - model["shift"] + model["own"] * own
    return expit(shifted), undefended


def truth(rng: Any, model: dict[str, float]) -> float:
    """Compute the effectiveness over all tasks that there might be."""
    users, goals, own, other = rng.normal(size=(4, 2_000_000))
    defended, undefended = rates(rng, users, goals, own + other, model)
    return float(1.0 - defended.mean() / undefended.mean())


def sample(rng: Any, shape: tuple[int, int, int], model: dict[str, float]) -> list[Any]:
    """Draw outcomes with and without the defense, for each suite."""
    n_suites, n_users, n_goals = shape
    outcomes = []
    for _ in range(n_suites):
        users, goals = rng.normal(size=(n_users, 1)), rng.normal(size=(1, n_goals))
        own = rng.normal(size=(n_users, 1)) + rng.normal(size=(1, n_goals))
        both = rates(rng, users, goals, own, model)
        outcomes.append([rng.random((n_users, n_goals)) < rate for rate in both])
    return outcomes


def ours(outcomes: list[Any]) -> tuple[float, float] | None:
    """Compute this package's interval; where it has none, the samples are not counted."""
    sides: list[dict[Task, Counts]] = [{}, {}]
    for suite, both in enumerate(outcomes):
        for side, cells in zip(sides, both, strict=True):
            for (user, goal), success in np.ndenumerate(cells):
                side[Task("a", str(suite), str(user), str(goal))] = Counts(1, int(success))
    return ratio_interval(TaskTable.of(*sides))


def pigeonhole(rng: Any, outcomes: list[Any]) -> Any:
    """Compute the percentile interval of resampled users' tasks and goals."""
    sums = np.zeros((2, REPLICATES))
    for both in outcomes:
        n_users, n_goals = both[0].shape
        users = rng.multinomial(n_users, np.full(n_users, 1.0 / n_users), REPLICATES)
        goals = rng.multinomial(n_goals, np.full(n_goals, 1.0 / n_goals), REPLICATES)
        sums += [((users @ side.astype(float)) * goals).sum(axis=1) for side in both]
    kept = sums[1] > 0
    return np.percentile(1.0 - sums[0][kept] / sums[1][kept], [2.5, 97.5])


def independent(rng: Any, outcomes: list[Any]) -> Any:
    """Compute the interval of Jeffreys's posteriors of independent trials."""
    drawn = []
    for side in range(2):
        successes = sum(int(both[side].sum()) for both in outcomes)
        trials = sum(both[side].size for both in outcomes)
        drawn.append(rng.beta(successes + 0.5, trials - successes + 0.5, 4000))
    return np.percentile(1.0 - drawn[0] / drawn[1], [2.5, 97.5])


def main() -> None:
    """Print the share of intervals that cover the truth, and their mean width."""
    print(f"coverage (mean width) of {SAMPLES} samples each; 95 % nominal")
    for shape in SHAPES:
        print("{} suites of {} user tasks x {} goals".format(*shape))
        for name, model in MODELS.items():
            rng = np.random.default_rng(7)
            aim = truth(rng, model)
            found: list[list[Any]] = []
            while len(found) < SAMPLES:
                outcomes = sample(rng, shape, model)
                own = ours(outcomes)
                if own is not None:
                    found.append([own, pigeonhole(rng, outcomes), independent(rng, outcomes)])
            ends = np.array(found)
            covers = ((ends[:, :, 0] <= aim) & (aim <= ends[:, :, 1])).mean(axis=0)
            widths = (ends[:, :, 1] - ends[:, :, 0]).mean(axis=0)
            told = "  ".join(
                f"{label} {100 * cover:.1f} % ({width:.2f})"
                for label, cover, width in zip(
                    ("clusters", "bootstrap", "independent"), covers, widths, strict=True
                )
            )
            print(f"  {name:<46} E = {aim:.2f}  {told}")


if __name__ == "__main__":
    main()
