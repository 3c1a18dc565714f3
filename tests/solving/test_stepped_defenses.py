"""Stepped defenses: worked examples, and brute force over every choice of levels."""

import itertools

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import held_game, is_within_limits, resource_cost
from mfmgame.game.symmetry import interchangeable_pairs
from mfmgame.references import value_by_pulp, value_by_scipy
from mfmgame.solving.discrete_optimal_set import best_within, cheapest_steps
from random_games import stepped_games
from specifications import SCENARIO

COMPOSITIONS = ["additive", "best_of", "independent"]
in_every_composition = pytest.mark.parametrize("composition", COMPOSITIONS)
ON_OR_OFF = (0, 1)


def trap(**changes) -> mg.DefenseGame:
    """Two defenses that help only together, and one that helps a little alone."""
    arguments = {
        "severity": [8.0, 8.0],
        "bandwidth": [1.0, 1.0],
        "effectiveness": [[0.75, 0.0, 0.25], [0.0, 0.75, 0.25]],
        "attacker_bandwidth": 1.0,
        "use": {"budget": [2.0, 2.0, 3.0]},
        "limits": {"budget": 4.0},
        "composition": "additive",
        "levels": dict.fromkeys(["d0", "d1", "d2"], ON_OR_OFF),
    }
    return mg.DefenseGame(**arguments | changes)


def all_choices(game):
    """Every choice of levels that rules and limits allow; continuous defenses at 0."""
    rules = game.level_rules
    for levels in itertools.product(
        *([0.0] if steps is None else steps.tolist() for steps in rules.levels)
    ):
        running = [level > 0.0 for level in levels]
        kept = all(running[other] or not running[one] for one, other in rules.requires)
        for members, at_least, at_most in rules.groups:
            kept &= at_least <= sum(running[member] for member in members) <= at_most
        if kept and is_within_limits(game, np.array(levels)):
            yield np.array(levels)


def by_brute_force(game):
    """Value for each choice of levels, the continuous rest solved."""
    return [(mg.solve(held_game(game, levels)).value, levels) for levels in all_choices(game)]


def scale(game, value):
    return max(value, 1e-6 * float(game.severity.max(initial=0.0)))


class TestByHand:
    @pytest.mark.parametrize(
        ("budget", "levels", "value"),
        [(2.0, [0, 0, 0], 8.0), (3.0, [0, 0, 1], 6.0), (4.0, [1, 1, 0], 2.0), (7.0, [1, 1, 1], 0)],
    )
    def test_what_helps_only_together_is_taken_together(self, budget, levels, value):
        solution = mg.solve(trap(limits={"budget": budget}))
        assert solution.allocation.array.tolist() == levels
        assert solution.value == value
        assert solution.is_proven

    def test_a_level_between_is_taken_where_it_is_one(self):
        solution = mg.solve(trap(levels={"d0": [0, 0.5], "d1": [0, 0.5], "d2": [0, 1]}))
        assert solution.allocation.array.tolist() == [0.5, 0.5, 0.0]
        assert solution.value == 8.0 * (1.0 - 0.375)

    def test_a_continuous_defense_takes_what_the_steps_leave(self):
        solution = mg.solve(trap(levels={"d0": ON_OR_OFF, "d1": ON_OR_OFF}, limits={"budget": 5.5}))
        assert solution.allocation.array.tolist() == pytest.approx([1.0, 1.0, 0.5])
        assert solution.value == pytest.approx(8.0 * 0.125)
        # Another unit raises d2 by a third, which takes a quarter off 8.
        assert solution.limit_prices["budget"] == pytest.approx(8.0 * 0.25 / 3.0)

    def test_where_all_are_stepped_no_unit_has_a_price(self):
        assert mg.solve(trap()).limit_prices["budget"] == 0.0

    def test_decimals_that_add_up_on_paper_fit_their_limit(self):
        game = trap(use={"budget": [0.1, 0.2, 0.3]}, limits={"budget": 0.3})
        assert 0.1 + 0.2 > 0.3
        assert mg.solve(game).allocation.array.tolist() == [1, 1, 0]

    def test_what_rounding_leaves_is_no_room_for_a_continuous_defense(self):
        game = trap(levels={"d0": ON_OR_OFF, "d1": ON_OR_OFF})
        assert mg.solve(game).allocation.array.tolist() == [1.0, 1.0, 0.0]

    @pytest.mark.parametrize("gap", [0.0, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-7])
    @in_every_composition
    def test_next_to_nothing_left_is_solved_and_proven(self, composition, gap):
        game = mg.DefenseGame(
            severity=[3.0, 2.0],
            bandwidth=[1.0, 1.0],
            effectiveness=[[0.8, 0.1], [0.85, 0.15]],
            attacker_bandwidth=1.5,
            use={"budget": [1.0 - gap, 0.7]},
            limits={"budget": 1.0},
            composition=composition,
            levels={"d0": ON_OR_OFF},
        )
        solution = mg.solve(game)
        assert solution.is_proven
        assert solution.value == pytest.approx(0.6 + 0.15, rel=1e-6)
        mg.verify(solution, game)

    def test_a_defense_that_uses_nothing_is_still_a_choice(self):
        game = trap(use={"budget": [0.0, 0.0, 3.0]}, groups=[mg.DefenseGroup(["d0", "d1"], 0, 1)])
        solution = mg.solve(game)
        assert solution.allocation.array[:2].sum() <= 1.0
        assert solution.value == 6.0
        assert mg.solve(trap(use={"budget": [0.0, 0.0, 3.0]})).value == 0.0

    def test_the_greatest_level_is_that_of_the_steps(self):
        game = trap(max_level=[3.0, 3.0, 3.0], levels={"d0": [0, 2]})
        assert game.max_level.tolist() == [2.0, 3.0, 3.0]

    def test_without_an_attacker_nothing_is_bought(self):
        solution = mg.solve(trap(attacker_bandwidth=0.0))
        assert solution.value == 0.0
        assert solution.allocation.array.tolist() == [0.0, 0.0, 0.0]


