"""Evaluation of given plans: by hand, against definitions, and beside the solver."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.answers.plan_evaluation import evaluate_levels
from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import lower_bound
from mfmgame.game.compositions import compose
from plain_games import worst_loss
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]


def game(**changes) -> mg.DefenseGame:
    """Losses of 4 and 1 a bit once the defense halves the first."""
    arguments = {
        "severity": [8.0, 2.0],
        "bandwidth": [1.0, 2.0],
        "effectiveness": [[0.5], [0.0]],
        "attacker_bandwidth": 1.5,
        "use": {"budget": [3.0]},
        "limits": {"budget": 2.0},
        "termination_loss": 5.0,
        "plans": {"current": {"d0": 1.0}},
    }
    return mg.DefenseGame(**{**arguments, **changes})


def test_a_plan_over_budget_is_evaluated_and_says_so():
    found = mg.evaluate(game(), "current")
    assert found.name == "current"
    assert found.loss == pytest.approx(4.5)  # a bit for 4, half a bit for 0.5
    assert found.decision == "operate"
    assert found.plan_bandwidth == pytest.approx(2.0)
    assert found.margin == pytest.approx(0.5)
    assert found.excess == {"budget": 1.0}
    assert not found.is_allowed
    assert found.status == "proven"


def test_without_a_termination_loss_there_is_neither_decision_nor_threshold():
    found = mg.evaluate(game(termination_loss=None), {})
    assert found.loss == pytest.approx(8.5)
    assert found.decision is None
    assert found.plan_bandwidth is None
    assert found.margin is None


def test_a_plan_that_no_attacker_can_break_holds_at_any_bandwidth():
    found = mg.evaluate(game(termination_loss=6.0), "current")
    assert found.decision == "operate"
    assert found.plan_bandwidth is None


@pytest.mark.parametrize("composition", COMPOSITIONS)
@given(data=st.data())
def test_the_bracket_holds_the_loss_of_the_definition(composition, data):
    problem = data.draw(games(composition))
    shares = data.draw(
        st.lists(
            st.sampled_from([0.0, 0.5, 1.0, 0.3]),
            min_size=problem.n_defenses,
            max_size=problem.n_defenses,
        )
    )
    levels = np.array(shares) * problem.max_level
    found = evaluate_levels(problem, levels)
    loss = worst_loss(problem, levels.tolist())
    scale = scale_of(problem, loss)
    assert found.lower - 1e-12 * scale <= loss <= found.upper + 1e-12 * scale
    assert found.gap <= compose(problem).tolerance
    assert found.lower <= found.loss <= found.upper
    box = (levels, levels)
    assert lower_bound(problem, compose(problem), found.certificate, box) <= found.upper


@pytest.mark.parametrize("composition", COMPOSITIONS)
@given(data=st.data())
def test_no_plan_within_the_limits_beats_the_best_plan(composition, data):
    problem = data.draw(games(composition))
    best = mg.solve(problem)
    found = evaluate_levels(problem, best.allocation.array)
    assert found.upper >= best.lower
    assert found.loss == pytest.approx(best.value, rel=1e-9, abs=1e-9)
    assert found.is_allowed


@pytest.mark.parametrize("composition", COMPOSITIONS)
@given(data=st.data())
def test_a_plan_holds_up_to_its_threshold_and_not_beyond(composition, data):
    problem = data.draw(games(composition))
    stopping = data.draw(st.sampled_from([0.5, 1.0, 3.0]))
    problem.termination_loss = stopping
    levels = problem.max_level * data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    reached = evaluate_levels(problem, levels).plan_bandwidth
    if reached is None:
        everything = problem.with_attacker_bandwidth(float(problem.bandwidth.sum()) + 1.0)
        assert worst_loss(everything, levels.tolist()) <= stopping * (1 + 1e-9)
        return
    at = problem.with_attacker_bandwidth(reached)
    beyond = problem.with_attacker_bandwidth(reached * 1.01 + 1e-3)
    if reached > 0.0:
        assert worst_loss(at, levels.tolist()) <= stopping * (1 + 1e-9)
    assert worst_loss(beyond, levels.tolist()) > stopping * (1 - 1e-9)
