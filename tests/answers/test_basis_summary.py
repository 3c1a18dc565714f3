"""What an answer rests on, against differences of re-solved games."""

import copy

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.catalogs.number_bases import BASIS_NAMES, NumberBases
from mfmgame.documents.composition_names import COMPOSITIONS
from mfmgame.documents.plan_result import EvaluationDocument
from mfmgame.view.json.plan_documents import evaluation_document

KINDS = ("severity", "bandwidth", "effectiveness", "use", "limits", "attacker_bandwidth")
STEP = 1e-5
any_composition = pytest.mark.parametrize("composition", list(COMPOSITIONS))


@st.composite
def games_with_bases(draw, composition: str) -> mg.DefenseGame:
    """Games of random numbers, each with a random basis."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bandwidth, use = rng.uniform(1, 4, 4), rng.uniform(1, 3, 2)
    game = mg.DefenseGame(
        severity=rng.uniform(1, 8, 4),
        bandwidth=bandwidth,
        effectiveness=rng.uniform(0.1, 0.9, (4, 2)),
        attacker_bandwidth=rng.uniform(0.3, 0.9) * bandwidth.sum(),
        use={"budget": use},
        limits={"budget": rng.uniform(0.3, 0.9) * use.sum()},
        composition=composition,
    )
    shapes = {kind: np.shape(getattr(game, kind)) for kind in KINDS}
    codes = {k: rng.integers(0, len(BASIS_NAMES), shape) for k, shape in shapes.items()}
    game.bases = NumberBases(**codes)
    return game


def value_of(game: mg.DefenseGame) -> float:
    return mg.Solver(game, tolerance=1e-13).solve().value


def scaled(game: mg.DefenseGame, kind: str, place: tuple[int, ...], factor: float):
    """The game with one number multiplied."""
    numbers = np.array(getattr(game, kind))
    numbers[place] *= factor
    other = copy.copy(game)
    setattr(other, kind, numbers if numbers.shape else float(numbers))
    return other


def shares_by_differences(game: mg.DefenseGame, loss_of) -> np.ndarray:
    """Shares of the bases, by moving every number up and down; skips games at a kink."""
    moved, at = np.zeros(len(BASIS_NAMES)), loss_of(game)
    for kind in KINDS:
        codes = getattr(game.bases, kind)
        for place in np.ndindex(np.shape(codes)):
            ends = [loss_of(scaled(game, kind, place, 1 + step)) for step in (-STEP, STEP)]
            left, right = (at - ends[0]) / STEP, (ends[1] - at) / STEP
            hypothesis.assume(abs(left - right) <= 1e-3 * at)
            moved[codes[place]] += abs(0.5 * (left + right))
    return moved / moved.sum()


@any_composition
@hypothesis.settings(max_examples=8)
@hypothesis.given(data=st.data())
def test_shares_are_those_of_resolved_games(composition, data):
    game = data.draw(games_with_bases(composition))
    expected = shares_by_differences(game, value_of)
    found = mg.basis_summary(mg.Solver(game, tolerance=1e-13).solve())
    np.testing.assert_allclose(found.shares.array, expected, atol=2e-4)


@any_composition
@hypothesis.settings(max_examples=20)
@hypothesis.given(data=st.data(), shares=st.tuples(*[st.floats(0.0, 1.0)] * 2))
def test_shares_of_a_plan_are_those_of_the_plan_held(composition, data, shares):
    game = data.draw(games_with_bases(composition))
    plan = dict(zip(game.defense_ids, shares, strict=True))
    expected = shares_by_differences(game, lambda other: mg.evaluate(other, plan).loss)
    np.testing.assert_allclose(
        mg.basis_summary(mg.evaluate(game, plan)).shares.array, expected, atol=2e-4
    )


def scenario(**changes) -> mg.Scenario:
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [
            {"id": "leak", "severity": 8, "bandwidth": 2, "basis": "paper"},
            {"id": "spam", "severity": 1, "bandwidth": 1},
        ],
        "defenses": [{"id": "filter", "use": {"budget": 2}, "basis": "assumed"}],
        "effectiveness": [
            {"threat": "leak", "defense": "filter", "value": 0.5, "basis": "measured"}
        ],
        "attacker": {"bandwidth": {"value": 1, "basis": "proxy"}},
        "defender": {"limits": {"budget": 5}},
        "plans": {"all": {"filter": 1}},
    }
    return mg.Scenario(**{**document, **changes})


def test_every_number_of_the_game_counts_once():
    found = mg.basis_summary(mg.solve(scenario()))
    assert found.numbers == {
        "measured": 1,
        "proxy": 1,
        "paper": 2,
        "derived": 0,
        "assumed": 1,
        "not stated": 3,
    }
    # Each of four numbers moves the value in proportion; the budget is not used up.
    expected = {"paper": 0.5, "proxy": 0.25, "measured": 0.25, "assumed": 0, "not stated": 0}
    assert {name: found.shares[name] for name in expected} == pytest.approx(expected)
    assert found.to_frame().loc["paper", ["severity", "bandwidth"]].tolist() == [1, 1]


def test_the_text_says_what_the_answer_rests_on_only_if_a_basis_is_stated():
    line = "measured 1 number (25 % of the value), proxy 1 (25 %), paper 2 (50 %), assumed 1 (0 %)"
    assert f"  {line}, not stated 3 (0 %)\n" in mg.solve(scenario()).summary()
    assert "(25 % of the loss)" in mg.evaluate(scenario(), "all").summary()
    bare = [{"id": "leak", "severity": 8, "bandwidth": 2}]
    nothing = {"defenses": [], "effectiveness": [], "defender": {}, "plans": {}}
    silent = scenario(threats=bare, attacker={"bandwidth": 1}, **nothing)
    assert "rests on" not in mg.solve(silent).summary()
    assert "bases" not in mg.result_document(mg.assess(silent))


def test_stepped_defenses_are_held():
    stepped = mg.build_game(scenario(defender={"kind": "binary", "limits": {"budget": 2}}))
    solution = mg.solve(stepped)
    held = mg.basis_summary(mg.evaluate(stepped, dict(solution.allocation)))
    assert dict(mg.basis_summary(solution).shares) == dict(held.shares)


def test_a_value_that_no_number_moves_has_no_shares():
    harmless = [{"id": "leak", "severity": 0, "bandwidth": 2, "basis": "paper"}]
    found = mg.basis_summary(mg.solve(scenario(threats=harmless)))
    assert np.isnan(found.shares.array).all()
    document = mg.result_document(mg.assess(scenario(threats=harmless)))
    assert document["bases"][2] == {"basis": "paper", "numbers": 2, "share": None}


def test_a_game_built_from_arrays_has_no_bases():
    game = mg.DefenseGame(severity=[1], bandwidth=[1], effectiveness=[[1]], attacker_bandwidth=1)
    with pytest.raises(mg.SpecificationError, match=r"^answer: found a game built from"):
        mg.basis_summary(mg.solve(game))


@pytest.mark.parametrize(("key", "other"), [("numbers", 7), ("share", 0.75), ("basis", "proxy")])
def test_verification_finds_wrong_bases(key, other):
    game = mg.build_game(scenario())
    document = mg.result_document(mg.assess(game))
    mg.verify(mg.Result(**document), game)
    document["bases"][0][key] = other
    with pytest.raises(mg.CertificateError, match=f"^/bases/0/{key}: "):
        mg.verify(mg.Result(**document), game)
    plans = evaluation_document(mg.evaluate(game, "all"))
    plans["plans"]["all"]["bases"][0][key] = other
    with pytest.raises(mg.CertificateError, match=f"^/plans/all/bases/0/{key}: "):
        mg.verify(EvaluationDocument(**plans), game)
