"""Commands on scenarios with attack graphs."""

import json

import pytest
from typer.testing import CliRunner

from mfmgame.cli.app import app

GRAPH = "examples/attack_graph.json"


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_text_shows_paths():
    result = run("solve", GRAPH)
    assert (result.exit_code, "outside -> context -> agent -> paid" in result.output) == (0, True)


@pytest.mark.parametrize("command", ["sweep", "threshold", "evaluate"])
def test_commands_take_graphs(command):
    options = ["--plan", "plan guard=1"] if command == "evaluate" else []
    assert run(command, GRAPH, *options).exit_code == 0
    assert (
        json.loads(run(command, GRAPH, *options, "--json").output)["composition"] == "independent"
    )


def test_results_are_verified_and_forgeries_refused(tmp_path):
    document = json.loads(run("solve", GRAPH, "--json").output)
    file = tmp_path / "result.json"
    file.write_text(json.dumps(document))
    assert "every number follows" in run("verify", file, GRAPH).output
    for forge in (
        lambda d: d.update(value=d["value"] * 1.1),
        lambda d: d.update(decision="terminate"),
        lambda d: d["bounds"].update(lower=d["value"]),
        lambda d: d["paths"][0].update(residual=1.0),
        lambda d: d["paths"][0].update(path=["outside->mail"]),
        lambda d: d["paths"][0].update(path=["nowhere"]),
        lambda d: d["paths"].append(d["paths"][0]),
        lambda d: d["certificate"]["cuts"][0].update(path=99),
        lambda d: d["certificate"]["cuts"][0].update(weight=1.0),
        lambda d: d["allocation"].update({"image check": 1.0}),
        lambda d: d.update(notes=["trust me"]),
    ):
        forged = json.loads(json.dumps(document))
        forge(forged)
        file.write_text(json.dumps(forged))
        result = run("verify", file, GRAPH)
        assert result.exit_code not in (0, 1), forged
        assert "error" in result.stderr


def test_only_results_of_solve_are_verified(tmp_path):
    file = tmp_path / "frontier.json"
    file.write_text(run("sweep", GRAPH, "--json").output)
    assert "only results of solve" in run("verify", file, GRAPH).stderr


@pytest.mark.parametrize("command", ["dci", "layer", "portfolio", "sensitivity"])
def test_other_commands_refuse_graphs(command):
    assert "/graph: found an attack graph" in run(command, GRAPH).stderr


def test_a_limit_of_a_graph_is_not_swept():
    assert "bandwidth only" in run("sweep", GRAPH, "--limit", "budget").stderr


def test_the_graph_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    assert run("solve", GRAPH, "--plot", tmp_path / "graph.svg").exit_code == 0
    assert (tmp_path / "graph.svg").stat().st_size > 1000
