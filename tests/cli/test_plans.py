"""`evaluate`, `compare` and `solve --composition all`."""

import json

import pytest
from typer.testing import CliRunner

from mfmgame import compare, load_scenario
from mfmgame.cli.app import app
from mfmgame.documents.plan_result import (
    ComparisonDocument,
    CompositionsDocument,
    EvaluationDocument,
)
from mfmgame.documents.scenario import Scenario
from mfmgame.tables.scenario_files import save_scenario
from mfmgame.view.contents import content_of
from mfmgame.view.text.layout import rendered

SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "name": "two threats",
    "units": {"loss": "kUSD", "period": "year", "resources": {"budget": "kUSD"}},
    "threats": [
        {"id": "phish", "name": "Phishing", "class": "a", "severity": 8, "bandwidth": 1},
        {"id": "leak", "class": "b", "severity": 4, "bandwidth": 1},
    ],
    "defenses": [
        {"id": "filter", "name": "Mail filter", "use": {"budget": 3}},
        {"id": "vault", "use": {"budget": 3}},
    ],
    "effectiveness": [
        {"threat": "phish", "defense": "filter", "value": 0.5},
        {"threat": "leak", "defense": "vault", "value": 0.5},
    ],
    "attacker": {"bandwidth": 1},
    "defender": {"limits": {"budget": 3}, "kind": "binary"},
    "termination": {"loss": 5},
    "plans": {"current": {"vault": 1}, "both": {"filter": 1, "vault": 1}},
}


@pytest.fixture
def spec(tmp_path) -> str:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(SCENARIO))
    return str(file)


def run(*words: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == status, result.output + result.stderr
    return result.stdout if not status else result.stderr


def document(model, *words: str):
    return model(**json.loads(run(*words, "--json")))


def test_evaluate_judges_every_named_plan(spec):
    found = document(EvaluationDocument, "evaluate", spec)
    assert {name: plan.loss for name, plan in found.plans.items()} == {"current": 8, "both": 4}
    assert found.plans["both"].excess == {"budget": 3}
    assert found.plans["current"].decision == "terminate"
    text = run("evaluate", spec)
    assert "TERMINATE: the worst attack on it costs 8 kUSD per year" in text
    assert "6 of 3 kUSD used: OVER the limit by 3 kUSD" in text


def test_evaluate_takes_a_name_levels_or_a_file(spec, tmp_path):
    file = tmp_path / "levels.json"
    file.write_text('{"filter": 1}')
    losses = [
        next(iter(document(EvaluationDocument, "evaluate", spec, "--plan", plan).plans.values()))
        for plan in ("both", "filter=1", str(file))
    ]
    assert [one.loss for one in losses] == [4, 4, 4]
    assert [sorted(one.excess) for one in losses] == [["budget"], [], []]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("curent", "--plan: found 'curent', expected a known plan; did you mean 'current'?"),
        ("fliter=1", "--plan: fliter: unknown defense 'fliter'"),
        ("filter=0.5", "--plan: filter: found 0.5, expected one of 0, 1"),
        ("filter=x", "--plan: found 'filter=x', expected a number or NAME=NUMBER"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(spec, plan, message):
    assert message in run("evaluate", spec, "--plan", plan, status=2)


def test_a_scenario_without_plans_asks_for_one(tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({**SCENARIO, "plans": {}}))
    error = run("evaluate", str(file), status=2)
    assert "/plans: missing, expected plans in the scenario, or --plan" in error


def test_a_wrong_level_of_a_named_plan_names_its_place(tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({**SCENARIO, "plans": {"current": {"vault": 0.5}}}))
    assert "/plans/current/vault: found 0.5" in run("evaluate", str(file), status=2)


def test_compare_puts_the_plans_side_by_side(spec):
    found = document(ComparisonDocument, "compare", spec)
    (side,) = found.scenarios
    assert [side.undefended.loss, side.plans["current"].loss, side.best.loss] == [8, 8, 4]
    assert side.baseline == "current"
    assert side.best.change.added == ["filter"]
    assert side.best.change.dropped == ["vault"]
    assert side.threshold.decision == "operate"
    rows = run("compare", spec).splitlines()
    assert any(row.split()[:3] == ["(best)", "4", "operate"] for row in rows)
    assert any("6 !" in row for row in rows)
    assert sum("change to current" in row for row in rows) == 1
    (best,) = (row for row in rows if row.startswith("  (best)"))
    assert best.endswith("+filter, -vault")
    (both,) = (row for row in rows if row.startswith("  both"))
    assert "not allowed: over budget" in both
    assert both.endswith("+filter")


def test_compare_shows_partial_levels_and_broken_rules(tmp_path):
    file = tmp_path / "plan.json"
    defenses = [{**one, "levels": [0, 0.25, 0.5, 1]} for one in SCENARIO["defenses"]]
    plans = {"current": {"vault": 0.5}, "more": {"vault": 0.25, "filter": 0.25}}
    document = {**SCENARIO, "defenses": defenses, "plans": plans}
    document["defender"] = {"limits": {"budget": 3}, "kind": "binary"}
    file.write_text(json.dumps(document))
    rows = run("compare", str(file)).splitlines()
    (more,) = (row for row in rows if row.startswith("  more"))
    assert more.endswith("+filter at 0.25, vault 0.5 -> 0.25")
    assert "allowed" not in " ".join(rows)


def test_compare_lists_the_inputs_that_differ_between_two_scenarios(spec, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**SCENARIO, "attacker": {"bandwidth": 2}}))
    found = document(ComparisonDocument, "compare", spec, str(other))
    assert [one.best.loss for one in found.scenarios] == [4, 8]
    assert [(one.pointer, one.before, one.after) for one in found.inputs] == [
        ("/attacker/bandwidth", 1, 2)
    ]
    assert "/attacker/bandwidth" in run("compare", spec, str(other))


