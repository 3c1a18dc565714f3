"""Proofs: what is claimed is checked exactly, and what is tampered with is refused."""

import dataclasses
import subprocess
import sys

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.game.labels import Labelled
from mfmgame.view.json.answer_documents import frontier_document
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]


@pytest.fixture(params=COMPOSITIONS)
def claim(request, examples):
    scenario = mg.load_scenario(examples / "llava_agent.json")
    game = mg.build_game(scenario.model_copy(update={"composition": request.param}))
    return mg.solve(game), game


@pytest.mark.parametrize("composition", COMPOSITIONS)
@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_every_solution_is_proven(composition, data):
    game = data.draw(games(composition))
    solution = mg.solve(game)
    proven = mg.verify(solution, game)
    assert solution.lower <= proven.lower
    assert proven.upper <= np.nextafter(solution.upper, np.inf)


def test_the_proven_gap_is_that_of_the_solution(claim):
    solution, game = claim
    assert mg.verify(solution, game).gap <= solution.tolerance


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6])
@pytest.mark.parametrize("name", ["value", "lower", "upper", "bandwidth_price"])
def test_a_changed_number_is_refused(claim, name, factor):
    solution, game = claim
    changed = dataclasses.replace(solution, **{name: getattr(solution, name) * factor})
    with pytest.raises(mg.CertificateError):
        mg.verify(changed, game)


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6])
@pytest.mark.parametrize("name", ["allocation", "attack", "coverage", "residual", "limit_prices"])
def test_a_changed_entry_is_refused_wherever_it_stands(claim, name, factor):
    solution, game = claim
    vector = getattr(solution, name)
    for place in np.flatnonzero(vector.array):
        array = vector.array.copy()
        array[place] *= factor
        changed = dataclasses.replace(solution, **{name: Labelled(list(vector), array)})
        with pytest.raises(mg.CertificateError):
            mg.verify(changed, game)


@pytest.mark.parametrize("name", ["weights", "limit_prices"])
def test_a_changed_certificate_is_refused(claim, name):
    solution, game = claim
    for place in np.flatnonzero(getattr(solution.certificate, name)):
        array = getattr(solution.certificate, name).copy()
        array[place] *= 1 + 1e-6
        certificate = dataclasses.replace(solution.certificate, **{name: array})
        with pytest.raises(mg.CertificateError):
            mg.verify(dataclasses.replace(solution, certificate=certificate), game)


def test_a_solution_of_another_game_is_refused(claim):
    solution, game = claim
    with pytest.raises(mg.CertificateError):
        mg.verify(solution, game.with_attacker_bandwidth(game.attacker_bandwidth * 1.001))
    with pytest.raises(mg.CertificateError, match="another size"):
        mg.verify(solution, mg.build_game(mg.load_scenario("examples/clip.json")))


def test_an_allocation_over_its_limit_is_refused_exactly():
    game = mg.DefenseGame(
        severity=[4.0],
        bandwidth=[1.0],
        effectiveness=[[0.5]],
        attacker_bandwidth=1.0,
        use={"budget": [0.1]},
        limits={"budget": 0.05},
    )
    solution = mg.solve(game)
    # One unit in the last place more: no rounded sum could tell.
    array = np.nextafter(solution.allocation.array, 1.0)
    over = dataclasses.replace(solution, allocation=Labelled(["d0"], array))
    mg.verify(solution, game)
    with pytest.raises(mg.CertificateError, match="uses more of 'budget' than its limit"):
        mg.verify(over, game)


def test_the_check_imports_no_solver():
    code = "import sys, mfmgame.verification.verify; assert 'highspy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_price_of_nothing_that_no_defense_can_use_is_0():
    game = mg.DefenseGame(
        severity=[8.0],
        bandwidth=[1.0],
        effectiveness=[[0.5]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0]},
        limits={"budget": 0.0},
        max_level=[0.0],
    )
    document = mg.result_document(mg.assess(game))
    assert document["prices"]["limits"] == {"budget": 0.0}
    document["prices"]["limits"]["budget"] = 1000.0
    with pytest.raises(mg.CertificateError, match=r"/prices/limits/budget: found 1000\.0"):
        mg.verify(mg.Result.model_validate(document), game)


def test_a_sweep_without_any_defense_is_verified():
    game = mg.DefenseGame(
        severity=[8.0], bandwidth=[1.0], effectiveness=np.zeros((1, 0)), attacker_bandwidth=1.0
    )
    document = frontier_document(mg.sweep(game))
    mg.verify(mg.FrontierDocument.model_validate(document), game)
