"""Chains of techniques: their effectiveness, and the games that have them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.catalogs.number_bases import BASIS_NAMES
from mfmgame.documents.composition_names import COMPOSITIONS
from mfmgame.game.input_changes import input_changes

SHARES = st.floats(0.0, 0.99).map(lambda share: 0.0 if share < 1e-9 else share)
any_composition = pytest.mark.parametrize("composition", list(COMPOSITIONS))
RULES = {
    "best_of": max,
    "additive": lambda shares: min(1.0, math.fsum(shares)),
    "independent": lambda shares: 1.0 - math.prod(1.0 - share for share in shares),
}


@pytest.mark.parametrize("composition", list(RULES))
@given(matrix=st.lists(st.tuples(SHARES, SHARES), min_size=3, max_size=3))
def test_a_chain_is_stopped_at_any_of_its_distinct_steps(composition, matrix):
    steps = [[0], [1, 1], [0, 1], [2, 0, 2, 1]]
    found = mg.chain_effectiveness(matrix, steps, composition)
    for row, chain in zip(found, steps, strict=True):
        for j, share in enumerate(row):
            alone = [matrix[step][j] for step in dict.fromkeys(chain)]
            assert share == pytest.approx(RULES[composition](alone), abs=1e-15)
            assert share == alone[0] or len(alone) > 1
            assert share < 1.0 or composition == "additive"


@pytest.mark.parametrize("steps", [[[]], [[2]], [[-1]], [[0.5]], [["a"]], [0], [[True]]])
def test_steps_that_are_no_positions_are_refused(steps):
    with pytest.raises(mg.SpecificationError, match=r"^steps\[0\]: found .*, expected "):
        mg.chain_effectiveness([[0.5], [0.25]], steps, "best_of")


def scenario(composition: str, *, as_chain: bool) -> mg.Scenario:
    """A threat beside a plain one: a chain of a single step, or the technique as a threat."""
    noun = "technique" if as_chain else "threat"
    numbers = {"severity": 5.0} if as_chain else {"severity": 5.0, "bandwidth": 2.0}
    return mg.Scenario(
        schema="mfmgame/scenario/1",
        composition=composition,
        **({"techniques": [{"id": "step", "bandwidth": 2.0}]} if as_chain else {}),
        threats=[
            {"id": "chain" if as_chain else "step", **numbers}
            | ({"steps": ["step", "step"]} if as_chain else {}),
            {"id": "other", "severity": 3.0, "bandwidth": 1.0},
        ],
        defenses=[{"id": name, "use": {"budget": 1.0}} for name in ("first", "second")],
        effectiveness=[
            {noun: "step", "defense": "first", "value": 0.7, "basis": "measured"},
            {noun: "step", "defense": "second", "value": 0.3},
            {"threat": "other", "defense": "second", "value": 0.5},
        ],
        attacker={"bandwidth": 2.5},
        defender={"limits": {"budget": 1.25}},
    )


@any_composition
def test_a_chain_of_one_step_is_the_technique_as_a_plain_threat(composition):
    plain, chain = (
        mg.build_game(scenario(composition, as_chain=as_chain)) for as_chain in (False, True)
    )
    for name in ("severity", "bandwidth", "effectiveness"):
        assert getattr(plain, name).tolist() == getattr(chain, name).tolist()
    assert plain.bases.effectiveness.tolist() == chain.bases.effectiveness.tolist()
    assert plain.chains is None
    first, second = mg.solve(plain), mg.solve(chain)
    assert (first.value, first.lower) == (second.value, second.lower)


LONG = {
    "schema": "mfmgame/scenario/1",
    "techniques": [{"id": f"s{i}", "bandwidth": 1.0, "basis": "measured"} for i in range(3)],
    "threats": [{"id": "t", "severity": 8.0, "steps": ["s0", "s1", "s2"]}],
    "defenses": [{"id": "d0", "use": {"budget": 1.0}}, {"id": "d1", "use": {"budget": 1.0}}],
    "effectiveness": [
        {"technique": "s0", "defense": "d0", "value": 0.5, "basis": "measured"},
        {"technique": "s1", "defense": "d0", "value": 0.25, "basis": "assumed"},
        {"technique": "s2", "defense": "d1", "value": 0.5, "basis": "paper"},
        {"technique": "s1", "defense": "d1", "value": 0.5},
        {"threat": "t", "defense": "d1", "value": 0.125, "basis": "paper"},
    ],
    "attacker": {"bandwidth": 3.0},
    "defender": {"limits": {"budget": 1.0}},
}


@any_composition
def test_every_composition_recomputes_the_chain_but_not_its_stated_pairs(composition):
    game = mg.build_game(mg.Scenario(**LONG, composition=composition))
    shares = {"best_of": 0.5, "additive": 0.75, "independent": 0.625}
    assert game.effectiveness.tolist() == [[shares[composition], 0.125]]
    found = mg.compare_compositions(game)
    for name, outcome in found.outcomes.items():
        assert outcome.solution.game.effectiveness.tolist() == [[shares[name], 0.125]]
    for change in ({"attacker_bandwidth": 1.0}, {"limits": {"budget": 2.0}}):
        (argument,) = change.items()
        other = getattr(game, f"with_{argument[0]}")(argument[1])
        assert other.chains is game.chains


def test_the_numbers_of_a_chain_rest_on_the_weakest_of_their_steps():
    game = mg.build_game(mg.Scenario(**LONG))
    assert [BASIS_NAMES[code] for code in game.bases.effectiveness[0]] == ["assumed", "paper"]
    assert BASIS_NAMES[game.bases.bandwidth[0]] == "derived"
    assert game.notes == ("rests on assumed numbers of 1 effectiveness value",)


def test_layers_that_can_fail_do_not_become_perfect_along_a_chain():
    shares = np.full((9, 1), 0.9999)
    (row,) = mg.chain_effectiveness(shares, [range(9)], "independent")
    assert 1.0 - 1e-15 < row[0] < 1.0


def test_the_attacker_takes_one_way_to_a_shared_loss():
    ways = [{"id": f"w{i}", "loss": "leak", "bandwidth": 1.0} for i in range(3)]
    document = {
        "schema": "mfmgame/scenario/1",
        "losses": [{"id": "leak", "severity": 7.0}],
        "threats": ways,
        "attacker": {"bandwidth": 3.0},
    }
    assert mg.solve(mg.Scenario(**document)).value == 7.0
    alone = [{**way, "loss": f"l{i}"} for i, way in enumerate(ways)]
    losses = [{"id": f"l{i}", "severity": 7.0} for i in range(3)]
    assert mg.solve(mg.Scenario(**{**document, "threats": alone, "losses": losses})).value == 21.0


def test_check_reports_a_loss_that_no_way_causes_in_full_and_a_loss_without_ways():
    threats = [
        {"id": f"w{i}", "loss": "leak", "severity": float(i), "bandwidth": 1.0, "basis": "paper"}
        for i in (1, 2)
    ]
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        losses=[
            {"id": "leak", "severity": 5.0, "basis": "paper"},
            {"id": "unused", "severity": 1.0, "basis": "paper"},
        ],
        threats=threats,
        attacker={"bandwidth": 1.0},
    )
    found = mg.odd_inputs(scenario)
    assert (
        "no threat causes the loss 'leak' in full, at most 2 of 5: are its parts different losses?"
    ) in found
    assert "no threat leads to the loss 'unused'" in found
    changed = scenario.with_(set={"/threats/w2/severity": 5.0})
    assert not any("in full" in line for line in mg.odd_inputs(changed))


def test_changes_of_losses_and_steps_are_inputs_that_differ():
    def game(**members):
        threat = {"id": "t", "severity": 8.0, "bandwidth": 1.0, **members}
        losses = [{"id": "leak", "severity": 8.0}]
        return mg.build_game(mg.Scenario(**{**LONG, "threats": [threat], "losses": losses}))

    before, after = game(), game(loss="leak", steps=["s1", "s0"])
    found = {change.pointer: change.after for change in input_changes(before, after)}
    assert found["/threats/t/loss"] == "leak"
    assert found["/threats/t/steps"] == "s1 s0"
