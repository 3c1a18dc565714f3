"""Scenarios with some members replaced: in Python and by options of the commands."""

import copy
import json

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import COMMANDS, app
from specifications import CATALOG, CATALOG_SCENARIO, SCENARIO

CHANGES = {
    "/attacker/bandwidth": 3.0,
    "/threats/jailbreak/severity": 5.0,
    "/threats/1/bandwidth": 1.5,
    "/defenses/filter/use/budget": 1.0,
    "/effectiveness/jailbreak/filter": 0.7,
    "/effectiveness/extraction/filter": 0.2,
    "/defender/limits/budget": 1.0,
    "/termination/loss": 9.0,
    "/composition": "additive",
}


def scenario():
    return mg.Scenario(**copy.deepcopy(SCENARIO))


@pytest.fixture
def built_on_a_catalog(tmp_path):
    (tmp_path / "small.json").write_text(json.dumps(CATALOG), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(CATALOG_SCENARIO), encoding="utf-8")
    return mg.load_scenario(tmp_path / "a.json")


def test_every_kind_of_member_is_replaced():
    before = scenario()
    game = mg.build_game(before.with_(set=CHANGES))
    assert game.attacker_bandwidth == 3.0
    assert game.severity.tolist() == [5.0, 2.0]
    assert game.bandwidth.tolist() == [1.0, 1.5]
    assert game.use.tolist() == [[1.0, 1.0], [0.5, 0.0]]
    assert game.effectiveness.tolist() == [[0.7, 0.0], [0.2, 0.5]]
    assert game.limits.tolist() == [1.0, 0.4]
    assert (game.termination_loss, game.composition) == (9.0, "additive")
    assert before.to_document() == scenario().to_document()


def test_arguments_of_their_own_replace_the_same_members():
    named = scenario().with_(
        composition="additive", attacker_bandwidth=3.0, limits={"budget": 1.0}, termination_loss=9.0
    )
    pointers = (
        "/composition",
        "/attacker/bandwidth",
        "/defender/limits/budget",
        "/termination/loss",
    )
    pointed = scenario().with_(set={pointer: CHANGES[pointer] for pointer in pointers})
    assert named.to_document() == pointed.to_document()
    assert named.defender.limits["latency"] == 0.4


def test_a_number_of_the_catalog_is_overridden(built_on_a_catalog):
    changed = built_on_a_catalog.with_(
        set={"/threats/theft/severity": 7.0, "/defenses/lock/use/budget": 9.0}
    )
    assert changed.overrides.threats["theft"].severity == 7.0
    game = mg.build_game(changed)
    assert game.severity[list(game.threat_ids).index("theft")] == 7.0
    assert mg.build_game(built_on_a_catalog).severity[1] == 2.0


def test_an_uncertain_number_gives_way_to_a_number():
    document = copy.deepcopy(SCENARIO) | {"attacker": {"bandwidth": {"range": [1, 3]}}}
    assert not mg.Scenario(**document).with_(attacker_bandwidth=2.0).uncertain


@pytest.mark.parametrize(
    ("pointer", "message"),
    [
        ("attacker", "expected a JSON pointer such as /attacker/bandwidth"),
        ("/threats/jailbrake/severity", "unknown threat 'jailbrake', expected"),
        ("/threats/7/severity", "unknown threat '7', expected"),
        ("/defenses/filter/name/x", "leads nowhere, expected a place in the scenario"),
        ("/attacker/bandwith", "unknown key 'bandwith', expected"),
        ("/effectiveness/jailbreak/filtre", "unknown defense 'filtre', expected"),
        ("/defender/limits/bugdet", "unknown resource 'bugdet', expected"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_refused(pointer, message):
    with pytest.raises(mg.SpecificationError) as caught:
        scenario().with_(set={pointer: 1.0})
    assert message in str(caught.value)


ANSWERING = [
    words
    for words in COMMANDS
    if not words.startswith(("catalog", "evidence", "guard"))
    and words not in ("init", "convert", "verify", "schema", "bandwidth", "watch")
]


@pytest.mark.parametrize("command", ANSWERING)
def test_every_command_that_answers_takes_the_changes(command, tmp_path):
    spec = tmp_path / "a.json"
    spec.write_text(json.dumps(SCENARIO), encoding="utf-8")
    options = ["--set", "/attacker/bandwith=1"]
    needed = {"ensemble": ["-n", "1", "--seed", "0"], "what-if": ["--each"]}
    needed |= {"export": ["-o", str(tmp_path / "a.lp")], "report": ["-o", str(tmp_path / "a.html")]}
    found = CliRunner().invoke(app, [command, str(spec), *needed.get(command, []), *options])
    assert found.exit_code == 2
    assert "/attacker/bandwith: unknown key 'bandwith'" in found.stderr
    assert found.stderr.count("\n") == 1


def test_the_options_give_the_answer_of_the_changed_scenario(tmp_path):
    spec = tmp_path / "a.json"
    spec.write_text(json.dumps(SCENARIO), encoding="utf-8")
    options = ["--composition", "additive", "--attacker-bandwidth", "3", "--limit", "budget=1"]
    options += ["--termination-loss", "9", "--set", "/threats/jailbreak/severity=5"]
    found = CliRunner().invoke(app, ["solve", str(spec), "--json", *options])
    changed = scenario().with_(
        composition="additive",
        attacker_bandwidth=3.0,
        limits={"budget": 1.0},
        termination_loss=9.0,
        set={"/threats/jailbreak/severity": 5.0},
    )
    assert json.loads(found.stdout)["value"] == mg.solve(changed).value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "5"], "--limit: found no name, expected NAME=VALUE"),
        (["--limit", "budget=x"], "--limit: "),
        (["--set", "/composition"], "--set: found '/composition', expected POINTER=VALUE"),
        (["--set", "/name=a", "--set", "/name=b"], "--set: found '/name' twice"),
        (["--attacker-bandwidth", "-1"], "/attacker/bandwidth: found -1.0, expected at least 0"),
    ],
)
def test_a_malformed_change_is_one_line(options, message, tmp_path):
    spec = tmp_path / "a.json"
    spec.write_text(json.dumps(SCENARIO), encoding="utf-8")
    found = CliRunner().invoke(app, ["solve", str(spec), *options])
    assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
    assert message in found.stderr
