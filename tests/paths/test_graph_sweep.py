"""Frontiers, thresholds and evaluated plans of graph games, against their listed paths."""

import numpy as np
import pytest

import mfmgame as mg
from attack_graphs import graph_game, listed_game, random_graph_game
from mfmgame.paths.graph_sweep import sweep_graph
from mfmgame.paths.graph_threshold import evaluate_graph, graph_threshold

GAMES = range(16)


def near(number, rel):
    return number if number is None else pytest.approx(number, rel=rel)


def drawn(seed):
    """Draw a graph game with a path and a termination loss, and list its paths."""
    generator = np.random.default_rng(seed)
    stopping = float(generator.integers(1, 12)) / 2
    while True:
        game = random_graph_game(generator, n_defenses=3, termination_loss=stopping)
        listed = listed_game(game)
        if listed.n_threats:
            break
    listed.termination_loss = stopping
    return game, listed


@pytest.mark.parametrize("seed", GAMES)
def test_a_sweep_brackets_the_value_of_the_listed_paths(seed):
    game, listed = drawn(seed)
    frontier = sweep_graph(game)
    assert frontier.is_proven
    assert not frontier.is_cut_off
    for at in np.linspace(0.0, 1.2 * listed.ways.total_bits, 7):
        value = mg.solve(listed.with_attacker_bandwidth(at)).value
        assert frontier(at) == pytest.approx(value, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("seed", GAMES)
def test_thresholds_are_those_of_the_listed_paths(seed):
    game, listed = drawn(seed)
    found, expected = graph_threshold(game), mg.self_destruction_threshold(listed)
    assert (found.decision, found.status) == (expected.decision, expected.status)
    for name in ("bandwidth", "undefended"):
        assert getattr(found, name) == near(getattr(expected, name), 1e-5)


@pytest.mark.parametrize("seed", GAMES)
def test_plans_are_evaluated_as_against_the_listed_paths(seed):
    game, listed = drawn(seed)
    plan = {"d0": 0.3, "d1": 0.4, "d2": 0.9}
    found, expected = evaluate_graph(game, plan), mg.evaluate(listed, plan)
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert found.lower <= found.loss <= found.upper <= found.loss * (1 + 1e-11)
    assert (found.decision, found.excess) == (expected.decision, expected.excess)
    assert found.plan_bandwidth == near(expected.plan_bandwidth, 1e-9)


def test_a_threshold_without_a_termination_loss_is_refused():
    game = graph_game([("a", "b", 1.0)], entries="a", goals={"b": 1.0}, budget=1.0)
    with pytest.raises(mg.SpecificationError, match="/termination"):
        graph_threshold(game)


def test_a_sweep_that_runs_backwards_is_refused():
    game = graph_game([("a", "b", 1.0)], entries="a", goals={"b": 1.0}, budget=1.0)
    with pytest.raises(mg.SpecificationError, match="increasing"):
        sweep_graph(game, start=3.0, stop=1.0)
