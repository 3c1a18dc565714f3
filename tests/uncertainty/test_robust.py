"""Robust plans: the least worst case over a box of values."""

import copy
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.uncertainty.evaluation import loss_of
from mfmgame.uncertainty.worst_corner import worst_corners

ROOT = Path(__file__).resolve().parents[2]
MFM = json.loads((ROOT / "models" / "mfm.json").read_text("utf-8"))


def around(random: np.random.Generator, least: float, most: float) -> dict:
    low, high = sorted(random.uniform(least, most, 2).round(3).tolist())
    return {"range": [low, high]}


def scenario_of(seed: int, composition: str) -> mg.Scenario:
    """A scenario in which one number of each kind, or more, is a range."""
    random = np.random.default_rng(seed)
    threats = [
        {"id": f"t{i}", "severity": random.uniform(1, 8), "bandwidth": random.uniform(0.5, 2)}
        for i in range(4)
    ]
    threats[0]["severity"] = around(random, 1, 8)
    threats[1]["bandwidth"] = around(random, 0.5, 2)
    defenses = [
        {"id": f"d{j}", "use": {"budget": random.uniform(0.5, 2)}, "max_level": 1.0}
        for j in range(3)
    ]
    defenses[0]["use"]["budget"] = around(random, 0.5, 2)
    defenses[1]["max_level"] = around(random, 0.2, 1)
    pairs = [
        {"threat": f"t{i}", "defense": f"d{j}", "value": random.uniform(0, 0.9)}
        for i in range(4)
        for j in range(3)
    ]
    pairs[0]["value"], pairs[7]["value"] = around(random, 0, 0.9), around(random, 0, 0.9)
    return mg.Scenario(
        schema="mfmgame/scenario/1",
        composition=composition,
        threats=threats,
        defenses=defenses,
        effectiveness=pairs,
        attacker={"bandwidth": around(random, 0.5, 4)},
        defender={"limits": {"budget": around(random, 0.5, 3)}},
        termination={"loss": around(random, 2, 9)},
    )


@pytest.mark.parametrize("composition", ["best_of", "additive", "independent"])
@pytest.mark.parametrize("seed", range(4))
def test_no_values_are_worse_for_any_plan_than_the_worst_corner(seed, composition):
    scenario = scenario_of(seed, composition)
    plan, family = mg.robust_plan(scenario), mg.GameFamily(scenario)
    assert plan.is_exact
    # Exact, from both sides: this game is one of the family, and no plan can do better in
    # it; and the plan does no worse in any other.
    worst = family.game_at(plan.worst_values)
    assert mg.solve(worst).value == pytest.approx(plan.solution.value, rel=1e-9)
    ends = list(zip(family.inputs.lower, family.inputs.upper, strict=True))
    corners = list(itertools.product(*ends))[:: 2 ** max(0, len(ends) - 8)]
    inside = family.inputs.draws(seed, 0, 50)
    for values in [*corners, *inside]:
        loss = loss_of(family.game_at(values), plan.allocation.array)
        assert loss <= plan.guaranteed * (1 + 1e-9)
        use = family.game_at(values).use @ plan.allocation.array
        assert (use <= family.game_at(values).limits * (1 + 1e-12)).all()
    tolerance = 1e-6 * plan.nominal_worst
    assert plan.saved >= -tolerance
    assert plan.price >= -tolerance
    assert plan.threshold.bandwidth is None or (
        plan.nominal_threshold.bandwidth is None
        or plan.threshold.bandwidth <= plan.nominal_threshold.bandwidth + 1e-9
    )


def mfm_with(*changes: tuple[tuple, object]) -> mg.Catalog:
    """The shipped catalog with other values at some places."""
    document = copy.deepcopy(MFM)
    for (*way, last), value in changes:
        inner = document
        for key in way:
            inner = inner[key]
        inner[last] = value
    return mg.Catalog(**document)


def deployed(**more: object) -> mg.Scenario:
    document = json.loads((ROOT / "examples" / "llava_agent.json").read_text("utf-8"))
    return mg.Scenario(**{**document, **more})


def index_of(kind: str, name: str) -> int:
    return next(index for index, one in enumerate(MFM[kind]) if one["id"] == name)


def test_numbers_of_rules_that_hurt_at_one_end_are_exact():
    strength = ("defenses", index_of("defenses", "guardt2i"), "traits", "strength")
    catalog = mfm_with(
        (strength, {"range": [0.2, 0.9]}),
        (("assumptions", "goals", 0, "impact"), {"range": [1, 20]}),
        (("assumptions", "channel", "signal"), {"range": [50, 150]}),
    )
    scenario = deployed(attacker={"bandwidth": {"range": [6, 9]}})
    plan, family = mg.robust_plan(scenario, catalog=catalog), mg.GameFamily(scenario, catalog)
    assert plan.is_exact
    worst = dict(zip(plan.names, plan.worst_values.tolist(), strict=True))
    assert worst["attacker/bandwidth"] == 9.0
    assert worst["catalog/defenses/guardt2i/traits/strength"] == 0.2
    # More signal to lose among noise: less of the capacity is taken.
    assert worst["catalog/assumptions/channel/signal"] == 50.0
    for values in family.inputs.draws(1, 0, 100):
        assert loss_of(family.game_at(values), plan.allocation.array) <= plan.guaranteed


