"""No plan, named plans and the best plan side by side; two scenarios; every composition."""

import re

import pytest

import mfmgame as mg


def game(**changes) -> mg.DefenseGame:
    """Each of two defenses halves one threat, and the budget pays for one of them."""
    arguments = {
        "severity": [8.0, 4.0],
        "bandwidth": [1.0, 1.0],
        "effectiveness": [[0.5, 0.0], [0.0, 0.5]],
        "attacker_bandwidth": 1.0,
        "use": {"budget": [1.0, 1.0]},
        "limits": {"budget": 1.0},
        "termination_loss": 5.0,
        "plans": {"current": {"d1": 1.0}, "both": {"d0": 1.0, "d1": 1.0}},
    }
    return mg.DefenseGame(**{**arguments, **changes})


def test_the_plans_are_beside_the_best_plan():
    found = mg.compare(game())
    assert [plan.name for plan in found.plans] == ["current", "both"]
    losses = [found.undefended.loss, *(plan.loss for plan in found.plans), found.best.loss]
    assert losses == [8.0, 8.0, 4.0, 4.0]
    assert found.plans[1].excess == {"budget": 1.0}
    assert found.threshold.decision == "operate"
    assert found.status == "proven"


def test_changes_refer_to_the_first_named_plan():
    found = mg.compare(game())
    assert found.baseline.name == "current"
    assert found.change(found.best) == mg.PlanChange(added=("d0",), dropped=("d1",))
    assert found.change(found.plans[1]) == mg.PlanChange(added=("d0",), dropped=())


def test_without_named_plans_changes_refer_to_no_defense():
    found = mg.compare(game(plans={}))
    assert found.baseline is found.undefended
    assert found.change(found.best).added == ("d0",)


def test_two_problems_differ_in_inputs_and_answers():
    found = mg.compare(game(), game(severity=[8.0, 2.0], limits={"budget": 2.0}))
    assert [(one.pointer, one.before, one.after) for one in found.inputs] == [
        ("/defender/limits/budget", 1.0, 2.0),
        ("/threats/t1/severity", 4.0, 2.0),
    ]
    assert (found.before.best.loss, found.after.best.loss) == (4.0, 4.0)


def test_every_kind_of_input_is_compared():
    stepped = {"levels": {"d0": [0.0, 1.0], "d1": [0.0, 1.0]}}
    first = game(**stepped)
    second = game(
        **stepped,
        requires={"d0": ["d1"]},
        groups=[mg.DefenseGroup(["d0", "d1"], at_most=1)],
        composition="additive",
        threat_classes=["a", "b"],
        threat_losses=["leak", ""],
        effectiveness=[[0.5, 0.25], [0.0, 0.5]],
        bandwidth=[1.0, 2.0],
        use={"budget": [1.0, 2.0]},
        termination_loss=None,
        plans={"current": {"d1": 1.0}},
    )
    pointers = [one.pointer for one in mg.compare(first, second).inputs]
    assert set(pointers) == {
        "/composition",
        "/termination/loss",
        "/threats/t0/class",
        "/threats/t0/loss",
        "/threats/t1/class",
        "/threats/t1/bandwidth",
        "/defenses/d1/use/budget",
        "/effectiveness/t0/d1",
        "/plans/both/d0",
        "/plans/both/d1",
        "/defender/groups/0",
        "/defenses/d0/requires/d1",
    }


def test_each_composition_has_its_answer_and_its_decision():
    found = mg.compare_compositions(game(effectiveness=[[0.5, 0.5], [0.0, 0.5]]))
    assert list(found.outcomes) == ["best_of", "additive", "independent"]
    for name, outcome in found.outcomes.items():
        alone = mg.solve(game(effectiveness=[[0.5, 0.5], [0.0, 0.5]], composition=name))
        assert outcome.solution.value == alone.value
        assert outcome.threshold.decision in ("operate", "terminate")


def test_a_composition_that_cannot_take_the_numbers_is_named():
    found = mg.compare_compositions(game(effectiveness=[[1.0, 0.0], [0.0, 0.5]]))
    assert list(found.outcomes) == ["best_of", "additive"]
    assert "a value of 1" in found.refused["independent"]


def test_a_scenario_whose_own_composition_refuses_it_is_answered_under_the_others():
    document = {
        "schema": "mfmgame/scenario/1",
        "composition": "independent",
        "threats": [{"id": "theft", "severity": 8.0, "bandwidth": 1.0}],
        "defenses": [{"id": "lock"}],
        "effectiveness": [{"threat": "theft", "defense": "lock", "value": 1.0}],
        "attacker": {"bandwidth": 1.0},
    }
    found = mg.compare_compositions(mg.Scenario(**document))
    assert list(found.outcomes) == ["best_of", "additive"]
    text = found.summary()
    assert re.search(r"independent +refused", text)
    assert f"independent: refused, {found.refused['independent']}" in text


def test_a_wrong_option_is_no_refusal_of_a_composition():
    with pytest.raises(mg.SpecificationError, match="tolerance"):
        mg.compare_compositions(game(), tolerance=2.0)


def changes(first: mg.DefenseGame, second: mg.DefenseGame) -> list[tuple]:
    return [tuple(change) for change in mg.compare(first, second).inputs]


def test_a_plan_that_runs_nothing_and_a_unit_are_inputs():
    assert changes(game(plans={}), game(plans={"idle": {}})) == [
        ("/plans/idle", None, "runs nothing")
    ]
    assert changes(game(units=mg.Units(loss="USD")), game(units=mg.Units(loss="kUSD"))) == [
        ("/units/loss", "USD", "kUSD")
    ]


def test_the_same_input_written_otherwise_is_no_change():
    assert changes(game(plans={"idle": {"d0": 0.0}}), game(plans={"idle": {}})) == []
    assert changes(game(), game(use={"budget": [1.0, 1.0], "people": [0.0, 0.0]})) == []
    stepped = {"levels": {"d0": [0.0, 1.0], "d1": [0.0, 1.0]}}
    one, other = (
        game(**stepped, groups=[mg.DefenseGroup(names, at_most=1)])
        for names in (["d0", "d1"], ["d1", "d0"])
    )
    assert changes(one, other) == []


@pytest.mark.parametrize("name", ["(best)", "(none)", "(nominal)"])
def test_a_plan_cannot_have_a_name_of_the_answers_own_plans(name):
    with pytest.raises(mg.SpecificationError, match="expected a name that does not begin with"):
        game(plans={name: {}})
