"""Worked examples small enough to check by hand, and the edges of the game."""

import itertools

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose

COMPOSITIONS = ["additive", "best_of", "independent"]
any_composition = pytest.mark.parametrize("composition", COMPOSITIONS)


def game(**changes) -> mg.DefenseGame:
    """Two threats, a defense for each, and a budget for one of them."""
    arguments = {
        "severity": [4.0, 3.0],
        "bandwidth": [1.0, 1.0],
        "effectiveness": [[0.5, 0.0], [0.0, 0.5]],
        "attacker_bandwidth": 1.0,
        "use": {"budget": [1.0, 1.0]},
        "limits": {"budget": 1.0},
    }
    return mg.DefenseGame(**{**arguments, **changes})


class TestByHand:
    def test_the_budget_levels_the_two_residual_losses(self):
        # 4 (1 - x/2) = 3 (1 - (1 - x)/2) where x = 5/7: both threats then lose 18/7.
        solution = mg.solve(game())
        assert solution.value == pytest.approx(18 / 7, rel=1e-12)
        assert dict(solution.allocation) == pytest.approx({"d0": 5 / 7, "d1": 2 / 7})
        # The attacker mixes so that the defender does not care: 2 y0 = 1.5 y1.
        assert dict(solution.attack) == pytest.approx({"t0": 3 / 7, "t1": 4 / 7})

    def test_prices_are_what_one_more_unit_changes(self):
        solution = mg.solve(game())
        # Both attacks leave 18/7 a bit; one more budget takes 6/7 off.
        assert solution.bandwidth_price == pytest.approx(18 / 7)
        assert solution.limit_prices["budget"] == pytest.approx(6 / 7)

    def test_the_price_at_a_kink_is_what_the_next_bit_adds(self):
        # The first bit runs the worst threat whole; the next runs half of the third.
        kinked = mg.DefenseGame(
            severity=[8.0, 1.0, 5.0],
            bandwidth=[1.0, 1.0, 2.0],
            effectiveness=[[0.1], [0.4], [0.6]],
            attacker_bandwidth=1.0,
        )
        assert mg.solve(kinked).bandwidth_price == pytest.approx(1.0)

    def test_no_money_goes_where_it_buys_nothing(self):
        # One defense is enough; the other resource is left alone.
        spare = game(
            severity=[4.0, 0.0],
            effectiveness=[[0.5, 0.5], [0.0, 0.0]],
            use={"budget": [1.0, 1.0], "latency": [0.0, 1.0]},
            limits={"budget": 1.0, "latency": 1.0},
        )
        solution = mg.solve(spare)
        assert dict(solution.resource_use) == pytest.approx({"budget": 1.0, "latency": 0.0})

    @pytest.mark.parametrize("composition", ["best_of", "additive"])
    def test_no_money_is_spent_where_threats_without_a_defense_fill_the_bandwidth(
        self, composition
    ):
        # All threats are equal, the defended ones first; four have no defense, two can run.
        effectiveness = np.vstack((np.eye(3) * 0.5, np.zeros((4, 3))))
        solution = mg.solve(
            mg.DefenseGame(
                severity=np.ones(7),
                bandwidth=np.ones(7),
                effectiveness=effectiveness,
                attacker_bandwidth=2.0,
                use={"budget": np.ones(3)},
                limits={"budget": 2.0},
                composition=composition,
            )
        )
        assert solution.value == 2.0
        assert set(solution.allocation.values()) == {0.0}

    def test_a_knapsack_attacker_runs_the_densest_threat_first(self):
        solution = mg.solve(game(bandwidth=[4.0, 1.0], attacker_bandwidth=3.0, limits={}))
        # Undefended densities are 1 and 3 a bit; both defenses run: 0.5 and 1.5 a bit.
        assert solution.value == pytest.approx(1.5 + 2 * 0.5)

    def test_the_value_is_bracketed_by_proven_bounds(self):
        solution = mg.solve(game())
        assert solution.lower <= solution.value <= solution.upper
        assert solution.gap <= 1e-9

    def test_layers_multiply_when_independent(self):
        both = mg.DefenseGame(
            severity=[8.0],
            bandwidth=[1.0],
            effectiveness=[[0.5, 0.75]],
            attacker_bandwidth=1.0,
            composition="independent",
        )
        assert mg.solve(both).value == pytest.approx(1.0, rel=1e-6)

    def test_best_of_does_not_count_two_defenses_twice(self):
        both = {"effectiveness": [[0.5, 0.75], [0.5, 0.75]], "limits": {}}
        assert mg.solve(game(**both)).value == pytest.approx(1.0)
        assert mg.solve(game(**both, composition="additive")).value == 0.0


