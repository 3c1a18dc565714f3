"""The command `explain`: its document, its text, and what it refuses."""

import json

import jsonschema
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from mfmgame.view.text.explanation_text import explanation_text
from mfmgame.view.text.layout import rendered
from mfmgame.view.text.number_formats import number_text

SPEC = {
    "schema": "mfmgame/scenario/1",
    "name": "controls",
    "units": {"loss": "kUSD", "period": "year", "resources": {"budget": "kUSD"}},
    "threats": [
        {"id": "injection", "severity": 800, "bandwidth": 1},
        {"id": "leak", "severity": 450, "bandwidth": 1},
    ],
    "defenses": [
        {"id": "filter", "use": {"budget": 100}},
        {"id": "sandbox", "name": "Sandboxed\ttools", "use": {"budget": 100}},
        {"id": "audit", "use": {"budget": 50}},
    ],
    "effectiveness": [
        {"threat": "injection", "defense": "filter", "value": 0.5},
        {"threat": "injection", "defense": "sandbox", "value": 0.25},
        {"threat": "leak", "defense": "audit", "value": 0.5},
    ],
    "attacker": {"bandwidth": 1},
    "defender": {"limits": {"budget": 160}},
    "termination": {"loss": 600},
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "spec.json"


def call(file, *options, **changes):
    file.write_text(json.dumps(SPEC | changes), "utf-8")
    return CliRunner().invoke(app, ["explain", str(file), *options], prog_name="mfmgame")


def answered(file, *options, **changes) -> str:
    done = call(file, *options, **changes)
    assert (done.exit_code, done.stderr) == (0, ""), done.exception
    return done.stdout


def document(file, *options, **changes) -> dict:
    found = json.loads(answered(file, "--json", *options, **changes))
    jsonschema.validate(found, mg.json_schema("explanation"))
    return found


WHOLE = {"kind": "binary", "limits": {"budget": 160}}
NO_PLAN = {
    "kind": "binary",
    "limits": {"budget": 160},
    "groups": [{"defenses": ["filter"], "at_least": 1}],
}


@pytest.mark.parametrize("defender", [SPEC["defender"], WHOLE, NO_PLAN, {"limits": {}}])
def test_the_document_is_valid_and_the_same_on_every_run(file, defender):
    first, again = (answered(file, "--json", defender=defender) for _ in range(2))
    assert first == again
    found = document(file, defender=defender)
    assert found["status"] == "proven"
    assert all(row["why"]["sentence"] for row in found["defenses"])


def test_numbers_are_those_of_python(file):
    found = document(file)
    there = mg.explain(mg.Scenario(**SPEC))
    assert [row["defense"] for row in found["defenses"]] == [row.defense for row in there.defenses]
    assert found["limits"][0]["knee"]["limit"] == there.limits[0].knee.limit
    assert found["limits"][0]["operate_limit"] == there.limits[0].operate_limit


def test_what_does_not_apply_is_absent_and_what_is_not_there_is_null(file):
    (limit,) = document(file, termination={"loss": 100})["limits"]
    assert limit["operate_limit"] is None
    plain = {key: value for key, value in SPEC.items() if key not in ("termination", "units")}
    file.write_text(json.dumps(plain))
    done = CliRunner().invoke(app, ["explain", str(file), "--json"])
    (limit,) = json.loads(done.stdout)["limits"]
    assert {"knee", "operate_limit"} & set(limit) == set()
    rows = {row["defense"]: row for row in document(file, defender=NO_PLAN)["defenses"]}
    assert rows["filter"]["loss_without"] is None
    assert rows["filter"]["why"]["reason"] == "required"
    assert "no plan" in answered(file, defender=NO_PLAN)


def test_the_text_says_what_the_ranking_answers_and_shows_names(file):
    printed = answered(file)
    assert "the least loss if this defense is not available" in printed
    assert "coverage index" in printed
    assert "Shapley" in printed
    assert "Sandboxed\\ttools" in printed


def test_a_file_has_the_text_and_options_change_the_scenario(file, tmp_path):
    printed = answered(file)
    assert answered(file, "-o", str(tmp_path / "out.txt")) == ""
    assert (tmp_path / "out.txt").read_text("utf-8") == printed
    assert document(file, "--limit", "budget=40")["limits"][0]["limit"] == 40.0


def test_no_number_breaks_at_80_columns(examples):
    for name in ("claims_agent", "llava_agent"):
        found = mg.explain(mg.load_scenario(examples / f"{name}.json"))
        lines = rendered(explanation_text(found), styled=False, width=80).splitlines()
        assert max(map(len, lines)) <= 80
        for row in found.defenses:
            uses = [number_text(use) for use in row.cost.values()]
            shown = {number_text(row.loss_without)}
            shown |= {use if row.is_funded else f"({use})" for use in uses}
            start = f"  {row.defense[:12]}"
            assert any(shown <= set(line.split()) for line in lines if line.startswith(start))


def test_an_infeasible_scenario_has_nothing_to_explain(file):
    at_least = [{"defenses": ["filter", "sandbox"], "at_least": 2}]
    done = call(file, defender=WHOLE | {"groups": at_least})
    assert (done.exit_code, done.stdout) == (3, "")