class TestLimitsAsStated:
    """A limit is shown as it was written, although whole steps may pass it by a trace."""

    document = SCENARIO | {
        "defender": {"limits": {"budget": 350.0, "latency": 0.3}, "kind": "binary"},
        "defenses": [
            {"id": "filter", "use": {"budget": 175.0, "latency": 0.1}},
            {"id": "monitor", "use": {"budget": 175.0, "latency": 0.2}},
        ],
    }

    def test_a_game_has_those_that_were_written(self):
        game = mg.build_game(mg.Scenario(**self.document))
        assert game.limits.tolist() == [350.0, 0.3]
        assert game.with_limits({"budget": 7.0}).limits.tolist() == [7.0, 0.3]
        assert mg.solve(game).allocation.array.tolist() == [1.0, 1.0]

    @pytest.mark.parametrize("ending", ["lp", "mps"])
    def test_an_exported_program_has_them(self, tmp_path, ending):
        file = tmp_path / f"program.{ending}"
        mg.export_program(mg.Scenario(**self.document), file)
        numbers = {word for line in file.read_text().splitlines() for word in line.split()}
        assert {"350.0", "0.3"} <= numbers

    def test_the_report_shows_them(self):
        page = mg.report_page(mg.Scenario(**self.document))
        assert "350.0" in page
        assert "350.000000" not in page

    def test_a_refusal_of_too_much_names_them(self):
        scenario = mg.Scenario(**self.document)
        game = mg.build_game(scenario)
        solution = mg.solve(game)
        with pytest.raises(mg.CertificateError, match=r"expected at most 340\.0$"):
            mg.verify(solution, game.with_limits({"budget": 340.0}))


class TestRulesByHand:
    def test_a_required_defense_is_bought_too(self):
        # d0 and d1 cost 4, and d2, which both need, 3.
        needing = {"d0": ["d2"], "d1": ["d2"]}
        assert mg.solve(trap(requires=needing)).allocation.array.tolist() == [0, 0, 1]
        rich = mg.solve(trap(requires=needing, limits={"budget": 7.0}))
        assert rich.allocation.array.tolist() == [1, 1, 1]

    def test_requirements_go_on(self):
        game = trap(requires={"d0": ["d1"], "d1": ["d2"]}, limits={"budget": 4.0})
        assert mg.solve(game).allocation.array.tolist() == [0, 0, 1]

    def test_defenses_that_require_each_other_run_together(self):
        game = trap(requires={"d0": ["d2"], "d2": ["d0"]}, limits={"budget": 4.0})
        assert mg.solve(game).value == 8.0
        game = trap(requires={"d0": ["d2"], "d2": ["d0"]}, limits={"budget": 5.0})
        assert mg.solve(game).value in (8.0, 6.0)
        assert mg.solve(game).allocation.array.tolist() == [1, 0, 1]

    def test_of_a_group_no_more_run_than_may(self):
        game = trap(groups=[mg.DefenseGroup(["d0", "d1"], at_most=1)])
        assert mg.solve(game).allocation.array.tolist() == [0, 0, 1]

    def test_of_a_group_as_many_run_as_must(self):
        game = trap(groups=[mg.DefenseGroup(["d2"], at_least=1)])
        assert mg.solve(game).allocation.array.tolist() == [0, 0, 1]

    def test_a_group_of_all_that_must_all_run(self):
        game = trap(groups=[mg.DefenseGroup(["d0", "d1", "d2"], at_least=3)])
        with pytest.raises(mg.InfeasibleError, match="limits and the rules"):
            mg.solve(game)
        assert mg.solve(game.with_limits({"budget": 7.0})).value == 0.0

    def test_rules_that_contradict_each_other_allow_nothing(self):
        groups = [mg.DefenseGroup(["d0"], 1), mg.DefenseGroup(["d0", "d1"], 0, 0)]
        with pytest.raises(mg.InfeasibleError, match="limits and the rules"):
            mg.solve(trap(groups=groups))

    def test_a_level_above_0_counts_as_running(self):
        game = trap(levels={"d0": [0.5, 1.0], "d1": [0, 1]}, requires={"d0": ["d1"]})
        assert mg.solve(game).allocation.array[1] == 1.0


