"""Named plans over the draws: each is kept as it is, and compared with the best of each draw."""

import json
from dataclasses import replace

import hypothesis
import jsonschema
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.answers.plan_evaluation import evaluate
from mfmgame.ensembles import estimates
from mfmgame.ensembles.plan_regrets import least_mean_regret
from mfmgame.view.json.ensemble_documents import ensemble_document
from mfmgame.view.text.ensemble_text import ensemble_text
from mfmgame.view.text.fitting_table import every_row
from mfmgame.view.text.layout import rendered

PLANS = {"second": {"d1": 1}, "first": {"d0": 1}, "both": {"d0": 1, "d1": 1}}
BY_HAND = {
    "schema": "mfmgame/scenario/1",
    "threats": [
        {"id": "t0", "severity": 4, "bandwidth": 1},
        {"id": "t1", "severity": {"distribution": "discrete", "values": [0, 9]}, "bandwidth": 1},
    ],
    "defenses": [{"id": "d0", "use": {"b": 1}}, {"id": "d1", "use": {"b": 1}}],
    "effectiveness": [
        {"threat": "t0", "defense": "d0", "value": 0.5},
        {"threat": "t1", "defense": "d1", "value": 1},
    ],
    "attacker": {"bandwidth": 1},
    "defender": {"limits": {"b": 1}},
    "units": {"loss": "kEUR", "period": "year"},
    "plans": PLANS,
}


@pytest.fixture(scope="module")
def found() -> mg.Ensemble:
    return mg.ensemble(mg.Scenario(**BY_HAND), n=60, seed=1)


@pytest.fixture(scope="module")
def high() -> np.ndarray:
    """The draws in which the second threat is the greater."""
    return mg.GameFamily(mg.Scenario(**BY_HAND)).inputs.draws(1, 0, 60)[:, 0] == 9


def test_losses_and_regrets_of_plans_by_hand(found, high):
    # One attack. The second threat costs 9 or 0; the best plan then loses 36 / 11 or 2.
    value = np.where(high, 36 / 11, 2.0)
    assert found["plan/first"].tolist() == np.where(high, 9.0, 2.0).tolist()
    assert found["plan/second"].tolist() == [4.0] * 60
    assert found["plan/both"].tolist() == [2.0] * 60
    np.testing.assert_allclose(found["regret/first"], np.where(high, 9.0, 2.0) - value, atol=1e-9)
    np.testing.assert_allclose(found["regret/second"], 4.0 - value, atol=1e-9)


def test_a_plan_over_a_limit_is_kept_and_marked_and_has_no_negative_regret(found):
    assert found["plan/both"].tolist() == [2.0] * 60
    assert found["regret/both"].tolist() == [0.0] * 60
    assert found["allowed/both"].tolist() == [0.0] * 60
    assert found["allowed/first"].tolist() == [1.0] * 60
    assert found.plan_regrets["both"].allowed == estimates.share(0, 60)


def test_the_shares_and_quantiles_of_a_plan_by_hand(found, high):
    count = int((~high).sum())
    assert 0 < count < 60
    first = found.plan_regrets["first"]
    assert first.near_best == estimates.share(count, 60)
    assert first.mean.estimate == pytest.approx(high.mean() * (9 - 36 / 11))
    assert first.high.estimate == pytest.approx(9 - 36 / 11)
    assert found.plan_regrets["second"].near_best == estimates.share(0, 60)
    assert found.plan_regrets["both"].near_best == estimates.share(60, 60)


def test_a_plan_within_one_percent_of_the_best_is_near_it(found):
    rows = found.rows.copy()
    place = {name: found.columns.index(name) for name in found.columns}
    rows[:, place["value"]] = rows[:, place["upper"]] = 2.0
    rows[:30, place["regret/second"]] = 0.02
    rows[30:, place["regret/second"]] = 0.0201
    near = replace(found, rows=rows).plan_regrets["second"].near_best
    assert near == estimates.share(30, 60)


