"""Effectiveness from counted attacks: what is taken for counts, and what they say."""

import copy
import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.documents.distributions import parsed
from specifications import changed

BASELINE = {"id": "undefended", "successes": 45, "trials": 180, "effective_trials": 22.5}
FORM = {
    "distribution": "measured",
    "successes": 0,
    "trials": 180,
    "effective_trials": 22.5,
    "baseline": {**BASELINE},
}
SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "composition": "independent",
    "threats": [{"id": f"t{i}", "severity": 3.0, "bandwidth": 1.0} for i in range(2)],
    "defenses": [{"id": "d0"}],
    "effectiveness": [
        {"threat": "t0", "defense": "d0", "value": FORM},
        {
            "threat": "t1",
            "defense": "d0",
            "value": {**FORM, "successes": 20, "baseline": {**BASELINE}},
        },
    ],
    "attacker": {"bandwidth": 2.0},
}


def test_no_success_in_180_attacks_leaves_an_effectiveness_below_1():
    form = parsed(FORM)
    low, median, high = form.quantiles(np.array([0.025, 0.5, 0.975]))
    assert (low, median) == pytest.approx((0.509197, 0.960125), abs=1e-6)
    assert 0.9999 < high < 1.0
    assert form.center == median
    assert form.plug_in == 1.0
    assert mg.solve(mg.Scenario(**SCENARIO)).value > 0.0


@pytest.mark.parametrize(
    ("successes", "baseline", "plug_in"),
    [(45, 45, 0.0), (20, 45, 1 - 20 / 45), (90, 45, -1.0), (7, 0, None), (0, 0, None)],
)
def test_the_estimate_as_counted_is_not_clipped(successes, baseline, plug_in):
    form = parsed({**FORM, "successes": successes, "baseline": {**BASELINE, "successes": baseline}})
    assert form.plug_in == (None if plug_in is None else pytest.approx(plug_in, rel=1e-15))
    assert 0.0 <= form.center < 1.0


def test_a_stated_nominal_value_replaces_the_median():
    assert parsed({**FORM, "nominal": 0.9}).center == 0.9
    with pytest.raises(
        mg.SpecificationError, match=r"found 1\.0, expected a value from 0 to below"
    ):
        parsed({**FORM, "nominal": 1})


def test_trials_that_repeat_a_task_widen_the_interval():
    ends = np.array([0.025, 0.975])
    fewer = {**FORM, "successes": 9, "effective_trials": 22.5}
    every = {**fewer, "effective_trials": 180, "baseline": {**BASELINE, "effective_trials": 180}}
    assert np.ptp(parsed(fewer).quantiles(ends)) > 2 * np.ptp(parsed(every).quantiles(ends))
    unstated = {key: value for key, value in every.items() if key != "effective_trials"}
    assert (parsed(unstated).quantiles(ends) == parsed(every).quantiles(ends)).all()


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(
    counts=st.tuples(*[st.integers(1, 10**9), st.floats(0, 1), st.floats(1e-9, 1)] * 2),
    probabilities=st.lists(st.floats(0, 1), min_size=2, max_size=6, unique=True),
)
def test_quantiles_of_any_counts_rise_and_stay_below_1(counts, probabilities):
    def counted(trials, share, effective):
        effective_trials = max(1e-90, effective * trials)
        successes = round(share * trials)
        return {"successes": successes, "trials": trials, "effective_trials": effective_trials}

    baseline = {"id": "b", **counted(*counts[3:])}
    form = parsed({"distribution": "measured", "baseline": baseline, **counted(*counts[:3])})
    found = form.quantiles(np.array([0.0, *sorted(probabilities), 1.0]))
    assert (np.diff(found) >= -1e-12).all()
    assert (found[0], found[-1]) == (0.0, math.nextafter(1.0, 0.0))
    alone = [form.quantiles(np.array([one]))[0] for one in sorted(probabilities)]
    assert found[1:-1].tolist() == alone


