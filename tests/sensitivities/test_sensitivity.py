"""Other optima: ranges and roles of defenses, and one-sided prices."""

import hypothesis
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse as sp
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.whole_programs.program import whole_program
from random_games import games


def twins(budget: float, attacker_bandwidth: float = 1.0) -> mg.DefenseGame:
    """Two defenses that do the same, and one that pays only once they are funded."""
    return mg.DefenseGame(
        severity=[6.0, 4.0],
        bandwidth=[1.0, 1.0],
        effectiveness=[[0.5, 0.5, 0.0], [0.0, 0.0, 0.5]],
        attacker_bandwidth=attacker_bandwidth,
        use={"budget": [1.0, 1.0, 2.0]},
        limits={"budget": budget},
    )


def test_each_of_two_equal_defenses_may_do_without_the_other():
    found = mg.sensitivity(twins(0.5))
    assert found.roles == {"d0": "optional", "d1": "optional", "d2": "useless"}
    assert dict(found.least) == {"d0": 0.0, "d1": 0.0, "d2": 0.0}
    assert dict(found.greatest) == pytest.approx({"d0": 0.5, "d1": 0.5, "d2": 0.0})


def test_a_defense_that_every_optimum_needs_is_essential():
    # Beyond a budget of 2/3 the second threat is worth as much as the first.
    assert mg.sensitivity(twins(1.0)).roles["d2"] == "essential"


def test_a_price_has_two_sides_where_what_pays_best_changes():
    # 3 for each unit spent on the first threat alone; then 3/4, shared between both.
    price = mg.sensitivity(twins(2 / 3)).limit_prices["budget"]
    assert price == pytest.approx((3.0, 0.75))


def test_the_last_bit_is_worth_more_than_the_next_at_a_kink():
    # The first bit runs the worse of the two threats, the second the other one.
    game = twins(0.0)
    assert mg.sensitivity(game).bandwidth_price == pytest.approx((6.0, 4.0))


def test_nothing_is_lost_at_the_ends():
    everything = mg.sensitivity(twins(100.0, attacker_bandwidth=3.0))
    assert everything.bandwidth_price == (0.0, 0.0)
    assert everything.limit_prices["budget"] == (0.0, 0.0)
    nothing = mg.sensitivity(twins(0.0, attacker_bandwidth=0.0))
    assert nothing.bandwidth_price == pytest.approx((None, 6.0))
    assert nothing.limit_prices["budget"].left is None


def test_a_game_without_threats_needs_no_defense():
    game = mg.DefenseGame(
        severity=[], bandwidth=[], effectiveness=np.empty((0, 2)), attacker_bandwidth=1.0
    )
    assert set(mg.sensitivity(game).roles.values()) == {"optional"}


def test_the_table_lists_every_defense_with_its_role():
    table = mg.sensitivity(twins(0.5)).to_frame()
    assert table.columns.tolist() == ["level", "least", "greatest", "role"]
    assert table.loc["d1", "role"] == "optional"


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("composition", ["additive", "best_of"])
@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_ranges_are_those_of_the_whole_program(composition, shared, data):
    game = data.draw(games(composition, max_threats=6, max_defenses=4, shared=shared))
    found = mg.sensitivity(game)
    program = whole_program(game)
    value = found.solution.value
    rows = [sp.csr_array(program.matrix), sp.csr_array(program.cost[None])]
    upper = np.append(program.upper, value * (1 + 1e-11) + 1e-13)
    lower = np.append(program.lower, -np.inf)
    for j in range(game.n_defenses):
        for sign, ours in ((1.0, found.least.array[j]), (-1.0, found.greatest.array[j])):
            cost = np.zeros(len(program.cost))
            cost[j] = sign
            outcome = scipy.optimize.milp(
                cost,
                bounds=scipy.optimize.Bounds(0.0, program.top),
                constraints=scipy.optimize.LinearConstraint(sp.vstack(rows), lower, upper),
            )
            assert outcome.status == 0
            assert ours == pytest.approx(sign * outcome.fun, abs=1e-5)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("composition", ["additive", "best_of"])
@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_one_sided_prices_are_slopes_of_the_frontier(composition, shared, data):
    game = data.draw(games(composition, max_threats=6, max_defenses=4, shared=shared))
    game = game.with_attacker_bandwidth(data.draw(st.sampled_from([0.5, 1.0, 2.0])))
    frontier, price = mg.sweep(game), mg.sensitivity(game).bandwidth_price
    at, near = game.attacker_bandwidth, 1e-6
    unit = max(1.0, float(game.severity.max()))
    right = (frontier(at + near) - frontier(at)) / near
    left = (frontier(at) - frontier(at - near)) / near
    assert price.right == pytest.approx(right, abs=1e-5 * unit, rel=1e-5)
    assert price.left == pytest.approx(left, abs=1e-5 * unit, rel=1e-5)


