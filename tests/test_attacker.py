"""The attacker's best response, and the bandwidth at which it costs a given loss."""

import numpy as np
import pytest

from mfmgame.attacker import bandwidth_for_loss, best_response


def respond(residual, bandwidth, budget):
    return best_response(np.array(residual, float), np.array(bandwidth, float), budget)


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
        budget = bandwidth_for_loss(residual, bandwidth, loss)
        assert respond(residual, bandwidth, budget).loss == pytest.approx(loss, rel=1e-12)


def test_the_bandwidth_for_a_loss_at_the_edges():
    residual, bandwidth = np.array([2.0, 3.0]), np.array([0.0, 1.0])
    assert bandwidth_for_loss(residual, bandwidth, 1.0) == 0.0  # free threats alone exceed it
    assert bandwidth_for_loss(residual, bandwidth, 2.0) == 0.0
    assert bandwidth_for_loss(residual, bandwidth, 5.0) is None  # all together do not
    assert bandwidth_for_loss(np.empty(0), np.empty(0), 0.0) is None


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
        assert np.array_equal(best_response(residual, bandwidth, budget).plan, plan)
