"""Ensembles: each draw is one exact solve, and the same numbers come out however computed."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.game.feasibility import scaled_to_limits
from mfmgame.uncertainty.evaluation import loss_of


@pytest.fixture
def found(scenario) -> mg.Ensemble:
    return mg.ensemble(scenario, n=120, seed=7)


def drawn(scenario, seed, n, name) -> np.ndarray:
    """The values of one uncertain number in the first draws of a seed."""
    inputs = mg.GameFamily(scenario).inputs
    return inputs.draws(seed, 0, n)[:, inputs.names.index(name)]


def test_each_draw_is_the_answer_to_its_game(scenario, found):
    family = mg.GameFamily(scenario)
    plan = mg.solve(family.nominal).allocation.array
    for place, values in enumerate(family.inputs.draws(7, 0, 120)):
        game = family.game_at(values)
        solution, threshold = mg.solve(game), mg.self_destruction_threshold(game)
        index = mg.defense_coverage_index(solution)
        row = {name: found[name][place] for name in found.columns}
        assert (row["value"], row["lower"]) == (solution.value, solution.lower)
        assert row["upper"] == solution.upper
        bandwidth = math.inf if threshold.bandwidth is None else threshold.bandwidth
        assert row["threshold"] == pytest.approx(bandwidth, rel=1e-9)
        undefended = math.inf if threshold.undefended is None else threshold.undefended
        assert row["undefended"] == undefended
        assert row["terminate"] == (threshold.decision == "terminate")
        assert row["adversarial"] == index.adversarial
        assert row["portfolio"] == pytest.approx(index.portfolio, rel=1e-14)
        assert [row["level/d0"], row["level/d1"]] == solution.allocation.array.tolist()
        planned = mg.defense_coverage_index(game, allocation=scaled_to_limits(game, plan))
        whole = mg.defense_coverage_index(game, allocation=[0.0, 0.0])
        assert whole.adversarial == 0.0
        assert row["nominal_loss"] == loss_of(game, plan)
        assert row["regret"] == pytest.approx(max(0.0, row["nominal_loss"] - row["value"]))
        assert planned.adversarial <= index.adversarial + 1e-9


def test_the_value_by_hand():
    # One threat without a defense: the value is its severity.
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 1}],
        attacker={"bandwidth": 1},
        termination={"loss": 5},
    )
    found = mg.ensemble(scenario, n=300, seed=3)
    severities = mg.GameFamily(scenario).inputs.draws(3, 0, 300)[:, 0]
    assert found["value"].tolist() == severities.tolist()
    np.testing.assert_allclose(found["threshold"], np.where(severities > 5, 5 / severities, np.inf))
    count = int((severities > 5).sum())
    assert found.probability_of_termination().estimate == count / 300
    assert found.probability_of_no_reach().estimate == 1 - count / 300
    assert found.at_nominal("value") == 4.0


def test_the_plan_at_nominal_values_is_scaled_back_to_the_limit_of_a_draw_by_hand():
    # Two threats of one bit each and one attack; each defense stops one of them for one
    # unit. The nominal limit is 9, so that the plan is both. Draws have 0, 2 or 9 units.
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [
            {"id": "t0", "severity": 4, "bandwidth": 1},
            {"id": "t1", "severity": {"range": [9, 9]}, "bandwidth": 1},
        ],
        "defenses": [{"id": "d0", "use": {"b": 1}}, {"id": "d1", "use": {"b": 1}}],
        "effectiveness": [
            {"threat": "t0", "defense": "d0", "value": 1},
            {"threat": "t1", "defense": "d1", "value": 1},
        ],
        "attacker": {"bandwidth": 1},
        "defender": {"limits": {"b": {"distribution": "discrete", "values": [0, 2, 9]}}},
    }
    document["defender"]["limits"]["b"]["nominal"] = 9
    found = mg.ensemble(mg.Scenario(**document), n=60, seed=1)
    limits = drawn(mg.Scenario(**document), 1, 60, "defender/limits/b")
    assert set(limits) == {0.0, 2.0, 9.0}
    # With nothing, the plan is scaled back to nothing; with 2 and 9, both run in full.
    assert found["nominal_loss"].tolist() == np.where(limits == 0, 9.0, 0.0).tolist()
    assert found["regret"].tolist() == [0.0] * 60


def test_regret_by_hand():
    # The plan at nominal values spends all on the first threat's defense; where the second
    # is the greater by far, that plan loses what the best one does not.
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [
            {"id": "t0", "severity": 4, "bandwidth": 1},
            {
                "id": "t1",
                "severity": {"distribution": "discrete", "values": [0, 9]},
                "bandwidth": 1,
            },
        ],
        "defenses": [{"id": "d0", "use": {"b": 1}}, {"id": "d1", "use": {"b": 1}}],
        "effectiveness": [
            {"threat": "t0", "defense": "d0", "value": 0.5},
            {"threat": "t1", "defense": "d1", "value": 1},
        ],
        "attacker": {"bandwidth": 1},
        "defender": {"limits": {"b": 1}},
    }
    found = mg.ensemble(mg.Scenario(**document), n=60, seed=1)
    high = mg.GameFamily(mg.Scenario(**document)).inputs.draws(1, 0, 60)[:, 0] == 9
    assert high.any()
    assert (~high).any()
    # With x on the first and 1 - x on the second: 4 (1 - x / 2) = 9 x at x = 4 / 11.
    np.testing.assert_allclose(found["value"], np.where(high, 36 / 11, 2.0), rtol=1e-9)
    np.testing.assert_allclose(found["nominal_loss"], np.where(high, 9.0, 2.0), rtol=1e-9)
    np.testing.assert_allclose(found["regret"], np.where(high, 9 - 36 / 11, 0.0), atol=1e-9)
    assert found.at_nominal("regret") == 0.0
    assert found.funding["d1"].funded.estimate == high.mean()
    assert found.funding["d0"].nominal_level == 1.0
    assert found.funding["d1"].mean_level == pytest.approx(7 / 11 * high.mean())


def test_a_draw_without_an_allocation_is_counted_and_left_out(document):
    limits = {"budget": {"distribution": "discrete", "values": [-1, 2], "nominal": 2}}
    scenario = mg.Scenario(**{**document, "defender": {"limits": limits}})
    found = mg.ensemble(scenario, n=200, seed=5)
    negative = drawn(scenario, 5, 200, "defender/limits/budget") < 0
    assert found.n_infeasible == int(negative.sum()) > 0
    assert np.isnan(found.rows[negative]).all()
    assert not np.isnan(found["value"][~negative]).any()
    assert (
        found.quantile("value", 0.5).estimate
        == np.sort(found["value"][~negative])[math.ceil(0.5 * (~negative).sum()) - 1]
    )
    assert found.probability_of_termination().estimate == found["terminate"][~negative].mean()


def test_a_scenario_without_a_termination_loss_has_no_threshold(document):
    scenario = mg.Scenario(**{key: document[key] for key in document if key != "termination"})
    found = mg.ensemble(scenario, n=5, seed=1)
    assert not found.has_threshold
    assert np.isnan(found["threshold"]).all()
    assert math.isnan(found.probability_of_termination().estimate)


def test_infeasible_at_nominal_values_is_an_error(document):
    scenario = mg.Scenario(**{**document, "defender": {"limits": {"budget": {"range": [-3, 1]}}}})
    with pytest.raises(mg.InfeasibleError, match="the limit of 'budget' is -1"):
        mg.ensemble(scenario, n=5, seed=1)


def test_own_measures_are_taken_of_each_game_and_solution(scenario):
    def spent(game, solution):
        return solution.resource_use["budget"] / game.limits[0]

    for jobs in (1, 2):
        found = mg.ensemble(
            scenario, n=60, seed=7, measures={"spent": spent}, workers=mg.Workers(jobs=jobs)
        )
        assert found["spent"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ({"value": float}, "measures: found 'value', expected a name"),
        ({"": float}, "measures: found '', expected a name"),
        ({"level/d0": float}, "measures: found 'level/d0', expected a name without '/'"),
        ({1: float}, "measures: found 1, expected a name"),
        ({"x": 3}, r"measures\['x'\]: found 3, expected a function"),
        ({"x": lambda game, solution: "3"}, r"measures\['x'\]: found '3', expected a number"),
    ],
)
def test_measures_that_are_none_are_refused(scenario, measures, expected):
    with pytest.raises(mg.SpecificationError, match=expected):
        mg.ensemble(scenario, n=5, seed=1, measures=measures)


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "9", 10**10])
def test_a_number_of_draws_that_is_none_is_refused(scenario, n):
    with pytest.raises(mg.SpecificationError, match="n: found"):
        mg.ensemble(scenario, n=n, seed=1)


def test_a_scenario_with_nothing_uncertain_is_refused():
    certain = mg.Scenario(schema="mfmgame/scenario/1", threats=[], attacker={"bandwidth": 1})
    with pytest.raises(mg.SpecificationError, match="found no uncertain number"):
        mg.ensemble(certain, n=5, seed=1)


def test_more_draws_begin_with_the_same(scenario, found):
    longer = mg.ensemble(scenario, n=170, seed=7)
    assert longer.rows[:120].tobytes() == found.rows.tobytes()


@pytest.mark.parametrize("name", ["scenario.xlsx", "tables", "back.json"])
def test_a_scenario_gives_the_same_draws_as_workbook_and_tables(scenario, found, tmp_path, name):
    mg.save_scenario(scenario, tmp_path / name)
    again = mg.ensemble(mg.load_scenario(tmp_path / name), n=120, seed=7)
    assert again.inputs.names == found.inputs.names
    assert again.rows.tobytes() == found.rows.tobytes()


def test_the_number_of_workers_changes_nothing(scenario, found, cluster):
    for how in ({"jobs": 2}, {"jobs": -1}, {"dask": cluster.scheduler_address}):
        assert (
            mg.ensemble(scenario, n=120, seed=7, workers=mg.Workers(**how)).rows.tobytes()
            == found.rows.tobytes()
        )


def test_progress_counts_draws(scenario):
    told = []
    mg.ensemble(scenario, n=120, seed=7, progress=lambda *count: told.append(count))
    assert told == [(0, 120), (50, 120), (100, 120), (120, 120)]


def test_the_table_holds_every_draw_and_what_was_drawn(scenario, found):
    frame = found.to_frame(inputs=True)
    assert list(frame.columns[:4]) == [f"input/{name}" for name in found.inputs.names]
    assert frame["value"].tolist() == found["value"].tolist()
    name = "threats/t0/severity"
    assert frame[f"input/{name}"].tolist() == drawn(scenario, 7, 120, name).tolist()
    assert list(found.to_frame().columns) == list(found.columns)


def test_the_curve_of_losses_falls_to_nothing(found):
    losses, probabilities = found.exceedance()
    assert all(a < b for a, b in itertools.pairwise(losses))
    assert all(a > b for a, b in itertools.pairwise(probabilities))
    assert probabilities[-1] == 0.0


def test_an_unknown_column_is_refused_with_the_nearest(found):
    with pytest.raises(mg.SpecificationError, match="did you mean 'value'"):
        found["valu"]


def test_an_interruption_says_that_nothing_is_kept(scenario):
    def interrupt(finished, total):
        if finished:
            raise KeyboardInterrupt

    expected = "interrupted after 50 of 120 draws; nothing is kept without a file of draws"
    with pytest.raises(KeyboardInterrupt, match=expected):
        mg.ensemble(scenario, n=120, seed=7, progress=interrupt)


def test_a_level_that_is_but_rounding_is_not_funded(found):
    name = f"level/{found.defense_ids[0]}"
    rows = found.rows.copy()
    rows[:, found.columns.index(name)] = 1e-13
    assert replace(found, rows=rows).funding[found.defense_ids[0]].funded.estimate == 0.0
