"""Kept shares of work in the cells of workbooks and CSV files."""

import copy
import json

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.tables.cell_numbers import KEPT_SHARE, kept_cell, number_or_distribution
from specifications import CATALOG

COUNTS = {"successes": 2, "trials": 3, "baseline_successes": 9, "baseline_trials": 10}
DOCUMENT = {
    "schema": "mfmgame/scenario/1",
    "resources": {"utility": {"shown_as": "kept_share"}, "budget": {"shown_as": "amount"}},
    "threats": [{"id": "theft", "severity": 8.0, "bandwidth": 1.0}],
    "defenses": [
        {"id": "lock", "use": {"budget": 1.0, "utility": {"kept_share": 0.54}}},
        {"id": "guard", "use": {"utility": {"kept_share": COUNTS, "basis": "measured"}}},
        {"id": "dog", "use": {"utility": 0.6931}},
        {"id": "bell", "use": {"utility": {"range": [0.1, 0.2]}}},
        {"id": "fence", "use": {"utility": {"kept_share": 1.025}}},
    ],
    "effectiveness": [{"threat": "theft", "defense": "lock", "value": 0.5}],
    "attacker": {"bandwidth": 1.0},
    "defender": {"limits": {"utility": {"kept_share": 0.5, "basis": "assumed", "source": "us"}}},
}


@pytest.mark.parametrize("kind", ["plan.xlsx", "plan", "plan.json"])
@pytest.mark.parametrize("limit", [None, 0.6931, {"value": 0.6931, "basis": "assumed"}])
def test_every_form_of_a_share_comes_back(tmp_path, kind, limit):
    document = copy.deepcopy(DOCUMENT)
    if limit is not None:
        document["defender"]["limits"]["utility"] = limit
    scenario = mg.Scenario(**copy.deepcopy(document))
    mg.save_scenario(scenario, tmp_path / kind)
    assert mg.load_scenario(tmp_path / kind).to_document() == scenario.to_document()


def test_shares_are_written_in_per_cent(tmp_path):
    mg.save_scenario(mg.Scenario(**copy.deepcopy(DOCUMENT)), tmp_path / "plan")
    limits = (tmp_path / "plan" / "limits.csv").read_text(encoding="utf-8")
    assert limits.splitlines()[:2] == [
        "resource,limit,unit,shown_as,basis,source",
        "utility,50 %,,kept_share,assumed,us",
    ]
    defenses = (tmp_path / "plan" / "defenses.csv").read_text(encoding="utf-8")
    assert ",54 %\n" in defenses.replace("\r", "")


def with_cells(tmp_path, **cells) -> mg.Scenario:
    """A workbook with other cells for the share that the lock keeps, or for the limit."""
    document = copy.deepcopy(DOCUMENT)
    document["defenses"] = document["defenses"][:1]
    file = tmp_path / "plan.xlsx"
    mg.save_scenario(mg.Scenario(**document), file)
    book = openpyxl.load_workbook(file)
    heading = {cell.value: cell.column for cell in book["defenses"][1]}
    places = {"use": ("defenses", heading["use: utility"]), "limit": ("limits", 2)}
    for name, (value, number_format) in cells.items():
        sheet, column = places[name]
        cell = book[sheet].cell(2, column, value)
        cell.number_format = number_format
    book.save(file)
    return mg.load_scenario(file)


@pytest.mark.parametrize(
    "cell", [("60 %", "General"), (0.6, "0%"), (0.6, "General"), ("60,0%", "General")]
)
def test_a_cell_per_cent_is_a_kept_share(tmp_path, cell):
    found = with_cells(tmp_path, use=cell, limit=cell).to_document()
    assert found["defenses"][0]["use"]["utility"] == {"kept_share": 0.6}
    assert found["defender"]["limits"]["utility"]["kept_share"] == 0.6


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ((54, "General"), "defenses!G2: use: utility: found '54', expected a share of work kept"),
        (("0.5..0.6", "General"), "defenses!G2: use: utility: found '0.5..0.6', expected a share"),
        (
            ("50 %..60 %", "General"),
            "defenses!G2: use: utility: found '50 %..60 %', expected a share",
        ),
        (("0 %", "General"), "defenses!G2: use.utility.kept_share: found 0, expected more than"),
    ],
)
def test_a_cell_that_is_no_share_is_refused(tmp_path, cell, message):
    with pytest.raises(mg.SpecificationError) as caught:
        with_cells(tmp_path, use=cell)
    assert message in str(caught.value)


def test_a_resource_that_no_defense_uses_is_refused_with_its_cell(tmp_path):
    mg.save_scenario(mg.Scenario(**copy.deepcopy(DOCUMENT)), tmp_path / "plan")
    limits = tmp_path / "plan" / "limits.csv"
    limits.write_text(limits.read_text(encoding="utf-8") + "utilty,,,kept_share,,\n")
    with pytest.raises(mg.SpecificationError) as caught:
        mg.load_scenario(tmp_path / "plan")
    assert caught.value.pointer == "limits!D4: resources.utilty"


@given(st.floats(1e-100, 1e100))
@settings(max_examples=200, deadline=None)
def test_every_share_is_read_as_it_was_written(share):
    cell = kept_cell({"kept_share": share})
    assert number_or_distribution(cell, None, KEPT_SHARE) == {"kept_share": share}


def test_a_scenario_started_from_a_catalog_keeps_its_shares(tmp_path):
    document = copy.deepcopy(CATALOG)
    resource = next(iter(document["defenses"][0]["use"]))
    document["defenses"][0]["use"][resource] = {"kept_share": 0.9, "basis": "measured"}
    document["resources"] = {resource: {"shown_as": "kept_share"}}
    file = tmp_path / "small.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    mg.init_scenario(tmp_path / "own.json", catalog=str(file))
    found = mg.load_scenario(tmp_path / "own.json").to_document()
    assert found["resources"] == document["resources"]
    assert found["defenses"][0]["use"][resource] == {"kept_share": 0.9, "basis": "measured"}
    assert 0.0 < found["defender"]["limits"][resource]["kept_share"] < 1.0