def test_a_plan_equal_to_the_best_is_near_it_where_the_value_is_0_up_to_rounding(found):
    rows = found.rows.copy()
    place = {name: found.columns.index(name) for name in found.columns}
    rows[:, place["value"]], rows[:, place["upper"]] = 0.0, 1e-15
    rows[:, place["regret/second"]] = 1e-16
    assert replace(found, rows=rows).plan_regrets["second"].near_best.estimate == 1.0


numbers = st.floats(0.1, 9.0)


@hypothesis.settings(deadline=None, max_examples=25)
@hypothesis.given(
    severity=st.lists(numbers, min_size=3, max_size=3),
    shares=st.lists(st.floats(0.05, 0.9), min_size=4, max_size=4),
    composition=st.sampled_from(["best_of", "additive", "independent"]),
    stepped=st.booleans(),
    level=st.floats(0.1, 1.0),
)
def test_plans_are_evaluated_as_alone_and_the_nominal_plan_by_name_has_its_regret(
    severity, shares, composition, stepped, level
):
    if composition == "additive":
        shares = [share / 2 for share in shares]
    document = {
        "schema": "mfmgame/scenario/1",
        "composition": composition,
        "threats": [
            {"id": f"t{i}", "severity": {"range": [low, low + 2]}, "bandwidth": 1 + i}
            for i, low in enumerate(severity)
        ],
        "defenses": [{"id": "d0", "use": {"b": 1}}, {"id": "d1", "use": {"b": 2}}],
        "effectiveness": [
            {"threat": f"t{k // 2}", "defense": f"d{k % 2}", "value": share}
            for k, share in enumerate(shares)
        ],
        "attacker": {"bandwidth": {"range": [1, 4]}},
        "defender": {"limits": {"b": 2}, "kind": "binary" if stepped else "continuous"},
    }
    nominal = mg.solve(mg.Scenario(**document)).allocation
    own = {"d0": 1.0, "d1": 1.0 if stepped else level}
    plans = {"nominal": dict(nominal), "own": own}
    scenario = mg.Scenario(**document, plans=plans)
    found = mg.ensemble(scenario, n=12, seed=3)
    assert found["plan/nominal"].tobytes() == found["nominal_loss"].tobytes()
    assert found["regret/nominal"].tobytes() == found["regret"].tobytes()
    kept = found.plan_regrets["nominal"]
    assert replace(kept, allowed=None) == found.nominal_regret
    assert found["allowed/nominal"].all()
    scale = sum(severity) + 6
    assert (found["plan/nominal"] - found["value"]).min() >= -1e-9 * scale
    assert found["regret/own"].min() >= 0.0
    family = mg.GameFamily(scenario)
    for place, values in enumerate(family.inputs.draws(3, 0, 12)):
        alone = evaluate(family.game_at(values), "own")
        assert found["plan/own"][place] == pytest.approx(alone.loss, rel=1e-12)
        assert found["allowed/own"][place] == alone.is_allowed


@pytest.mark.parametrize("kind", ["continuous", "binary"])
def test_a_level_that_a_defense_cannot_take_in_a_draw_is_lowered(kind):
    most = {"distribution": "discrete", "values": [0.5, 1], "nominal": 1}
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [{"id": "t", "severity": 8, "bandwidth": 1}],
        "defenses": [{"id": "d", "max_level": most}],
        "effectiveness": [{"threat": "t", "defense": "d", "value": 0.5}],
        "attacker": {"bandwidth": 1},
        "defender": {"kind": kind},
        "plans": {"on": {"d": 1}},
    }
    scenario = mg.Scenario(**document)
    found = mg.ensemble(scenario, n=40, seed=1)
    greatest = mg.GameFamily(scenario).inputs.draws(1, 0, 40)[:, 0]
    assert set(greatest) == {0.5, 1.0}
    assert found["plan/on"].tolist() == (8 * (1 - greatest / 2)).tolist()


