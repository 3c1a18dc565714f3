"""The attacker's best response where several threats can cause one loss."""

import numpy as np
import pytest
import scipy.optimize

import mfmgame as mg
from mfmgame.game.attacker import Ways, bandwidth_for_loss, best_response, loss_curve
from mfmgame.game.shared_losses import SharedLosses


def ways(bandwidth, labels):
    return Ways(np.array(bandwidth, float), SharedLosses.by_label(labels))


def test_of_two_ways_to_one_loss_the_attacker_takes_the_worse_that_fits():
    two = ways([1.0, 3.0], "aa")
    for budget, plan, loss in [(1.0, [1, 0], 4.0), (2.0, [0.5, 0.5], 5.0), (9.0, [0, 1], 6.0)]:
        response = best_response(np.array([4.0, 6.0]), two, budget)
        assert (response.plan.tolist(), response.loss) == (plan, loss)


def test_a_way_below_the_envelope_of_the_others_never_runs():
    # At 2 bits a mix of the cheap and the dear way causes 5; the third way only 4.5.
    response = best_response(np.array([4.0, 6.0, 4.5]), ways([1.0, 3.0, 2.0], "aaa"), 2.0)
    assert (response.plan.tolist(), response.price) == ([0.5, 0.5, 0.0], 1.0)


def test_of_free_ways_only_the_worst_runs():
    response = best_response(np.array([4.0, 6.0]), ways([0.0, 0.0], "aa"), 0.0)
    assert response.plan.tolist() == [0.0, 1.0]


def test_the_loss_curve_steps_from_way_to_way():
    steps, points, losses = loss_curve(
        np.array([4.0, 6.0, 3.0]), ways([1.0, 3.0, 2.0], ["a", "a", ""])
    )
    assert (steps.source.tolist(), steps.target.tolist()) == ([-1, -1, 0], [0, 2, 1])
    assert (points.tolist(), losses.tolist()) == ([0.0, 1.0, 3.0, 5.0], [0.0, 4.0, 7.0, 9.0])


def test_threats_without_a_common_label_are_not_shared():
    assert SharedLosses.by_label(["a", "", "b", ""]) is None


def worst_loss(residual, bandwidth, labels, budget):
    """Solve the attacker's program by another solver."""
    losses = [label or str(place) for place, label in enumerate(labels)]
    rows = [[other == loss for other in losses] for loss in dict.fromkeys(losses)]
    found = scipy.optimize.linprog(
        -residual, np.vstack((bandwidth, rows)), np.append(budget, np.ones(len(rows)))
    )
    return -found.fun


@pytest.mark.parametrize("seed", range(60))
def test_no_mix_of_ways_is_worse_than_the_best_response(seed):
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 10))
    # Quarters make ties, zeros and collinear ways.
    residual, bandwidth = generator.integers(0, 6, (2, size)) / 4
    labels = generator.choice(["", "a", "b", "c"], size).tolist()
    attacker, budget = ways(bandwidth, labels), float(generator.integers(0, 10)) / 4
    response = best_response(residual, attacker, budget)
    assert response.loss == pytest.approx(worst_loss(residual, bandwidth, labels, budget), abs=1e-9)
    assert bandwidth @ response.plan <= budget * (1 + 1e-12)
    assert attacker.total_efforts(response.plan).max(initial=0.0) <= 1 + 1e-12
    _, points, losses = loss_curve(residual, attacker)
    assert np.interp(budget, points, losses) == pytest.approx(response.loss, abs=1e-12)
    loss = 0.5 * float(losses[-1])
    reached = bandwidth_for_loss(residual, attacker, loss)
    if reached:
        assert best_response(residual, attacker, reached).loss == pytest.approx(loss, abs=1e-12)


def test_a_loss_that_one_way_still_causes_in_full_is_not_lowered():
    def solved(labels):
        game = mg.DefenseGame(
            severity=[6.0, 6.0],
            bandwidth=[1.0, 1.0],
            effectiveness=[[0.5], [0.0]],
            attacker_bandwidth=2.0,
            threat_losses=labels,
        )
        solution = mg.solve(game)
        mg.verify(solution, game)
        return [solution.value, *solution.attack.array.tolist()]

    assert solved(["", ""]) == pytest.approx([9.0, 1.0, 1.0])
    assert solved(["leak", "leak"]) == pytest.approx([6.0, 0.0, 1.0])


def test_ways_of_very_different_size_keep_within_the_range_of_the_solver():
    game = mg.DefenseGame(
        severity=[3.0, 1.0, 1e-6],
        bandwidth=[1e9, 1e-9, 1e-9],
        effectiveness=[[0.9], [0.9], [0.6]],
        attacker_bandwidth=2000000002.0,
        composition="additive",
        threat_losses=["a", "", "a"],
    )
    frontier = mg.sweep(game)
    mg.verify(frontier, game)
    assert frontier(2000000002.0) == pytest.approx(0.4, rel=1e-9)
