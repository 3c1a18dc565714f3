"""Ranges and distributions in documents: what is taken for one, and what is refused."""

import copy
import json
import pickle

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.documents.distributions import parsed
from specifications import CATALOG, changed

SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "threats": [
        {"id": "t0", "severity": 3.0, "bandwidth": 1.0},
        {"id": "t1", "severity": 2.0, "bandwidth": 2.0},
    ],
    "defenses": [{"id": "d0", "use": {"budget": 2.0}, "max_level": 1.0}],
    "effectiveness": [{"threat": "t0", "defense": "d0", "value": 0.6}],
    "attacker": {"bandwidth": 2.0},
    "defender": {"limits": {"budget": 5.0}},
    "termination": {"loss": 4.0},
}
NUMBERS = [
    "/threats/0/severity",
    "/threats/1/bandwidth",
    "/defenses/0/use/budget",
    "/defenses/0/max_level",
    "/effectiveness/0/value",
    "/attacker/bandwidth",
    "/defender/limits/budget",
    "/termination/loss",
]
FORMS = [
    ({"range": [0.25, 0.75]}, 0.5),
    ({"distribution": "uniform", "low": 0.25, "high": 0.5}, 0.375),
    ({"distribution": "triangular", "low": 0.1, "mode": 0.2, "high": 0.7}, 0.2),
    ({"distribution": "pert", "low": 0.1, "mode": 0.3, "high": 0.7}, 0.3),
    ({"distribution": "beta", "a": 1, "b": 3}, 0.25),
    ({"distribution": "beta", "a": 1, "b": 1, "low": 0.5, "high": 0.75}, 0.625),
    ({"distribution": "lognormal", "median": 0.1, "sigma": 0.25}, 0.1),
    ({"distribution": "lognormal", "median": 0.1, "sigma": 1, "low": 0.05, "high": 0.5}, 0.1),
    ({"distribution": "discrete", "values": [0.1, 0.3, 0.2], "weights": [1, 2, 2]}, 0.3),
    ({"distribution": "discrete", "values": [0.7, 0.3]}, 0.7),
    ({"range": [0.25, 0.75], "nominal": 0.3, "basis": "measured", "source": "a test"}, 0.3),
    (
        {
            "distribution": "measured",
            "successes": 9,
            "trials": 90,
            "effective_trials": 12.5,
            "baseline": {"id": "b", "successes": 60, "trials": 90},
            "nominal": 0.25,
        },
        0.25,
    ),
]


def refusal(document) -> mg.SpecificationError:
    with pytest.raises(mg.SpecificationError) as caught:
        mg.Scenario(**document)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("pointer", NUMBERS)
@pytest.mark.parametrize(("form", "nominal"), FORMS)
def test_wherever_a_number_stands_a_form_may_stand_and_is_its_nominal_value(pointer, form, nominal):
    document = changed(SCENARIO, pointer, form)
    scenario = mg.Scenario(**document)
    assert scenario.model_dump() == mg.Scenario(**changed(SCENARIO, pointer, nominal)).model_dump()
    (place,) = scenario.uncertain
    assert "".join(f"/{key}" for key in place) == pointer
    assert scenario.to_document() == document


def test_the_names_of_forms_are_those_of_the_documentation():
    assert {type(parsed(form)).__name__ for form, _ in FORMS} == {
        *("Range", "Uniform", "Triangular", "Pert", "Beta", "Lognormal", "Discrete", "Measured")
    }