def mixed_catalog() -> mg.Catalog:
    """Weights that make a threat both worse and easier to stop, or one of these."""
    row = next(
        index
        for index, threat in enumerate(MFM["threats"])
        if len(threat["traits"].get("modalities", {})) > 1
        and {"signal", "noise"} & threat["traits"]["axes"].keys()
    )
    traits = ("threats", row, "traits")
    axis = next(iter(MFM["threats"][row]["traits"]["axes"]))
    first, second = list(MFM["threats"][row]["traits"]["modalities"])[:2]
    return mfm_with(
        ((*traits, "axes", axis), {"range": [0.3, 1]}),
        ((*traits, "modalities", first), {"range": [0.1, 1]}),
        ((*traits, "modalities", second), {"range": [0.1, 1]}),
    )


def test_a_number_that_hurts_and_helps_makes_an_upper_bound_of_it():
    document = {
        "schema": "mfmgame/scenario/1",
        "catalog": "mfm",
        "attacker": {"bandwidth": 8.0},
        "defender": {"limits": {"budget": 8.0}},
    }
    scenario, catalog = mg.Scenario(**document), mixed_catalog()
    plan, family = mg.robust_plan(scenario, catalog=catalog), mg.GameFamily(scenario, catalog)
    assert not plan.is_exact
    assert any(name.endswith("axes/" + name.split("/")[-1]) for name in plan.mixed)
    assert "a proven upper bound, not exact" in plan.notes[-1]
    assert plan.reached <= plan.guaranteed
    inputs = family.inputs
    corners = np.array(list(itertools.product(*zip(inputs.lower, inputs.upper, strict=True))))
    hull = worst_corners(family, inputs.lower, inputs.upper).hull
    least = np.full_like(np.asarray(hull.effectiveness), np.inf)
    most = np.zeros_like(hull.severity)
    for values in [*corners, *inputs.draws(3, 0, 60)]:
        game = family.game_at(values)
        assert loss_of(game, plan.allocation.array) <= plan.guaranteed
        least = np.minimum(least, np.asarray(game.effectiveness))
        most = np.maximum(most, game.severity)
        assert mg.solve(game).lower <= plan.guaranteed
    # The hull is as tight as corners are: nothing is assumed worse than it can be.
    np.testing.assert_allclose(hull.effectiveness, least, rtol=1e-13)
    np.testing.assert_allclose(hull.severity, most, rtol=1e-13)


def test_a_number_that_decides_which_threats_there_are_is_refused():
    row = next(
        index
        for index, one in enumerate(MFM["threats"])
        if one["traits"]["targets"].get("text_generator") == 1 and one["level"] == "model"
    )
    catalog = mfm_with((("threats", row, "traits", "targets", "text_generator"), {"range": [0, 1]}))
    with pytest.raises(mg.SpecificationError, match="decides which threats there are"):
        mg.robust_plan(deployed(), catalog=catalog)


def plain(**more: object) -> mg.Scenario:
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [{"id": "t", "severity": 4.0, "bandwidth": 1.0}],
        "attacker": {"bandwidth": 1.0},
    }
    return mg.Scenario(**{**document, **more})


def test_a_number_without_an_end_needs_a_coverage():
    severity = {"distribution": "lognormal", "median": 2.0, "sigma": 1.0}
    scenario = plain(threats=[{"id": "t", "severity": severity, "bandwidth": 1.0}])
    with pytest.raises(mg.SpecificationError, match="threats/t/severity: found a lognormal"):
        mg.robust_plan(scenario)
    plan = mg.robust_plan(scenario, coverage=0.9)
    assert plan.guaranteed == pytest.approx(2.0 * np.exp(1.6448536269514722))
    assert plan.notes == (
        "each uncertain number is within its central 0.9 interval, not its whole support",
    )
    ended = {**severity, "high": 5.0}
    assert mg.robust_plan(
        plain(threats=[{"id": "t", "severity": ended, "bandwidth": 1.0}])
    ).guaranteed == pytest.approx(5.0)


def test_an_interval_always_holds_the_nominal_value():
    scenario = plain(attacker={"bandwidth": {"range": [0, 1], "nominal": 1.0}})
    plan = mg.robust_plan(scenario, coverage=0.5)
    assert (plan.lower[0], plan.upper[0]) == (0.25, 1.0)


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, float("nan"), True, "0.9"])
def test_a_coverage_is_a_probability(coverage):
    scenario = plain(attacker={"bandwidth": {"range": [0, 1]}})
    with pytest.raises(mg.SpecificationError, match=r"coverage: found .*, expected a number above"):
        mg.robust_plan(scenario, coverage=coverage)


def test_a_scenario_without_uncertain_numbers_is_refused():
    with pytest.raises(mg.SpecificationError, match="no number is uncertain"):
        mg.robust_plan(plain())


def test_limits_that_may_be_negative_are_infeasible():
    scenario = plain(
        defenses=[{"id": "d", "use": {"budget": 1.0}}],
        defender={"limits": {"budget": {"range": [-1, 1]}}},
    )
    with pytest.raises(mg.InfeasibleError):
        mg.robust_plan(scenario)
