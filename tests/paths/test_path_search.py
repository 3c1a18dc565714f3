"""Best responses over the paths of a graph, against all of its simple paths."""

from dataclasses import replace

import numpy as np
import pytest

import mfmgame as mg
from attack_graphs import graph_game, random_graph_game, simple_paths
from mfmgame.game.attacker import Ways, best_response
from mfmgame.game.shared_losses import SharedLosses
from mfmgame.paths import label_kernel
from mfmgame.paths.attack_graph import AttackGraph
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.path_search import PathSearch


@pytest.mark.parametrize("seed", range(300))
def test_the_best_response_is_the_best_over_all_simple_paths(seed):
    generator = np.random.default_rng(seed)
    game = random_graph_game(generator)
    allocation = generator.integers(0, 3, game.techniques.n_defenses) / 2
    search = PathSearch(game, allocation)
    of, paths = simple_paths(game.graph)
    depth, bits = game.edge_depths(allocation), game.graph.bandwidth
    residual = np.array(
        [
            game.graph.severity[loss] * np.exp(-depth[list(p)].sum())
            for loss, p in zip(of, paths, strict=True)
        ]
    )
    bandwidth = np.array([bits[list(p)].sum() for p in paths])
    losses = SharedLosses.by_label([str(loss) for loss in of])
    for budget in (0.0, 0.75, 3.0, 50.0):
        listed = best_response(residual, Ways(bandwidth, losses), budget)
        response = search.respond(budget)
        assert response.loss == pytest.approx(listed.loss, rel=1e-12, abs=1e-300)
        bound = search.bound(budget, response.price)
        assert response.loss * (1 - 1e-15) <= bound <= response.loss * (1 + 1e-12) + 1e-13
        found = zip(response.losses, response.paths, strict=True)
        assert set(found) <= set(zip(of, paths, strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_compiled_and_interpreted_searches_agree(seed, monkeypatch):
    game = random_graph_game(np.random.default_rng(seed))
    found = []
    for size in (0, 10**9):
        monkeypatch.setattr(label_kernel, "_COMPILED_FROM", size)
        found.append(PathSearch(game, np.ones(game.techniques.n_defenses)).respond(2.0))
    assert found[0].loss == found[1].loss
    assert found[0].paths == found[1].paths


def test_an_entry_that_is_a_goal_always_runs():
    game = graph_game([("a", "b", 1.0)], entries="a", goals={"a": 5.0, "b": 3.0}, budget=0.5)
    response = PathSearch(game, np.zeros(1)).respond(0.5)
    assert (response.loss, response.paths, response.efforts) == (6.5, [(), (0,)], [1.0, 0.5])


def test_a_path_may_pass_through_a_goal():
    edges = [("a", "b", 1.0), ("b", "c", 1.0)]
    game = graph_game(edges, entries="a", goals={"b": 1.0, "c": 4.0}, budget=3.0)
    assert PathSearch(game, np.zeros(1)).respond(3.0).paths == [(0,), (0, 1)]


def test_a_loop_that_costs_nothing_is_left_out():
    edges = [("a", "b", 0.0), ("b", "a", 0.0), ("b", "b", 0.0), ("b", "c", 0.0)]
    game = graph_game(edges, entries="a", goals={"c": 1.0}, budget=0.0)
    assert PathSearch(game, np.zeros(1)).respond(0.0).paths == [(0, 3)]


def test_a_goal_that_no_path_reaches_costs_nothing():
    game = graph_game([("b", "c", 1.0)], entries="a", goals={"c": 1.0}, budget=9.0)
    response = PathSearch(game, np.zeros(1)).respond(9.0)
    assert (response.loss, response.paths) == (0.0, [])


def test_too_many_labels_are_refused(monkeypatch):
    monkeypatch.setattr(label_kernel, "_FIRST_ROOM", 4)
    monkeypatch.setattr(label_kernel, "MOST_LABELS", 8)
    edges = [(node, node + 1, bits) for node in range(8) for bits in (1.0, 2.0)]
    game = graph_game(edges, entries=[0], goals={8: 1.0}, budget=9.0, shares=[0.5, 0.1] * 8)
    with pytest.raises(mg.SolverError, match="labels"):
        PathSearch(game, np.ones(1))


def test_a_graph_of_another_composition_is_refused():
    graph = AttackGraph(
        1, *np.empty((3, 0), dtype=int), np.empty(0), np.array([0]), np.array([0]), np.ones(1)
    )
    techniques = mg.DefenseGame(
        severity=[0.0], bandwidth=[0.0], effectiveness=[[0.5]], attacker_bandwidth=1.0
    )
    with pytest.raises(mg.SpecificationError, match="sums along its paths"):
        GraphGame(graph, techniques, ["a"], [], ["a"])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("tail", [9]),
        ("head", [-1]),
        ("technique", [0.5]),
        ("entries", [9]),
        ("node_loss", [0]),
        ("node_loss", [1, 1]),
        ("bandwidth", [-1.0]),
        ("bandwidth", [np.nan]),
        ("severity", [np.inf]),
    ],
)
def test_arrays_that_make_no_graph_are_refused(name, wrong):
    graph = graph_game([("a", "b", 1.0)], entries="a", goals={"b": 1.0}, budget=1.0).graph
    with pytest.raises(mg.SpecificationError, match=name):
        replace(graph, **{name: np.array(wrong)})