@any_composition
class TestEdges:
    def test_without_threats_nothing_is_lost(self, composition):
        empty = game(
            severity=[], bandwidth=[], effectiveness=np.zeros((0, 2)), composition=composition
        )
        solution = mg.solve(empty)
        assert (solution.value, solution.lower, solution.upper) == (0.0, 0.0, 0.0)
        assert len(solution.attack) == 0

    def test_without_defenses_everything_runs(self, composition):
        bare = game(
            effectiveness=np.zeros((2, 0)),
            use={},
            limits={},
            attacker_bandwidth=1.5,
            composition=composition,
        )
        assert mg.solve(bare).value == pytest.approx(5.5)

    def test_a_limit_without_defenses_limits_nothing(self, composition):
        bare = game(effectiveness=np.zeros((2, 0)), use={"budget": []}, composition=composition)
        assert mg.solve(bare).value == pytest.approx(4.0)

    def test_without_bandwidth_only_free_threats_run(self, composition):
        solution = mg.solve(
            game(attacker_bandwidth=0.0, bandwidth=[0.0, 1.0], composition=composition)
        )
        assert solution.value == pytest.approx(2.0, rel=1e-6)
        assert solution.attack["t1"] == 0.0

    def test_bandwidth_beyond_the_total_changes_nothing(self, composition):
        total, beyond = (
            mg.solve(game(attacker_bandwidth=bandwidth, composition=composition))
            for bandwidth in (2.0, 1e30)
        )
        assert beyond.value == pytest.approx(total.value, rel=1e-9)
        assert beyond.bandwidth_price == 0.0

    def test_a_zero_limit_leaves_its_users_at_level_0(self, composition):
        solution = mg.solve(game(limits={"budget": 0.0}, composition=composition))
        assert solution.value == pytest.approx(4.0)
        assert dict(solution.allocation) == {"d0": 0.0, "d1": 0.0}

    def test_a_defense_that_uses_nothing_runs_in_full(self, composition):
        free = game(use={"budget": [0.0, 1.0]}, limits={"budget": 0.0}, composition=composition)
        solution = mg.solve(free)
        assert solution.allocation["d0"] == pytest.approx(1.0)
        assert solution.value == pytest.approx(3.0)

    def test_a_resource_without_a_limit_is_unlimited(self, composition):
        assert mg.solve(game(limits={}, composition=composition)).value == pytest.approx(2.0)

    def test_levels_stop_at_the_greatest_level(self, composition):
        capped = game(limits={}, max_level=[0.0, 1.0], composition=composition)
        assert mg.solve(capped).value == pytest.approx(4.0)

    def test_duplicate_threats_are_two_threats(self, composition):
        twice = game(
            severity=[4.0, 4.0],
            effectiveness=[[0.5, 0.0], [0.5, 0.0]],
            attacker_bandwidth=2.0,
            composition=composition,
        )
        assert mg.solve(twice).value == pytest.approx(4.0, rel=1e-6)

    def test_duplicate_defenses_do_no_harm(self, composition):
        twice = game(effectiveness=[[0.5, 0.5], [0.5, 0.5]], composition=composition)
        assert mg.solve(twice).value == pytest.approx(2.0, rel=1e-6)

    def test_all_zeros_lose_nothing(self, composition):
        nothing = game(severity=[0.0, 0.0], effectiveness=np.zeros((2, 2)), composition=composition)
        assert mg.solve(nothing).value == 0.0

    def test_severities_of_18_orders_of_magnitude_keep_their_digits(self, composition):
        # No defense touches another's threat, so each may be checked alone.
        severity = 10.0 ** np.arange(-9.0, 10.0)
        wide = mg.DefenseGame(
            severity=severity,
            bandwidth=np.ones(19),
            effectiveness=np.diag(np.full(19, 0.5)),
            attacker_bandwidth=19.0,
            use={"budget": np.ones(19)},
            limits={"budget": 19.0},
            composition=composition,
        )
        solution = mg.solve(wide)
        assert solution.value == pytest.approx(severity.sum() / 2, rel=1e-9)
        assert dict(solution.allocation) == pytest.approx(dict.fromkeys(wide.defense_ids, 1.0))

    @pytest.mark.parametrize("exponent", [-9, -4, 0, 4, 9])
    def test_the_value_keeps_its_digits_in_any_unit(self, composition, exponent):
        unit = 10.0**exponent
        scaled = mg.solve(game(severity=[4.0 * unit, 3.0 * unit], composition=composition))
        plain = mg.solve(game(composition=composition))
        assert scaled.value == pytest.approx(plain.value * unit, rel=2 * plain.tolerance)

    def test_the_same_game_gives_the_same_bytes(self, composition):
        first, second = (mg.solve(game(composition=composition)) for _ in range(2))
        for name in ("allocation", "attack", "coverage", "residual", "limit_prices"):
            assert getattr(first, name).array.tobytes() == getattr(second, name).array.tobytes()
        assert (first.value, first.lower, first.upper) == (
            second.value,
            second.lower,
            second.upper,
        )


