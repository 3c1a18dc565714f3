"""Games whose threats share losses: values from the definitions, and laws that all must obey."""

from fractions import Fraction

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.game.compositions import compose
from shared_losses import (
    best_of_all_steps,
    exact_shared_value,
    exact_worst_loss,
    independent_value_by_cvxpy,
    losses_of,
    scale,
    shared_games,
    stepped_shared_games,
    value_by_linprog,
    wide_shared_game,
    with_losses,
)

COMPOSITIONS = ["additive", "best_of", "independent"]
LINEAR = ["additive", "best_of"]
any_composition = pytest.mark.parametrize("composition", COMPOSITIONS)
any_linear_composition = pytest.mark.parametrize("composition", LINEAR)
each = hypothesis.settings(max_examples=30)


def close(solution: mg.Solution) -> float:
    return 2 * solution.tolerance * float(scale(solution.game, Fraction(solution.value)))


def proves(solution: mg.Solution, value: Fraction) -> bool:
    return Fraction(solution.lower) <= value <= Fraction(solution.upper)


@any_linear_composition
@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_the_bracket_holds_the_exact_value(composition, data):
    game = data.draw(shared_games(composition, max_threats=6, max_defenses=3))
    solution = mg.solve(game)
    assert proves(solution, exact_shared_value(game))
    assert solution.gap <= solution.tolerance


@any_linear_composition
@each
@hypothesis.given(data=st.data())
def test_the_value_is_that_of_the_whole_program_by_scipy(composition, data):
    game = data.draw(shared_games(composition))
    solution = mg.solve(game)
    unit = max(float(game.severity.max()), 1.0)
    assert solution.value == pytest.approx(value_by_linprog(game), rel=1e-9, abs=1e-9 * unit)


@hypothesis.settings(max_examples=50)
@hypothesis.given(game=shared_games("independent", max_threats=6, max_defenses=4))
def test_layers_equal_the_cone_program_by_cvxpy(game):
    solution = mg.solve(game)
    unit = max(float(game.severity.max()), 1.0)
    assert solution.gap <= solution.tolerance
    assert solution.value == pytest.approx(
        independent_value_by_cvxpy(game), abs=1e-6 * unit + solution.tolerance * solution.value
    )


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_value_is_the_worst_loss_of_the_allocation(composition, data):
    game = data.draw(shared_games(composition))
    solution = mg.solve(game)
    exact = float(exact_worst_loss(game, solution.allocation.array.tolist()))
    assert solution.value == pytest.approx(exact, rel=1e-13, abs=1e-13)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_attack_takes_each_loss_once_and_no_allocation_escapes_it(composition, data):
    game = data.draw(shared_games(composition))
    solution = mg.solve(game)
    plan = solution.attack.array
    assert np.all((plan >= 0) & (plan <= 1))
    assert all(plan[ways].sum() <= 1 + 1e-12 for ways in losses_of(game))
    assert plan @ game.bandwidth <= game.attacker_bandwidth * (1 + 1e-12)
    composed, random = compose(game), np.random.default_rng(0)
    for _ in range(20):
        levels = game.max_level * random.random(game.n_defenses)
        used = game.use @ levels
        shrink = np.divide(game.limits, used, out=np.ones_like(used), where=used > game.limits)
        levels *= shrink.min(initial=1.0)
        assert plan @ (game.severity * composed.exposure(levels)) >= solution.lower - close(
            solution
        )


@any_composition
@each
@hypothesis.given(data=st.data())
def test_verification_needs_no_solver(composition, data):
    game = data.draw(shared_games(composition))
    solution = mg.solve(game)
    assert mg.verify(solution, game).gap <= 1.01 * solution.tolerance


@pytest.mark.parametrize("composition", COMPOSITIONS)
@hypothesis.settings(max_examples=30)
@hypothesis.given(data=st.data())
def test_stepped_defenses_are_the_best_of_all_choices(composition, data):
    game = data.draw(stepped_shared_games(composition))
    value = best_of_all_steps(game)
    if value is None:
        with pytest.raises(mg.InfeasibleError):
            mg.solve(game)
        return
    solution = mg.solve(game)
    assert proves(solution, value)
    assert solution.value == pytest.approx(float(value), rel=1e-9, abs=close(solution))


@pytest.mark.parametrize("seed", range(30))
def test_games_over_18_orders_of_magnitude_end_proven_and_right(seed):
    game = wide_shared_game(seed, max_threats=6, max_defenses=4)
    solution = mg.solve(game)
    assert proves(solution, exact_shared_value(game))
    assert solution.gap <= solution.tolerance


@pytest.mark.parametrize("seed", range(20))
def test_steps_over_18_orders_of_magnitude_are_the_best_of_all(seed):
    game = wide_shared_game(seed, stepped=True, max_threats=5, max_defenses=4)
    solution = mg.solve(game)
    value = best_of_all_steps(game)
    assert value is not None
    assert proves(solution, value)
    assert abs(Fraction(solution.value) - value) <= Fraction(1e-9) * scale(game, value)


@any_linear_composition
@hypothesis.settings(max_examples=30)
@hypothesis.given(data=st.data(), bandwidth=st.sampled_from([0.0, 0.5, 1.0, 3.0, 1e9]))
def test_the_sweep_is_the_value_at_every_bandwidth(composition, data, bandwidth):
    game = data.draw(shared_games(composition, max_threats=5, max_defenses=3))
    frontier = mg.sweep(game)
    at = min(bandwidth, float(frontier.breakpoints[-1]))
    exact = exact_shared_value(game, at)
    unit = float(scale(game, exact))
    assert frontier(at) == pytest.approx(float(exact), rel=1e-9, abs=1e-9 * unit)
    assert np.all(np.diff(frontier.slopes) <= 1e-9 * unit)


