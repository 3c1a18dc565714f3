"""Why each defense is or is not funded, and how much spending is enough."""

import itertools
import math
from typing import get_args

import numpy as np
import pytest
from scipy.optimize import linprog

import mfmgame as mg
from mfmgame.answers.decision import decide
from mfmgame.documents.explanation_result import Reason
from mfmgame.view.text.explanation_sentences import sentence_on
from plain_games import worst_loss

MONEY = mg.Units(loss="kUSD", period="year", resources={"budget": "kUSD"})
COMPOSITIONS = ["additive", "best_of", "independent"]
N_GAMES = 25
"""Random games of each composition."""


def random_arrays(random: np.random.Generator, composition: str) -> dict:
    """Draw a small game: grids of few values give ties and zeros, or sizes are far apart."""
    n, m = int(random.integers(1, 6)), int(random.integers(1, 5))
    kind = random.choice(["grid", "smooth", "wide"])
    if kind == "grid":
        severity = random.choice([0.0, 1.0, 2.0, 4.0], n)
        effectiveness = random.choice([0.0, 0.0, 0.25, 0.5, 0.75], (n, m))
        bandwidth, use = random.choice([0.0, 1.0, 2.0], n), random.choice([0.0, 1.0, 2.0], m)
    else:
        severity, bandwidth = random.uniform(1.0, 9.0, n), random.uniform(0.5, 2.0, n)
        effectiveness = random.uniform(0.0, 0.9, (n, m)) * (random.random((n, m)) < 0.7)
        use = random.uniform(0.5, 4.0, m)
    if kind == "wide":
        severity = severity * 10.0 ** random.integers(-9, 10, n)
        use[random.random(m) < 0.3] = 1e99
    spent = use[use < 1e9]
    limit = random.choice([0.0, 0.3, 0.6, 1.0, 2.0]) * float(spent.sum())
    return {
        "severity": severity,
        "bandwidth": bandwidth,
        "effectiveness": effectiveness,
        "attacker_bandwidth": float(random.choice([0.5, 1.0, 0.6 * bandwidth.sum()])),
        "use": {"budget": use},
        "limits": {"budget": limit},
        "max_level": random.choice([1.0, 1.0, 0.5, 0.0, 2.0], m),
        "composition": composition,
        "termination_loss": float(random.choice([0.2, 0.5, 0.8]) * severity.sum()),
        "units": MONEY,
    }


def without(arrays: dict, defense: int) -> mg.DefenseGame:
    """The game of the other defenses: the column is not there."""
    keep = [j for j in range(len(arrays["max_level"])) if j != defense]
    return mg.DefenseGame(
        **arrays
        | {
            "effectiveness": np.asarray(arrays["effectiveness"])[:, keep],
            "use": {"budget": arrays["use"]["budget"][keep]},
            "max_level": arrays["max_level"][keep],
            "defense_ids": [f"d{j}" for j in keep],
        }
    )


def whole_program(game: mg.DefenseGame) -> float:
    """The value of an additive game of ordinary sizes, as one linear program."""
    n, m = game.n_threats, game.n_defenses
    # lam b + mu >= v (1 - E x): columns are x, lam, mu.
    gains = game.severity[:, None] * game.effectiveness
    rows = np.hstack((-gains, -game.bandwidth[:, None], -np.eye(n)))
    limits = np.hstack((game.use, np.zeros((1, n + 1))))
    found = linprog(
        np.concatenate((np.zeros(m), [game.attacker_bandwidth], np.ones(n))),
        A_ub=np.vstack((rows, limits)),
        b_ub=np.concatenate((-game.severity, game.limits)),
        bounds=[(0.0, most) for most in game.max_level] + [(0.0, None)] * (n + 1),
    )
    return float(found.fun)


def game_of_seed(seed: int, composition: str) -> tuple[dict, mg.DefenseGame]:
    arrays = random_arrays(np.random.default_rng(seed), composition)
    return arrays, mg.DefenseGame(**arrays)


def slack(game: mg.DefenseGame, size: float) -> float:
    """What the tolerance of a solve may hide."""
    tolerance = 2e-6 if game.composition == "independent" else 2e-9
    return tolerance * max(size, 1e-6 * float(game.severity.max(initial=0.0)))


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_the_loss_without_a_defense_is_the_value_of_the_game_of_the_others(composition):
    for seed in range(N_GAMES):
        arrays, game = game_of_seed(seed, composition)
        found = mg.explain(game)
        assert found.status == "proven"
        for row in found.defenses:
            others = mg.solve(without(arrays, int(row.defense[1:])))
            room = slack(game, others.upper)
            assert others.lower - room <= row.loss_without <= others.upper + room


