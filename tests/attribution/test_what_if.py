"""What-ifs: doing without defenses, and meeting more threats."""

import json
import math

import pytest

import mfmgame as mg
from mfmgame.machine.workers import Workers

TWO_THREATS = {
    "schema": "mfmgame/scenario/1",
    "threats": [
        {"id": "t1", "severity": 6.0, "bandwidth": 1.0},
        {"id": "t2", "severity": 4.0, "bandwidth": 1.0},
    ],
    "defenses": [
        {"id": "d1", "use": {"budget": 1.0}},
        {"id": "d2", "use": {"budget": 1.0}},
    ],
    "effectiveness": [
        {"threat": "t1", "defense": "d1", "value": 0.5},
        {"threat": "t2", "defense": "d2", "value": 0.5},
    ],
    "attacker": {"bandwidth": 1.0},
    "defender": {"limits": {"budget": 1.0}},
    "termination": {"loss": 5.0},
}
NEW_THREAT = {
    "schema": "mfmgame/addition/1",
    "threats": [{"id": "t3", "severity": 8.0, "bandwidth": 1.0}],
    "effectiveness": [{"threat": "t3", "defense": "d2", "value": 0.25}],
}


def test_a_dropped_defense_is_out_of_the_plan():
    # With both the first threat is brought near the second; without the first it stays at 6.
    found = mg.what_if(mg.Scenario(**TWO_THREATS), drop=["d1"])
    assert found.before.solution.value == pytest.approx(3.6)
    assert found.after.solution.value == pytest.approx(6.0)
    assert found.after.solution.allocation["d1"] == 0.0
    assert found.change == pytest.approx(2.4)
    assert (found.before.threshold.decision, found.after.threshold.decision) == (
        "operate",
        "terminate",
    )
    assert (found.dropped, found.added) == (("d1",), ())


def test_an_added_threat_is_one_of_the_scenario():
    found = mg.what_if(mg.Scenario(**TWO_THREATS), add=mg.Addition(**NEW_THREAT))
    whole = {
        **TWO_THREATS,
        "threats": TWO_THREATS["threats"] + NEW_THREAT["threats"],
        "effectiveness": TWO_THREATS["effectiveness"] + NEW_THREAT["effectiveness"],
    }
    assert found.after.solution.value == mg.solve(mg.Scenario(**whole)).value
    assert found.after.solution.value == pytest.approx(6.0)  # all on the second defense
    assert found.added == ("t3",)


def test_an_added_defense_may_be_what_was_missing():
    addition = mg.Addition(
        schema="mfmgame/addition/1",
        defenses=[{"id": "d3"}],
        effectiveness=[{"threat": "t1", "defense": "d3", "value": 1.0}],
    )
    found = mg.what_if(mg.Scenario(**TWO_THREATS), add=[addition])
    assert found.after.solution.value == pytest.approx(2.0)
    assert found.added == ("d3",)


def test_additions_build_on_each_other():
    second = mg.Addition(
        schema="mfmgame/addition/1",
        effectiveness=[{"threat": "t3", "defense": "d1", "value": 0.5}],
    )
    scenario = mg.Scenario(**TWO_THREATS)
    one = mg.what_if(scenario, add=[mg.Addition(**NEW_THREAT)]).after.solution.value
    both = mg.what_if(scenario, add=[mg.Addition(**NEW_THREAT), second]).after.solution.value
    assert both < one


def test_a_defense_of_the_catalog_can_be_dropped_whatever_overrides_it(examples):
    document = json.loads((examples / "llava_agent.json").read_text("utf-8"))
    changes = {"defenses": {"guardt2i": {"max_level": 0.5}}}
    scenario = mg.Scenario(**document, overrides=changes)
    found = mg.what_if(scenario, drop=["guardt2i"])
    assert found.before.solution.allocation["guardt2i"] > 0.0
    assert found.after.solution.allocation["guardt2i"] == 0.0
    assert found.change > 0.0


def test_nothing_changed_changes_nothing():
    found = mg.what_if(mg.load_scenario("examples/llava_agent.json"))
    assert found.change == 0.0
    assert dict(found.after.solution.allocation) == dict(found.before.solution.allocation)


