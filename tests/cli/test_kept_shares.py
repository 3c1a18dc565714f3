"""Commands show and take kept shares of work, and never their logarithms."""

import copy
import json
import re

import jsonschema
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app

SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "name": "agent",
    "units": {"loss": "kUSD"},
    "resources": {"utility": {"shown_as": "kept_share"}},
    "threats": [
        {"id": "injection", "severity": 8, "bandwidth": 1},
        {"id": "jailbreak", "severity": 6, "bandwidth": 1},
    ],
    "defenses": [
        {"id": "sandbox", "use": {"budget": 1, "utility": {"kept_share": 0.6}}},
        {"id": "filter", "use": {"budget": 1, "utility": {"kept_share": 0.75}}},
    ],
    "effectiveness": [
        {"threat": "injection", "defense": "sandbox", "value": 0.75},
        {"threat": "jailbreak", "defense": "filter", "value": 0.9},
    ],
    "attacker": {"bandwidth": 1},
    "defender": {
        "limits": {"budget": 5, "utility": {"kept_share": 0.5}},
        "kind": "binary",
    },
    "termination": {"loss": 6},
    "plans": {"both": {"sandbox": 1, "filter": 1}, "one": {"sandbox": 1}},
}
AMOUNTS = re.compile(r"0\.(6931|5108|2877|7985)")
"""How the logarithms of the shares begin, in any output that shows one."""
BINARY, CONTINUOUS = SCENARIO, copy.deepcopy(SCENARIO)
CONTINUOUS["defender"] |= {"kind": "continuous"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, document in (("binary", BINARY), ("continuous", CONTINUOUS)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == status, result.output + result.stderr
    return result.stdout if status in (0, 4) else result.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("solve binary.json", "utility +keeps 60 % of the work, at least 50 % must be kept; "),
        ("solve binary.json", "note: assumes that kept shares of work multiply"),
        ("solve continuous.json", "one more percentage point of work given up saves 0.1445"),
        ("evaluate binary.json", "keeps 45 % of the work: LESS than the 50 % that must be kept"),
        ("compare binary.json", r"both .* 45 % !"),
        ("explain binary.json", "keeps 60 % of the work, at least 50 % must be kept"),
        ("explain binary.json", "to operate, the limit may demand at most 60 % of the work"),
        ("explain binary.json --limit utility=80%", "it cannot run, because its least step keeps"),
        ("sweep continuous.json --limit utility --at 90%,60%", "\n +60 % "),
        ("sweep continuous.json --limit utility --from 80% --to 60%", "\n +80 % +60 % "),
        ("portfolio binary.json --limit utility", "terminate down to 60 % kept, then operate"),
        ("sensitivity continuous.json", "limit +utility +0.5 kept"),
        ("check binary.json --limit utility=40%", "never binds: all defenses together keep 45 %"),
        ("what-if binary.json --each", "sandbox"),
        ("threshold binary.json", "60 %"),
    ],
)
def test_amounts_are_shown_as_shares(folder, command, said):
    text = run(command)
    assert re.search(said, text), text
    assert not AMOUNTS.search(text), text


def test_two_scenarios_differ_in_shares(folder):
    document = copy.deepcopy(BINARY)
    document["defenses"][0]["use"]["utility"]["kept_share"] = 0.8
    (folder / "other.json").write_text(json.dumps(document), encoding="utf-8")
    text = run("compare binary.json other.json")
    assert re.search("/defenses/sandbox/use/utility +60 % kept +80 % kept", text)
    assert not AMOUNTS.search(text)


def test_the_report_shows_shares(folder):
    run("report binary.json -o page.html")
    page = (folder / "page.html").read_text(encoding="utf-8")
    seen = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert "The plan keeps 60 % of the work, at least 50 % must be kept." in seen
    assert "at least 50 % of the work must be kept" in seen
    assert "per percentage point given up" in seen
    assert not AMOUNTS.search(re.sub(r"<style.*?</style>", "", seen, flags=re.S))
    assert '"kept":[false,true]' in page


@pytest.mark.parametrize("command", ["solve", "evaluate", "sweep --limit utility"])
def test_documents_hold_amounts_and_say_that_they_are_shares(folder, command):
    run(f"{command} continuous.json --json -o answer.json")
    answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    assert answer["resources"] == {"utility": {"shown_as": "kept_share"}}
    kind = answer["schema"].split("/")[1]
    jsonschema.validate(answer, mg.json_schema(kind))
    assert "verified" in run("verify answer.json continuous.json")
    answer["resources"]["utility"]["shown_as"] = "amount"
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    assert "/resources/utility/shown_as" in run("verify answer.json continuous.json", status=2)


def test_a_price_is_the_saving_of_a_percentage_point():
    scenario = mg.Scenario(**CONTINUOUS)
    limits = ({"utility": {"kept_share": share}} for share in (0.499, 0.501))
    less, more = (mg.solve(scenario.with_(limits=limit)).value for limit in limits)
    (price,) = re.findall(r"given up saves ([\d.]+)", mg.assess(scenario).summary())
    assert float(price) == pytest.approx((more - less) / 0.2, rel=1e-3)


def test_a_limit_is_taken_as_a_share(folder):
    answer = json.loads(run("solve binary.json --limit utility=45% --json"))
    assert answer["allocation"] == {"sandbox": 1.0, "filter": 1.0}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--limit utility=0.5", "found '0.5', expected a share of work kept, such as 50%"),
        ("--limit budget=50%", "found '50%', expected a number: the resource is not shown as a k"),
        ("--limit utility=0%", "found '0%', expected a share of work kept, such as 50%, above 0%"),
        ("--limit utility=101%", "found '101%', expected a share of work kept, such as 50%, abov"),
        ("--limit utility=x%", "found 'x%', expected a share of work kept, such as 50%"),
    ],
)
def test_what_is_no_limit_of_a_resource_is_refused(folder, option, message):
    assert run(f"solve binary.json {option}", status=2).startswith(
        f"error: binary.json: --limit: {message}"
    )


def test_a_limit_that_is_a_plain_number_is_probably_a_mistake(folder):
    document = copy.deepcopy(BINARY)
    document["defender"]["limits"]["utility"] = 0.5
    (folder / "binary.json").write_text(json.dumps(document), encoding="utf-8")
    assert "demands that 60.65 % of the work be kept" in run("check binary.json")
