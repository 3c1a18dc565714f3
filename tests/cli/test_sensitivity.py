"""Commands on what matters: their documents, their text, and what they refuse."""

import json
import os
import subprocess
import sys

import jsonschema
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from mfmgame.view.contents import content_of
from mfmgame.view.text.layout import rendered

UNCERTAIN = {
    "schema": "mfmgame/scenario/1",
    "name": "uncertain",
    "threats": [
        {"id": "t1", "severity": {"range": [4, 8]}, "bandwidth": 1.0},
        {"id": "t2", "severity": 4.0, "bandwidth": 1.0},
    ],
    "defenses": [{"id": "d1", "use": {"budget": 1}}, {"id": "d2", "use": {"budget": 1}}],
    "effectiveness": [
        {"threat": "t1", "defense": "d1", "value": {"range": [0.3, 0.6]}},
        {"threat": "t2", "defense": "d2", "value": 0.5},
    ],
    "attacker": {"bandwidth": 1.0},
    "defender": {"limits": {"budget": 1.0}},
    "termination": {"loss": 5.0},
}
ADDITION = {
    "schema": "mfmgame/addition/1",
    "threats": [{"id": "t3", "severity": 8.0, "bandwidth": 1.0}],
}
COMMANDS = {
    "gradient": ["sensitivity", "SPEC"],
    "tornado": ["sensitivity", "SPEC", "--method", "tornado"],
    "sobol": ["sensitivity", "SPEC", "--method", "sobol", "-n", "8", "--second-order"],
    "morris": ["sensitivity", "SPEC", "--method", "morris", "-n", "4"],
    "shares": ["shares", "SPEC"],
    "what-if": ["what-if", "SPEC", "--drop", "d1", "--add", "more.json", "--each"],
    "robust": ["robust", "SPEC"],
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.json").write_text(json.dumps(UNCERTAIN), "utf-8")
    (tmp_path / "more.json").write_text(json.dumps(ADDITION), "utf-8")
    return tmp_path


def call(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="mfmgame")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


def answer(*arguments: str) -> str:
    code, printed, complaint = call(*arguments)
    assert (code, complaint) == (0, "")
    return printed


def refusal(*arguments: str, code: int = 2, stdin: bytes = b"") -> str:
    found, printed, complaint = call(*arguments, stdin=stdin)
    assert (found, printed) == (code, "")
    assert complaint.startswith("error: ")
    assert complaint.count("\n") == 1
    return complaint.removeprefix("error: ").rstrip("\n")


def command(name: str) -> list[str]:
    return ["spec.json" if word == "SPEC" else word for word in COMMANDS[name]]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("files")
def test_documents_are_valid_and_the_same_on_every_run(name):
    first, again = (answer(*command(name), "--json") for _ in range(2))
    assert first == again
    document = json.loads(first)
    schema = document["schema"].split("/")[1]
    jsonschema.validate(document, mg.json_schema(schema))
    assert document["scenario"] == "uncertain"


@pytest.mark.parametrize("name", COMMANDS)
def test_text_and_files_say_the_same_as_standard_output(name, files):
    printed = answer(*command(name))
    assert printed.startswith("uncertain  (")
    assert answer(*command(name), "-o", "out.txt") == ""
    assert (files / "out.txt").read_text("utf-8") == printed


@pytest.mark.parametrize("name", ["gradient", "tornado", "shares", "robust"])
@pytest.mark.usefixtures("files")
def test_a_scenario_without_threshold_has_no_word_of_it(name, files):
    document = {key: value for key, value in UNCERTAIN.items() if key != "termination"}
    (files / "spec.json").write_text(json.dumps(document), "utf-8")
    assert "threshold" not in answer(*command(name)).lower()
    found = json.loads(answer(*command(name), "--json"))
    jsonschema.validate(found, mg.json_schema(found["schema"].split("/")[1]))


@pytest.mark.usefixtures("files")
def test_numbers_are_those_of_the_library():
    scenario = mg.load_scenario("spec.json")
    found = json.loads(answer(*command("robust"), "--json"))
    plan = mg.robust_plan(scenario)
    assert found["worst_case"]["value"] == plan.solution.value
    assert found["worst_case"]["allocation"] == dict(plan.allocation)
    shares = json.loads(answer(*command("shares"), "--json"))
    assert {name: one["share"] for name, one in shares["defenses"].items()} == dict(
        mg.shapley_shares(scenario).shares
    )
    rows = json.loads(answer(*command("gradient"), "--json"))["numbers"]
    gradient = mg.value_gradient(scenario)
    slopes = {row["name"]: row["value"]["derivative"] for row in rows if row["number"] == "limit"}
    assert slopes == dict(gradient.limits)


@pytest.mark.usefixtures("files")
def test_ranks_are_those_of_the_scenario_as_it_would_be():
    found = json.loads(answer(*command("what-if"), "--json"))
    assert (found["dropped"], found["added"]) == (["d1"], ["t3"])
    assert [row["defense"] for row in found["without"]] == ["d2"]
    assert found["after"]["value"] == 8.0


@pytest.mark.usefixtures("files")
def test_workers_print_the_same():
    ends = answer(*command("tornado"), "--json")
    assert answer(*command("tornado"), "--json", "--jobs", "2") == ends


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["what-if", "spec.json"], "spec.json: what-if: expected --drop, --add or --each"),
        (["what-if", "spec.json", "--drop", "d3"], "spec.json: drop: unknown defense 'd3'"),
        (["what-if", "spec.json", "--add", "no.json"], "no.json: no such file"),
        (["what-if", "-", "--add", "-"], "<stdin>: --add: found - for two files"),
        (["what-if", "spec.json", "--add", "spec.json"], "spec.json: /schema: found 'mfmgame/scen"),
        (["robust", "spec.json", "--coverage", "1.5"], "spec.json: coverage: found 1.5"),
        (["robust", "no.json"], "no.json: no such file"),
        (["shares", "spec.json", "--permutations", "3"], "spec.json: permutations: found 3"),
        (["sensitivity", "spec.json", "-n", "8"], "spec.json: -n: found with --method gradient"),
        (
            ["sensitivity", "spec.json", "--method", "sobol", "--coverage", "0.9"],
            "spec.json: --coverage: found with --method sobol, expected with tornado or morris",
        ),
        (
            ["sensitivity", "spec.json", "--method", "tornado", "--second-order"],
            "spec.json: --second-order: found with --method tornado, expected with sobol",
        ),
        (
            ["sensitivity", "spec.json", "--method", "sobol", "-n", "7"],
            "spec.json: n: found 7, expected a power of two",
        ),
        (
            ["sensitivity", "spec.json", "--method", "tornado", "--jobs", "0"],
            "spec.json: jobs: found 0",
        ),
        (["robust", "spec.json", "-o", "spec.json"], "spec.json: found a file that this command"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, complaint, files):
    before = {file.name: file.read_bytes() for file in files.iterdir()}
    assert refusal(*arguments, stdin=b"{}").startswith(complaint)
    assert {file.name: file.read_bytes() for file in files.iterdir()} == before