def test_defenses_are_ranked_by_what_doing_without_them_costs():
    found = mg.without_each(mg.Scenario(**TWO_THREATS))
    assert [one.defense for one in found.ranked] == ["d1", "d2"]
    assert found.ranked[0].value == pytest.approx(6.0)
    assert found.ranked[1].value == pytest.approx(4.0)
    assert [one.decision for one in found.ranked] == ["terminate", "operate"]
    assert found.to_frame()["change"].tolist() == pytest.approx([2.4, 0.4])


def test_workers_rank_alike():
    scenario = mg.load_scenario("examples/llava_agent.json")
    here, there = (mg.without_each(scenario, workers=Workers(jobs=jobs)) for jobs in (1, 2))
    assert here.ranked == there.ranked
    assert len(here.ranked) == 15


def test_without_a_termination_loss_there_is_no_threshold():
    document = {key: value for key, value in TWO_THREATS.items() if key != "termination"}
    found = mg.without_each(mg.Scenario(**document))
    assert found.before.threshold is None
    assert math.isnan(found.ranked[0].threshold)
    assert found.ranked[0].decision is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"drop": ["d3"]}, "drop: unknown defense 'd3', expected one of 'd1', 'd2'"),
        (
            {"add": [{"threats": [{"id": "t1", "severity": 1.0, "bandwidth": 1.0}]}]},
            "/threats/0/id: found 't1', which the scenario has, expected a new id",
        ),
        (
            {"add": [{"defenses": [{"id": "d2"}]}]},
            "/defenses/0/id: found 'd2', which the scenario has",
        ),
        (
            {"add": [{"effectiveness": [{"threat": "t9", "defense": "d1", "value": 0.5}]}]},
            "/effectiveness/0/threat: unknown threat 't9'",
        ),
        (
            {"add": [{"effectiveness": [{"threat": "t1", "defense": "x", "value": 0.5}]}]},
            "/effectiveness/0/defense: unknown defense 'x'",
        ),
        (
            {"add": [{"effectiveness": [{"threat": "t1", "defense": "d1", "value": 0.5}]}]},
            "/effectiveness/0: found 't1' with 'd1', of which the scenario has a value",
        ),
        (
            {"add": [{"threats": [{"id": "t", "severity": 1.0}]}]},
            "/threats/0/bandwidth: missing, expected a number",
        ),
        (
            {"add": [{"threats": [{"id": "t", "severity": -1.0, "bandwidth": 1.0}]}]},
            "/threats/0/severity: found -1.0, expected at least 0",
        ),
        (
            {
                "add": [
                    {
                        "threats": [
                            {"id": "t", "severity": 1.0, "bandwidth": 1.0, "traits": {"goal": "g"}}
                        ]
                    }
                ]
            },
            "/threats/0/traits: found here, expected in a catalog only",
        ),
        ({"add": [{"threat": []}]}, "/threat: unknown key 'threat', expected a known key"),
    ],
)
def test_what_contradicts_the_scenario_is_refused(change, complaint):
    def ask() -> None:
        additions = [
            mg.Addition(schema="mfmgame/addition/1", **one) for one in change.get("add", [])
        ]
        mg.what_if(mg.Scenario(**TWO_THREATS), drop=change.get("drop", ()), add=additions)

    with pytest.raises(mg.SpecificationError) as caught:
        ask()
    assert str(caught.value).startswith(complaint)


def test_an_addition_names_its_file_when_it_is_wrong(tmp_path):
    file = tmp_path / "more.json"
    file.write_text(json.dumps({**NEW_THREAT, "threats": TWO_THREATS["threats"][:1]}), "utf-8")
    with pytest.raises(mg.SpecificationError, match=r"more\.json: /threats/0/id: found 't1'"):
        mg.what_if(mg.Scenario(**TWO_THREATS), add=mg.load_addition(file))
    file.write_text("[]", "utf-8")
    with pytest.raises(mg.SpecificationError, match=r"more\.json: expected a JSON object"):
        mg.load_addition(file)
