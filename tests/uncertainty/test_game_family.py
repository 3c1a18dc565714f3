"""The games of a scenario with uncertain numbers are those of the numbers written in."""

import copy
import json
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.documents.uncertain_numbers import number_keys, with_numbers

ROOT = Path(__file__).resolve().parents[2]
MFM = json.loads((ROOT / "models" / "mfm.json").read_text("utf-8"))


def small_catalog() -> dict:
    """A few threats and defenses of the shipped catalog, and some that state their numbers."""
    threats = [copy.deepcopy(one) for one in MFM["threats"][:70:9]]
    threats[1]["severity"] = 2.0
    threats[2]["bandwidth"] = 3.0
    threats.append({"id": "own", "severity": 1.0, "bandwidth": 2.0})
    defenses = [copy.deepcopy(one) for one in MFM["defenses"][:12:3]]
    defenses.append({"id": "plain", "use": {"budget": 1.0}})
    return {
        **copy.deepcopy(MFM),
        "threats": threats,
        "defenses": defenses,
        "effectiveness": [
            {"threat": threats[0]["id"], "defense": defenses[0]["id"], "value": 0.3},
            {"threat": threats[3]["id"], "defense": "plain", "value": 0.4, "basis": "assumed"},
        ],
        "systems": [
            {**one, "channel": {"signal": 9.0, "noise": 2.0}} if one["id"] == "llava" else one
            for one in copy.deepcopy(MFM["systems"])
        ],
    }


CATALOG = small_catalog()
SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "catalog": "small.json",
    "threats": [{"id": "mine", "severity": 4.0, "bandwidth": 1.0}],
    "defenses": [{"id": "guard", "use": {"time": 1.0, "budget": 2.0}, "max_level": 2.0}],
    "effectiveness": [
        {"threat": "mine", "defense": "guard", "value": 0.5},
        {"threat": CATALOG["threats"][0]["id"], "defense": "guard", "value": 0.25},
        {"threat": CATALOG["threats"][3]["id"], "defense": "plain", "value": 0.2},
    ],
    "overrides": {
        "threats": {CATALOG["threats"][4]["id"]: {"severity": 5.0}},
        "defenses": {
            CATALOG["defenses"][1]["id"]: {"strength": 0.4, "use": {"budget": 3.0}},
            "plain": {"max_level": 0.5},
        },
    },
    "attacker": {"bandwidth": 5.0},
    "defender": {"limits": {"budget": 4.0, "time": 1.0}},
    "termination": {"loss": 6.0},
}
SYSTEMS = [
    {},
    {"system": "llava", "deployment": {"flows": ["action", "interaction", "memory"]}},
    {"system": "clip"},
]


def number_places(model, content, place=()):
    """Every number of a document, in its order: an independent walk by what is written."""
    found = []
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        if isinstance(value, (dict, list)) and key not in ("levels", "correlations"):
            found += number_places(model, value, (*place, key))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append((*place, key))
    return found


def value_at(content, place):
    for key in place:
        content = content[key]
    return content


def form_for(draw, place, number):
    """A range that the number's place allows, around it or beside it."""
    traits = "traits" in place or place[-1] in ("value", "strength", "retention")
    if traits or str(place[-1]).endswith(("signal_factor", "bandwidth_factor")):
        return draw(
            st.sampled_from(
                [
                    {"range": [0.0, 1.0]},
                    {"range": [0.2, 0.9]},
                    {"distribution": "discrete", "values": [0, 0.5, 1]},
                ]
            )
        )
    if place[-1] in ("noise_factor", "signal", "noise"):
        return {"range": [max(1.0, number), max(1.0, number) * 3]}
    return draw(st.sampled_from([{"range": [0, 2 * number + 1]}, {"range": [number / 2, number]}]))


@st.composite
def families(draw, composition="best_of", traits_of_threats=False):
    """A scenario and catalog with some uncertain numbers, and the two as plain documents."""
    scenario = {**SCENARIO, **draw(st.sampled_from(SYSTEMS)), "composition": composition}
    documents = {}
    for side, model, content in (
        ("scenario", mg.Scenario, scenario),
        ("catalog", mg.Catalog, CATALOG),
    ):
        places = [
            place
            for place in number_places(model, content)
            if traits_of_threats or place[0] != "threats" or "traits" not in place
        ]
        chosen = draw(st.lists(st.sampled_from(places), max_size=12, unique=True))
        forms = {place: form_for(draw, place, value_at(content, place)) for place in chosen}
        documents[side] = with_numbers(content, forms)
    return documents["scenario"], documents["catalog"]


def assert_same(one: mg.DefenseGame, other: mg.DefenseGame) -> None:
    assert vars(one).keys() == vars(other).keys()
    for name, value in vars(one).items():
        assert np.array_equal(value, vars(other)[name]), name
        if isinstance(value, np.ndarray):
            assert value.tobytes() == vars(other)[name].tobytes(), name


def written_in(family, scenario, catalog, values):
    """The scenario and catalog with values in place of their forms, read from scratch."""
    documents = {"scenario": scenario, "catalog": catalog}
    for (side, place), value in zip(family.inputs.addresses, values.tolist(), strict=True):
        documents[side] = with_numbers(documents[side], {place: value})
    return mg.build_game(mg.Scenario(**documents["scenario"]), mg.Catalog(**documents["catalog"]))