@pytest.mark.parametrize("name", ["robust", "tornado", "sobol", "morris"])
def test_certain_numbers_are_refused_where_uncertain_ones_are_meant(name, files):
    document = json.loads(json.dumps(UNCERTAIN).replace('{"range": [4, 8]}', "6.0"))
    document["effectiveness"][0]["value"] = 0.4
    (files / "spec.json").write_text(json.dumps(document), "utf-8")
    assert "no number is uncertain, expected a range" in refusal(*command(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_feasible_allocation_is_another_exit_code(name, files):
    document = {**UNCERTAIN, "defender": {"limits": {"budget": -1.0}}}
    (files / "spec.json").write_text(json.dumps(document), "utf-8")
    assert "the limit of 'budget' is -1.0" in refusal(*command(name), code=3)


def test_names_that_steer_terminals_are_written_as_escapes(files):
    document = json.loads(json.dumps(UNCERTAIN).replace('"d1"', json.dumps("\x1b[31m\n[red]")))
    (files / "spec.json").write_text(json.dumps(document), "utf-8")
    for name in ("gradient", "shares", "robust", "tornado"):
        printed = answer(*command(name))
        assert "\x1b" not in printed
        assert "\\x1b[31m\\n[red]" in printed or "d2" in printed


def test_salib_that_is_not_there_is_named(files):
    code = (
        "import sys; sys.modules['SALib'] = None; sys.argv[1:] = "
        "['sensitivity', 'spec.json', '--method', 'sobol']; "
        "from mfmgame.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        cwd=files,
        env=os.environ,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == (
        b'error: this method needs SALib: python -m pip install "mfmgame[sensitivity]" (in a '
        b'clone: python -m pip install -e ".[sensitivity]")\n'
    )


@pytest.mark.usefixtures("files")
def test_the_two_ends_of_a_tornado_come_and_go_together():
    found = content_of(mg.tornado(mg.load_scenario("spec.json")))
    for width in range(40, 121, 8):
        text = rendered(found, styled=False, width=width)
        _, _, hidden = text.partition("not shown at this width:")
        for pair in ("threshold", "value"):
            assert (f"{pair} from" in hidden) == (f"{pair} to" in hidden)
        if hidden:
            assert "threshold from bits, threshold to bits" in " ".join(hidden.split())
