"""The best portfolio at every budget: by hand, and beside the front of all choices."""

import copy
import itertools
import json

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.answers.frontier import reach_of, with_limit_on
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import is_within_limits
from mfmgame.view.json.portfolio_documents import portfolio_document
from random_games import stepped_games
from specifications import changed, without

COMPOSITIONS = ["additive", "best_of", "independent"]

PROJECTS = {
    "schema": "mfmgame/scenario/1",
    "name": "four projects",
    "composition": "additive",
    "threats": [
        {"id": "injection", "severity": 8, "bandwidth": 1},
        {"id": "jailbreak", "severity": 8, "bandwidth": 1},
        {"id": "leak", "severity": 2, "bandwidth": 1},
    ],
    "defenses": [
        {"id": "sandbox", "use": {"budget": 2}},
        {"id": "filter", "use": {"budget": 2}},
        {"id": "patch", "use": {"budget": 3}},
        {"id": "audit", "use": {"budget": 1}},
    ],
    "effectiveness": [
        {"threat": "injection", "defense": "sandbox", "value": 0.75},
        {"threat": "jailbreak", "defense": "filter", "value": 0.75},
        {"threat": "injection", "defense": "patch", "value": 0.25},
        {"threat": "jailbreak", "defense": "patch", "value": 0.25},
        {"threat": "leak", "defense": "audit", "value": 0.5},
    ],
    "attacker": {"bandwidth": 1},
    "defender": {"kind": "binary"},
}
"""Sandbox and filter help only together; patch tempts whoever counts them one by one."""


def build(document=PROJECTS):
    return mg.build_game(mg.Scenario(**document))


def rows(document=PROJECTS, **options):
    sequence = mg.best_portfolios(mg.Scenario(**document), **options)
    return [(one.cost, one.value, one.greedy_value, one.adds, one.drops) for one in sequence]


class TestByHand:
    def test_the_greedy_order_falls_into_the_trap(self):
        assert rows() == [
            (0.0, 8.0, 8.0, {}, {}),
            (3.0, 6.0, 6.0, {"patch": 1.0}, {}),
            (4.0, 2.0, 6.0, {"sandbox": 1.0, "filter": 1.0}, {"patch": 0.0}),
            (8.0, 1.0, 6.0, {"patch": 1.0, "audit": 1.0}, {}),
        ]

    def test_each_says_whether_the_greedy_order_finds_it(self):
        sequence = mg.best_portfolios(build())
        assert [one.greedy_finds_it for one in sequence] == [True, True, False, False]

    def test_each_holds_until_the_next_can_be_paid(self):
        sequence = mg.best_portfolios(build())
        assert [one.until for one in sequence] == [3.0, 4.0, 8.0, None]
        for budget, value in [(0.0, 8), (2.9, 8), (3.0, 6), (3.9, 6), (4.0, 2), (7.9, 2), (99, 1)]:
            assert sequence.at(budget).value == value

    def test_the_scenarios_own_budget_changes_nothing(self):
        assert rows(changed(PROJECTS, "/defender/limits", {"budget": 1})) == rows()

    def test_the_first_is_what_the_rules_force(self):
        document = changed(PROJECTS, "/defenses/3/levels", [0.5, 1])
        assert rows(document)[0] == (0.5, 8.0, 8.0, {"audit": 0.5}, {})
        group = [{"defenses": ["filter", "patch"], "at_least": 1}]
        assert rows(changed(PROJECTS, "/defender/groups", group))[:2] == [
            (2.0, 8.0, 8.0, {"filter": 1.0}, {}),
            (3.0, 6.0, 6.0, {"patch": 1.0}, {"filter": 0.0}),
        ]

    def test_a_dearer_twin_is_in_none(self):
        document = changed(PROJECTS, "/defenses/-", {"id": "twin", "use": {"budget": 2.5}})
        entry = {"threat": "injection", "defense": "twin", "value": 0.75}
        document = changed(document, "/effectiveness/-", entry)
        assert rows(document) == rows()

    def test_where_no_defense_uses_the_budget_there_is_one(self):
        document = copy.deepcopy(PROJECTS)
        for defense in document["defenses"]:
            defense["use"] = {"budget": 0}
        assert [row[:2] for row in rows(document, limit="budget")] == [(0.0, 1.0)]

    def test_the_other_limit_is_kept(self):
        document = copy.deepcopy(PROJECTS)
        for defense in document["defenses"]:
            defense["use"]["staff"] = 1
        document["defender"]["limits"] = {"staff": 2}
        assert [row[:2] for row in rows(document, limit="budget")] == [(0, 8), (3, 6), (4, 2)]
        # Two people do two projects, whatever they cost.
        assert [row[:2] for row in rows(document, limit="staff")] == [
            (0, 8),
            (1, 6),
            (2, 2),
            (4, 1),
        ]

    def test_continuous_defenses_may_use_another_resource(self):
        document = changed(PROJECTS, "/defenses/3/kind", "continuous")
        document = changed(document, "/defenses/3/use", {"staff": 1})
        document = changed(document, "/defender/limits", {"staff": 1})
        assert [row[:2] for row in rows(document, limit="budget")] == [
            (0, 8),
            (3, 6),
            (4, 2),
            (7, 1),
        ]

    def test_a_table_has_a_row_each(self):
        frame = mg.best_portfolios(build()).to_frame()
        assert frame["cost"].tolist() == [0.0, 3.0, 4.0, 8.0]
        assert frame["greedy_value"].tolist() == [8.0, 6.0, 6.0, 6.0]
        assert frame[["sandbox", "filter", "patch", "audit"]].iloc[2].tolist() == [1, 1, 0, 0]

    def test_progress_rises_to_1(self):
        told = []
        mg.best_portfolios(build(), progress=lambda *count: told.append(count))
        shares = [done / total for done, total in told]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

    def test_the_same_game_gives_the_same_bytes(self):
        first, second = (json.dumps(portfolio_document(mg.best_portfolios(build()))) for _ in "ab")
        assert first == second


