"""Coverage, exposure and cuts, for every composition."""

import itertools
from fractions import Fraction

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from mfmgame.game.compositions import compose
from plain_games import exact_exposure, exactly
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]
any_composition = pytest.mark.parametrize("composition", COMPOSITIONS)
each = hypothesis.settings(max_examples=100)


def some_levels(data, game) -> np.ndarray:
    shares = data.draw(
        st.lists(
            st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1, width=32)),
            min_size=game.n_defenses,
            max_size=game.n_defenses,
        )
    )
    return game.max_level * np.array(shares)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_a_cut_supports_the_exposure_and_touches_it_where_it_was_made(composition, data):
    game = data.draw(games(composition))
    composed, threats = compose(game), np.arange(game.n_threats)
    here, there = some_levels(data, game), some_levels(data, game)
    constants, gradients = composed.cuts(threats, composed.anchors(threats, here))
    cut_here, cut_there = constants - gradients @ here, constants - gradients @ there
    assert np.all(composed.exposure(there) >= cut_there - 1e-12)
    # The cap at full coverage is the loss's own: no cut need touch an exposure of 0.
    exposure = composed.exposure(here)
    np.testing.assert_allclose(np.maximum(cut_here, 0.0), exposure, atol=1e-12)


@any_composition
@each
@hypothesis.given(data=st.data(), anchor=st.floats(0, 3))
def test_any_anchor_gives_a_valid_cut(composition, data, anchor):
    game = data.draw(games(composition))
    composed, threats = compose(game), np.arange(game.n_threats)
    constants, gradients = composed.cuts(threats, np.full(game.n_threats, anchor))
    levels = some_levels(data, game)
    assert np.all(composed.exposure(levels) >= constants - gradients @ levels - 1e-12)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_bound_on_the_exposure_is_one_and_is_sharp(composition, data):
    game = data.draw(games(composition))
    composed, levels = compose(game), some_levels(data, game)
    bounds = composed.exposure_bound(np.arange(game.n_threats), levels)
    for row, bound, exposure in zip(
        game.effectiveness.tolist(), bounds, composed.exposure(levels).tolist(), strict=True
    ):
        exact = exact_exposure(composition, row, levels.tolist())
        assert exact <= exactly(bound) <= exact + Fraction(1, 2**46)
        assert exposure == pytest.approx(float(exact), rel=1e-14, abs=1e-14)


@each
@hypothesis.given(data=st.data())
def test_best_of_is_the_best_way_to_fill_each_threat_once(data):
    game = data.draw(games("best_of", max_threats=4, max_defenses=4))
    levels = some_levels(data, game)
    coverage = compose(game).coverage(levels)
    for row, covered in zip(game.effectiveness, coverage, strict=True):
        best = 0.0
        for order in itertools.permutations(range(game.n_defenses)):
            left, total = 1.0, 0.0
            for defense in order:
                taken = min(left, levels[defense])
                left, total = left - taken, total + taken * row[defense]
            best = max(best, total)
        assert covered == pytest.approx(best, abs=1e-12)


def test_best_of_in_chunks_equals_best_of_at_once(monkeypatch):
    import mfmgame as mg
    from mfmgame.game.compositions import best_of

    generator = np.random.default_rng(3)
    game = mg.DefenseGame(
        severity=np.ones(50),
        bandwidth=np.ones(50),
        effectiveness=generator.random((50, 7)),
        attacker_bandwidth=5.0,
    )
    levels = generator.random(7)
    at_once = compose(game).coverage(levels)
    monkeypatch.setattr(best_of, "_CHUNK_ENTRIES", 20)
    np.testing.assert_array_equal(compose(game).coverage(levels), at_once)