@in_every_composition
@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_the_value_is_the_least_over_every_choice_of_levels(composition, data):
    game = data.draw(stepped_games(composition))
    values = [value for value, _ in by_brute_force(game)]
    if not values:
        with pytest.raises(mg.InfeasibleError):
            mg.solve(game)
        return
    solution, best = mg.solve(game), min(values)
    tolerance = (2e-6 if composition == "independent" else 2e-9) * scale(game, best)
    assert solution.value == pytest.approx(best, rel=0, abs=tolerance)
    assert solution.lower <= best + 1e-3 * tolerance
    assert game.level_rules.allows(solution.allocation.array)
    assert is_within_limits(game, solution.allocation.array)
    proven = mg.verify(solution, game)
    assert proven.lower <= best + 1e-3 * tolerance


@pytest.mark.parametrize("composition", ["additive", "best_of"])
@hypothesis.settings(max_examples=40)
@hypothesis.given(data=st.data())
def test_ranges_and_the_cheapest_are_those_of_every_choice(composition, data):
    game = data.draw(stepped_games(composition, all_stepped=True))
    values = by_brute_force(game)
    hypothesis.assume(values)
    best = min(value for value, _ in values)
    optimal = np.array([levels for value, levels in values if value <= best * (1.0 + 1e-9)])
    found = mg.sensitivity(game)
    assert found.least.array.tolist() == optimal.min(axis=0).tolist()
    assert found.greatest.array.tolist() == optimal.max(axis=0).tolist()
    cost = resource_cost(game)
    least = min(cost @ levels for value, levels in values if value <= best * (1.0 + 1e-13))
    assert cost @ mg.solve(game).allocation.array <= least * (1.0 + 1e-8)


