"""Derivatives of the value and of the threshold, against differences of proven numbers."""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.numerics.linear_equations import Equations
from mfmgame.solving.solver import Solver
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]
Arrays = dict[str, Any]


def arrays_of(game: mg.DefenseGame) -> Arrays:
    """What a game can be built from again, in arrays that may be changed."""
    limits = zip(game.resources, game.limits.tolist(), strict=True)
    return {
        "severity": game.severity.copy(),
        "bandwidth": game.bandwidth.copy(),
        "effectiveness": game.effectiveness.copy(),
        "attacker_bandwidth": game.attacker_bandwidth,
        "use": {name: game.use[row].copy() for row, name in enumerate(game.resources)},
        "limits": {name: limit for name, limit in limits if math.isfinite(limit)},
        "max_level": game.max_level.copy(),
        "composition": game.composition,
        "termination_loss": game.termination_loss,
        "threat_losses": game.threat_losses,
    }


def numbers_of(
    gradient: mg.Gradient,
) -> Iterator[tuple[str, float, float, float, Callable[[Arrays, float], None]]]:
    """Each number's name, size, greatest size, derivative, and how to set it."""
    game = gradient.game

    def entry(key: str, place: Any) -> Callable[[Arrays, float], None]:
        return lambda arrays, size: arrays[key].__setitem__(place, size)

    for i in range(game.n_threats):
        yield f"v{i}", game.severity[i], np.inf, gradient.severity.array[i], entry("severity", i)
        yield f"b{i}", game.bandwidth[i], np.inf, gradient.bandwidth.array[i], entry("bandwidth", i)
        for j in range(game.n_defenses):
            most = 0.96 if game.composition == "independent" else 1.0
            size, slope = game.effectiveness[i, j], gradient.effectiveness[i, j]
            yield f"E{i},{j}", size, most, slope, entry("effectiveness", (i, j))
    for j in range(game.n_defenses):
        slope = gradient.max_level.array[j]
        yield f"u{j}", game.max_level[j], np.inf, slope, entry("max_level", j)
    for r, name in enumerate(game.resources):
        for j in range(game.n_defenses):

            def change(arrays: Arrays, size: float, name: str = name, j: int = j) -> None:
                arrays["use"][name][j] = size

            yield f"G{r},{j}", game.use[r, j], np.inf, gradient.use[r, j], change
        if math.isfinite(game.limits[r]):
            slope = gradient.limits.array[r]

            def limit(arrays: Arrays, size: float, name: str = name) -> None:
                arrays["limits"][name] = size

            yield f"h{r}", game.limits[r], np.inf, slope, limit

    def attacker(arrays: Arrays, size: float) -> None:
        arrays["attacker_bandwidth"] = size

    if gradient.of == "value":
        yield "B", game.attacker_bandwidth, np.inf, gradient.attacker_bandwidth, attacker


def changed(arrays: Arrays, change: Callable[[Arrays, float], None], size: float) -> mg.DefenseGame:
    other = copy.deepcopy(arrays)
    change(other, size)
    return mg.DefenseGame(**other)


def value_of(game: mg.DefenseGame) -> float:
    return Solver(game, tolerance=1e-13, cheapest=False).solve().value


def threshold_of(game: mg.DefenseGame) -> float:
    return mg.self_destruction_threshold(game, tolerance=1e-13).bandwidth or math.nan


def differences(
    measure: Callable[[mg.DefenseGame], float], arrays: Arrays, change: Any, size: float
) -> list[float]:
    """Slopes of a measure over two steps: the nearer one, where the first reaches a kink."""
    steps = (1e-4, -1e-4, 2e-5, -2e-5)
    found = [measure(changed(arrays, change, size + step)) for step in steps]
    return [(found[0] - found[1]) / 2e-4, (found[2] - found[3]) / 4e-5]


def is_limit(slope: float, estimates: list[float]) -> bool:
    """Whether one of two differences is the derivative, but for the square of its step."""
    return min(abs(one - slope) for one in estimates) <= 1e-5 * max(1.0, abs(slope))