WRONG_FORMS = [
    ({}, "", "found an object, expected a number, or an object with 'range', "),
    ({"low": 1, "high": 2}, "", "found an object, expected a number"),
    ({"range": []}, "/range", "found 0 numbers, expected the least and the greatest"),
    ({"range": [1]}, "/range", "found 1 number"),
    ({"range": [1, 2, 3]}, "/range", "found 3 numbers"),
    ({"range": [2, 1]}, "/range", "found 2.0 before 1.0, expected the least first"),
    ({"range": 2}, "/range", "found 2, expected a list"),
    ({"range": None}, "/range", "found null, expected a list"),
    ({"range": {"range": [1, 2]}}, "/range", "found an object, expected a list"),
    ({"range": [1, {"range": [1, 2]}]}, "/range/1", "found an object, expected a number"),
    ({"range": [1, "2"]}, "/range/1", "found '2', expected a number"),
    ({"range": [False, True]}, "/range/0", "found false, expected a number"),
    ({"range": [1, float("nan")]}, "/range/1", "found nan, expected"),
    ({"range": [1, float("inf")]}, "/range/1", "found inf, expected"),
    ({"range": [1, 1e101]}, "/range/1", "found 1e+101, expected at most 1e+100"),
    ({"range": [0, 1e-101]}, "/range/1", "found 1e-101, expected 0 or at least 1e-100"),
    ({"range": [1, 2], "nominal": 3}, "/nominal", "found 3.0, expected a value from 1.0 to 2.0"),
    ({"range": [1, 2], "distribution": "uniform"}, "/distribution", "unknown key 'distribution'"),
    ({"range": [1, 2], "seed": 1}, "/seed", "unknown key 'seed'"),
    ({"range": [1, 2], "basis": "guessed"}, "/basis", "found 'guessed'"),
    ({"range": [1, 2], "group": ""}, "/group", "found '', expected at least one character"),
    ({"range": [1, 2], "group": "\ud800"}, "/group", "is not valid Unicode"),
    ({"range": [1, 2], "group": "g"}, "/group", "unknown group 'g', expected none"),
    ({"distribution": "unifrom", "low": 1, "high": 2}, "/distribution", "did you mean 'uniform'"),
    ({"distribution": "normal"}, "/distribution", "found 'normal', expected"),
    ({"distribution": None}, "/distribution", "found null, expected one of 'uniform'"),
    ({"distribution": ["uniform"]}, "/distribution", "found a list, expected one of 'uniform'"),
    ({"distribution": "uniform", "low": 1}, "/high", "missing, expected a value"),
    ({"distribution": "uniform", "low": 2, "high": 1}, "/high", "found 1.0, expected at least low"),
    (
        {"distribution": "triangular", "low": 1, "mode": 3, "high": 2},
        "/mode",
        "found 3.0, expected a value from 1.0 to 2.0",
    ),
    ({"distribution": "pert", "low": 1, "mode": 0.5, "high": 2}, "/mode", "found 0.5, expected"),
    ({"distribution": "pert", "low": 1, "high": 2}, "/mode", "missing, expected a value"),
    ({"distribution": "beta", "a": 0, "b": 1}, "/a", "found 0, expected at least 0.01"),
    ({"distribution": "beta", "a": 1, "b": -2}, "/b", "found -2, expected at least 0.01"),
    ({"distribution": "beta", "a": 1}, "/b", "missing, expected a value"),
    ({"distribution": "lognormal", "median": 1, "sigma": 0}, "/sigma", "expected more than 0.0"),
    ({"distribution": "lognormal", "median": 1, "sigma": -1}, "/sigma", "expected more than 0.0"),
    ({"distribution": "lognormal", "median": 0, "sigma": 1}, "/median", "expected more than 0.0"),
    (
        {"distribution": "lognormal", "median": 9, "sigma": 1, "high": 2},
        "/median",
        "found 9.0, expected a value from",
    ),
    (
        {"distribution": "lognormal", "median": 1, "sigma": 1, "low": 3, "high": 2},
        "/high",
        "found 2.0, expected at least low, 3.0",
    ),
    ({"distribution": "discrete"}, "/values", "missing, expected a value"),
    ({"distribution": "discrete", "values": []}, "/values", "found none, expected one or more"),
    ({"distribution": "discrete", "values": [1, 1]}, "/values", "found a value twice"),
    (
        {"distribution": "discrete", "values": [1, 2], "weights": [1]},
        "/weights",
        "found 1 weight, expected 2, one per value",
    ),
    (
        {"distribution": "discrete", "values": [1, 2], "weights": [0, 0]},
        "/weights",
        "found no weight above 0",
    ),
    (
        {"distribution": "discrete", "values": [1, 2], "weights": [2, -1]},
        "/weights/1",
        "found -1, expected at least 0.0",
    ),
    (
        {"distribution": "discrete", "values": [1, 2], "nominal": 1.5},
        "/nominal",
        "found 1.5, expected one of the values that have a weight",
    ),
    (
        {"distribution": "discrete", "values": [1, 2], "weights": [1, 0], "nominal": 2},
        "/nominal",
        "found 2.0, expected one of the values that have a weight",
    ),
]


@pytest.mark.parametrize(("form", "where", "what"), WRONG_FORMS)
def test_a_form_that_cannot_be_meant_is_refused_where_it_is_wrong(form, where, what):
    error = refusal(changed(SCENARIO, "/threats/0/severity", form))
    assert error.pointer == "/threats/0/severity" + where
    assert what in error.message


@pytest.mark.parametrize(
    ("pointer", "form", "end", "expected"),
    [
        ("/threats/0/severity", {"range": [-1, 3]}, "least", "expected at least 0.0"),
        ("/effectiveness/0/value", {"range": [0.5, 1.5]}, "greatest", "expected at most 1.0"),
        (
            "/effectiveness/0/value",
            {"distribution": "lognormal", "median": 0.5, "sigma": 1},
            "greatest",
            "expected at most 1.0",
        ),
        (
            "/threats/0/severity",
            {"distribution": "lognormal", "median": 1e90, "sigma": 10},
            "greatest",
            "expected at most 1e+100",
        ),
        (
            "/attacker/bandwidth",
            {"distribution": "discrete", "values": [3, -2], "weights": [9, 1]},
            "least",
            "found -2.0, expected at least 0.0",
        ),
    ],
)
def test_a_number_that_may_leave_its_range_is_named(pointer, form, end, expected):
    error = refusal(changed(SCENARIO, pointer, form))
    assert error.pointer == pointer
    assert error.message.startswith(f"the {end} possible value is out of range: found ")
    assert expected in error.message