@pytest.mark.parametrize("composition", ["additive", "best_of"])
@hypothesis.settings(max_examples=40)
@hypothesis.given(data=st.data())
def test_the_value_is_that_of_the_mixed_integer_program(composition, data):
    game = data.draw(stepped_games(composition))
    try:
        value = mg.solve(game).value
    except mg.InfeasibleError:
        with pytest.raises(mg.SolverError):
            value_by_scipy(game)
        return
    assert value_by_scipy(game) == pytest.approx(value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("composition", ["additive", "best_of"])
@pytest.mark.parametrize("seed", range(4))
def test_cbc_agrees(composition, seed):
    rng = np.random.default_rng(seed)
    game = mg.DefenseGame(
        severity=rng.uniform(1.0, 9.0, 12),
        bandwidth=rng.uniform(0.5, 2.0, 12),
        effectiveness=0.9 * rng.random((12, 6)),
        attacker_bandwidth=4.0,
        use={"budget": rng.uniform(1.0, 3.0, 6)},
        limits={"budget": 5.0},
        composition=composition,
        levels={"d0": [0, 1], "d1": [0, 0.5, 1], "d2": [0, 1], "d3": [0.25, 1], "d4": [0, 1]},
        requires={"d0": ["d1"]},
        groups=[mg.DefenseGroup(["d1", "d2", "d3", "d4"], 1, 3)],
    )
    assert value_by_pulp(game) == pytest.approx(mg.solve(game).value, rel=1e-6)


@in_every_composition
def test_numbers_of_18_orders_of_magnitude(composition):
    game = mg.DefenseGame(
        severity=[1e9, 1.0, 1e-9],
        bandwidth=[1.0, 1.0, 1.0],
        effectiveness=[[0.5, 0.25], [0.5, 0.75], [0.9, 0.0]],
        attacker_bandwidth=3.0,
        use={"budget": [1e-3, 1e6]},
        limits={"budget": 1e6},
        composition=composition,
        levels={"d0": ON_OR_OFF, "d1": ON_OR_OFF},
    )
    solution = mg.solve(game)
    assert solution.allocation.array.tolist() == [1.0, 0.0]
    assert solution.value == pytest.approx(0.5e9 + 0.5 + 1e-10, rel=1e-15)


class TestManyAlike:
    """Where every choice ties, the search must not list them."""

    def alike(self, n=14, **changes):
        arguments = {
            "severity": np.ones(6),
            "bandwidth": np.ones(6),
            "effectiveness": np.full((6, n), 0.05),
            "attacker_bandwidth": 3.0,
            "use": {"budget": np.ones(n)},
            "limits": {"budget": n / 2 + 0.5},
            "composition": "additive",
            "levels": {f"d{j}": ON_OR_OFF for j in range(n)},
        }
        return mg.DefenseGame(**arguments | changes)

    def test_as_many_run_as_can_be_paid_for(self):
        game = self.alike(16)
        solution = mg.solve(game)
        assert solution.is_proven
        assert solution.allocation.array.sum() == 8.0
        assert solution.value == pytest.approx(3.0 * (1.0 - 8 * 0.05))
        assert len(solution.certificate.proofs) <= 4
        assert mg.verify(solution, game).gap < 1e-12

    def test_each_may_run_and_none_must(self):
        found = mg.sensitivity(self.alike(16))
        assert found.least.array.tolist() == [0.0] * 16
        assert found.greatest.array.tolist() == [1.0] * 16

    def test_of_two_that_are_alike_the_other_may_be_the_one_at_hand(self):
        game = self.alike(2, limits={"budget": 1.0})
        assert best_within(game, np.array([0.0, 1.0])).tolist() == [0.0, 1.0]
        poorer = game.with_limits({"budget": 0.5})
        assert best_within(poorer, np.array([0.0, 1.0])).tolist() == [0.0, 0.0]
        three = self.alike(3, limits={"budget": 1.0})
        assert best_within(three, np.array([0.0, 1.0, 1.0])).sum() == 1.0

    def test_those_of_another_use_or_in_a_rule_are_not_alike(self):
        assert interchangeable_pairs(self.alike(3)) == ((0, 1), (1, 2))
        assert interchangeable_pairs(self.alike(3, use={"budget": [1.0, 2.0, 1.0]})) == ((0, 2),)
        assert interchangeable_pairs(self.alike(3, requires={"d0": ["d1"]})) == ()
        assert interchangeable_pairs(self.alike(3, levels={"d0": [0, 1], "d2": [0, 0.5, 1]})) == ()


@pytest.mark.parametrize("steps", [[0, 1, 1], [0, 0, 1], [1, 0], []])
def test_levels_stand_once_and_in_order(steps):
    message = r"levels\['d0'\]: expected one level or more, in increasing order"
    with pytest.raises(mg.SpecificationError, match=message):
        trap(levels={"d0": steps})


def test_a_level_that_is_no_number_is_refused_at_its_place():
    with pytest.raises(mg.SpecificationError, match=r"levels\['d0'\]\[1\]: found nan, expected"):
        trap(levels={"d0": [0, float("nan"), 1]})


def test_the_same_game_gives_the_same_bytes():
    def answer():
        game = trap(groups=[mg.DefenseGroup(["d0", "d2"], at_most=1)], limits={"budget": 9.0})
        return repr(mg.result_document(mg.assess(game)))

    assert answer() == answer()


def test_what_is_cheapest_keeps_what_nothing_is_saved_by():
    game = trap(use={"budget": [2.0, 2.0, 0.0]}, limits={"budget": 9.0})
    solution = mg.solve(game)
    assert solution.allocation.array.tolist() == [1.0, 1.0, 1.0]
    levels = solution.allocation.array
    same = cheapest_steps(game, compose(game), levels, solution.value, lambda steps: steps)
    assert same.tolist() == [1.0, 1.0, 1.0]


def test_where_the_rest_is_hard_to_prove_the_leaf_proves_it():
    """Its value is next to nothing, and cuts close to full coverage are steep."""
    game = mg.DefenseGame(
        severity=[3.0],
        bandwidth=[0.0],
        effectiveness=[[0.25, 0.75, 0.999999999, 0.75]],
        attacker_bandwidth=0.0,
        use={"budget": [1.0, 2.0, 0.3, 1.0]},
        composition="independent",
        levels={"d1": [0.25, 1.0], "d2": [0.0, 0.5, 1.0], "d3": [0.25, 1.0]},
    )
    solution = mg.solve(game)
    assert solution.value == pytest.approx(3.0 * 0.75 * 0.25 * 1e-9 * 0.25, rel=1e-6)
    assert mg.verify(solution, game).gap <= solution.tolerance