@pytest.mark.parametrize("seed", [72, 98, 166])
def test_a_cheaper_portfolio_as_good_has_the_bound_of_the_greater_budget(seed):
    # Another portfolio does as well for less. The proof found with it is of the lesser
    # budget only, and proves more than holds of the greater.
    random = np.random.default_rng(seed)
    game = mg.DefenseGame(
        severity=random.integers(1, 9, 4).astype(float),
        bandwidth=np.ones(4),
        effectiveness=random.integers(0, 5, (4, 7)) / 4,
        attacker_bandwidth=2.0,
        use={"budget": random.integers(1, 4, 7).astype(float)},
        levels={f"d{j}": [0, 1] for j in range(7)},
        composition="additive",
    )
    for portfolio in mg.best_portfolios(game, tolerance=0.3):
        solution = portfolio.solution
        assert solution.lower <= mg.verify(solution, solution.game).lower


class TestRefusals:
    def test_of_two_resources_one_is_named(self):
        document = changed(PROJECTS, "/defenses/0/use/staff", 1)
        with pytest.raises(
            mg.SpecificationError, match=r"limit: missing, .*: budget, staff is used"
        ):
            rows(document)

    def test_an_unknown_resource_has_a_nearest_one(self):
        with pytest.raises(mg.SpecificationError, match=r"limit: .*did you mean 'budget'"):
            rows(limit="bugdet")

    def test_a_continuous_defense_is_named(self):
        with pytest.raises(mg.SpecificationError, match="limit: 'patch' is continuous"):
            rows(changed(PROJECTS, "/defenses/2/kind", "continuous"))

    def test_a_continuous_defense_that_is_switched_off_is_none(self):
        document = changed(PROJECTS, "/defenses/2/kind", "continuous")
        document = changed(document, "/defenses/2/max_level", 0)
        assert [row[:2] for row in rows(document)] == [(0.0, 8.0), (4.0, 2.0)]

    def test_a_continuous_game_is_refused(self):
        with pytest.raises(mg.SpecificationError, match="limit: 'sandbox' is continuous"):
            rows(without(PROJECTS, "/defender/kind"))

    def test_a_budget_below_the_least_has_none(self):
        sequence = mg.best_portfolios(build(changed(PROJECTS, "/defenses/3/levels", [1])))
        with pytest.raises(mg.InfeasibleError, match=r"costs as little as 0\.5"):
            sequence.at(0.5)

    def test_rules_that_leave_nothing_are_infeasible(self):
        document = changed(PROJECTS, "/defenses/3/levels", [1])
        document = changed(document, "/defenses/3/requires", ["patch"])
        document = changed(document, "/defenses/2/conflicts", ["audit"])
        with pytest.raises(mg.InfeasibleError):
            rows(document)

    @pytest.mark.parametrize("tolerance", [-1.0, 1.0, float("nan"), "1e-9"])
    def test_a_tolerance_is_a_share(self, tolerance):
        with pytest.raises(mg.SpecificationError, match="tolerance"):
            rows(tolerance=tolerance)


def costs_and_losses(game):
    """Cost and loss of every choice of levels that rules and other limits allow."""
    composition = compose(game)
    row = game.resources.index("budget")
    for levels in map(np.array, itertools.product(*(s.tolist() for s in game.level_rules.levels))):
        if game.level_rules.allows(levels) and is_within_limits(game, levels):
            residual = game.severity * composition.exposure(levels)
            response = best_response(residual, game.ways, game.attacker_bandwidth)
            yield float(game.use[row] @ levels), response.loss


