"""Attack graphs in scenarios: what is refused, and where."""

import copy
import json
from pathlib import Path

import pytest

import mfmgame as mg

DOCUMENT = json.loads(Path("examples/attack_graph.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        ("/graph/edges/0/from", "nowhere", "/graph/edges/0/from: unknown node"),
        ("/graph/edges/1/to", "nowhere", "/graph/edges/1/to: unknown node"),
        ("/graph/edges/2/technique", "x", "/graph/edges/2/technique: unknown technique"),
        ("/graph/edges/2/bandwidth", -1.0, "/graph/edges/2/bandwidth: found -1.0"),
        ("/graph/nodes/5/loss", "x", "/graph/nodes/5/loss: unknown loss"),
        ("/graph/nodes/1/id", "outside", "/graph/nodes/1/id: duplicate id 'outside'"),
        ("/graph/entries", [], "/graph/entries: found none"),
        ("/graph/entries", ["outside", "outside"], "/graph/entries/1: found 'outside' again"),
        ("/graph/entries", ["x"], "/graph/entries/0: unknown node"),
        ("/graph/nodes", [{"id": "outside"}], "unknown node"),
        ("/graph/more", 1, "/graph/more: unknown key"),
        ("/composition", "best_of", "sums along its paths"),
        (
            "/threats",
            [{"id": "t", "severity": 1, "bandwidth": 1}],
            "/threats: found beside a graph",
        ),
    ],
)
def test_malformed_graphs_are_refused_in_one_line(pointer, value, message):
    document = copy.deepcopy(DOCUMENT)
    *parts, last = pointer.split("/")[1:]
    place = document
    for part in parts:
        place = place[int(part) if isinstance(place, list) else part]
    place[int(last) if isinstance(place, list) else last] = value
    with pytest.raises(mg.SpecificationError) as caught:
        mg.Scenario(**document)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_edges_with_one_id_are_refused():
    document = copy.deepcopy(DOCUMENT)
    for edge in document["graph"]["edges"][:2]:
        edge["id"] = "e"
    with pytest.raises(mg.SpecificationError, match="/graph/edges/1/id: duplicate id 'e'"):
        mg.Scenario(**document)


def test_parallel_edges_without_ids_are_numbered():
    document = copy.deepcopy(DOCUMENT)
    document["graph"]["edges"].append(document["graph"]["edges"][0])
    assert mg.Scenario(**document).graph.edge_ids[-1] == "outside->mail #2"


def test_functions_of_listed_threats_refuse_a_graph():
    scenario = mg.Scenario(**DOCUMENT)
    for function in (mg.solve, mg.defense_coverage_index, mg.assess, mg.sensitivity):
        with pytest.raises(mg.SpecificationError, match="/graph: found an attack graph"):
            function(scenario)


def test_a_scenario_without_a_graph_has_no_graph_game():
    with pytest.raises(mg.SpecificationError, match="found no 'graph'"):
        mg.build_graph_game(mg.load_scenario("examples/llava.json"))


def test_tables_refuse_a_graph(tmp_path):
    with pytest.raises(mg.SpecificationError, match="tables have no place for graphs"):
        mg.save_scenario(mg.Scenario(**DOCUMENT), tmp_path / "graph.xlsx")
