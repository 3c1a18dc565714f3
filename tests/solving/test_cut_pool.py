"""Cuts of groups: the same answers as when every threat has cuts of its own."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame import references
from mfmgame.solving import cut_pool as cuts
from mfmgame.solving import threat_generation
from random_games import games


@pytest.fixture(scope="module", autouse=True)
def groups_from_the_third_threat_on():
    """Games small enough to check, whose threats stand in groups nevertheless."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threat_generation, "SMALL", 0)
        patch.setattr(cuts, "_ALONE", 2)
        yield


@pytest.mark.parametrize("composition", ["additive", "best_of"])
@hypothesis.settings(max_examples=150)
@hypothesis.given(data=st.data())
def test_grouped_threats_give_the_value_of_the_whole_program(composition, data):
    game = data.draw(games(composition, max_threats=25))
    solution = mg.solve(game)
    assert mg.verify(solution, game).gap <= solution.tolerance
    scale = max(float(game.severity.max()), 1.0)
    assert solution.value == pytest.approx(references.value_by_scipy(game), abs=1e-7 * scale)


@hypothesis.settings(max_examples=50)
@hypothesis.given(game=games("independent", max_threats=15, max_defenses=4))
def test_grouped_threats_give_a_proven_value_where_layers_are_independent(game):
    solution = mg.solve(game)
    assert mg.verify(solution, game).gap <= solution.tolerance


@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
def test_a_large_attack_plan_takes_a_small_master(composition, monkeypatch):
    """Two thousand threats run; the master never holds so many cuts."""
    rng = np.random.default_rng(5)
    game = mg.DefenseGame(
        severity=rng.lognormal(size=4000),
        bandwidth=rng.uniform(0.5, 2.0, 4000),
        effectiveness=0.6 * rng.random((4000, 12)),
        attacker_bandwidth=2500.0,
        use={"budget": np.ones(12)},
        limits={"budget": 1.5},
        composition=composition,
    )
    held = []
    solve = cuts.CutPool.solve

    def counted(pool, *arguments):
        held.append(len(pool))
        return solve(pool, *arguments)

    monkeypatch.setattr(cuts.CutPool, "solve", counted)
    solution = mg.solve(game)
    assert np.count_nonzero(solution.attack.array) > 1500
    assert mg.verify(solution, game).gap <= solution.tolerance
    assert max(held) < 1500


def test_a_sweep_over_grouped_threats_equals_single_solves():
    rng = np.random.default_rng(6)
    game = mg.DefenseGame(
        severity=rng.integers(1, 20, 60).astype(float),
        bandwidth=rng.integers(0, 4, 60).astype(float),
        effectiveness=rng.choice([0.0, 0.3, 0.6, 1.0], (60, 6)),
        attacker_bandwidth=10.0,
        use={"budget": np.ones(6)},
        limits={"budget": 2.0},
    )
    frontier = mg.sweep(game)
    for at in np.linspace(0.0, float(game.bandwidth.sum()), 23):
        alone = references.value_by_scipy(game.with_attacker_bandwidth(at))
        assert frontier(float(at)) == pytest.approx(alone, rel=1e-8)