@pytest.mark.parametrize("composition", COMPOSITIONS)
@hypothesis.settings(max_examples=50)
@hypothesis.given(data=st.data())
def test_the_sequence_is_the_front_of_all_choices(composition, data):
    game = data.draw(stepped_games(composition, all_stepped=True))
    hypothesis.assume("budget" in game.resources)
    unlimited = with_limit_on(game, "budget")
    unlimited = unlimited.with_limits({"budget": reach_of(unlimited, "budget")})
    points = list(costs_and_losses(unlimited))
    if not points:
        with pytest.raises(mg.InfeasibleError):
            mg.best_portfolios(game, limit="budget")
        return
    sequence = mg.best_portfolios(game, limit="budget")
    tolerance = 2e-6 if composition == "independent" else 2e-9
    floor = 1e-6 * float(game.severity.max(initial=0.0))
    for cost, _ in points:
        best = min(loss for other, loss in points if other <= cost * (1.0 + 1e-11))
        found = sequence.at(cost).value
        assert found == pytest.approx(best, rel=tolerance, abs=tolerance * floor)
    for one, following in itertools.pairwise(sequence):
        assert one.cost < following.cost == one.until
        assert one.value > following.value
        cheaper = [loss for cost, loss in points if cost < following.cost * (1.0 - 1e-9)]
        assert min(cheaper) > following.value * (1.0 - tolerance) - tolerance * floor
    for one in sequence:
        assert one.greedy_value >= one.value * (1.0 - tolerance) - tolerance * floor
    document = json.loads(json.dumps(portfolio_document(sequence)))
    assert (
        mg.verify(mg.PortfolioDocument(**document), game).gap
        <= max(one.solution.gap for one in sequence) + 1e-9
    )


def nearly_alike(composition, seed, gain, **limits):
    """Five defenses, and two that stop almost as much as others do, of costs of their own."""
    random = np.random.default_rng(seed)
    shares = random.choice([0.0, 0.25, 0.5, 0.75], (3, 5))
    shares = np.hstack((shares, np.where(shares[:, :2] > 0.0, shares[:, :2] - gain, 0.0)))
    return mg.DefenseGame(
        severity=random.choice([1.0, 2.0, 4.0], 3),
        bandwidth=[1.0] * 3,
        effectiveness=shares,
        attacker_bandwidth=1.0,
        use={"budget": np.round(random.uniform(0.1, 3.0, 7), 3)},
        limits=limits,
        composition=composition,
        levels={f"d{j}": [0, 1] for j in range(7)},
    )


@pytest.mark.parametrize("gain", [0.0, 3e-13, 1e-11])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_what_gains_next_to_nothing_is_not_paid_for(composition, seed, gain):
    game = nearly_alike(composition, seed, gain)
    sequence, points = mg.best_portfolios(game), np.array(list(costs_and_losses(game)))

    def least_cost(budget):
        affordable = points[points[:, 0] <= budget * (1.0 + 1e-12)]
        best = affordable[:, 1].min()
        return best, affordable[affordable[:, 1] <= best * (1.0 + 1e-10), 0].min()

    for one in sequence:
        best, cost = least_cost(one.cost)
        assert one.value <= best * (1.0 + 1e-9)
        assert one.cost == pytest.approx(cost, rel=1e-12)
        assert one.solution.is_proven
    mg.verify(mg.PortfolioDocument(**portfolio_document(sequence)), game)
    for budget in (1.0, 2.5, 5.0):
        solution = mg.solve(nearly_alike(composition, seed, gain, budget=budget))
        best, cost = least_cost(budget)
        assert solution.value <= best * (1.0 + 1e-9)
        assert solution.resource_use["budget"] == pytest.approx(cost, rel=1e-8)
        assert solution.is_proven


def test_a_gain_of_rounding_does_not_double_the_cost():
    """A filter beside a guard of half the cost, which leaves 3e-13 more of the loss."""
    game = mg.DefenseGame(
        severity=[0.1],
        bandwidth=[1.0],
        effectiveness=[[0.5, 0.5 - 3e-12]],
        attacker_bandwidth=1.0,
        use={"budget": [0.936, 0.507]},
        limits={"budget": 1.0},
        levels={"d0": [0, 1], "d1": [0, 1]},
    )
    assert [one.cost for one in mg.best_portfolios(game)] == [0.0, 0.507]
    assert mg.solve(game).resource_use["budget"] == 0.507
