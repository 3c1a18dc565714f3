"""Uncertain numbers of losses, techniques and their effectiveness in every draw."""

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.documents.composition_names import COMPOSITIONS

UNCERTAIN = {
    "schema": "mfmgame/scenario/1",
    "losses": [
        {"id": "leak", "severity": {"distribution": "lognormal", "median": 20, "sigma": 0.5}},
        {"id": "theft", "severity": {"range": [3, 5]}},
    ],
    "techniques": [
        {"id": "injection", "bandwidth": {"range": [1, 2]}},
        {"id": "tool-call", "bandwidth": 2},
    ],
    "threats": [
        {"id": "whole", "loss": "leak", "bandwidth": 1},
        {"id": "also-whole", "loss": "leak", "steps": ["injection"]},
        {
            "id": "part",
            "loss": "leak",
            "severity": {"range": [15, 19]},
            "steps": ["injection", "tool-call", "injection"],
        },
        {"id": "fixed-part", "loss": "theft", "severity": 4, "steps": ["tool-call"]},
    ],
    "defenses": [{"id": "d0", "use": {"budget": 1}}, {"id": "d1", "use": {"budget": 1}}],
    "effectiveness": [
        {"technique": "injection", "defense": "d0", "value": {"range": [0.4, 0.6]}},
        {"technique": "tool-call", "defense": "d0", "value": 0.3},
        {"technique": "tool-call", "defense": "d1", "value": {"range": [0.1, 0.2]}},
        {"threat": "part", "defense": "d1", "value": 0.7},
        {
            "technique": "injection",
            "defense": "d1",
            "value": {
                "distribution": "measured",
                "successes": 10,
                "trials": 40,
                "baseline": {"id": "none", "successes": 20, "trials": 40},
            },
        },
    ],
    "attacker": {"bandwidth": 3},
    "defender": {"limits": {"budget": 1}},
}
CATALOG = {
    "schema": "mfmgame/catalog/1",
    "name": "chains",
    **{
        key: UNCERTAIN[key]
        for key in ("losses", "techniques", "threats", "defenses", "effectiveness")
    },
}


def as_scenario(composition: str) -> mg.GameFamily:
    return mg.GameFamily(mg.Scenario(**UNCERTAIN, composition=composition))


def on_catalog(composition: str) -> mg.GameFamily:
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        composition=composition,
        catalog="chains",
        overrides={
            "losses": {"theft": {"severity": {"range": [2, 8]}}},
            "techniques": {"tool-call": {"bandwidth": {"range": [2, 3]}}},
        },
        attacker={"bandwidth": 3},
    )
    return mg.GameFamily(scenario, mg.Catalog(**CATALOG))


@pytest.mark.parametrize("composition", list(COMPOSITIONS))
@pytest.mark.parametrize("made", [as_scenario, on_catalog])
def test_the_game_of_a_draw_is_that_of_the_documents_with_the_numbers_written_in(composition, made):
    family = made(composition)
    assert family._recipe is not None
    for values in family.inputs.draws(7, 0, 20):
        game, read = family.game_at(values), mg.build_game(*family._read(values))
        for name in ("severity", "bandwidth", "effectiveness"):
            assert getattr(game, name).tolist() == getattr(read, name).tolist()
        assert game.chains == read.chains


def test_ways_share_the_draw_of_their_loss_and_cause_at_most_that():
    family = as_scenario("best_of")
    assert [name for name in family.inputs.names if name.startswith(("losses", "tech"))] == [
        "losses/leak/severity",
        "losses/theft/severity",
        "techniques/injection/bandwidth",
    ]
    assert "effectiveness/injection/d1/value" in family.inputs.names
    draws = family.inputs.draws(3, 0, 200)
    drawn = dict(zip(family.inputs.names, draws.T, strict=True))
    games = [family.game_at(values) for values in draws]
    severity = np.array([game.severity for game in games])
    for way in (0, 1):
        assert (severity[:, way] == drawn["losses/leak/severity"]).all()
    part = np.minimum(drawn["threats/part/severity"], drawn["losses/leak/severity"])
    assert (severity[:, 2] == part).all()
    assert (severity[:, 2] < drawn["threats/part/severity"]).any()
    assert (severity[:, 3] == np.minimum(4.0, drawn["losses/theft/severity"])).all()
    bits = np.array([game.bandwidth for game in games])
    assert (bits[:, 2] == drawn["techniques/injection/bandwidth"] + 2.0).all()


def test_a_severity_above_that_of_its_loss_is_refused_at_nominal_numbers_only():
    losses = [{"id": "leak", "severity": {"range": [1, 30]}}, UNCERTAIN["losses"][1]]
    with pytest.raises(mg.SpecificationError, match=r"^/threats/2/severity: found 17\.0, expected"):
        mg.Scenario(**{**UNCERTAIN, "losses": losses})
    losses[0]["severity"]["nominal"] = 20
    assert mg.Scenario(**{**UNCERTAIN, "losses": losses}).uncertain


def test_a_tornado_moves_all_ways_with_their_loss():
    found = mg.tornado(mg.Scenario(**UNCERTAIN, composition="additive"), coverage=0.9)
    assert found.names[0] == "losses/leak/severity"
    assert found.values[0, 0] < found.value < found.values[0, 1]
