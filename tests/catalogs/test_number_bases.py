"""What each number of a game rests on: its own basis first, then that of its entry."""

import itertools
import json
from typing import get_args

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.catalogs.number_bases import BASIS_NAMES, weakest
from mfmgame.catalogs.scenario_entries import resolve
from mfmgame.documents.base import BASES, BasisName
from specifications import CATALOG, CATALOG_SCENARIO


def own(value: float, basis: str) -> dict:
    return {"value": value, "basis": basis}


def names(codes) -> list:
    return np.array(BASIS_NAMES)[codes].tolist()


def resolved(**changes):
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [
            {"id": "leak", "severity": own(8, "measured"), "bandwidth": 2, "basis": "paper"},
            {
                "id": "spam",
                "severity": 1,
                "bandwidth": 1,
                "provenance": {"severity": {"basis": "proxy"}},
            },
        ],
        "defenses": [
            {"id": "filter", "use": {"budget": own(2, "paper"), "staff": 1}, "basis": "assumed"},
            {"id": "audit", "use": {"staff": 1}},
        ],
        "effectiveness": [
            {"threat": "leak", "defense": "filter", "value": own(0.5, "proxy"), "basis": "paper"},
            {"threat": "spam", "defense": "audit", "value": 0.5, "basis": "assumed"},
        ],
        "attacker": {"bandwidth": own(2, "derived")},
        "defender": {"limits": {"staff": own(5, "paper")}},
    }
    return resolve(mg.Scenario(**{**document, **changes}))


def test_a_number_s_own_basis_wins_over_that_of_its_entry():
    entries = resolved()
    bases = entries.bases
    assert names(bases.severity) == ["measured", "proxy"]
    assert names(bases.bandwidth) == ["paper", "not stated"]
    assert names(bases.effectiveness[[0, 1], [0, 1]]) == ["proxy", "assumed"]
    assert names(bases.use[:, 0]) == ["paper", "assumed"]  # of budget and staff
    assert names(bases.limits) == ["not stated", "paper"]
    assert names(bases.attacker_bandwidth) == "derived"
    assert [threat.basis for threat in entries.threats] == ["paper", "proxy"]


def test_overridden_numbers_rest_on_what_the_override_says():
    overrides = {
        "threats": {"prompt-injection": {"severity": own(4.0, "measured"), "bandwidth": 1.0}},
        "defenses": {"guard": {"use": {"budget": own(1.5, "paper")}}},
    }
    scenario = mg.Scenario(**{**CATALOG_SCENARIO, "overrides": overrides})
    entries = resolve(scenario, mg.Catalog(**CATALOG))
    ids = [threat.id for threat in entries.threats]
    row = ids.index("prompt-injection")
    assert names(entries.bases.severity)[row] == "measured"
    assert names(entries.bases.bandwidth)[row] == "not stated"
    column = [defense.id for defense in entries.defenses].index("guard")
    assert "paper" in names(entries.bases.use[:, column])


def test_the_rule_s_numbers_have_the_weakest_basis_of_their_inputs():
    entries = resolve(mg.Scenario(**CATALOG_SCENARIO), mg.Catalog(**CATALOG))
    pairs = entries.effectiveness > 0.0
    assert "derived" in names(entries.bases.effectiveness[pairs])
    catalog = json.loads(json.dumps(CATALOG))
    for defense in catalog["defenses"]:
        defense["basis"] = "assumed"
    entries = resolve(mg.Scenario(**CATALOG_SCENARIO), mg.Catalog(**catalog))
    assert "derived" not in names(entries.bases.effectiveness[pairs])


def test_every_list_of_bases_has_one_order():
    assert get_args(BasisName) == tuple(name.replace(" ", "_") for name in BASIS_NAMES)
    for strong, weak in itertools.pairwise(BASES):
        assert weakest([strong, None, weak, strong]) == weak
    assert weakest([None]) is None


@pytest.mark.parametrize(
    ("basis", "adaptive", "value", "said"),
    [
        ("measured", False, 0.5, True),
        ("proxy", False, 0.5, True),
        ("measured", True, 0.5, False),
        ("measured", None, 0.5, False),
        ("assumed", False, 0.5, False),
        ("measured", False, 0.0, False),
    ],
)
def test_measurements_by_static_attacks_are_called_upper_bounds(basis, adaptive, value, said):
    entry = {"threat": "leak", "defense": "filter", "value": value, "basis": basis}
    found = resolved(effectiveness=[entry | {"adaptive": adaptive}]).notes
    note = "1 measured effectiveness value comes from attacks that did not adapt to the defense"
    assert (f"{note}: an upper bound" in found) is said


def test_a_value_confirmed_by_an_adaptive_attack_stays_so_when_catalogs_merge():
    entry = {"threat": "leak", "defense": "filter", "value": 0.5, "basis": "measured"}
    catalogs = [
        mg.Catalog(
            schema="mfmgame/catalog/1",
            name=name,
            threats=[{"id": "leak", "severity": 1, "bandwidth": 1}],
            defenses=[{"id": "filter"}],
            effectiveness=[entry | {"adaptive": adaptive}],
        )
        for name, adaptive in (("static", False), ("adaptive", True), ("silent", None))
    ]
    for chosen, adaptive in ((catalogs, True), (catalogs[::2], False)):
        assert mg.merge_catalogs(*chosen).effectiveness[0].adaptive is adaptive