@any_linear_composition
@hypothesis.settings(max_examples=30)
@hypothesis.given(data=st.data(), share=st.sampled_from([0.1, 0.5, 0.9, 1.1]))
def test_the_threshold_is_where_the_exact_value_crosses_the_loss(composition, data, share):
    game = data.draw(shared_games(composition, max_threats=5, max_defenses=3))
    top = float(exact_shared_value(game, float(game.bandwidth.sum())))
    hypothesis.assume(top > 1e-3)
    stopping = with_losses(game, game.threat_losses, termination_loss=top * share)
    threshold = mg.self_destruction_threshold(stopping)
    if threshold.bandwidth is None:
        assert share > 1
        return
    at = float(exact_shared_value(game, threshold.bandwidth))
    if threshold.bandwidth > 0:
        assert at == pytest.approx(top * share, rel=1e-7)
    else:
        assert at >= top * share * (1 - 1e-9)


# ---- laws -----------------------------------------------------------------------------------


@any_composition
@each
@hypothesis.given(data=st.data())
def test_losses_of_one_threat_each_are_no_shared_losses(composition, data):
    drawn = data.draw(shared_games(composition))
    game = with_losses(drawn, [""] * drawn.n_threats)
    alone = with_losses(game, [f"loss of {threat}" for threat in game.threat_ids])
    one, other = mg.solve(game), mg.solve(alone)
    assert one.value == other.value
    assert one.allocation.array.tolist() == other.allocation.array.tolist()


@any_composition
@each
@hypothesis.given(data=st.data())
def test_merging_threats_into_a_loss_never_raises_the_value(composition, data):
    game = data.draw(shared_games(composition))
    merged = with_losses(game, ["a" if label in "ab" else label for label in game.threat_losses])
    solution = mg.solve(game)
    assert mg.solve(merged).value <= solution.value + close(solution)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_a_way_that_another_way_dominates_changes_nothing(composition, data):
    game = data.draw(shared_games(composition, max_threats=6))
    share, bits = (
        data.draw(st.sampled_from([0.0, 0.5, 1.0])),
        data.draw(st.sampled_from([0.0, 1.0])),
    )
    row = data.draw(st.integers(0, game.n_threats - 1))
    losses = list(game.threat_losses)
    losses[row] = losses[row] or "its own"
    more = with_losses(
        game,
        [*losses, losses[row]],
        severity=np.append(game.severity, share * game.severity[row]),
        bandwidth=np.append(game.bandwidth, game.bandwidth[row] + bits),
        effectiveness=np.vstack((game.effectiveness, game.effectiveness[row])),
    )
    solution = mg.solve(game)
    assert mg.solve(more).value == pytest.approx(solution.value, abs=close(solution))


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_order_of_threats_and_the_names_of_losses_mean_nothing(composition, data):
    game = data.draw(shared_games(composition))
    order = np.random.default_rng(1).permutation(game.n_threats)
    renamed = {"": "", "a": "z", "b": "a", "c": "c"}
    labels = game.threat_losses
    shuffled = with_losses(
        game,
        [renamed[labels[row]] for row in order],
        severity=game.severity[order],
        bandwidth=game.bandwidth[order],
        effectiveness=game.effectiveness[order],
    )
    solution = mg.solve(game)
    assert mg.solve(shuffled).value == pytest.approx(solution.value, abs=close(solution))


@any_composition
@each
@hypothesis.given(data=st.data(), bits=st.lists(st.floats(0, 30), min_size=3, max_size=3))
def test_the_value_is_concave_and_nondecreasing_in_the_bandwidth(composition, data, bits):
    game = data.draw(shared_games(composition))
    low, middle, high = sorted(round(one, 3) for one in bits)
    hypothesis.assume(low < middle < high)
    solutions = [mg.solve(game.with_attacker_bandwidth(one)) for one in (low, middle, high)]
    slack, share = close(solutions[-1]), (middle - low) / (high - low)
    assert solutions[0].value <= solutions[1].value + slack
    chord = (1 - share) * solutions[0].value + share * solutions[2].value
    assert solutions[1].value >= chord - slack


@any_composition
@each
@hypothesis.given(data=st.data())
def test_all_threats_in_one_loss_without_bits_are_the_worst_single_threat(composition, data):
    game = data.draw(shared_games(composition))
    one = with_losses(
        game, ["goal"] * game.n_threats, bandwidth=np.zeros(game.n_threats), attacker_bandwidth=0.0
    )
    solution = mg.solve(one)
    exposure = compose(one).exposure(solution.allocation.array)
    assert solution.value == pytest.approx(float((one.severity * exposure).max()), rel=1e-14)


@each
@hypothesis.given(game=shared_games("additive"))
def test_the_ways_of_a_loss_weigh_as_much_as_the_gravest_of_them(game):
    hypothesis.assume(game.severity.any())
    weights = game.severity.copy()
    for ways in losses_of(game):
        if weights[ways].any():
            weights[ways] *= weights[ways].max() / weights[ways].sum()
    index = mg.defense_coverage_index(game)
    expected = weights @ game.effectiveness / weights.sum()
    np.testing.assert_allclose(index.defenses.array, expected, rtol=1e-12, atol=1e-15)