def test_a_plan_that_breaks_a_rule_is_marked():
    document = {
        **BY_HAND,
        "defenses": [
            {"id": "d0", "use": {"b": 1}, "requires": ["d1"]},
            {"id": "d1", "use": {"b": 1}},
        ],
        "defender": {"limits": {"b": 2}, "kind": "binary"},
    }
    found = mg.ensemble(mg.Scenario(**document), n=10, seed=1)
    assert not found["allowed/first"].any()
    assert found["allowed/second"].all()
    assert found["allowed/both"].all()


def test_a_level_that_no_defense_can_take_at_nominal_values_is_refused():
    document = {**BY_HAND, "plans": {"much": {"d0": 3}}}
    with pytest.raises(mg.SpecificationError, match="expected a level from 0 to 1") as caught:
        mg.ensemble(mg.Scenario(**document), n=5)
    assert caught.value.pointer == "/plans/much/d0"


def test_draws_without_an_answer_count_in_no_share(found):
    rows = found.rows.copy()
    rows[:20] = np.nan
    fewer = replace(found, rows=rows)
    assert fewer.plan_regrets["both"].near_best == estimates.share(40, 40)
    assert fewer.nominal_regret.mean.estimate == pytest.approx(found["regret"][20:].mean())
    none = replace(found, rows=np.full_like(rows, np.nan))
    text = rendered(ensemble_text(none), styled=False)
    assert "no draw has an answer, so that no plan can be recommended" in text
    jsonschema.validate(ensemble_document(none), mg.json_schema("ensemble"))


def test_plans_are_told_apart_by_their_differences_in_each_draw():
    # The means differ by little beside their spread, and yet in every draw by the same.
    spread = np.linspace(0.0, 9.0, 40)
    jitter = 0.01 * (-1.0) ** np.arange(40)
    regrets = {"a": spread, "b": spread + 0.1 + jitter, "c": spread + 2 * jitter}
    assert least_mean_regret(regrets) == ("a", ("c",))
    assert least_mean_regret({"a": spread}) == ("a", ())
    assert least_mean_regret({"a": spread, "same": spread}) == ("a", ("same",))
    assert least_mean_regret({"b": np.array([2.0]), "a": np.array([1.0])}) == ("a", ("b",))


def test_the_order_of_plans_in_the_file_changes_nothing(found):
    backwards = {**BY_HAND, "plans": dict(reversed(PLANS.items()))}
    again = mg.ensemble(mg.Scenario(**backwards), n=60, seed=1)
    assert again.columns == found.columns
    assert again.rows.tobytes() == found.rows.tobytes()


def test_a_run_with_plans_ends_with_the_same_bytes_however_computed(tmp_path, cluster):
    scenario, more = mg.Scenario(**BY_HAND), {"n": 120, "seed": 1}
    whole = tmp_path / "whole.parquet"
    mg.ensemble(scenario, **more, to=whole)
    clustered = tmp_path / "clustered.parquet"
    mg.ensemble(scenario, **more, to=clustered, workers=mg.Workers(dask=cluster.scheduler_address))
    assert clustered.read_bytes() == whole.read_bytes()

    def interrupt(finished, total):
        if finished >= 60:
            raise KeyboardInterrupt

    resumed = tmp_path / "resumed.parquet"
    with pytest.raises(KeyboardInterrupt):
        mg.ensemble(scenario, **more, to=resumed, progress=interrupt)
    mg.ensemble(scenario, **more, to=resumed, workers=mg.Workers(jobs=2))
    assert resumed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    "plans",
    [
        {},
        {name: PLANS[name] for name in ("first", "second")},
        {**PLANS, "both": {"d0": 1, "d1": 0.5}},
        {**PLANS, "none": {}},
        {"renamed": PLANS["both"], **{name: PLANS[name] for name in ("first", "second")}},
    ],
)
def test_draws_of_other_plans_are_refused_and_left_alone(tmp_path, plans):
    target = tmp_path / "draws.parquet"
    mg.ensemble(mg.Scenario(**BY_HAND), n=20, to=target)
    before = target.read_bytes()
    with pytest.raises(mg.SpecificationError, match="found draws of another run"):
        mg.ensemble(mg.Scenario(**{**BY_HAND, "plans": plans}), n=20, to=target)
    assert target.read_bytes() == before


