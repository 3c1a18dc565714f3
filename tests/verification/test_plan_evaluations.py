"""Evaluations of plans: checked as they are, and refused when any number is changed."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.answers.plan_evaluation import evaluate_levels
from mfmgame.documents.plan_result import EvaluationDocument
from mfmgame.view.json.plan_documents import evaluation_document
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]


def scenario_game(composition: str = "best_of") -> mg.DefenseGame:
    scenario = mg.load_scenario("examples/claims_agent.json")
    return mg.build_game(scenario.with_(composition=composition))


def documented(game: mg.DefenseGame, plans: dict[str, np.ndarray]) -> dict:
    found = [evaluate_levels(game, levels, name) for name, levels in plans.items()]
    return json.loads(json.dumps(evaluation_document(*found)))


def verified(document: dict, game: mg.DefenseGame):
    return mg.verify(EvaluationDocument(**document), game)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_evaluations_of_an_example_are_proven(composition):
    game = scenario_game(composition)
    plans = [mg.evaluate(game, name) for name in game.plans]
    proven = verified(json.loads(json.dumps(evaluation_document(*plans))), game)
    assert proven.names == ("current", "proposed")
    assert proven.gap < 1e-8
    for plan, lower, upper in zip(plans, proven.lower, proven.upper, strict=True):
        assert lower <= plan.upper
        assert plan.lower <= upper


@pytest.mark.parametrize("composition", COMPOSITIONS)
@settings(max_examples=60)
@given(data=st.data())
def test_any_plan_is_proven(composition, data):
    game = data.draw(games(composition))
    game.termination_loss = data.draw(st.sampled_from([None, 0.0, 1.0, 4.0]))
    share = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    verified(documented(game, {"p": game.max_level * share}), game)


def numbers_in(value, path=()):
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from numbers_in(entry, (*path, key))
    elif isinstance(value, list):
        for key, entry in enumerate(value):
            yield from numbers_in(entry, (*path, key))
    elif isinstance(value, float):
        yield path


def test_a_changed_number_is_refused_with_its_place():
    game = scenario_game()
    document = json.loads(json.dumps(evaluation_document(mg.evaluate(game, "current"))))
    refused = 0
    for path in numbers_in(document):
        if "certificate" in path:
            continue  # other certificates may prove as much
        changed = copy.deepcopy(document)
        parent = changed
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = parent[path[-1]] * 1.01 + 0.001
        with pytest.raises((mg.CertificateError, mg.SpecificationError)):
            verified(changed, game)
        refused += 1
    assert refused > 70


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("decision",), "operate"),
        (("decision",), None),
        (("status",), "numerical"),
        (("broken_rules",), ["a rule"]),
        (("excess",), {"budget": 1.0}),
        (("plan_bandwidth",), None),
        (("margin",), None),
        (("certificate", "cuts"), []),
    ],
)
def test_another_claim_is_refused(path, value):
    game = scenario_game()
    document = json.loads(json.dumps(evaluation_document(mg.evaluate(game, "current"))))
    parent = document["plans"]["current"]
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    with pytest.raises(mg.CertificateError):
        verified(document, game)


def test_what_a_plan_exceeds_and_breaks_is_checked():
    game = scenario_game()
    over = game.max_level * np.array([float(name != "customer-scope") for name in game.defense_ids])
    document = documented(game, {"nearly everything": over})
    plan = document["plans"]["nearly everything"]
    assert plan["excess"]
    assert plan["broken_rules"]
    verified(document, game)
    for key, value in (("excess", {}), ("broken_rules", [])):
        changed = copy.deepcopy(document)
        changed["plans"]["nearly everything"][key] = value
        with pytest.raises(mg.CertificateError):
            verified(changed, game)


def test_another_plan_under_a_name_of_the_scenario_is_refused():
    game = scenario_game()
    plans = [mg.evaluate(game, name) for name in game.plans]
    document = json.loads(json.dumps(evaluation_document(*plans)))
    document["plans"] = dict(
        zip(document["plans"], reversed(document["plans"].values()), strict=True)
    )
    with pytest.raises(mg.CertificateError, match=r"^/plans/current/allocation"):
        verified(document, game)


def test_no_plan_at_all_is_refused():
    game = scenario_game()
    document = json.loads(json.dumps(evaluation_document(mg.evaluate(game, "current"))))
    with pytest.raises(mg.CertificateError, match=r"^/plans: found no plan"):
        verified({**document, "plans": {}}, game)
