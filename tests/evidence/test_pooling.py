"""Counts of several cells together."""

from __future__ import annotations

import pytest

import mfmgame as mg
from mfmgame.evidence.pooling import pooled, strongest_attack


def cell(successes, baseline_successes, trials=100, **more):
    return mg.EvidenceCell(
        threat="t",
        defense="d",
        trials=trials,
        successes=successes,
        baseline_trials=trials,
        baseline_successes=baseline_successes,
        **more,
    )


def test_counts_add_up():
    found = pooled([cell(10, 40, suite="a"), cell(20, 60, suite="b")])
    assert (found.trials, found.successes, found.baseline_successes) == (200, 30, 100)
    assert found.effectiveness == 0.7


def test_equal_suites_of_a_model_are_worth_all_their_trials():
    found = pooled([cell(10, 40, suite="a"), cell(10, 40, suite="b")])
    assert found.effective_trials == found.baseline_effective_trials == 200.0


def test_effective_trials_of_cells_carry_over():
    halved = {"effective_trials": 50.0, "baseline_effective_trials": 25.0}
    found = pooled([cell(10, 40, suite="a", **halved), cell(10, 40, suite="b", **halved)])
    assert found.effective_trials == pytest.approx(100.0)
    assert found.baseline_effective_trials == pytest.approx(50.0)


def test_models_that_differ_are_worth_fewer_trials():
    # Rates of 0 and 1 in two models: the variance of their mean is 1/4, that of one coin.
    found = pooled([cell(0, 50, model="a"), cell(100, 50, model="b")])
    assert found.effective_trials == pytest.approx(1.0)
    assert found.baseline_effective_trials == pytest.approx(200.0)


def test_few_successes_have_the_design_effect_of_the_baseline():
    found = pooled([cell(0, 40, effective_trials=100.0, baseline_effective_trials=20.0)])
    assert found.effective_trials == found.baseline_effective_trials == pytest.approx(20.0)


def test_all_suites_beside_a_single_suite_are_refused():
    with pytest.raises(mg.SpecificationError, match="'all' beside 'shop'"):
        pooled([cell(1, 9, suite="all"), cell(1, 9, suite="shop")])
    pooled([cell(1, 9, suite="all", model="m"), cell(1, 9, suite="shop", model="n")])


def test_the_attack_that_the_defense_stops_least_counts():
    attacks = [cell(10, 40, attack="easy"), cell(30, 40, attack="hard"), cell(0, 2, attack="rare")]
    assert strongest_attack(attacks).cells == [attacks[1]]
    assert strongest_attack(attacks[2:]) is None


def test_defenses_measured_against_one_baseline_share_its_name():
    names = {
        pooled(
            [cell(count, 40, suite="a", model="m"), cell(count, 30, suite="b", model="n")]
        ).baseline_id
        for count in (0, 7, 20)
    }
    assert len(names) == 1
    assert next(iter(names)).startswith("2 models/a and b (70 of 200")


def test_a_single_cell_keeps_the_name_of_its_baseline():
    assert pooled([cell(10, 40, baseline_id="our plain agent")]).baseline_id == "our plain agent"


def test_a_baseline_without_a_model_is_named_by_its_attack_and_counts():
    assert pooled([cell(10, 40, attack="direct")]).baseline_id == "direct (40 of 100)"