class TestCompleteCoverage:
    @pytest.mark.parametrize("composition", ["additive", "best_of"])
    def test_a_defense_that_stops_all_leaves_nothing(self, composition):
        perfect = game(effectiveness=[[1.0, 0.0], [0.0, 1.0]], limits={}, composition=composition)
        solution = mg.solve(perfect)
        assert (solution.value, solution.lower, solution.upper) == (0.0, 0.0, 0.0)

    def test_a_catastrophe_fully_stopped_does_not_hide_a_nuisance(self):
        solution = mg.solve(
            game(severity=[1e9, 1e-9], effectiveness=[[1.0, 0.0], [0.0, 0.5]], limits={})
        )
        assert solution.value == pytest.approx(5e-10, rel=1e-9)
        assert solution.gap <= 1e-9

    def test_independent_refuses_a_layer_that_never_fails(self):
        perfect = game(effectiveness=[[1.0, 0.0], [0.0, 0.5]], composition="independent")
        with pytest.raises(mg.SpecificationError, match=r"effectiveness: found a value of 1"):
            mg.solve(perfect)


class TestRefusals:
    @pytest.mark.parametrize("levels", [{}, {"d0": [0.0, 1.0]}])
    def test_a_negative_limit_is_infeasible(self, levels):
        with pytest.raises(mg.InfeasibleError, match=r"limit of 'budget' is -1.0,"):
            mg.solve(game(limits={"budget": -1.0}, levels=levels))

    @pytest.mark.parametrize("tolerance", [0.0, 1.0, -1e-9, float("nan"), "1e-6", True, [1e-6]])
    def test_a_tolerance_that_is_no_number_between_0_and_1_is_refused(self, tolerance):
        with pytest.raises(mg.SpecificationError, match="tolerance"):
            mg.solve(game(), tolerance=tolerance)


class TestTolerance:
    @any_composition
    @pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
    def test_the_bracket_is_as_narrow_as_asked_for(self, composition, tolerance, examples):
        scenario = mg.load_scenario(examples / "gpt-4_agent.json")
        problem = scenario.model_copy(update={"composition": composition})
        loose, sharp = mg.solve(problem, tolerance=tolerance), mg.solve(problem)
        assert loose.gap <= tolerance
        assert loose.lower <= sharp.upper
        assert sharp.lower <= loose.upper


def test_a_bound_that_cannot_hold_replaces_no_proof():
    # Of a value so small, the master's own goes up and down, and above what is known to be had.
    game = mg.DefenseGame(
        severity=[1.0],
        bandwidth=[0.0],
        effectiveness=[[0.999, 0.999, 0.999]],
        attacker_bandwidth=0.0,
        use={"r": [0.0, 1.6, 0.5]},
        limits={"r": 2.0},
        max_level=[1.2, 1.0, 1.3],
        composition="independent",
    )
    solution = mg.solve(game)
    assert 0.5 * solution.value < solution.lower <= solution.value


