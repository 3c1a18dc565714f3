"""Authority never used: what the rules take away, and what they keep."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfmgame import LoggedCall, Policy, authorized_bits, unused_authority


def tool(name, required=(), **arguments):
    schema = {"type": "object", "additionalProperties": False, "properties": arguments}
    return {"name": name, "input_schema": schema | {"required": list(required)}}


INTEGER = {"type": "integer", "minimum": 1, "maximum": 8}
TOOLS = [
    tool("read", ["page"], page=INTEGER, how={"enum": ["fast", "slow"]}),
    tool("pay", ["amount"], amount=INTEGER),
    tool("stop"),
]


def calls(*made):
    return [LoggedCall(session, name, arguments) for session, name, arguments in made]


def places(unused):
    return [found.place for found in unused.narrowings]


def test_tools_never_called_are_denied():
    unused = unused_authority(authorized_bits(TOOLS), calls(("s", "read", {"page": 1})))
    assert places(unused) == ["read.how", "pay", "stop"]
    assert unused.narrowings[1].rule == {"tools": {"pay": {"allow": False}}}
    assert unused.narrowings[1].bits == pytest.approx(math.log2(34 / 26))
    assert unused.narrowed.count == 1 + 8


def test_values_are_listed_if_two_sessions_gave_each():
    made = [("s1", "pay", {"amount": 2}), ("s2", "pay", {"amount": 2.0})]
    unused = unused_authority(authorized_bits(TOOLS), calls(*made))
    found = {narrowing.place: narrowing.rule for narrowing in unused.narrowings}
    assert found["pay.amount"] == {"tools": {"pay": {"arguments": {"amount": {"enum": [2]}}}}}
    made.append(("s3", "pay", {"amount": 5}))
    assert "pay.amount" not in places(unused_authority(authorized_bits(TOOLS), calls(*made)))


def test_nine_values_and_long_values_are_not_listed():
    tools = [tool("note", text={"type": "string"}, number={"type": "integer"})]
    made = [
        (session, "note", {"text": "x" * 200, "number": number})
        for session in ("s1", "s2")
        for number in range(9)
    ]
    allowed = authorized_bits(tools)
    assert places(unused_authority(allowed, calls(*made))) == []
    kept = calls(*(one for one in made if one[2]["number"] < 8))
    unused = unused_authority(allowed, kept)
    assert [(found.place, found.bits) for found in unused.narrowings] == [("note.number", 0.0)]


def test_an_unbounded_argument_that_is_never_given_has_infinite_bits():
    tools = [tool("note", page=INTEGER, text={"type": "string"})]
    unused = unused_authority(authorized_bits(tools), calls(("s", "note", {"page": 1})))
    assert [(found.place, found.bits) for found in unused.narrowings] == [("note.text", math.inf)]
    assert unused.narrowed.count == 1 + 9
    assert "unbounded" in unused.summary()


def test_calls_outside_the_policy_widen_nothing():
    policy = {"schema": "mfmgame/policy/1", "tools": {"pay": {"arguments": {"amount": {}}}}}
    made = [("s1", "stop", {}), ("s1", "pay", {"amount": 9}), ("s1", "pay", {"amount": 1})]
    unused = unused_authority(authorized_bits(TOOLS, policy), calls(*made))
    assert (unused.calls, unused.outside) == (1, 2)
    assert unused.policy.tools["pay"].allow
    assert "stop" not in unused.policy.tools
    assert unused.policy.other_tools == "deny"


def test_the_rules_of_the_policy_are_kept():
    rules = {"pay": {"calls": 2, "arguments": {"amount": {"maximum": 4}}}}
    policy = Policy(schema="mfmgame/policy/1", tools=rules, calls=5)
    made = [(session, "pay", {"amount": 3}) for session in ("s1", "s2")]
    narrowed = unused_authority(authorized_bits(TOOLS, policy), calls(*made)).policy
    assert narrowed.calls == 5
    assert narrowed.tools["pay"].calls == 2
    assert narrowed.tools["pay"].arguments["amount"].maximum == 4
    assert narrowed.tools["pay"].arguments["amount"].enum == [3]


MADE = st.lists(
    st.one_of(
        st.builds(
            lambda session, page, how: (session, "read", {"page": page} | how),
            st.sampled_from("abc"),
            st.integers(1, 3),
            st.sampled_from([{}, {"how": "fast"}]),
        ),
        st.builds(
            lambda session, amount: (session, "pay", {"amount": amount}),
            st.sampled_from("abc"),
            st.integers(1, 8),
        ),
    ),
    max_size=12,
)
POLICIES = st.sampled_from(
    [
        None,
        {"schema": "mfmgame/policy/1", "tools": {"read": {}, "pay": {"calls": 3}}},
        {"schema": "mfmgame/policy/1", "other_tools": "allow"},
    ]
)


@settings(deadline=None)
@given(MADE, POLICIES)
def test_the_narrowed_policy_counts_as_stated_and_admits_every_logged_call(made, policy):
    allowed = authorized_bits(TOOLS, policy)
    logged = calls(*made)
    unused = unused_authority(allowed, logged)
    again = authorized_bits(TOOLS, unused.policy)
    assert again.count == unused.narrowed.count <= allowed.count
    for call in logged:
        assert again.refusal(call.tool, call.arguments) is None
    for found in unused.narrowings:
        alone = authorized_bits(TOOLS, unused_policy_of(policy, found.rule))
        assert found.bits == pytest.approx(math.log2(allowed.count / alone.count))


def unused_policy_of(policy, rule):
    """Return a policy with a single rule."""
    base = policy or {
        "schema": "mfmgame/policy/1",
        "other_tools": "allow",
        "undeclared_arguments": "allow",
    }
    ((name, members),) = rule["tools"].items()
    tools = dict(base.get("tools", {}))
    tools[name] = {**tools.get(name, {}), **members}
    return {**base, "tools": tools}
