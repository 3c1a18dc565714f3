"""The attacker's best response, and the bandwidth at which it costs a given loss."""

import itertools
from fractions import Fraction

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from mfmgame.game.attacker import Ways, bandwidth_for_loss, best_response


def respond(residual, bandwidth, budget):
    return best_response(np.array(residual, float), Ways(np.array(bandwidth, float)), budget)


def test_the_densest_threats_run_first_and_the_marginal_one_in_part():
    response = respond([6.0, 4.0, 5.0], [3.0, 1.0, 2.0], 4.0)
    assert response.plan.tolist() == [1 / 3, 1.0, 1.0]
    assert response.loss == 4.0 + 5.0 + 2.0
    assert response.price == 2.0


def test_threats_without_bandwidth_always_run():
    assert respond([1.0, 2.0], [0.0, 1.0], 0.0).plan.tolist() == [1.0, 0.0]


def test_threats_without_loss_never_run():
    assert respond([0.0, 0.0], [0.0, 1.0], 5.0).plan.tolist() == [0.0, 0.0]


def test_a_budget_that_covers_all_has_no_price():
    response = respond([1.0, 2.0], [1.0, 1.0], 2.0)
    assert (response.plan.tolist(), response.price) == ([1.0, 1.0], 0.0)


def test_ties_go_to_the_first():
    assert respond([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 1.5).plan.tolist() == [1.0, 0.5, 0.0]


def test_no_threats_is_no_attack():
    response = respond([], [], 3.0)
    assert (response.loss, response.price, len(response.plan)) == (0.0, 0.0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_the_bandwidth_for_a_loss_inverts_the_best_response(seed):
    generator = np.random.default_rng(seed)
    residual, bandwidth = generator.random(12), generator.random(12)
    for loss in generator.uniform(0.0, residual.sum(), 5):
        budget = bandwidth_for_loss(residual, Ways(bandwidth), loss)
        assert respond(residual, bandwidth, budget).loss == pytest.approx(loss, rel=1e-12)


def worst_attack(residual, bandwidth, budget) -> Fraction:
    """The greatest loss of all orders in which threats may run, each as far as bits are left."""
    worst = Fraction(0)
    for order in itertools.permutations(range(len(residual))):
        left, loss = Fraction(budget), Fraction(0)
        for threat in order:
            bits, cost = Fraction(bandwidth[threat]), Fraction(residual[threat])
            effort = min(Fraction(1), left / bits) if bits else Fraction(1)
            left, loss = left - effort * bits, loss + effort * cost
        worst = max(worst, loss)
    return worst


QUARTERS = st.integers(0, 12).map(lambda number: number / 4)


@hypothesis.settings(max_examples=200)
@hypothesis.given(
    threats=st.lists(st.tuples(QUARTERS, QUARTERS), max_size=5), budget=st.integers(0, 60)
)
def test_no_order_of_threats_is_worse(threats, budget):
    residual, bandwidth = ([threat[side] for threat in threats] for side in (0, 1))
    budget /= 8
    response = respond(residual, bandwidth, budget)
    worst = worst_attack(residual, bandwidth, budget)
    assert response.loss == pytest.approx(float(worst), rel=1e-15, abs=0)
    plan = [Fraction(effort) for effort in response.plan.tolist()]
    assert all(0 <= effort <= 1 for effort in plan)
    used = sum(effort * Fraction(bits) for effort, bits in zip(plan, bandwidth, strict=True))
    assert used <= budget * (1 + Fraction(1, 2**50))
    spent = sum(effort * Fraction(cost) for effort, cost in zip(plan, residual, strict=True))
    assert spent == pytest.approx(float(worst), rel=1e-15, abs=0)
    # The price is what a bit more adds; no threat of quarters is used up within so little.
    little = Fraction(1, 1024)
    more = worst_attack(residual, bandwidth, budget + little) - worst
    assert response.price == pytest.approx(float(more / little), rel=1e-12, abs=0)


@hypothesis.settings(max_examples=200)
@hypothesis.given(
    threats=st.lists(st.tuples(QUARTERS, QUARTERS), max_size=5), loss=st.integers(0, 120)
)
def test_the_bandwidth_for_a_loss_is_the_greatest_that_keeps_to_it(threats, loss):
    residual, bandwidth = ([threat[side] for threat in threats] for side in (0, 1))
    loss /= 8
    found = bandwidth_for_loss(np.array(residual), Ways(np.array(bandwidth)), loss)
    if found is None:
        assert worst_attack(residual, bandwidth, 1000) <= loss
        return
    assert worst_attack(residual, bandwidth, found * (1 + 1e-9) + 1e-9) > loss
    if found > 0.0:
        assert worst_attack(residual, bandwidth, found * (1 - 1e-9)) <= loss


def test_the_bandwidth_for_a_loss_at_the_edges():
    residual, bandwidth = np.array([2.0, 3.0]), np.array([0.0, 1.0])
    assert bandwidth_for_loss(residual, Ways(bandwidth), 1.0) == 0.0  # free threats alone exceed it
    assert bandwidth_for_loss(residual, Ways(bandwidth), 2.0) == 0.0
    assert bandwidth_for_loss(residual, Ways(bandwidth), 5.0) is None  # all together do not
    assert bandwidth_for_loss(np.empty(0), Ways(np.empty(0)), 0.0) is None


def test_a_great_many_threats_are_answered_as_if_all_were_sorted():
    rng = np.random.default_rng(3)
    residual = rng.integers(0, 20, 40_000).astype(float)  # many ties
    bandwidth = rng.integers(0, 4, 40_000).astype(float)
    for budget in (0.0, 1.0, 5_000.0, 30_000.0, 1e9):
        order = np.argsort(-residual / np.where(bandwidth > 0, bandwidth, 1e-9), kind="stable")
        left, plan = budget, np.zeros(40_000)
        for threat in order[residual[order] > 0].tolist():
            plan[threat] = min(1.0, left / bandwidth[threat]) if bandwidth[threat] else 1.0
            left -= plan[threat] * bandwidth[threat]
        assert np.array_equal(best_response(residual, Ways(bandwidth), budget).plan, plan)