class TestWarmSolver:
    @any_composition
    def test_one_solver_answers_for_every_bandwidth(self, composition, examples):
        scenario = mg.load_scenario(examples / "llava_agent.json")
        built = mg.build_game(scenario.model_copy(update={"composition": composition}))
        solver = mg.Solver(built)
        for bandwidth in (8.0, 0.0, 1e-3, 300.0, 20.0, 8.0):
            warm = solver.solve(bandwidth)
            cold = mg.solve(built.with_attacker_bandwidth(bandwidth))
            assert warm.gap <= warm.tolerance
            assert warm.value == pytest.approx(cold.value, rel=2 * warm.tolerance)


def test_brute_force_over_a_grid_finds_nothing_better():
    generator = np.random.default_rng(5)
    grid = np.linspace(0.0, 1.0, 21)
    for _ in range(20):
        random = game(
            severity=generator.random(3),
            bandwidth=generator.random(3),
            effectiveness=generator.random((3, 2)),
        )
        value, composed = mg.solve(random).value, compose(random)
        for levels in itertools.product(grid, grid):
            if sum(levels) <= 1.0:
                residual = random.severity * composed.exposure(np.array(levels))
                assert best_response(residual, random.ways, 1.0).loss >= value - 1e-9


def test_tables_have_a_row_per_defense_and_per_threat():
    solution = mg.solve(game())
    defenses, threats = solution.to_frame(), solution.to_frame("threats")
    assert list(defenses.columns) == ["level", "max_level", "budget"]
    assert list(threats.index) == ["t0", "t1"]
    assert threats["residual"].max() == pytest.approx(18 / 7)
    assert solution.resource_use["budget"] == pytest.approx(1.0)
    with pytest.raises(mg.SpecificationError, match="rows"):
        solution.to_frame("columns")


@pytest.mark.parametrize("limit", [1e-8, 1e-10, 1e-12, 1e-14, 1e-30])
@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
def test_a_budget_of_next_to_nothing_is_worth_what_it_buys(composition, limit):
    game = mg.DefenseGame(
        severity=[3.0],
        bandwidth=[1.0],
        effectiveness=[[0.75, 0.5]],
        attacker_bandwidth=2.0,
        use={"budget": [1.0, 0.25]},
        limits={"budget": limit},
        composition=composition,
    )
    solution = mg.solve(game)
    worth = 3.0 * (-np.log(0.5) if composition == "independent" else 0.5) / 0.25
    assert solution.is_proven
    assert solution.value == pytest.approx(3.0 - worth * limit, rel=1e-12)
    assert solution.limit_prices["budget"] == pytest.approx(worth, rel=1e-6)


@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
def test_no_level_misses_an_end_by_rounding(composition):
    for seed in range(30):
        random = np.random.default_rng(seed)
        n, m = int(random.integers(3, 40)), int(random.integers(2, 12))
        levels = mg.solve(
            mg.DefenseGame(
                severity=random.choice([1.0, 2.0, 3.0, 5.0], size=n),
                bandwidth=random.choice([1.0, 2.0], size=n),
                effectiveness=random.choice([0.0, 0.25, 0.5, 0.75], size=(n, m)),
                attacker_bandwidth=n / 3,
                use={"a": random.choice([1.0, 2.0, 3.0], size=m), "b": random.random(m)},
                limits={"a": m / 2, "b": m / 5},
                composition=composition,
            )
        ).allocation.array
        missed = np.minimum(levels, 1.0 - levels)
        assert not ((missed > 0.0) & (missed < 1e-10)).any(), seed


def test_levels_stay_where_a_tiny_loss_depends_on_them():
    # One more 1e-13 of a level is nothing to the first threat, and all that the second loses.
    game = mg.DefenseGame(
        severity=[1e6, 1e12],
        bandwidth=[1.0, 0.0],
        effectiveness=[[0.0, 0.5], [1.0, 0.0]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 2.0 - 1e-13},
        composition="additive",
    )
    solution = mg.solve(game)
    assert solution.allocation["d0"] == 1.0
    assert solution.is_proven
    assert solution.value == pytest.approx(0.5e6, rel=1e-12)


