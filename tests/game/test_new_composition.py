"""A composition that this file alone knows: every function and command answers as it says.

It is `additive` on half of the effectiveness, so its answers are those of `additive` on halves.
"""

import copy
import json

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame import references
from mfmgame.cli.app import app
from mfmgame.documents.composition_names import COMPOSITIONS
from mfmgame.game.compositions.additive import Additive
from mfmgame.view.json.explanation_documents import explanation_document

DOCUMENT = {
    "schema": "mfmgame/scenario/1",
    "name": "three threats",
    "composition": "half",
    "threats": [
        {"id": "T1059", "severity": 8, "bandwidth": 1, "class": "inferring"},
        {"id": "T1071", "severity": 5, "bandwidth": 2, "class": "misleading"},
        {"id": "T1566", "severity": 3, "bandwidth": 0, "class": "misleading"},
    ],
    "defenses": [
        {"id": "d0", "use": {"budget": 2}},
        {"id": "d1", "use": {"budget": 1}},
        {"id": "d2", "use": {"budget": 1.5}},
    ],
    "effectiveness": [
        {"threat": "T1059", "defense": "d0", "value": 1.0},
        {"threat": "T1059", "defense": "d1", "value": 0.5},
        {"threat": "T1071", "defense": "d1", "value": 0.75},
        {"threat": "T1071", "defense": "d2", "value": 0.5},
        {"threat": "T1566", "defense": "d2", "value": 1.0},
    ],
    "attacker": {"bandwidth": 2},
    "defender": {"limits": {"budget": 2.5}},
    "termination": {"loss": 7},
}


class Half(Additive):
    def __init__(self, effectiveness):
        super().__init__(effectiveness * 0.5)


def halved(document):
    """The same for `additive`."""
    other = copy.deepcopy(document)
    other["composition"] = "additive"
    for entry in other["effectiveness"]:
        entry["value"] = 0.5 * entry["value"]
    return other


def binary(document):
    other = copy.deepcopy(document)
    for defense in other["defenses"]:
        defense["kind"] = "binary"
    return other


def uncertain(document):
    other = copy.deepcopy(document)
    other["threats"][0]["severity"] = {"range": [6, 9]}
    return other


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(COMPOSITIONS, "half", Half)


def both(kind=lambda document: document):
    """The scenario of the new composition, and that of `additive`."""
    document = kind(DOCUMENT)
    return mg.Scenario(**document), mg.Scenario(**halved(document))


def numbers(answer):
    """All that an answer holds, as it prints, under one name of the composition."""
    return json.dumps(answer, sort_keys=True, default=str).replace("half", "additive")


IN_PYTHON = {
    "assess": lambda scenario: mg.result_document(mg.assess(scenario)),
    "payoffs": lambda scenario: mg.build_game(scenario).to_frame().to_dict(),
    "sweep": lambda scenario: mg.sweep(scenario).to_frame().to_dict(),
    "sweep of a limit": lambda scenario: mg.sweep(scenario, limit="budget").to_frame().to_dict(),
    "map": lambda scenario: (
        mg.sweep_map(scenario, "budget", [1.0, 2.0]).values([1.0, 3.0]).tolist()
    ),
    "threshold": lambda scenario: str(mg.self_destruction_threshold(scenario).bandwidth),
    "index": lambda scenario: mg.defense_coverage_index(scenario).to_frame().to_dict(),
    "shares": lambda scenario: mg.shapley_shares(scenario).to_frame().to_dict(),
    "explanation": lambda scenario: explanation_document(mg.explain(scenario)),
    "explanation of whole projects": lambda scenario: explanation_document(
        mg.explain(mg.Scenario(**binary(scenario.model_dump(by_alias=True, exclude_unset=True))))
    ),
    "without each": lambda scenario: mg.without_each(scenario).to_frame().to_dict(),
    "program by scipy": lambda scenario: references.value_by_scipy(mg.build_game(scenario)),
    "program by pulp": lambda scenario: references.value_by_pulp(mg.build_game(scenario)),
}


@pytest.mark.parametrize("name", IN_PYTHON)
def test_python_answers(name):
    new, old = both()
    assert numbers(IN_PYTHON[name](new)) == numbers(IN_PYTHON[name](old))


def test_answers_are_verified():
    new, _ = both()
    game = mg.build_game(new)
    mg.verify(mg.Result.model_validate(mg.result_document(mg.assess(new))), game)
    mg.verify(mg.sweep(game), game)


def test_derivatives_in_the_effectiveness_are_refused_by_name():
    with pytest.raises(mg.SpecificationError, match="composition: found 'half', whose derivatives"):
        mg.value_gradient(both()[0])


def test_a_process_that_does_not_know_it_refuses_it_by_name(monkeypatch):
    game = mg.build_game(both()[0])
    monkeypatch.delitem(COMPOSITIONS, "half")
    with pytest.raises(mg.SpecificationError, match="composition: found 'half', expected one"):
        mg.solve(game)


def test_schemas_list_it():
    assert mg.json_schema("scenario")["properties"]["composition"]["enum"][-1] == "half"


COMMANDS = {
    "solve": ["solve", "SPEC", "--json"],
    "solve as text": ["solve", "SPEC"],
    "sweep": ["sweep", "SPEC", "--json"],
    "sweep of a limit": ["sweep", "SPEC", "--limit", "budget", "--json"],
    "threshold": ["threshold", "SPEC", "--json"],
    "dci": ["dci", "SPEC", "--json"],
    "explain": ["explain", "SPEC"],
    "shares": ["shares", "SPEC", "--json"],
    "what-if": ["what-if", "SPEC", "--each", "--json"],
    "layer": ["layer", "SPEC"],
    "robust": ["robust", "UNCERTAIN", "--json"],
    "ensemble": ["ensemble", "UNCERTAIN", "-n", "10", "--seed", "1", "--json"],
    "tornado": ["sensitivity", "UNCERTAIN", "--method", "tornado", "--json"],
    "all-or-nothing": ["solve", "BINARY", "--json"],
    "portfolio": ["portfolio", "BINARY", "--limit", "budget", "--json"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_answer(name, tmp_path):
    answers = []
    for place, composed in (("new", lambda document: document), ("old", halved)):
        folder = tmp_path / place
        folder.mkdir()
        files = {"SPEC": DOCUMENT, "UNCERTAIN": uncertain(DOCUMENT), "BINARY": binary(DOCUMENT)}
        for file, document in files.items():
            (folder / f"{file}.json").write_text(json.dumps(composed(document)))
        arguments = [str(folder / f"{a}.json") if a in files else a for a in COMMANDS[name]]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.stderr
        answers.append(done.stdout.replace("half", "additive"))
    new, old = answers
    assert new == old


@pytest.mark.parametrize("ending", ["lp", "mps"])
def test_the_program_for_other_solvers_is_the_same(ending, tmp_path):
    new, old = (tmp_path / f"{name}.{ending}" for name in ("new", "old"))
    for scenario, file in zip(both(), (new, old), strict=True):
        mg.export_program(scenario, file)
    assert new.read_text().replace("half", "additive") == old.read_text()


def test_the_page_names_it():
    assert "composition half" in mg.report_page(both()[0])
