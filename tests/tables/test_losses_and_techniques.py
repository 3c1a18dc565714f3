"""Losses, techniques and chains in workbooks and folders of CSV files."""

import copy
import csv
import json

import pytest

import mfmgame as mg

SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "losses": [
        {"id": "leak", "name": "Data leak", "severity": {"range": [10.0, 20.0]}, "basis": "paper"},
        {"id": "theft", "severity": 3.0, "description": "of money"},
    ],
    "techniques": [
        {"id": "injection", "name": "Prompt injection", "bandwidth": {"range": [1.0, 2.0]}},
        {
            "id": "tool-call",
            "bandwidth": 2.0,
            "tactics": ["execution", "exfiltration"],
            "references": [{"source": "a list", "id": "7"}],
            "basis": "assumed",
            "source": "a guess",
        },
    ],
    "threats": [
        {"id": "by-tool", "loss": "leak", "steps": ["injection", "tool-call", "injection"]},
        {"id": "fraud", "loss": "theft", "severity": 2.0, "bandwidth": 1.0},
    ],
    "defenses": [{"id": "filter", "use": {"budget": 1.0}}, {"id": "approval"}],
    "effectiveness": [
        {"threat": "by-tool", "defense": "approval", "value": 0.125},
        {"threat": "fraud", "defense": "approval", "value": 0.5, "basis": "paper"},
        {"technique": "injection", "defense": "filter", "value": 0.5, "source": "a trial"},
        {
            "technique": "tool-call",
            "defense": "filter",
            "value": {
                "distribution": "measured",
                "successes": 10,
                "trials": 40,
                "baseline": {"id": "none", "successes": 20, "trials": 40},
            },
            "basis": "measured",
        },
    ],
    "attacker": {"bandwidth": 3.0},
}


@pytest.mark.parametrize("name", ["plan.xlsx", "plan"])
def test_tables_give_the_same_scenario_back(tmp_path, name):
    scenario = mg.Scenario(**SCENARIO)
    mg.save_scenario(scenario, tmp_path / name)
    read = mg.load_scenario(tmp_path / name)
    assert read.to_document() == scenario.to_document()
    mg.save_scenario(read, tmp_path / "back.json")
    assert mg.load_scenario(tmp_path / "back.json").to_document() == SCENARIO


def changed_sheet(tmp_path, sheet, change):
    mg.save_scenario(mg.Scenario(**copy.deepcopy(SCENARIO)), tmp_path / "plan")
    file = tmp_path / "plan" / f"{sheet}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    change(rows)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path / "plan"


def test_names_stand_for_ids_of_losses_and_techniques(tmp_path):
    def named(rows):
        rows[0] |= {"loss": "data leak", "steps": "Prompt injection; tool-call"}

    threat = mg.load_scenario(changed_sheet(tmp_path, "threats", named)).threats[0]
    assert (threat.loss, threat.steps) == ("leak", ["injection", "tool-call"])


@pytest.mark.parametrize(
    ("sheet", "row", "cells", "message"),
    [
        ("threats", 0, {"loss": "leek"}, "threats!I2: loss: unknown loss 'leek', expected "),
        ("threats", 0, {"steps": "inject"}, "threats!J2: steps.0: unknown technique 'inject', "),
        ("effectiveness", 0, {"technique": "injection"}, "effectiveness!B2: technique: found "),
        ("effectiveness", 2, {"technique": "inject"}, "effectiveness!B4: technique: unknown "),
        ("losses", 1, {"severity": "high"}, "losses!C3: severity: found 'high', expected a number"),
        ("techniques", 1, {"id": "injection"}, "techniques!A3: id: duplicate id 'injection'"),
    ],
)
def test_an_error_names_the_cell(tmp_path, sheet, row, cells, message):
    folder = changed_sheet(tmp_path, sheet, lambda rows: rows[row].update(cells))
    with pytest.raises(mg.SpecificationError) as caught:
        mg.load_scenario(folder)
    assert str(caught.value).startswith(f"{folder}: {message}"), caught.value


def test_a_starter_from_a_catalog_keeps_its_chains(tmp_path):
    parts = ("losses", "techniques", "threats", "defenses")
    catalog = mg.Catalog(
        schema="mfmgame/catalog/1",
        name="chains",
        **{key: SCENARIO[key] for key in parts},
        effectiveness=SCENARIO["effectiveness"][:3],
    )
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(catalog.to_document()), encoding="utf-8")
    mg.init_scenario(tmp_path / "plan.xlsx", catalog=str(file), only=["by-tool"])
    found = mg.load_scenario(tmp_path / "plan.xlsx")
    assert [loss.id for loss in found.losses] == ["leak"]
    assert found.threats[0].bandwidth is None
    game = mg.build_game(found)
    assert game.effectiveness.tolist() == [[0.5, 0.125]]
    assert game.severity.tolist() == [15.0]