def test_the_document_states_the_regret_of_each_plan(found):
    document = ensemble_document(found)
    jsonschema.validate(document, mg.json_schema("ensemble"))
    told = document["recommendation"]
    first, regret = told["plans"]["first"], found.plan_regrets["first"]
    assert first["near_best"] == regret.near_best._asdict()
    assert first["mean_regret"] == regret.mean._asdict()
    assert first["high_regret"]["estimate"] == regret.high.estimate
    assert first["loss"]["mean"] == found["plan/first"].mean()
    assert first["regret"]["quantiles"][2]["estimate"] == found.quantile("regret/first", 0.5)[0]
    assert told["nominal_plan"]["near_best"] == found.nominal_regret.near_best._asdict()
    assert told["nominal_plan"]["allowed"] is None
    assert told["least_mean_regret"] == {"plan": "both", "not_told_apart": []}


def test_a_document_without_plans_has_no_recommendation(scenario):
    document = ensemble_document(mg.ensemble(scenario, n=20))
    assert "recommendation" not in document
    jsonschema.validate(document, mg.json_schema("ensemble"))


def test_the_text_ends_with_the_plan_of_least_regret_and_its_caveats(found):
    lines = rendered(ensemble_text(found), styled=False).splitlines()
    assert lines[-1] == (
        "least mean regret: both, 0 kEUR per year; every other plan has more, at 95 % confidence; "
        "it exceeds a limit or breaks a rule in 100 % of the draws"
    )
    both = next(line.split() for line in lines if line.split()[:1] == ["both"])
    assert " ".join(both) == "both 100 % 94 to 100 % 0 0 0 %"


def test_the_text_names_the_plans_that_are_not_told_apart():
    plans = {name: PLANS[name] for name in ("first", "second")}
    found = mg.ensemble(mg.Scenario(**{**BY_HAND, "plans": plans}), n=4, seed=2)
    text = rendered(ensemble_text(found), styled=False).splitlines()[-1]
    assert "95 % confidence does not tell it apart from" in text
    assert "(nominal)" in text
    assert "exceeds a limit" not in text


def test_the_text_without_plans_shows_the_nominal_plan_alone(scenario):
    found = mg.ensemble(scenario, n=40)
    text = rendered(ensemble_text(found), styled=False)
    (row,) = (line.split() for line in text.splitlines() if "(nominal)" in line)
    assert row[1] == f"{100 * found.nominal_regret.near_best.estimate:.1f}".removesuffix(".0")
    assert "least mean regret" not in text


def test_long_tables_stop_and_every_line_fits_80_columns():
    plans = {f"plan {k:02d} of the second quarter": {"d0": k / 40} for k in range(30)}
    threats = [{**threat, "severity": {"range": [1, 4_000_000]}} for threat in BY_HAND["threats"]]
    document = {**BY_HAND, "plans": plans, "threats": threats, "termination": {"loss": 3}}
    found = mg.ensemble(mg.Scenario(**document), n=20)
    text = rendered(ensemble_text(found), styled=False, width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "and 11 more rows: --all shows every row" in text
    with every_row():
        assert "more rows" not in rendered(ensemble_text(found), styled=False, width=80)


def test_the_command_has_defaults_and_states_them(document, tmp_path):
    from typer.testing import CliRunner

    from mfmgame.cli.app import app

    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(document))
    told = json.loads(CliRunner().invoke(app, ["ensemble", str(file), "--json"]).stdout)
    assert (told["draws"], told["seed"]) == (1000, 0)
    assert told == ensemble_document(mg.ensemble(mg.Scenario(**document)))


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("plan/first", "loss of the worst attack on first [loss units]"),
        ("regret/first", "regret of first [loss units]"),
    ],
)
def test_a_plot_names_the_plan_of_a_column(found, column, label):
    assert found.plot(column=column).get_xlabel() == label
