"""Evidence cells from trials: pairing, errors, work kept, intervals."""

from __future__ import annotations

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.evidence.counting import baseline_name, evidence_from_trials
from mfmgame.evidence.trials import Task, Trials


def trials(successes, n_users=6, n_goals=5, *, suite="shop", attack="inject", skip=(), model=""):
    """Make trials of which the first `successes` succeed."""
    found = Trials(model=model)
    for number in range(n_users * n_goals):
        user, goal = divmod(number, n_goals)
        if user not in skip:
            task = Task(attack, suite, f"user{user}", f"goal{goal}")
            found.add_attack(task, number < successes)
    return found


def cells(defended, baseline=None, **options):
    return evidence_from_trials(defended, baseline, threat="t", defense="d", **options).cells


def cell(defended, baseline=None, **options):
    (only,) = cells(defended, baseline, **options)
    return only


def test_effectiveness_is_one_less_the_ratio_of_success_rates():
    found = cell(trials(5), trials(20))
    assert (found.trials, found.successes, found.baseline_successes) == (30, 5, 20)
    assert found.effectiveness == 0.75
    assert found.paired
    assert found.interval[0] < 0.75 < found.interval[1]
    assert found.interval_from == "clusters"


def test_a_defense_that_helps_attacks_has_an_effectiveness_below_zero():
    assert cell(trials(20), trials(10)).effectiveness == -1.0


def test_fewer_than_five_baseline_successes_give_no_effectiveness():
    found = cell(trials(0), trials(4))
    assert found.effectiveness is None
    assert found.interval is None
    assert "fewer than 5" in found.why_not_estimated


def test_no_success_with_the_defense_leaves_an_interval_below_one():
    found = cell(trials(0), trials(20))
    assert found.effectiveness == 1.0
    assert 0.0 < found.interval[0] < 0.95 < found.interval[1] < 1.0


def test_only_tasks_of_both_sides_count_and_others_are_named():
    found = cell(trials(5), trials(20, skip=[5]))
    assert found.trials == found.baseline_trials == 25
    assert found.left_out == {"attack without a run of the baseline": 5}


def test_different_tasks_are_refused_unless_unpaired():
    other = Trials()
    for number in range(30):
        other.add_attack(Task("inject", "shop", f"other{number}"), number < 20)
    with pytest.raises(mg.SpecificationError, match=r"same tasks .--unpaired"):
        cell(trials(5), other)
    found = cell(trials(5), other, unpaired=True)
    assert not found.paired
    assert (found.trials, found.baseline_trials) == (30, 30)


def test_an_attack_that_the_baseline_lacks_is_refused():
    with pytest.raises(mg.SpecificationError, match="found 0 tasks of the attack 'inject'"):
        cell(trials(5), trials(5, attack="other"))


def test_errors_are_counted_for_each_side_and_are_no_trials():
    defended, baseline = trials(5), trials(20)
    defended.errors["inject", "shop"] = 3
    baseline.errors["inject", "shop"] = 2
    found = cell(defended, baseline)
    assert (found.errors, found.baseline_errors, found.trials) == (3, 2, 30)


def test_work_kept_is_the_ratio_of_tasks_done_on_the_same_tasks():
    defended, baseline = trials(5), trials(20)
    for number in range(10):
        defended.add_benign("shop", f"user{number}", number < 3)
        baseline.add_benign("shop", f"user{number}", number < 6)
    baseline.add_benign("shop", "only without", True)
    found = cell(defended, baseline)
    assert (found.benign_trials, found.baseline_benign_trials) == (10, 10)
    assert found.work_kept == 0.5


def test_each_attack_has_its_cell_and_each_suite_on_demand():
    defended, baseline = trials(5), trials(20)
    for side, successes in ((defended, 2), (baseline, 9)):
        for number in range(12):
            side.add_attack(Task("inject", "bank", f"u{number}", "g"), number < successes)
            side.add_attack(Task("again", "bank", f"u{number}", "g"), number < successes)
    assert [(one.attack, one.suite, one.trials) for one in cells(defended, baseline)] == [
        ("again", "bank", 12),
        ("inject", "all", 42),
    ]
    found = cells(defended, baseline, by_suite=True)
    assert [(one.attack, one.suite) for one in found] == [
        ("again", "bank"),
        ("inject", "bank"),
        ("inject", "shop"),
    ]


def test_counts_without_tasks_assume_independent_trials():
    defended, baseline = Trials(has_tasks=False), Trials(has_tasks=False)
    for side, successes in ((defended, 5), (baseline, 20)):
        for number in range(30):
            side.add_attack(Task("probe", "", ""), number < successes, repeat=number)
    found = cell(defended, baseline)
    assert found.interval_from == "independent trials"
    assert found.effective_trials is None
    assert not found.paired
    rng = np.random.default_rng(0)
    drawn = 1.0 - rng.beta(5.5, 25.5, 400_000) / rng.beta(20.5, 10.5, 400_000)
    assert found.interval == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.005)


def test_without_a_baseline_there_are_counts_only():
    found = cell(trials(5))
    assert (found.trials, found.baseline_trials, found.baseline_id) == (30, 0, None)
    assert found.effectiveness is None


def test_no_attack_at_all_is_refused():
    with pytest.raises(mg.SpecificationError, match="no attack with the defense"):
        cells(Trials(), trials(5))


def test_cells_of_one_baseline_share_its_name():
    names = {cell(trials(successes), trials(20, model="m")).baseline_id for successes in (0, 5, 19)}
    assert len(names) == 1
    assert next(iter(names)).startswith("m/inject/shop (20 of 30")
    assert baseline_name([], 1, 2, 2.0) == "baseline (1 of 2)"


def test_the_same_trial_twice_is_refused():
    found = trials(5)
    with pytest.raises(mg.SpecificationError, match="'user0', 'goal0' twice"):
        found.add_attack(Task("inject", "shop", "user0", "goal0"), True)


def test_runs_left_out_by_a_reader_count_once_for_the_file():
    defended, baseline = trials(5), trials(20)
    for side in (defended, baseline):
        side.left_out["solo run"] += 2
        side.notes.append("read with care")
        side.add_attack(Task("again", "shop", "u", "g"), True)
    found = evidence_from_trials(defended, baseline, threat="t", defense="d")
    assert found.left_out == {"solo run": 4}
    assert found.notes == ["read with care"]
    assert len(found.cells) == 2
