"""Texts of harmful calls: their parts, and refusals of anything else."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.authority.counting.conditions import Condition
from mfmgame.authority.counting.harmful_calls import read_harmful


def test_a_text_has_a_threat_and_steps_with_alternatives():
    found = read_harmful('fraud: pay(to.name="a;b|c", amount>=1000, note=*) | refund; mail *2')
    assert found.threat == "fraud"
    assert [[call.tool for call in step] for step in found.steps] == [
        ["pay", "refund"],
        ["mail"],
        ["mail"],
    ]
    assert found.steps[0][0].conditions == {
        ("to", "name"): [Condition("=", ("a;b|c",))],
        ("amount",): [Condition(">=", (1000,))],
    }


def test_a_text_without_a_threat_names_itself():
    assert read_harmful("pay(to=boss man)").threat == "pay(to=boss man)"


@given(st.text(alphabet='t(x=<>!,;|)*1 "[]{}in.\x1b\ud800', max_size=30))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(mg.SpecificationError):
        read_harmful(text)


@pytest.mark.parametrize("text", ["t(x=" + "[" * 100_000, "t(x>1e999)", "t(x>=NaN)", "t(x<=true)"])
def test_values_that_cannot_be_compared_with_are_refused(text):
    with pytest.raises(mg.SpecificationError):
        read_harmful(text)