def test_solve_shows_the_three_compositions_side_by_side(spec):
    found = document(CompositionsDocument, "solve", spec, "--composition", "all")
    assert list(found.compositions) == ["best_of", "additive", "independent"]
    assert {one.threshold.decision for one in found.compositions.values()} == {"operate"}
    assert "best_of" in run("solve", spec, "--composition", "all")


def test_other_commands_take_one_composition(spec):
    error = run("sweep", spec, "--composition", "all", status=2)
    assert "/composition: found 'all', expected one of 'best_of'" in error


def test_the_threshold_of_the_plan_stands_beside_the_self_destruction_threshold(spec):
    text = run("solve", spec)
    assert "self-destruction threshold" in text
    assert "threshold of this plan" in text
    found = json.loads(run("threshold", spec, "--json"))["threshold"]
    assert found["plan_bandwidth"] <= found["bandwidth"]


def test_solve_names_the_two_gravest_odd_inputs(tmp_path):
    file = tmp_path / "plan.json"
    odd = {**SCENARIO, "defender": {"limits": {"budget": 100}, "kind": "binary"}}
    file.write_text(json.dumps({**odd, "termination": {"loss": 1000}}))
    text = run("solve", str(file))
    assert "check: the termination loss, 1,000, is at least the loss of all threats" in text
    assert "check: the limit of 'budget', 100, never binds" in text


def test_all_lists_the_defenses_that_are_not_funded(spec):
    assert "not funded: 1 defense; --all lists them" in run("solve", spec)
    assert "vault" not in run("solve", spec)
    assert "vault" in run("solve", spec, "--all")


def test_digits_full_prints_every_digit(spec):
    short = run("solve", spec, "--attacker-bandwidth", "0.333333333333")
    full = run("solve", spec, "--attacker-bandwidth", "0.333333333333", "--digits", "full")
    assert "0.3333 bits" in short
    assert "0.333333333333 bits" in full


def test_compare_marks_a_plan_that_breaks_a_rule(tmp_path):
    file = tmp_path / "plan.json"
    first, second = SCENARIO["defenses"]
    defender = {"limits": {"budget": 9}, "kind": "binary"}
    document = {**SCENARIO, "defender": defender}
    document["defenses"] = [{**first, "conflicts": ["vault"]}, second]
    file.write_text(json.dumps(document))
    rows = run("compare", str(file)).splitlines()
    (both,) = (row for row in rows if row.startswith("  both"))
    assert "not allowed: breaks a rule" in both
    (current,) = (row for row in rows if row.startswith("  current"))
    assert "yes" in current.split()


def test_compare_keeps_the_change_where_the_terminal_is_narrow(spec):
    found = content_of(compare(load_scenario(spec)))
    text = rendered(found, styled=False, width=64)
    assert "change to" in text
    assert "not shown at this width: holds up to bits, budget kUSD" in " ".join(text.split())


def test_a_price_is_a_sentence(spec):
    text = run("solve", spec)
    assert "if no defense is switched, one more kUSD saves 0 kUSD per year" in text
    assert "if no defense is switched, one more bit adds" in text


def test_a_sweep_names_its_decision_and_the_unit_of_its_slopes(spec):
    text = run("sweep", spec)
    assert "; stopping costs 5 kUSD per year" in text
    assert text.count("pieces") == 2
    assert "linear pieces" in text
    assert "kUSD/bit" in text


@pytest.mark.parametrize("kind", ["other.json", "other.xlsx"])
def test_compare_names_file_and_place_of_a_level_that_a_defense_cannot_take(spec, tmp_path, kind):
    wrong = Scenario(**SCENARIO | {"plans": {"current": {"vault": 2}}})
    save_scenario(wrong, tmp_path / kind)
    place = "plans!B2: plans.current.vault" if kind.endswith("xlsx") else "/plans/current/vault"
    for words in ([spec, str(tmp_path / kind)], [str(tmp_path / kind), spec]):
        error = run("compare", *words, status=2)
        assert f"error: {tmp_path / kind}: {place}: found 2.0, expected one of 0, 1" in error