def roles_of(**arrays) -> list[str]:
    """Roles of the defenses of a game without bandwidth."""
    n_threats = len(arrays["severity"])
    game = mg.DefenseGame(bandwidth=[0.0] * n_threats, attacker_bandwidth=0.0, **arrays)
    return list(mg.sensitivity(game).roles.values())


def test_what_rounding_alone_decides_is_open():
    # Level 1 of the last defense covers all that matters; more of it changes rounding.
    found = mg.sensitivity(
        mg.DefenseGame(
            severity=[1.0, 1.0, 1.0],
            bandwidth=[0.0] * 3,
            effectiveness=[[0.0, 0.0, 1.0], [0.5, 0.0, 1e-4], [0.0, 0.0, 0.5]],
            attacker_bandwidth=0.0,
            use={"r": [1.0, 4000.0, 1.0]},
            limits={"r": 1000.0},
            max_level=[0.0, 1.0, 1.4],
        )
    )
    assert found.least["d2"] == pytest.approx(1.0)
    assert found.greatest["d2"] == pytest.approx(1.4)


def test_defenses_that_are_nearly_alike_may_stand_for_each_other():
    nearly = [[0.24999999975, 0.25, 0.5]]
    roles = roles_of(
        severity=[1.0], effectiveness=nearly, use={"a": [2.0, 2.0, 1.0]}, limits={"a": 2.0}
    )
    assert roles == ["optional", "optional", "essential"]


def test_a_search_that_fails_does_not_say_that_there_is_one_optimum():
    game = mg.DefenseGame(
        severity=[1.0, 2.0],
        bandwidth=[2.0, 1.0],
        effectiveness=[[0.5, 0.0, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 1.0, 0.0]],
        attacker_bandwidth=1.0,
        use={"a": [1.0, 0.0, 1.0, 1.0, 1.00000001]},
        limits={"a": 2.0},
        max_level=[1.0, 0.0, 1.0, 1.0, 1.0],
        composition="additive",
    )
    roles = mg.sensitivity(game).roles
    assert (roles["d2"], roles["d3"]) == ("optional", "optional")


@pytest.mark.parametrize("steps", [{}, {"d0": [0.0, 1e-3, 1.0]}], ids=["continuous", "stepped"])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
def test_what_the_plan_funds_is_never_useless(composition, seed, steps):
    random = np.random.default_rng(seed)
    n, m = random.integers(1, 5, 2)
    game = mg.DefenseGame(
        severity=random.uniform(1.0, 10.0, n),
        bandwidth=random.uniform(0.1, 2.0, n),
        effectiveness=random.uniform(0.0, 0.98, (n, m)),
        attacker_bandwidth=float(random.uniform(0.5, n)),
        use={"a": random.uniform(0.1, 3.0, m)},
        limits={"a": 10.0 ** -float(seed)},  # so that all that is funded runs ever less
        composition=composition,
        levels=steps,
    )
    found = mg.assess(game)
    levels, roles = found.solution.allocation, found.sensitivity.roles
    assert max(levels.values()) > 0.0 or steps
    assert all(roles[name] != "useless" for name, level in levels.items() if level > 0.0)
    mg.verify(mg.Result(**mg.result_document(found)), game)


@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
def test_the_only_defense_of_a_tiny_budget_is_essential(composition):
    game = mg.DefenseGame(
        severity=[1.0],
        bandwidth=[1.0],
        effectiveness=[[0.5]],
        attacker_bandwidth=1.0,
        use={"a": [1.0]},
        limits={"a": 1e-5},
        composition=composition,
    )
    found = mg.sensitivity(game)
    assert found.solution.allocation["d0"] == 1e-5
    assert found.roles == {"d0": "essential"}


@pytest.mark.parametrize("cost", [1e11, 1e12, 1e15, 1e99])
@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_what_costs_too_much_to_run_hides_no_price(cost, limit):
    game = mg.DefenseGame(
        severity=[8.0, 4.0],
        bandwidth=[1.0, 2.0],
        effectiveness=[[0.75, 0.0, 0.9], [0.0, 0.5, 0.9]],
        attacker_bandwidth=2.0,
        use={"budget": [1.0, 1.0, cost]},
        limits={"budget": limit},
    )
    price = mg.sensitivity(game).limit_prices["budget"]
    slopes = mg.sweep(game.with_limits({"budget": 2.0}), limit="budget").slopes
    assert price.right == pytest.approx(-slopes[0] if limit == 0.0 else -slopes[1], rel=1e-6)
