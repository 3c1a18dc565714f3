"""Answers of games in which several threats lead to one loss."""

import json
import re

import pytest

import mfmgame as mg
from mfmgame.verification.claims import answer_of
from mfmgame.view.json.answer_documents import result_document
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
