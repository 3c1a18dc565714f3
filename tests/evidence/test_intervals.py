"""Intervals of effectiveness from clustered trials, against simulation and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from mfmgame.evidence.intervals import TaskTable, effective_trials, ratio_interval
from mfmgame.evidence.trials import Counts, Task


def table(defended, baseline, suite=""):
    """Make a table of outcomes by user task (rows) and injection (columns)."""
    sides = [
        {
            Task("attack", suite, f"user{u}", f"goal{i}"): Counts(1, int(outcomes[u][i]))
            for u in range(len(outcomes))
            for i in range(len(outcomes[0]))
        }
        for outcomes in (defended, baseline)
    ]
    return TaskTable.of(*sides)


def simulated(rng, n_users, n_goals, *, spread, own_spread, shift):
    """Draw outcomes whose odds depend on the user's task and on the attacker's goal."""
    users, goals = rng.normal(0, spread, (n_users, 1)), rng.normal(0, spread, (1, n_goals))
    own = rng.normal(0, own_spread, (n_users, 1)) + rng.normal(0, own_spread, (1, n_goals))
    rates = [expit(users + goals - 0.5 - shift + own), expit(users + goals - 0.5)]
    return [rng.random((n_users, n_goals)) < rate for rate in rates]


def true_effectiveness(rng, *, spread, own_spread, shift):
    normal, other = rng.normal(size=(2, 1_000_000))
    both = np.sqrt(2.0) * spread
    defended = expit(np.hypot(both, np.sqrt(2.0) * own_spread) * other - 0.5 - shift).mean()
    return 1.0 - defended / expit(both * normal - 0.5).mean()


@pytest.mark.parametrize(
    "model",
    [
        {"spread": 1.0, "own_spread": 0.0, "shift": 1.0},
        {"spread": 1.0, "own_spread": 0.5, "shift": 2.0},
        {"spread": 1.5, "own_spread": 1.5, "shift": 1.0},
        {"spread": 0.0, "own_spread": 0.0, "shift": 2.0},
    ],
)
def test_intervals_cover_the_truth_about_as_often_as_they_say(model):
    rng = np.random.default_rng(5)
    truth = true_effectiveness(rng, **model)
    covered = []
    for _ in range(300):
        ends = ratio_interval(table(*simulated(rng, 20, 10, **model)))
        covered.append(ends is not None and ends[0] <= truth <= ends[1])
    assert 0.92 <= np.mean(covered) <= 0.985  # 95 % nominal, 300 samples


def test_independent_trials_count_nearly_in_full():
    rng = np.random.default_rng(1)
    numbers = [
        effective_trials(table(rng.random((30, 20)) < 0.2, rng.random((30, 20)) < 0.5))
        for _ in range(40)
    ]
    assert 450.0 < np.mean([own for own, _ in numbers]) <= 600.0
    assert 450.0 < np.mean([other for _, other in numbers]) <= 600.0


def test_trials_that_agree_within_each_user_task_count_once_a_task():
    # Ten tasks with ten goals each, all ten alike: ten trials' worth, nearly.
    alike = np.repeat([[True], [False]] * 5, 10, axis=1)
    own, other = effective_trials(table(alike, alike))
    assert own == other == pytest.approx(9.0, rel=0.15)


def test_few_successes_have_the_design_effect_of_the_baseline():
    alike = np.repeat([[True], [False]] * 5, 10, axis=1)
    none = np.zeros((10, 10), dtype=bool)
    own, other = effective_trials(table(none, alike))
    assert own == other


def test_equal_outcomes_of_both_sides_leave_the_doubt_of_a_trial_a_side():
    low, high = ratio_interval(table(np.ones((10, 10)), np.ones((10, 10))))
    # 100 equal trials exclude a difference of 3 % at 95 %, by the rule of three.
    assert low < -0.03 < 0.0 < 0.03 < high
    assert high - low < 0.12


def test_an_outlying_goal_is_known_less_well_than_goals_that_differ_alike():
    rng = np.random.default_rng(4)
    truth, covered = rng.normal(size=(2, 400_000)), []
    aim = 1.0 - expit(4.0 * truth[0] - 7.0 + truth[1]).mean() / expit(4.0 * truth[0] - 1.0).mean()
    while len(covered) < 300:
        goals, own = 4.0 * rng.normal(size=(1, 10)), rng.normal(size=(1, 10))
        rates = [np.broadcast_to(expit(goals + shift), (20, 10)) for shift in (own - 7.0, -1.0)]
        ends = ratio_interval(table(*(rng.random((20, 10)) < rate for rate in rates)))
        if ends is not None:
            covered.append(ends[0] <= aim <= ends[1])
    assert np.mean(covered) > 0.83  # 0.75 with the degrees of freedom of ten goals alike


def test_clusters_tell_nothing_without_a_success_or_with_one_cluster():
    some = np.array([[True, False, True]])
    assert ratio_interval(table(np.zeros((4, 3)), np.ones((4, 3)))) is None
    single = {Task("a", "", "t"): Counts(10, 4)}
    assert ratio_interval(TaskTable.of(single, single)) is None
    assert ratio_interval(table(some, some)) is not None  # three goals are three clusters


def test_the_order_of_tasks_changes_nothing():
    rng = np.random.default_rng(2)
    outcomes = [rng.random((6, 5)) < rate for rate in (0.3, 0.6)]
    plain = table(*outcomes)
    sides = [
        {task: Counts(1, int(success)) for task, success in zip(plain.tasks, side, strict=True)}
        for side in plain.successes
    ]
    turned = TaskTable.of(dict(reversed(sides[0].items())), sides[1])
    assert ratio_interval(plain) == ratio_interval(turned)


def test_a_suite_with_one_task_is_compared_with_other_such_suites():
    tasks = {
        Task("a", f"suite{k}", "only", f"goal{g}"): Counts(1, (k + g) % 2)
        for k in range(4)
        for g in range(3)
    }
    ends = ratio_interval(TaskTable.of(tasks, {task: Counts(1, 1) for task in tasks}))
    assert ends is not None
    assert ends[0] < 0.5 < ends[1]