def general_game(composition: str, seed: int, **more: Any) -> mg.DefenseGame:
    """A game of numbers that no tie joins."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(2, 10)), int(random.integers(1, 6))
    return mg.DefenseGame(
        severity=random.uniform(1, 8, n),
        bandwidth=random.uniform(0.3, 2, n),
        effectiveness=random.uniform(0.05, 0.9, (n, m)) * (random.random((n, m)) < 0.7),
        attacker_bandwidth=random.uniform(0.3, n),
        use={"a": random.uniform(0.5, 2, m), "b": random.uniform(0.5, 2, m)},
        limits={"a": random.uniform(0.3, m), "b": random.uniform(0.3, m)},
        max_level=random.uniform(0.3, 1.2, m),
        composition=composition,
        **more,
    )


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_derivatives_are_limits_of_differences(composition):
    n_checked = n_known = 0
    for seed in range(10):
        gradient = mg.value_gradient(general_game(composition, seed))
        arrays = arrays_of(gradient.game)
        for name, size, most, slope, change in numbers_of(gradient):
            if not 1e-3 < size < most - 1e-3:
                continue
            n_checked += 1
            if math.isnan(slope):
                continue
            n_known += 1
            estimates = differences(value_of, arrays, change, size)
            assert is_limit(slope, estimates), (seed, name, slope, estimates)
    assert n_known > 0.97 * n_checked


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("composition", COMPOSITIONS)
@hypothesis.settings(max_examples=25)
@hypothesis.given(data=st.data())
def test_what_is_said_to_exist_is_the_same_from_both_sides(composition, shared, data):
    game = data.draw(games(composition, max_threats=4, max_defenses=3, shared=shared))
    gradient = mg.value_gradient(game)
    arrays, here = arrays_of(gradient.game), value_of(gradient.game)
    step = 1e-5
    for name, size, most, slope, change in numbers_of(gradient):
        if math.isnan(slope):
            continue
        for side in (step, -step):
            if 0.0 <= size + side <= most:
                found = (value_of(changed(arrays, change, size + side)) - here) / side
                assert found == pytest.approx(slope, abs=3e-4, rel=3e-4), (name, side)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_the_threshold_has_derivatives_of_its_own(composition):
    n_known = 0
    for seed in range(5):
        value = value_of(general_game(composition, seed))
        game = general_game(composition, seed, termination_loss=0.8 * value)
        gradient = mg.threshold_gradient(game)
        arrays = arrays_of(game)
        for name, size, most, slope, change in numbers_of(gradient):
            if math.isnan(slope) or not 1e-3 < size < most - 1e-3:
                continue
            n_known += 1
            estimates = differences(threshold_of, arrays, change, size)
            assert is_limit(slope, estimates), (seed, name, slope, estimates)

        def stop(arrays: Arrays, loss: float) -> None:
            arrays["termination_loss"] = loss

        slope = gradient.termination_loss
        estimates = differences(threshold_of, arrays, stop, game.termination_loss)
        assert math.isnan(slope) or is_limit(slope, estimates), (seed, slope, estimates)
    assert n_known > 60


def test_a_threshold_of_0_stays_where_free_threats_alone_cost_too_much():
    arrays = {
        "severity": [4.0, 2.0],
        "bandwidth": [0.0, 1.0],
        "effectiveness": [[0.5], [0.0]],
        "attacker_bandwidth": 1.0,
        "max_level": [0.5],
    }
    gradient = mg.threshold_gradient(mg.DefenseGame(termination_loss=2.0, **arrays))
    assert (gradient.at, gradient.termination_loss) == (0.0, 0.0)
    assert gradient.severity.array.tolist() == [0.0, 0.0]
    # At the first bit of bandwidth of the free threat, the threshold jumps.
    assert gradient.bandwidth.array.tolist() == pytest.approx([math.nan, 0.0], nan_ok=True)
    just = mg.threshold_gradient(mg.DefenseGame(termination_loss=3.0, **arrays))
    assert just.at == 0.0
    assert math.isnan(just.termination_loss)


def test_a_game_small_enough_for_paper():
    # Level 0.5 of the only defense: 4 * (1 - 0.5 * 0.5) = 3 at full effort, half of it at 1 bit.
    game = mg.DefenseGame(
        severity=[4.0],
        bandwidth=[2.0],
        effectiveness=[[0.5]],
        attacker_bandwidth=1.0,
        use={"budget": [2.0]},
        limits={"budget": 1.0},
    )
    gradient = mg.value_gradient(mg.solve(game))
    assert gradient.at == pytest.approx(1.5)
    assert gradient.severity["t0"] == pytest.approx(0.5 * 0.75)
    assert gradient.bandwidth["t0"] == pytest.approx(-1.5 / 2)
    assert gradient.effectiveness[0, 0] == pytest.approx(-0.5 * 4 * 0.5)
    assert gradient.attacker_bandwidth == pytest.approx(1.5)
    assert gradient.limits["budget"] == pytest.approx(-0.5 * 4 * 0.5 / 2)
    assert gradient.use[0, 0] == pytest.approx(0.5 * 4 * 0.5 / 2 * 0.5)
    assert gradient.max_level["d0"] == 0.0


def test_no_derivative_is_claimed_at_a_kink():
    # At exactly 1 bit the first threat runs in full: one more bit runs the second, less loses
    # more. And either of two equal threats may run when there is room for one.
    worse = mg.DefenseGame(
        severity=[3.0, 2.0],
        bandwidth=[1.0, 1.0],
        effectiveness=np.empty((2, 0)),
        attacker_bandwidth=1.0,
    )
    gradient = mg.value_gradient(worse)
    assert math.isnan(gradient.attacker_bandwidth)
    assert math.isnan(gradient.bandwidth["t0"])
    assert dict(gradient.severity) == {"t0": 1.0, "t1": 0.0}
    equal = mg.DefenseGame(
        severity=[2.0, 2.0],
        bandwidth=[1.0, 1.0],
        effectiveness=np.empty((2, 0)),
        attacker_bandwidth=1.0,
    )
    assert np.isnan(mg.value_gradient(equal).severity.array).all()


def test_no_derivative_is_claimed_for_defenses_that_stand_for_each_other():
    game = mg.DefenseGame(
        severity=[4.0],
        bandwidth=[0.0],
        effectiveness=[[0.5, 0.5]],
        attacker_bandwidth=0.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 0.5},
        composition="additive",
    )
    gradient = mg.value_gradient(game)
    assert np.isnan(gradient.effectiveness).all()
    assert gradient.limits["budget"] == pytest.approx(-2.0)


def test_a_threat_that_is_just_covered_has_a_kink_in_its_effectiveness():
    game = mg.DefenseGame(
        severity=[4.0],
        bandwidth=[0.0],
        effectiveness=[[0.5, 0.5]],
        attacker_bandwidth=0.0,
        composition="additive",
    )
    assert np.isnan(mg.value_gradient(game).effectiveness).all()


def test_the_table_has_a_row_for_every_number_of_the_game():
    game = mg.build_game(mg.load_scenario("examples/llava_agent.json"))
    table = mg.value_gradient(game).to_frame()
    n, m = game.n_threats, game.n_defenses
    assert len(table) == 2 * n + n * m + m + 2 * m + 2 + 1 + 1
    assert table["exists"].equals(table["derivative"].notna())
    row = table[table["number"] == "attacker_bandwidth"].iloc[0]
    value = mg.solve(game).value
    assert row["elasticity"] == pytest.approx(row["size"] * row["derivative"] / value)
    assert table["exists"].mean() > 0.9


def test_a_loose_solution_is_made_precise_first():
    game = general_game("independent", 2)
    loose, exact = mg.solve(game, tolerance=0.1), mg.value_gradient(game)
    assert loose.gap > 1e-6
    assert mg.value_gradient(loose).severity.array == pytest.approx(exact.severity.array)


def test_a_game_without_threats_changes_nothing():
    game = mg.DefenseGame(
        severity=[],
        bandwidth=[],
        effectiveness=np.empty((0, 2)),
        attacker_bandwidth=1.0,
        use={"budget": [1.0, 2.0]},
        limits={"budget": 1.0},
    )
    gradient = mg.value_gradient(game)
    assert gradient.max_level.array.tolist() == [0.0, 0.0]
    assert gradient.attacker_bandwidth == 0.0


def test_sparse_and_dense_games_have_the_same_derivatives():
    import scipy.sparse as sp

    for composition in COMPOSITIONS:
        game = general_game(composition, 5)
        arrays = arrays_of(game)
        arrays["effectiveness"] = sp.csr_array(arrays["effectiveness"])
        sparse = mg.value_gradient(mg.DefenseGame(**arrays))
        dense = mg.value_gradient(game)
        np.testing.assert_allclose(sparse.effectiveness, dense.effectiveness, atol=1e-9)
        assert sparse.to_frame()["derivative"].to_numpy() == pytest.approx(
            dense.to_frame()["derivative"].to_numpy(), nan_ok=True, abs=1e-9
        )


def test_an_unreachable_threshold_has_no_derivative():
    game = general_game("best_of", 1, termination_loss=1e6)
    with pytest.raises(mg.SpecificationError, match="no attacker in the game reaches it"):
        mg.threshold_gradient(game)


def test_where_several_proofs_meet_one_of_them_is_kept():
    # Threats of equal loss a bit, one of which does not run: the proof nearest by leaves the
    # edge on which a defense that is not funded just does not pay.
    scenario = mg.load_scenario("examples/minigpt-4_agent.json")
    game = mg.build_game(scenario.model_copy(update={"composition": "independent"}))
    gradient = mg.value_gradient(game)
    price = mg.solve(game, tolerance=1e-13).bandwidth_price
    assert gradient.attacker_bandwidth == pytest.approx(price, rel=1e-9)
    tied = gradient.to_frame().query("number == 'severity' and not exists")
    assert len(tied) >= 2


def test_equations_hold_forms_at_their_edges():
    sum_is_one = Equations(np.array([[1.0, 1.0]]), np.array([1.0]), np.ones(2))
    guess, forms = np.array([1.5, -0.1]), np.eye(2)
    assert sum_is_one.nearest(guess).tolist() == pytest.approx([1.3, -0.3])
    found = sum_is_one.nearest_with_signs(guess, forms, np.zeros(2))
    assert found.tolist() == pytest.approx([1.0, 0.0])


def test_a_bracket_that_cannot_be_closed_gives_no_derivatives(monkeypatch):
    monkeypatch.setattr("mfmgame.sensitivities.differentiation._PRECISE", 0.5)
    monkeypatch.setattr("mfmgame.solving.threat_generation.MAX_ROUNDS", 0)
    monkeypatch.setattr(
        "mfmgame.solving.threat_generation.exact_optimum", lambda *_: None
    )  # as of a large game
    with pytest.raises(mg.SolverError, match="too wide for derivatives"):
        mg.value_gradient(general_game("best_of", 0))


def test_no_derivative_is_claimed_where_an_equal_defense_may_stand_in():
    # All of d stops 3/4 of a and half of b; what is left of the budget may go to e, as good
    # as d against b. A worse d is then made up for by e, a better one is not.
    def value(strength: float) -> float:
        strengths = {"effectiveness": [[0.75, 0.0], [strength, 0.5]]}
        return value_of(mg.DefenseGame(**arrays_of(game) | strengths))

    game = mg.DefenseGame(
        severity=[4.0, 3.0],
        bandwidth=[1.0, 1.0],
        effectiveness=[[0.75, 0.0], [0.5, 0.5]],
        attacker_bandwidth=2.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 1.5},
    )
    step = 1e-6
    assert (value(0.5 + step) - value(0.5)) / step == pytest.approx(-3.0)
    assert (value(0.5) - value(0.5 - step)) / step == pytest.approx(-1.5)
    gradient = mg.value_gradient(game)
    assert np.isnan(gradient.effectiveness[1]).all()
    assert gradient.effectiveness[0, 0] == pytest.approx(-4.0)


def test_what_is_stopped_for_sure_has_no_slope():
    # Each defense alone covers the threat more than enough: severity counts for nothing.
    game = mg.DefenseGame(
        severity=[4.0],
        bandwidth=[1.0],
        effectiveness=[[1.0, 1.0]],
        attacker_bandwidth=2.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 1.5},
        composition="additive",
    )
    gradient = mg.value_gradient(game)
    assert gradient.severity["t0"] == 0.0
    assert gradient.attacker_bandwidth == 0.0


def test_an_effectiveness_of_0_has_the_slope_of_its_first_effect():
    # Two equal defenses share a budget of 1/2: either may have all of it, so a first effect on
    # the second threat is worth half of what that threat costs, whichever gets it.
    game = mg.DefenseGame(
        severity=[8.0, 2.0],
        bandwidth=[1.0, 1.0],
        effectiveness=[[0.5, 0.5], [0.0, 0.0]],
        attacker_bandwidth=2.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 0.5},
        composition="additive",
    )
    gradient = mg.value_gradient(game)
    assert gradient.effectiveness[1].tolist() == pytest.approx([-1.0, -1.0])
    assert np.isnan(gradient.effectiveness[0]).all()  # less of one is made up for by the other


def test_what_all_attacks_and_plans_share_has_a_slope_though_both_may_vary():
    # Either threat may be the one that runs in part, and the plan is the same.
    game = mg.DefenseGame(
        severity=[4.0, 4.0],
        bandwidth=[2.0, 2.0],
        effectiveness=[[0.5], [0.5]],
        attacker_bandwidth=3.0,
        use={"budget": [1.0]},
        limits={"budget": 0.5},
    )
    gradient = mg.value_gradient(game)
    assert gradient.attacker_bandwidth == pytest.approx(1.5)
    assert gradient.limits["budget"] == pytest.approx(-3.0)
    assert np.isnan(gradient.severity.array).all()