def test_the_loss_without_a_defense_is_that_of_the_whole_program():
    for seed in range(3 * N_GAMES):
        arrays, game = game_of_seed(seed, "additive")
        if game.use.max(initial=0.0) > 1e9 or game.severity.max() > 100.0:
            continue  # beyond the tolerances of the other solver
        for row in mg.explain(game).defenses:
            expected = whole_program(without(arrays, int(row.defense[1:])))
            assert row.loss_without == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_no_limit_has_a_lesser_total_than_the_knee(composition):
    for seed in range(N_GAMES):
        _, game = game_of_seed(seed, composition)
        (found,) = mg.explain(game).limits
        knee, solver = found.knee, mg.Solver(game, tolerance=1e-10, cheapest=False)
        end = min(
            float(game.use[0] @ game.max_level), 1.01 * solver.solve(limits={"budget": 0}).value
        )
        limits = np.linspace(0.0, end, 12).tolist()
        if composition != "independent":  # its curve is smooth
            limits += mg.sweep(game, limit="budget").breakpoints.tolist()
        for at in limits:
            there = solver.solve(limits={"budget": at})
            room = slack(game, knee.total)
            assert there.value + at >= knee.total - knee.excess - room
            if composition != "independent" and at < knee.limit * (1.0 - 1e-7):
                assert there.value + at > knee.total - room  # the knee is the least such limit
        at_knee = solver.solve(limits={"budget": knee.limit})
        assert at_knee.value == pytest.approx(knee.value, rel=1e-6, abs=slack(game, 0.0))
        assert knee.excess <= 1e-4 * max(knee.total, slack(game, 0.0))


def test_the_knee_is_the_first_breakpoint_beyond_which_a_unit_saves_less_than_a_unit():
    compared = 0
    for composition, seed in itertools.product(("additive", "best_of"), range(2 * N_GAMES)):
        _, game = game_of_seed(seed, composition)
        (found,) = mg.explain(game).limits
        frontier = mg.sweep(game, limit="budget")
        first = int(np.argmax(np.append(frontier.slopes, 0.0) >= -1.0 - 1e-9))
        if np.min(np.abs(frontier.slopes + 1.0), initial=1.0) > 1e-6:
            expected = frontier.breakpoints[first]
            assert found.knee.limit == pytest.approx(expected, rel=1e-6, abs=1e-9)
            compared += 1
    assert compared > N_GAMES


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_the_least_limit_to_operate_is_that_of_a_bisection(composition):
    for seed in range(N_GAMES):
        _, game = game_of_seed(seed, composition)
        (found,) = mg.explain(game).limits
        loss = game.termination_loss
        solver = mg.Solver(game, cheapest=False)

        def operates(at: float, game=game, loss=loss, solver=solver) -> bool:
            there = solver.solve(limits={"budget": at})
            return decide(game, there.lower, there.upper, loss) == "operate"

        low, high = 0.0, float(game.use[0] @ game.max_level)
        if not operates(high):
            assert found.operate_limit is None
        elif operates(0.0):
            assert found.operate_limit == 0.0
        else:
            assert operates(found.operate_limit)
            assert not operates(found.operate_limit * (1.0 - 1e-4))
            while high - low > 1e-9 * high:
                middle = math.sqrt(low * high) if 0 < 4 * low < high else 0.5 * (low + high)
                low, high = (low, middle) if operates(middle) else (middle, high)
            assert found.operate_limit == pytest.approx(high, rel=1e-4)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_a_defense_that_is_not_funded_saves_no_more_than_stated_even_as_a_gift(composition):
    for seed in range(N_GAMES):
        arrays, game = game_of_seed(seed, composition)
        found = mg.explain(game)
        for row in found.defenses:
            if row.is_funded or row.why.reason not in ("dear", "covered", "stops_nothing"):
                continue
            use = arrays["use"]["budget"].copy()
            use[int(row.defense[1:])] = 0.0
            gift = mg.solve(mg.DefenseGame(**arrays | {"use": {"budget": use}}))
            saved = found.solution.value - gift.value
            per_unit = row.cost["budget"] if row.why.resource else 1.0
            most = (row.why.saves or 0.0) * per_unit
            assert saved <= most + 2 * slack(game, found.solution.value)
            if row.why.reason == "dear":
                assert row.why.saves < row.why.price


