"""Confidence intervals of effectiveness where trials come in clusters.

Trials of one task, or of one goal of the attacker, are alike: their number overstates what is
known. With ``z`` the influence of each task on the logarithm of the ratio of success rates, the
variance of the logarithm is the sum of the variances between the clusters of each kind, less the
variance between single tasks, which both sums contain [1]_. The interval is that of a cube
root, which is close to normal for few successes as well [2]_, with quantiles of Student's t.
A variance that rests on a few outlying clusters is known less well than their number suggests:
its degrees of freedom follow from the kurtosis of the clusters' sums [3]_.

A pigeonhole bootstrap [4]_ estimates the same variance, except that it counts the variance
between single tasks three times: where both sides ran the same tasks, its intervals are too wide,
and with hardly any success they are too narrow.

References
----------
.. [1] A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust inference with multiway
   clustering", Journal of Business & Economic Statistics 29 (2011).
.. [2] E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931).
.. [3] F. E. Satterthwaite, "An approximate distribution of estimates of variance components",
   Biometrics Bulletin 2 (1946).
.. [4] A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mfmgame.evidence.trials import Counts, Task
from mfmgame.numerics.arrays import FloatArray

__all__ = ["CONFIDENCE", "LEAST_SUCCESSES", "TaskTable", "effective_trials", "ratio_interval"]

CONFIDENCE = 0.95
LEAST_SUCCESSES = 5
"""Successes below which a rate does not show its own design effect."""


@dataclass(frozen=True, eq=False)
class TaskTable:
    """Counts of one attack by task, with and without a defense.

    Attributes
    ----------
    tasks : sequence of Task, length n_tasks
    trials, successes : ndarray of float, shape (2, n_tasks)
        With the defense, and of the baseline; 0 where a task was not run.
    """

    tasks: Sequence[Task]
    trials: FloatArray
    successes: FloatArray

    @classmethod
    def of(cls, defended: Mapping[Task, Counts], baseline: Mapping[Task, Counts]) -> TaskTable:
        """Put the counts of both sides beside each other, in the order of the tasks."""
        tasks = sorted({**defended, **baseline})
        none = Counts()
        sides = [[side.get(task, none) for task in tasks] for side in (defended, baseline)]
        return cls(
            tasks=tasks,
            trials=np.array([[one.trials for one in side] for side in sides], dtype=float),
            successes=np.array([[one.successes for one in side] for side in sides], dtype=float),
        )

    def deviations(self) -> FloatArray:
        """Compute each task's successes less those at the common rate, shape (2, n_tasks)."""
        totals = self.trials.sum(axis=1, keepdims=True)
        rates = np.divide(
            self.successes.sum(axis=1, keepdims=True), totals, out=totals * 0.0, where=totals > 0
        )
        return np.asarray(self.successes - rates * self.trials)


def effective_trials(table: TaskTable) -> tuple[float | None, float | None]:
    """Compute how many independent trials would be as informative, for each side.

    A rate of fewer than five successes says too little about its own clusters: it has at least the
    design effect of the baseline.

    Parameters
    ----------
    table : TaskTable

    Returns
    -------
    tuple of (float or None)
        With the defense, and of the baseline; None for a side without trials.
    """
    trials = table.trials.sum(axis=1)
    successes = table.successes.sum(axis=1)
    effects = [1.0, 1.0]
    for side, deviations in enumerate(table.deviations()):
        failures = trials[side] - successes[side]
        if successes[side] > 0 and failures > 0:
            independent = successes[side] * failures / trials[side]
            variance, _ = _variance(deviations, table)
            effects[side] = max(1.0, variance / independent)
    if successes[0] < LEAST_SUCCESSES or trials[0] - successes[0] < LEAST_SUCCESSES:
        effects[0] = max(effects)
    numbers = [
        round(max(1.0, float(count / effect)), 2) if count else None
        for count, effect in zip(trials, effects, strict=True)
    ]
    return numbers[0], numbers[1]


def ratio_interval(table: TaskTable) -> tuple[float, float] | None:
    """Compute the confidence interval of an effectiveness from clustered trials.

    Parameters
    ----------
    table : TaskTable
        With a success on both sides.

    Returns
    -------
    tuple of float or None
        Lower and upper end of ``1 - (rate with the defense) / (rate of the baseline)``; None
        where clusters do not tell: without a success, or with one cluster only.
    """
    from scipy.special import stdtrit

    successes = table.successes.sum(axis=1)
    if not successes.all():
        return None
    deviations = table.deviations()
    variance, freedom = _variance(
        deviations[0] / successes[0] - deviations[1] / successes[1], table
    )
    if not freedom:
        return None
    # No fewer than a trial a side: clusters without any difference do not prove that there is none.
    variance = max(variance, float((1.0 / successes**2).sum()))
    trials = table.trials.sum(axis=1)
    ratio = (successes[0] / trials[0]) / (successes[1] / trials[1])
    half = float(stdtrit(freedom, 0.5 + 0.5 * CONFIDENCE) * np.sqrt(variance)) / 3.0
    least, most = max(0.0, 1.0 - half) ** 3, (1.0 + half) ** 3
    return float(1.0 - ratio * most), float(1.0 - ratio * least)


def _variance(influence: FloatArray, table: TaskTable) -> tuple[float, float]:
    """Compute the variance of a sum over tasks, and its degrees of freedom."""
    strata = [task.suite for task in table.tasks]
    kinds = [
        _between(influence, strata, [task.task for task in table.tasks]),
        _between(influence, strata, [task.injection for task in table.tasks]),
    ]
    variances = [variance for variance, freedom in kinds if freedom]
    if not variances:
        return float(influence @ influence), 0.0
    freedom = min(freedom for _, freedom in kinds if freedom)
    if len(variances) == 1:
        return variances[0], freedom
    single, _ = _between(influence, strata, list(range(len(strata))))
    return max(sum(variances) - single, *variances), freedom


def _between(
    influence: FloatArray, strata: Sequence[str], clusters: Sequence[object]
) -> tuple[float, float]:
    """Compute the variance of a sum between clusters, and its degrees of freedom.

    Clusters are compared within their stratum; those alone in their stratum with each other.
    """
    places: dict[tuple[str, object], int] = {}
    own = np.array(
        [places.setdefault(key, len(places)) for key in zip(strata, clusters, strict=True)]
    )
    sums = np.bincount(own, weights=influence, minlength=len(places))
    groups: dict[str, list[int]] = {}
    for (stratum, _), place in places.items():
        groups.setdefault(stratum, []).append(place)
    alone = [group[0] for group in groups.values() if len(group) == 1]
    compared = [
        sums[group] - sums[group].mean() for group in (*groups.values(), alone) if len(group) > 1
    ]
    total = sum(float(within @ within) * len(within) / (len(within) - 1) for within in compared)
    return total, _degrees_of_freedom(compared)


def _degrees_of_freedom(compared: Sequence[FloatArray]) -> float:
    """Compute how well deviations from the means of groups tell their variance.

    The variance of an estimated variance grows with the kurtosis; at a normal variable's
    kurtosis, the degrees of freedom are the deviations less the means.
    """
    if not compared:
        return 0.0
    deviations = np.concatenate(compared)
    number, most = len(deviations), float(len(deviations) - len(compared))
    squares = float(deviations @ deviations)
    if not squares > 0.0:
        return most
    kurtosis = number * float((deviations**4).sum()) / squares**2
    return min(most, 2.0 * number / (kurtosis - (most - 2.0) / most))
