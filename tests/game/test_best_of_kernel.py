"""The compiled kernel of `best_of` against sorting, and the games that use it."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

import mfmgame as mg
from mfmgame.game.compositions import best_of
from mfmgame.game.compositions.best_of import BestOf
from mfmgame.game.compositions.best_of_kernel import filled_rows


@pytest.mark.parametrize("layout", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("seed", range(20))
def test_kernel_fills_rows_as_sorting_does(layout, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.choice([0.0, 0.25, 0.5, 1.0, rng.random()], (50, rng.integers(1, 40)))
    levels = rng.random(matrix.shape[1]) * (rng.random(matrix.shape[1]) < 0.7) * rng.choice([1, 4])
    exposure = BestOf(matrix).exposure(levels)
    filled = 1.0 - filled_rows(layout(matrix), levels).covered
    np.testing.assert_allclose(filled, exposure, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layout", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("seed", range(5))
def test_kernel_anchors_make_cuts_that_touch_the_exposure(layout, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.random((60, 12)) * (rng.random((60, 12)) < 0.5)
    levels, chosen = rng.random(12), np.arange(0, 60, 7)
    composed = BestOf(layout(matrix))
    anchors = filled_rows(layout(matrix), levels, chosen).anchors
    constants, gradients = composed.cuts(chosen, anchors)
    exposure = composed.exposure(levels)[chosen]
    np.testing.assert_allclose(constants - gradients @ levels, exposure, atol=1e-14)


def test_nothing_funded_and_empty_rows_are_covered_by_nothing():
    assert filled_rows(np.ones((3, 2)), np.zeros(2)).covered.tolist() == [0.0, 0.0, 0.0]
    assert filled_rows(sp.csr_array((3, 2)), np.ones(2)).covered.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("layout", [np.asarray, sp.csr_array])
def test_games_past_the_size_that_pays_give_the_same_answer(layout, monkeypatch):
    rng = np.random.default_rng(4)
    shares = rng.random((3000, 30)) * (rng.random((3000, 30)) < 0.5)
    game = mg.DefenseGame(
        severity=rng.lognormal(size=3000),
        bandwidth=rng.uniform(0.5, 2.0, 3000),
        effectiveness=layout(shares),
        attacker_bandwidth=40.0,
        use={"budget": rng.uniform(1.0, 3.0, 30)},
        limits={"budget": 12.0},
    )
    sorting = mg.solve(game)
    monkeypatch.setattr(best_of, "_COMPILED_ENTRIES", 1)
    compiled = mg.solve(game)
    assert compiled.value == pytest.approx(sorting.value, rel=1e-9)
    assert mg.verify(compiled, game).gap <= 1e-9


def test_small_games_and_start_up_never_load_the_compiler():
    code = (
        "import sys, mfmgame as mg; mg.solve(mg.load_scenario('examples/llava.json'));"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