def stepped(arrays: dict, random: np.random.Generator) -> dict:
    """The same with whole steps, and sometimes a rule."""
    ids = [f"d{j}" for j in range(len(arrays["max_level"]))]
    shapes = [[0.0, 1.0], [0.0, 0.5, 1.0], [0.5, 1.0], [0.0, 1.0]]
    levels = {
        name: sorted({share * most for share in shapes[int(random.integers(4))]})
        for name, most in zip(ids, arrays["max_level"].tolist(), strict=True)
    }
    rules = {}
    if len(ids) > 1 and random.random() < 0.5:
        rules["requires"] = {ids[0]: [ids[1]]}
    if len(ids) > 2 and random.random() < 0.5:
        rules["groups"] = [mg.DefenseGroup(ids[1:3], at_most=1)]
    return arrays | {"levels": levels} | rules


def every_plan(game: mg.DefenseGame, arrays: dict) -> list[tuple[tuple, float, float]]:
    """Levels, cost and loss of every plan that the rules allow, whatever it costs."""
    plans = []
    for levels in itertools.product(*arrays["levels"].values()):
        on = [level > 0.0 for level in levels]
        if "requires" in arrays and on[0] and not on[1]:
            continue
        if "groups" in arrays and on[1] and on[2]:
            continue
        cost = math.fsum(a * b for a, b in zip(levels, game.use[0].tolist(), strict=True))
        plans.append((levels, cost, worst_loss(game, list(levels))))
    return plans


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_whole_projects_are_explained_as_by_trying_every_plan(composition):
    tried = 0
    for seed in range(N_GAMES):
        random = np.random.default_rng([seed, 1])
        arrays = stepped(random_arrays(random, composition), random)
        game = mg.DefenseGame(**arrays)
        plans, limit = every_plan(game, arrays), game.limits[0] * (1.0 + 1e-12)
        allowed = [plan for plan in plans if plan[1] <= limit]
        if not allowed:
            with pytest.raises(mg.InfeasibleError):
                mg.explain(game)
            continue
        tried += 1
        found = mg.explain(game)
        best = min(loss for _, _, loss in allowed)
        close = {"rel": 2e-9, "abs": slack(game, 0.0)}
        for row in found.defenses:
            j = int(row.defense[1:])
            taken = arrays | {"levels": arrays["levels"] | {row.defense: [0.0]}}
            off = [loss for _, cost, loss in every_plan(game, taken) if cost <= limit]
            assert row.loss_without == pytest.approx(min(off, default=math.inf), **close)
            on = [loss for levels, _, loss in allowed if levels[j] > 0.0]
            reason = row.why.reason
            if row.is_funded:
                room = 2 * slack(game, best)
                change = min(off, default=math.inf) - best
                expected = "required" if not off else "needed" if change > room else "dispensable"
                assert reason == ("imposed" if change < -room else expected)
            elif reason in ("worse", "tied"):
                assert row.why.loss_with == pytest.approx(min(on), **close)
                assert (reason == "tied") == (min(on) <= best + 2 * slack(game, best))
            elif reason in ("excluded", "cannot_run"):
                assert not on
        _compare_spending(found, plans)
    assert tried > N_GAMES // 3


def _compare_spending(found: mg.Explanation, plans: list) -> None:
    game, (spending,) = found.game, found.limits
    close = {"rel": 1e-9, "abs": slack(game, 0.0)}
    if found.status == "proven":
        total = min(cost + loss for _, cost, loss in plans)
        assert spending.knee.total == pytest.approx(total, **close)
        room = 2 * slack(game, game.termination_loss)
        sure = [cost for _, cost, loss in plans if loss <= game.termination_loss - room]
        maybe = [cost for _, cost, loss in plans if loss <= game.termination_loss + room]
        if not maybe:
            assert spending.operate_limit is None
        elif sure:
            least = spending.operate_limit
            assert min(maybe) * (1 - 1e-9) <= least <= min(sure) * (1 + 1e-9)