WRONG = [
    ("/successes", -1, "/successes", "found -1, expected at least 0"),
    ("/successes", 181, "/successes", "found 181 in 180 trials, expected at most as many"),
    ("/successes", 0.5, "/successes", "found 0.5, expected"),
    ("/successes", True, "/successes", "found true, expected"),
    ("/successes", "0", "/successes", "found '0', expected"),
    ("/successes", None, "/successes", "found null, expected"),
    ("/trials", 0, "/trials", "found 0, expected at least 1"),
    ("/trials", 10**9 + 1, "/trials", "found 1000000001, expected at most 1000000000"),
    ("/trials", 10**400, "/trials", "found an integer of many digits, expected"),
    ("/effective_trials", 0, "/effective_trials", "found 0, expected more than 0"),
    ("/effective_trials", 180.001, "/effective_trials", "found 180.001, expected at most the"),
    ("/effective_trials", float("nan"), "/effective_trials", "found nan, expected"),
    ("/effective_trials", 1e-101, "/effective_trials", "found 1e-101, expected"),
    ("/baseline", None, "/baseline", "found null, expected an object"),
    ("/baseline", {}, "/baseline/", "missing, expected a value"),
    ("/baseline/id", "", "/baseline/id", "found '', expected at least one character"),
    ("/baseline/successes", 181, "/baseline/successes", "found 181 in 180 trials"),
    ("/baseline/effective_trials", 200, "/baseline/effective_trials", "found 200.0, expected at"),
    ("/baseline/rate", 0.2, "/baseline/rate", "unknown key 'rate'"),
    ("/group", "g", "/group", "found 'g' beside measured counts, expected none"),
    ("/low", 0.1, "/low", "unknown key 'low'"),
    ("/nominal", -0.1, "/nominal", "found -0.1, expected a value from 0 to below 1"),
]


@pytest.mark.parametrize(("pointer", "value", "where", "what"), WRONG)
def test_counts_that_contradict_each_other_are_refused(pointer, value, where, what):
    document = changed(SCENARIO, f"/effectiveness/0/value{pointer}", value)
    with pytest.raises(mg.SpecificationError) as caught:
        mg.Scenario(**document)
    assert caught.value.pointer.startswith(f"/effectiveness/0/value{where}")
    assert caught.value.message.startswith(what)
    assert "\n" not in str(caught.value)


def test_effective_trials_may_exceed_the_trials_by_rounding_only():
    form = parsed({**FORM, "effective_trials": 180 * (1 + 1e-10)})
    assert form.shapes == parsed({**FORM, "effective_trials": 180}).shapes


def test_a_baseline_with_other_counts_elsewhere_is_refused_with_both_places():
    document = changed(SCENARIO, "/effectiveness/1/value/baseline/successes", 46)
    with pytest.raises(mg.SpecificationError) as caught:
        mg.Scenario(**document)
    assert str(caught.value) == (
        "/effectiveness/1/value/baseline: found other counts of the baseline 'undefended' than at "
        "/effectiveness/0/value/baseline, expected the same, or another id"
    )
    mg.Scenario(**changed(document, "/effectiveness/1/value/baseline/id", "another"))


def test_a_baseline_with_other_counts_in_the_catalog_is_refused_with_both_places():
    entries = {key: SCENARIO[key] for key in ("threats", "defenses", "effectiveness")}
    catalog = mg.Catalog(schema="mfmgame/catalog/1", name="runs", **copy.deepcopy(entries))
    own = {
        "threat": "t0",
        "defense": "d0",
        "value": {**FORM, "baseline": {**BASELINE, "trials": 200}},
    }
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        catalog="runs.json",
        attacker={"bandwidth": 1.0},
        effectiveness=[own],
    )
    for build in (mg.build_game, mg.GameFamily):
        with pytest.raises(mg.SpecificationError, match="/effectiveness/0/value/baseline") as found:
            build(scenario, catalog)
        assert "than at catalog 'runs': /effectiveness/0/value/baseline" in str(found.value)


def test_an_answer_says_where_attacks_were_easier_with_the_defense():
    document = copy.deepcopy(SCENARIO)
    document["effectiveness"][0]["value"]["successes"] = 90
    (harm, _) = mg.solve(mg.Scenario(**document)).game.notes
    assert harm == ("the measurements say that 'd0' makes 't0' easier (E = -1); the game takes 0")
    document["threats"] = [{"id": f"t{i}", "severity": 3.0, "bandwidth": 1.0} for i in range(5)]
    document["effectiveness"] = [
        {"threat": f"t{i}", "defense": "d0", "value": {**FORM, "successes": 46}} for i in range(5)
    ]
    scenario = mg.Scenario(**document)
    harm = mg.solve(scenario).game.notes[0]
    assert "'t2' easier (E = -0.022), and the same of 2 other pairs; the game takes" in harm
    assert harm in mg.tornado(scenario, coverage=0.5).notes