@pytest.mark.parametrize(
    "pointer", ["/name", "/threats/0/id", "/composition", "/threats/0", "/threats", "/attacker"]
)
def test_a_form_where_no_number_stands_is_refused(pointer):
    assert refusal(changed(SCENARIO, pointer, {"range": [1, 2]})).pointer.startswith(pointer)


def test_a_form_among_levels_is_refused():
    error = refusal(changed(SCENARIO, "/defenses/0/levels", [0.5, {"range": [0.6, 1]}]))
    assert error.pointer == "/defenses/0/levels/1"


def grouped(sizes: int, correlation: object) -> dict:
    threats = [
        {"id": f"t{i}", "severity": {"range": [1, 2], "group": "g"}, "bandwidth": 1}
        for i in range(sizes)
    ]
    return {
        "schema": "mfmgame/scenario/1",
        "threats": threats,
        "attacker": {"bandwidth": 1},
        "correlations": {"g": correlation},
    }


@pytest.mark.parametrize(
    ("size", "correlation", "expected"),
    [
        (0, 0.5, "found no uncertain numbers of this group, expected two or more"),
        (1, 0.5, "found 1 uncertain number of this group, expected two or more"),
        (2, 1.5, "found 1.5, expected at most 1.0"),
        (2, -1.5, "found -1.5, expected at least -1.0"),
        (2, "0.5", "found '0.5', expected a number"),
        (2, {"range": [0, 1]}, "found an object, expected a number"),
        (3, -0.5, "found -0.5, expected at least -0.48"),
    ],
)
def test_a_correlation_that_cannot_be_is_refused(size, correlation, expected):
    error = refusal(grouped(size, correlation))
    assert error.pointer == "/correlations/g"
    assert expected in error.message


@pytest.mark.parametrize(("size", "correlation"), [(2, -1), (2, 1), (3, -0.48), (9, 0), (3, 1.0)])
def test_a_correlation_that_can_be_is_accepted(size, correlation):
    assert len(mg.Scenario(**grouped(size, correlation)).uncertain) == size


def test_copies_keep_what_is_uncertain():
    scenario = mg.Scenario(**grouped(2, 0.5))
    for other in (
        copy.copy(scenario),
        copy.deepcopy(scenario),
        scenario.model_copy(),
        pickle.loads(pickle.dumps(scenario)),
        mg.Scenario(**json.loads(json.dumps(scenario.to_document()))),
    ):
        assert other == scenario
        assert other.uncertain == scenario.uncertain


def test_an_answer_at_nominal_values_says_so():
    scenario = mg.Scenario(**grouped(2, 0.5))
    assert mg.solve(scenario).notes == ("2 numbers are uncertain; this uses their nominal values",)
    one = mg.Scenario(**changed(SCENARIO, "/termination/loss", {"range": [1, 2]}))
    assert mg.solve(one).notes == ("1 number is uncertain; this uses its nominal value",)


def test_a_catalog_may_hold_forms():
    catalog = changed(CATALOG, "/assumptions/channel/noise", {"range": [1, 2]})
    assert mg.Catalog(**catalog).assumptions.channel.noise == 1.5
    with pytest.raises(mg.SpecificationError, match="/assumptions/channel/noise: the least"):
        mg.Catalog(**changed(CATALOG, "/assumptions/channel/noise", {"range": [0, 2]}))


WORDS = "range distribution low mode high a b median sigma values weights nominal group basis x"
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        st.integers(-3, 3),
        st.sampled_from(["pert", "beta", "g", "lognormal", "discrete", "uniform", "triangular"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@hypothesis.settings(max_examples=500, deadline=None)
@hypothesis.given(
    pointer=st.sampled_from(NUMBERS),
    form=st.sampled_from([form for form, _ in FORMS]),
    changes=st.dictionaries(KEYS, VALUES, min_size=1, max_size=2),
)
def test_any_object_is_a_form_or_refused_and_what_is_accepted_is_valid(pointer, form, changes):
    document = changed(SCENARIO, pointer, {**form, **changes})
    try:
        scenario = mg.Scenario(**document)
    except mg.SpecificationError as error:
        refused = str(error)
        assert "\n" not in refused
        return
    jsonschema.validate(document, mg.json_schema("scenario"))
    inputs = mg.GameFamily(scenario).inputs
    assert (inputs.lower <= inputs.nominal).all()
    assert (inputs.nominal <= inputs.upper).all()