FOUR = {
    "severity": [800.0, 300.0],
    "bandwidth": [1.0, 1.0],
    "effectiveness": [[0.5, 0.25, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]],
    "attacker_bandwidth": 1.0,
    "use": {"budget": [100.0, 100.0, 50.0, 30.0]},
    "limits": {"budget": 80.0},
    "termination_loss": 600.0,
    "units": MONEY,
}
"""One threat of 800 or one of 300. A unit on the first defense saves 4, on the second 2."""


def test_a_small_game_is_explained_as_by_hand():
    found = mg.explain(mg.DefenseGame(**FOUR))
    rows = {row.defense: row for row in found.defenses}
    assert list(rows) == ["d0", "d1", "d2", "d3"]
    # 80 units buy 0.8 of the first: 800 (1 - 0.4). The second alone: 800 (1 - 0.2).
    assert found.solution.value == pytest.approx(480.0)
    assert rows["d0"].loss_without == pytest.approx(640.0)
    assert [rows[name].loss_without for name in ("d1", "d2", "d3")] == [found.solution.value] * 3
    assert dict(rows["d0"].cost) == pytest.approx({"budget": 80.0})
    assert dict(rows["d1"].cost) == {"budget": 100.0}
    assert dict(rows["d0"].stops) == pytest.approx({"t0": 0.4})
    assert [row.why.reason for row in found.defenses] == [
        "needed",
        "dear",
        "stops_nothing",
        "stops_nothing",
    ]
    assert (rows["d1"].why.saves, rows["d1"].why.price) == pytest.approx((2.0, 4.0))
    (budget,) = found.limits
    assert budget.worth == pytest.approx((4.0, 4.0))
    # Up to 100 a unit saves 4. Then the first is full, and best_of counts only one defense.
    assert (budget.knee.limit, budget.knee.value) == pytest.approx((100.0, 400.0))
    assert budget.operate_limit == pytest.approx(50.0)  # 800 - 4 h = 600


WHOLE = {"levels": {f"d{j}": [0, 1] for j in range(4)}, "limits": {"budget": 200.0}}
ALIKE = {"effectiveness": [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]]}
STOPS_ALL = {"effectiveness": [[0.5, 0.25, 0.0, 0.9], [0.0, 0.0, 0.5, 0.0]]}
MUST = WHOLE | {"levels": WHOLE["levels"] | {"d1": [1]}, "limits": {"budget": 150.0}}
SENTENCES = [
    (
        {},
        "d0",
        "needed",
        "funded: without it, the loss rises from 480 to 640 kUSD per year; it stops 40 % of t0",
    ),
    (
        {"severity": [800.0, 500.0], "limits": {"budget": 150.0}},
        "d2",
        "needed",
        "funded: without it, the loss rises from 400 to 500 kUSD per year, and the worst "
        "attack uses t1; it stops 20 % of t1",
    ),
    (
        ALIKE | {"use": {"budget": [100.0, 100.0, 50.0, 0.0]}},
        "d3",
        "dispensable",
        "funded at no cost, but an equally good plan does without it: the loss stays 480 kUSD per "
        "year",
    ),
    (
        WHOLE | {"groups": [mg.DefenseGroup(["d0"], at_least=1)]},
        "d0",
        "required",
        "funded: without it, no plan keeps within the limits and rules; it stops 50 % of t0",
    ),
    (
        MUST,
        "d1",
        "imposed",
        "funded: it must run; without it, the loss falls from 600 to 400 kUSD per year; it stops "
        "25 % of t0",
    ),
    (
        {},
        "d1",
        "dear",
        "not funded: each kUSD of budget spent on it saves at most 2 kUSD; the last kUSD of the "
        "plan saves at least 4 kUSD",
    ),
    (
        {"limits": {"budget": 500.0}},
        "d1",
        "covered",
        "not funded: d0 covers the same threats of the worst attack at least as well, and it adds "
        "nothing",
    ),
    ({}, "d2", "stops_nothing", "not funded: it stops no threat of the worst attack"),
    (WHOLE, "d3", "stops_nothing", "not funded: it stops no threat"),
    (
        STOPS_ALL | {"use": {"budget": [100.0, 100.0, 50.0, 1e99]}},
        "d3",
        "cannot_run",
        "not funded: it cannot run, because its greatest level uses 1e+99 kUSD of budget, and the "
        "limit is 80 kUSD",
    ),
    (
        WHOLE | {"limits": {"budget": 80.0}},
        "d0",
        "cannot_run",
        "not funded: it cannot run, because its least step uses 100 kUSD of budget, and the limit "
        "is 80 kUSD",
    ),
    (
        {"max_level": [1.0, 0.0, 1.0, 1.0]},
        "d1",
        "cannot_run",
        "not funded: it cannot run, because its greatest level is 0",
    ),
    (
        ALIKE | WHOLE | {"limits": {"budget": 100.0}},
        "d1",
        "tied",
        "not funded, but an equally good plan funds it: the loss stays 400 kUSD per year",
    ),
    (
        WHOLE | {"limits": {"budget": 100.0}},
        "d1",
        "worse",
        "not funded: the best plan that runs it loses 600 kUSD per year, not 400",
    ),
    (
        WHOLE
        | {
            "groups": [
                mg.DefenseGroup(["d0"], at_least=1),
                mg.DefenseGroup(["d0", "d1"], at_most=1),
            ]
        },
        "d1",
        "excluded",
        "not funded: no plan that runs it keeps within the limits and rules",
    ),
]