@pytest.mark.parametrize("traits_of_threats", [False, True])
@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(data=st.data())
def test_a_game_is_the_one_of_the_numbers_written_in(traits_of_threats, data):
    scenario, catalog = data.draw(families(traits_of_threats=traits_of_threats))
    family = mg.GameFamily(mg.Scenario(**scenario), mg.Catalog(**catalog))
    for values in (family.inputs.nominal, *family.inputs.draws(data.draw(st.integers(0, 9)), 0, 2)):
        assert_same(family.game_at(values), written_in(family, scenario, catalog, values))


def test_every_number_but_traits_of_threats_has_its_place_in_the_arrays():
    for system in SYSTEMS:
        documents = []
        for model, content in ((mg.Scenario, {**SCENARIO, **system}), (mg.Catalog, CATALOG)):
            places = [
                place
                for place in number_places(model, content)
                if place[0] != "threats" or "traits" not in place
            ]
            numbers = {place: value_at(content, place) for place in places}
            forms = {place: {"range": [number, number]} for place, number in numbers.items()}
            documents.append(model(**with_numbers(content, forms)))
            assert len(documents[-1].uncertain) == len(places)
        family = mg.GameFamily(*documents)
        assert family._recipe is not None
        documents = {**SCENARIO, **system}, CATALOG
        assert_same(family.nominal, written_in(family, *documents, family.inputs.nominal))


def test_a_layer_that_may_never_fail_is_refused():
    scenario = {**SCENARIO, "composition": "independent"}
    pointer = ("effectiveness", 0, "value")
    fine = with_numbers(scenario, {pointer: {"range": [0.5, 0.99]}})
    assert mg.GameFamily(mg.Scenario(**fine), mg.Catalog(**CATALOG)).inputs.upper.tolist() == [0.99]
    perfect = with_numbers(scenario, {pointer: {"range": [0.5, 1]}})
    with pytest.raises(mg.SpecificationError, match="with every uncertain number at its greatest"):
        mg.GameFamily(mg.Scenario(**perfect), mg.Catalog(**CATALOG))


def test_values_outside_are_refused():
    scenario = with_numbers(SCENARIO, {("attacker", "bandwidth"): {"range": [1, 2]}})
    family = mg.GameFamily(mg.Scenario(**scenario), mg.Catalog(**CATALOG))
    with pytest.raises(mg.SpecificationError, match=r"attacker/bandwidth: found 3\.0, expected"):
        family.game_at([3.0])
    with pytest.raises(mg.SpecificationError, match="attacker/bandwidth: found nan, expected"):
        family.game_at([np.nan])
    with pytest.raises(mg.SpecificationError, match=r"found shape \(2,\), expected \(1,\)"):
        family.game_at([1.0, 1.0])


def test_a_scenario_without_uncertain_numbers_is_a_family_of_one():
    family = mg.GameFamily(mg.Scenario(**SCENARIO), mg.Catalog(**CATALOG))
    assert family.inputs.names == ()
    built = mg.build_game(mg.Scenario(**SCENARIO), mg.Catalog(**CATALOG))
    assert_same(family.nominal, built)
    assert_same(family.game_at([]), built)


def test_the_catalog_that_a_scenario_names_may_be_uncertain(tmp_path):
    strength = ("defenses", 0, "traits", "strength")
    uncertain = with_numbers(CATALOG, {strength: {"range": [0.1, 0.2]}})
    (tmp_path / "small.json").write_text(json.dumps(uncertain))
    (tmp_path / "scenario.json").write_text(json.dumps(SCENARIO))
    family = mg.GameFamily(mg.load_scenario(tmp_path / "scenario.json"))
    first = CATALOG["defenses"][0]["id"]
    assert family.inputs.names == (f"catalog/defenses/{first}/traits/strength",)


def test_keys_of_numbers_are_found_by_their_types():
    assert dict(number_keys(type(mg.Scenario(**SCENARIO).defenses[0]))) == {
        "use": "numbers",
        "max_level": "number",
    }


def test_a_game_has_no_uncertain_numbers():
    game = mg.build_game(mg.Scenario(**SCENARIO), mg.Catalog(**CATALOG))
    with pytest.raises(mg.SpecificationError, match="found a DefenseGame, expected a Scenario"):
        mg.ensemble(game, n=5, seed=1)


def test_the_note_counts_assumed_numbers_wherever_they_stand():
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        threats=[{"id": "t", "severity": {"range": [1, 3]}, "bandwidth": 1, "basis": "assumed"}],
        defenses=[{"id": "d", "use": {"budget": 1}}],
        attacker={"bandwidth": {"range": [1, 2], "basis": "assumed"}},
        defender={"limits": {"budget": {"value": 1, "basis": "assumed"}}},
        termination={"loss": {"value": 2, "basis": "assumed"}},
    )
    expected = "rests on assumed numbers of 1 threat, the attacker's bandwidth, the termination "
    expected += "loss, 1 limit"
    assert mg.build_game(scenario).notes[0] == expected
    family = mg.GameFamily(scenario)
    assert family.nominal.notes == (expected,)
    assert mg.ensemble(scenario, n=2, seed=1).notes[0] == expected
