"""Solutions of graph games, against the same game with its paths listed."""

from dataclasses import replace

import numpy as np
import pytest

import mfmgame as mg
from attack_graphs import graph_game, listed_game, random_graph_game
from mfmgame.game.labels import Labelled
from mfmgame.paths.graph_solution import solve_graph
from mfmgame.paths.graph_verification import verify_graph
from mfmgame.references.cone import independent_value_by_cvxpy


@pytest.mark.parametrize("seed", range(60))
def test_a_graph_has_the_value_of_its_listed_paths(seed):
    generator = np.random.default_rng(seed)
    game = random_graph_game(generator, n_defenses=3, most_nodes=8, most_edges=18)
    solution = solve_graph(game, tolerance=1e-9)
    verified = verify_graph(solution, game)
    listed = listed_game(game)
    if not listed.n_threats:
        assert solution.value == 0.0
        return
    other = mg.solve(listed, tolerance=1e-9)
    assert solution.is_proven
    assert solution.value == pytest.approx(other.value, rel=2e-9, abs=1e-14)
    assert verified.lower <= other.upper
    assert other.lower <= verified.upper


@pytest.mark.parametrize("seed", range(4))
def test_a_graph_has_the_value_of_a_cone_program_over_its_paths(seed):
    pytest.importorskip("cvxpy")
    generator = np.random.default_rng(seed)
    game = random_graph_game(generator, n_defenses=3, most_nodes=7, most_edges=20)
    listed = listed_game(game)
    assert 0 < listed.n_threats <= 200
    value = solve_graph(game, tolerance=1e-9).value
    assert value == pytest.approx(independent_value_by_cvxpy(listed), abs=1e-7 * 8)


@pytest.fixture(scope="module")
def solved():
    edges = [("a", "b", 1.0), ("a", "c", 2.0), ("b", "d", 1.0), ("c", "d", 0.5), ("b", "c", 0.25)]
    shares = [[0.5, 0.0], [0.0, 0.5], [0.75, 0.0], [0.0, 0.25], [0.5, 0.5]]
    game = graph_game(edges, entries="a", goals={"c": 3.0, "d": 8.0}, budget=2.0, shares=shares)
    game = replace_limits(game, 1.0)
    return game, solve_graph(game)


def replace_limits(game, limit):
    return type(game)(
        game.graph,
        game.techniques.with_limits({"budget": limit}),
        game.node_ids,
        game.edge_ids,
        game.loss_ids,
    )


def test_numbers_that_do_not_follow_are_refused(solved):
    game, solution = solved
    proof = solution.certificate
    for wrong in (
        {"lower": solution.lower * (1 + 1e-4)},
        {"upper": solution.upper * (1 - 1e-4)},
        {"value": solution.value * 1.01},
        {"bandwidth_price": -1.0},
        {"bandwidth_price": float("nan")},
        {"certificate": replace(proof, weights=proof.weights * 2)},
        {"certificate": replace(proof, anchors=proof.anchors + 0.1)},
        {"allocation": Labelled(solution.game.defense_ids, np.array([1.0, 1.0]))},
    ):
        with pytest.raises(mg.CertificateError):
            verify_graph(replace(solution, **wrong), game)


def test_edges_that_make_no_path_are_refused(solved):
    game, solution = solved
    for path in ((2,), (0, 3), (0,), ()):
        listed = solution.listed.some(np.arange(len(solution.listed)))
        listed.paths[0] = path
        with pytest.raises(mg.CertificateError, match="path"):
            verify_graph(replace(solution, listed=listed), game)


def test_a_bound_of_the_listed_paths_alone_is_not_enough(solved):
    """A path that nobody listed raises the upper bound of the verification."""
    game, solution = solved
    more = {"tail": 0, "head": 3, "technique": 3, "bandwidth": 0.1}
    columns = {name: np.append(getattr(game.graph, name), end) for name, end in more.items()}
    graph = replace(game.graph, **columns)
    other = type(game)(
        graph, game.techniques, game.node_ids, [*game.edge_ids, "more"], game.loss_ids
    )
    with pytest.raises(mg.CertificateError, match=r"/bounds/upper|/value"):
        verify_graph(solution, other)


def test_a_time_limit_ends_the_search_with_a_proven_bracket():
    game = random_graph_game(np.random.default_rng(5), n_defenses=3, most_nodes=8, most_edges=18)
    solution = solve_graph(game, time_limit=1e-9)
    assert (solution.status, solution.lower <= solution.value) == ("time_limit", True)


@pytest.mark.parametrize("seed", range(10))
def test_a_value_of_0_is_proven_where_no_path_is_affordable(seed):
    game = random_graph_game(np.random.default_rng(seed), n_defenses=3)
    paying = replace(game.graph, bandwidth=game.graph.bandwidth + 0.3, entries=game.graph.entries)
    game = mg.GraphGame(paying, game.techniques, game.node_ids, game.edge_ids, game.loss_ids)
    solution = mg.solve_graph(game.with_attacker_bandwidth(0.0), tolerance=1e-9)
    at_entries = paying.node_loss[paying.entries]
    free = sum(paying.severity[loss] for loss in set(at_entries[at_entries >= 0].tolist()))
    assert solution.is_proven
    assert solution.value == pytest.approx(free, abs=1e-12)
