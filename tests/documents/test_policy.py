"""Policies: contradictions are refused with their place; the digest covers the rules only."""

import pytest

import mfmgame as mg


def policy(rule, **more):
    return mg.Policy(schema="mfmgame/policy/1", tools={"t": {"arguments": {"x": rule}}}, **more)


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "text"},
        {"enum": []},
        {"minimum": 1e308},
        {"multipleOf": 0},
        {"minLength": -1},
        {"maxLength": 1.5},
        {"alphabet": "greek"},
        {"characters": "aa"},
        {"characters": "ab", "alphabet": "lower"},
        {"earliest": "2026-01-01"},
        {"earliest": "2026-01-01", "latest": "2026-01-01T00:00:00Z"},
        {"leave_out": "yes"},
        {"maximun": 1},
    ],
)
def test_a_malformed_rule_is_refused_with_its_place(rule):
    with pytest.raises(mg.SpecificationError) as refused:
        policy(rule)
    assert "/tools/t/arguments/x" in str(refused.value)


def test_the_digest_names_the_rules_whatever_the_policy_is_called():
    assert policy({"maximum": 1}, name="a").digest == policy({"maximum": 1}, name="b").digest
    assert policy({"maximum": 1}).digest != policy({"maximum": 2}).digest


def test_tools_that_no_rule_names_are_denied_unless_the_policy_says_otherwise():
    assert not policy({}).rule_of("u").allow
    assert policy({}, other_tools="allow").rule_of("u").allow
