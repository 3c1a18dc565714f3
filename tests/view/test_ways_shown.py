"""Answers of games in which several threats lead to one loss, or are chains of techniques."""

import json
import re

import pytest

import mfmgame as mg
from chained import chained_document, chained_scenario
from mfmgame.verification.claims import answer_of
from mfmgame.view.json.answer_documents import result_document
from mfmgame.view.json.explanation_documents import explanation_document
from mfmgame.view.json.plan_documents import evaluation_document


def game(losses) -> mg.DefenseGame:
    return mg.DefenseGame(
        severity=[6.0, 2.0, 5.0],
        bandwidth=[3.0, 0.5, 2.0],
        effectiveness=[[0.5, 0.0], [0.25, 0.5], [0.0, 0.5]],
        attacker_bandwidth=3.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 1.0},
        threat_losses=losses,
        threat_classes=["inferring"] * 3,
    )


def texts_of(losses) -> list[str]:
    shown = game(losses)
    return [mg.assess(shown).summary(), mg.evaluate(shown, {"d0": 1.0}).summary()]


def test_tables_have_a_column_of_losses_only_where_losses_are_shared():
    for text in texts_of(["leak", "leak", ""]):
        assert "leads to" in text
        assert re.search(r"t0.*leak", text)
    for text in texts_of(["leak", "", ""]):
        assert "leads to" not in text
    assert mg.solve(game(["leak", "leak", ""])).to_frame("threats")["loss"].tolist() == [
        "leak",
        "leak",
        "",
    ]
    assert "loss" not in mg.solve(game(["leak", "", ""])).to_frame("threats")


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (lambda some: result_document(mg.assess(some)), ()),
        (lambda some: evaluation_document(mg.evaluate(some, {"d0": 1.0})), ("plans", "plan 1")),
    ],
)
def test_documents_name_the_loss_of_a_threat_and_are_checked(document, where):
    some = game(["leak", "leak", ""])
    written = json.loads(json.dumps(document(some)))
    mg.verify(answer_of(written), some)
    inside = written
    for key in where:
        inside = inside[key]
    assert [threat.get("loss") for threat in inside["threats"].values()] == ["leak", "leak", None]
    assert "loss" not in inside["threats"]["t2"]
    inside["threats"]["t1"]["loss"] = "fraud"
    with pytest.raises(
        mg.CertificateError, match="threats/t1/loss: found 'fraud', expected 'leak'"
    ):
        mg.verify(answer_of(written), some)


COMPOSITIONS = ["best_of", "additive", "independent"]


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_documents_have_the_steps_of_chains_and_the_index_by_technique(composition):
    game = mg.build_game(chained_scenario(composition=composition))
    written = json.loads(json.dumps(result_document(mg.assess(game))))
    mg.verify(answer_of(written), game)
    steps = {name: threat.get("steps") for name, threat in written["threats"].items()}
    assert steps["chain-2"] == ["AML.T0051.001", "exfiltrate"]
    assert (steps["direct"], steps["other"]) == (None, None)
    index = written["dci"]
    # Of the loss of 6, the chains weigh 3 and 2, the plain way 1; the chain of fraud weighs 5.
    weights = {"AML.T0051.001": 5 / 18, "AML.T0053": 8 / 18, "exfiltrate": 5 / 18}
    assert index["technique_weights"] == pytest.approx(weights)
    assert index["defenses"]["filter"]["by_technique"] == pytest.approx((0.6 + 0.2) * 5 / 18)
    assert index["defenses"]["sandbox"]["techniques"]["AML.T0053"] == 0.7

    def change(*place):
        claim = json.loads(json.dumps(written))
        inside = claim
        for key in place[:-2]:
            inside = inside[key]
        inside[place[-2]] = place[-1]
        with pytest.raises(mg.CertificateError, match=str(place[-2])):
            mg.verify(answer_of(claim), game)

    change("threats", "chain-2", "steps", ["exfiltrate"])
    change("threats", "direct", "steps", ["exfiltrate"])
    change("dci", "technique_weights", None)
    change("dci", "technique_weights", "AML.T0053", 0.4)
    change("dci", "defenses", "filter", "by_technique", 0.5)
    change("dci", "defenses", "filter", "techniques", {"AML.T0053": 0.0})


@pytest.mark.parametrize(
    ("claimed", "line"),
    [
        (["AML.T0053", "exfiltrate"], "steps/0: found 'AML.T0053', expected 'AML.T0051.001'"),
        (["AML.T0051.001"], "steps/1: found null, expected 'exfiltrate'"),
        (["AML.T0051.001", "exfiltrate", "x"], "steps/2: found 'x', expected null"),
        (None, "steps/0: found null, expected 'AML.T0051.001'"),
    ],
)
def test_a_refused_chain_is_told_at_its_first_wrong_step(claimed, line):
    game = mg.build_game(chained_scenario())
    written = json.loads(json.dumps(result_document(mg.assess(game))))
    written["threats"]["chain-2"]["steps"] = claimed
    with pytest.raises(mg.CertificateError, match=f"^/threats/chain-2/{line}$"):
        mg.verify(answer_of(written), game)


def test_texts_list_the_steps_of_the_attack_and_the_index_by_technique():
    scenario = chained_scenario()
    assert "chain-2    AML.T0051.001 > exfiltrate" in mg.solve(scenario).summary()
    table = mg.defense_coverage_index(scenario)
    assert re.search(r"exfiltrate +0\.278 +filter +0\.200", table.summary())
    assert list(table.to_frame())[:2] == ["index", "by_technique"]
    frame = mg.solve(scenario).to_frame("threats")
    assert frame.loc["chain-2", ["loss", "steps"]].tolist() == [
        "leak",
        ("AML.T0051.001", "exfiltrate"),
    ]


def test_an_explanation_names_the_technique_at_which_a_chain_is_stopped_best():
    found = mg.explain(chained_scenario(attacker={"bandwidth": 4.0}))
    sentences = explanation_document(found)["defenses"]
    stopped = {row["defense"]: row["stops_at"] for row in sentences if row["level"] > 0}
    assert stopped["sandbox"]["pay"] == "AML.T0053"
    # The effectiveness of the sandbox on this chain is stated for the chain itself.
    assert all("chain-2" not in steps for steps in stopped.values())
    assert any("(best at AML.T0053)" in row["why"]["sentence"] for row in sentences)


def test_a_comparison_lists_inputs_of_techniques_and_not_what_follows_from_them():
    changed = chained_document()
    changed["techniques"][1]["bandwidth"] = 0.25
    changed["effectiveness"][0]["value"] = 0.5
    changed["threats"][3]["steps"] = ["exfiltrate"]
    changed["threats"][3]["bandwidth"] = 0.5
    changed["threats"][4]["loss"] = "fraud"
    found = mg.compare(chained_scenario(), mg.Scenario(**changed)).inputs
    assert {(one.pointer, one.before, one.after) for one in found} == {
        ("/threats/chain-1/bandwidth", 3.0, 2.75),
        ("/threats/pay/steps", "AML.T0053", "exfiltrate"),
        ("/threats/other/loss", None, "fraud"),
        ("/techniques/AML.T0053/bandwidth", 0.5, 0.25),
        ("/effectiveness/AML.T0051.001/filter", 0.6, 0.5),
    }