@pytest.mark.parametrize(
    ("changes", "defense", "reason", "sentence"),
    SENTENCES,
    ids=[f"{case[2]}-{place}" for place, case in enumerate(SENTENCES)],
)
def test_a_reason_is_told_with_its_numbers(changes, defense, reason, sentence):
    found = mg.explain(mg.DefenseGame(**FOUR | changes))
    row = next(row for row in found.defenses if row.defense == defense)
    assert (row.why.reason, sentence_on(found, row)) == (reason, sentence)


def test_every_reason_is_tried():
    assert {case[2] for case in SENTENCES} == set(get_args(Reason))


def test_what_a_defense_saves_over_several_limits_is_told_as_a_whole():
    changes = {
        "use": {"budget": [100.0, 100.0, 50.0, 30.0], "hours": [1.0, 8.0, 1.0, 1.0]},
        "limits": {"budget": 100.0, "hours": 4.0},
        "effectiveness": [[0.5, 0.45, 0.0, 0.2], [0.0, 0.0, 0.5, 0.0]],
        "composition": "additive",
    }
    found = mg.explain(mg.DefenseGame(**FOUR | changes))
    for row in found.defenses:
        if row.why.reason == "dear":
            assert row.why.saves < row.why.price
            assert " saves at most " in sentence_on(found, row)


def test_equally_good_defenses_have_one_loss():
    found = mg.explain(mg.DefenseGame(**FOUR | ALIKE))
    rows = {row.defense: row for row in found.defenses}
    funded, other = ("d0", "d1") if rows["d0"].is_funded else ("d1", "d0")
    assert rows[funded].why.reason == "dispensable"
    assert rows[other].why.reason == "tied"
    assert rows[funded].loss_without == rows[other].loss_without == found.solution.value


def test_without_a_defense_the_rules_stop_what_requires_it():
    found = mg.explain(mg.DefenseGame(**FOUR | WHOLE | {"requires": {"d0": ["d1"]}}))
    row = next(row for row in found.defenses if row.defense == "d1")
    assert row.loss_without == pytest.approx(800.0)


def test_a_limit_that_continuous_and_stepped_defenses_share_is_not_searched():
    found = mg.explain(mg.DefenseGame(**FOUR | {"levels": {"d0": [0, 1]}}))
    (budget,) = found.limits
    assert (budget.is_searched, budget.knee, budget.operate_limit) == (False, None, None)
    assert any("not searched" in note for note in found.notes)


def test_there_is_a_knee_only_where_units_agree():
    other = mg.Units(loss="kUSD", resources={"budget": "MUSD"})
    for units in (other, mg.Units(), mg.Units(loss="kUSD")):
        (budget,) = mg.explain(mg.DefenseGame(**FOUR | {"units": units})).limits
        assert budget.knee is None
        assert budget.operate_limit == pytest.approx(50.0)


def test_no_limit_is_enough_where_nothing_helps():
    (budget,) = mg.explain(mg.DefenseGame(**FOUR | {"termination_loss": 399.0})).limits
    assert budget.operate_limit is None
    assert budget.status == "proven"


def test_a_game_without_defenses_or_limits_has_nothing_to_explain():
    game = mg.DefenseGame(
        severity=[1.0], bandwidth=[1.0], effectiveness=[[]], attacker_bandwidth=1.0
    )
    found = mg.explain(game)
    assert (found.defenses, found.limits, found.status) == ((), (), "proven")
    assert len(found.to_frame()) == 0