@pytest.mark.parametrize("tolerance", [1e-9, 1e-12])
def test_neat_levels_never_widen_a_bracket_beyond_the_tolerance(tolerance):
    for seed in range(200):
        random = np.random.default_rng(seed)
        n, m = int(random.integers(1, 6)), int(random.integers(1, 5))
        solution = mg.solve(
            mg.DefenseGame(
                severity=random.choice([0.0, 1.0, 1.5, 3.0], size=n),
                bandwidth=random.choice([0.0, 0.5, 1.0], size=n),
                effectiveness=random.choice([0.0, 0.3, 0.7, 1.0], size=(n, m)),
                attacker_bandwidth=0.5,
                use={"a": random.choice([0.1, 0.3, 1.0], size=m)},
                limits={"a": float(random.choice([0.3, 0.7, 1.1, 2.0]))},
                composition="additive",
            ),
            tolerance=tolerance,
        )
        # A value of 0 is known to the rounding of the levels that stop everything.
        assert solution.is_proven or solution.value - solution.lower < 1e-14, seed


def test_the_cheapest_way_to_stop_everything_does_stop_it():
    # 1/2 of the first defense and about 1/2 of the second just cover the threat; the rounding
    # of their sum must not leave a loss that nothing proves.
    solution = mg.solve(
        mg.DefenseGame(
            severity=[1.5],
            bandwidth=[0.5],
            effectiveness=[[1.0, 0.984375]],
            max_level=[0.5, 1.0],
            attacker_bandwidth=0.5,
            use={"a": [0.5, 0.0], "b": [2.0, 4.5]},
            limits={"b": 3.59375},
            composition="additive",
        )
    )
    assert solution.value < 2e-15
    assert solution.is_proven


@pytest.mark.parametrize(
    ("arrays", "use", "limit", "most", "cheapest"),
    [
        # A half of the first and of the third fill both threats: nothing is left for the second.
        (
            ([0.1, 8], [0, 0.5], [[0.3, 0, 1], [0.5, 0.5, 0.9]], "best_of"),
            [1, 0.5, 0.1],
            3,
            [0.5, 1, 0.5],
            [0.5, 0, 0.5],
        ),
        # A fifth of the first and all of the third stop both threats.
        (
            ([8, 0.1], [0.5, 0], [[0.5, 0, 0.9, 0, 0.4], [0, 1, 1, 0, 0]], "additive"),
            [0.1, 1, 1, 0.5, 1],
            3,
            [0.5, 1, 1, 1, 0.5],
            [0.2, 0, 1, 0, 0],
        ),
        # The first alone stops both threats.
        (
            ([0.1, 2], [1, 2], [[1, 0, 0.5, 0.5, 0.5], [1, 0.9, 1, 0.4, 0.3]], "best_of"),
            [2, 1, 1, 0.1, 0.5],
            5,
            np.ones(5),
            [1, 0, 0, 0, 0],
        ),
        # Only free threats run, on which the second does not act; the first is switched off.
        *(
            (
                ([4, 2], [0, 0.1], [[0.1, 0, 0.3], [0.1, 0.9, 0.1]], "additive"),
                [cost, 1, 1],
                3,
                [0, 1, 0],
                [0, 0, 0],
            )
            for cost in (1e3, 1e9, 1e50)
        ),
    ],
)
def test_nothing_is_spent_for_no_gain(arrays, use, limit, most, cheapest):
    severity, bandwidth, effectiveness, composition = arrays
    game = mg.DefenseGame(
        severity=severity,
        bandwidth=bandwidth,
        effectiveness=effectiveness,
        attacker_bandwidth=0.0 if not cheapest[0] else 1.0,
        use={"budget": use},
        limits={"budget": limit},
        max_level=most,
        composition=composition,
    )
    assert mg.solve(game).allocation.array == pytest.approx(cheapest, abs=1e-12)


@pytest.mark.parametrize("cost", [1e12, 3e15, 1e16, 1e20, 1e99])
def test_what_costs_too_much_to_run_is_not_bought_in_traces(cost):
    # A tenth of the budget runs the second defense; the rest would buy next to nothing.
    solution = mg.solve(
        mg.DefenseGame(
            severity=[2.0, 1.0],
            bandwidth=[0.0, 0.0],
            effectiveness=[[0.3, 0.5], [0.0, 0.3]],
            attacker_bandwidth=0.0,
            use={"budget": [cost, 0.1]},
            limits={"budget": 0.5},
        )
    )
    assert solution.allocation.array.tolist() == [0.0, 1.0]
    assert solution.resource_use["budget"] == 0.1
    assert solution.value == pytest.approx(1.7, rel=1e-14)
    assert solution.is_proven
