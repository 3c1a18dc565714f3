"""Decisions of a circuit breaker: within policy and limit, and fail-closed on anything odd."""

import math
import sqlite3
from decimal import Decimal

import pytest

import mfmgame as mg
from breakers import GATEWAY, READ, SEND, TOOLS, TRUSTED, admitted, answer, breaker, policy, rows
from mfmgame.authority.breaker.breaker_status import read_status, reset_store


def test_calls_are_admitted_while_their_bits_fit():
    with breaker(limit=6) as found:
        first = found.admit("s", SEND)
        assert (first.admitted, first.reason) == (True, "")
        assert first.bits == first.spent == pytest.approx(math.log2(7))
        assert first.left == pytest.approx(6 - math.log2(7))
        assert admitted(found, "s", "t") == [True, False]


def test_a_call_that_does_not_fit_opens_the_breaker():
    with breaker(limit=3) as found:
        assert admitted(found, "s") == [True]
        refused = found.admit("t", SEND)
        assert refused.reason == (
            "the call needs 2.807 bits, and 2.80735 of 3 bits are spent: the breaker opens"
        )
        assert (refused.bits, found.status().is_open) == (0.0, True)
        assert found.admit("u", READ).reason.startswith("the breaker is open since 20")


def test_refused_calls_cost_nothing_and_do_not_open_the_breaker():
    with breaker(limit=3) as found:
        wrong = [("s", SEND | {"arguments": {"to": "z"}}), ("s", {"name": "pay"})]
        assert admitted(found, *wrong, "s") == [False, False, True]
        assert found.status().refused == 2


def test_each_session_may_have_its_own_limit():
    with breaker(limit=3, scope="session") as found:
        assert admitted(found, "s", "t", "s", "s", "u") == [True, True, False, False, True]
        scopes = {scope.name: scope.opened is None for scope in found.status().scopes}
        assert scopes == {"s": False, "t": True, "u": True}


def test_caps_hold_for_each_session():
    rules = policy(tools={"send": {"calls": 1}, "read": {}}, calls=3)
    with breaker(rules=rules) as found:
        calls = [("s", SEND), ("s", SEND), ("s", READ), ("s", READ), ("s", READ), ("t", SEND)]
        assert admitted(found, *calls) == [True, False, True, True, False, True]
        assert "1 calls of 'send'" in found.admit("t", SEND).reason
        assert not found.status().is_open


def test_calls_are_free_until_the_first_untrusted_source():
    with breaker(limit=3, rules=policy(trusted_sources=TRUSTED)) as found:
        assert admitted(found, "s", "s", "s") == [True] * 3
        found.taint("s", "tool_result:send")
        assert found.admit("s", SEND).bits == 0.0
        found.taint("s", "tool_result:read")
        assert found.admit("s", SEND).bits > 2.8
        assert admitted(found, "s", "t") == [False, False]


def test_one_source_that_is_not_trusted_charges_every_call():
    with breaker(limit=3, rules=policy(trusted_sources=TRUSTED[1:])) as found:
        assert found.admit("s", SEND).bits > 2.8


def test_without_a_limit_the_policy_alone_decides_and_every_row_says_so(tmp_path):
    with breaker(path=tmp_path / "a.db") as found:
        decision = found.admit("s", SEND)
        assert (decision.admitted, decision.left) == (True, None)
        assert decision.reason.startswith("no limit of bits")
        assert admitted(found, ("s", {"name": "pay"})) == [False]
    assert rows(tmp_path / "a.db", "reason, limit_bits")[0] == (decision.reason, None)


def test_every_row_says_that_nothing_is_proven_from_assumed_bits(tmp_path):
    with breaker(limit=3, path=tmp_path / "a.db", is_proven=False) as found:
        assert admitted(found, "s", "s") == [True, False]
        assert not found.status().is_proven
    assert rows(tmp_path / "a.db", "is_proven, is_admitted") == [(0, 1), (0, 0)]
    assert "no bound on the loss is proven" in rows(tmp_path / "a.db", "reason")[0][0]


def test_a_decision_is_logged_without_the_arguments(tmp_path):
    with breaker(limit=3, path=tmp_path / "a.db") as found:
        same = {"arguments": {"to": "c"}, "tool": "send"}
        assert admitted(found, ("s", SEND | {"arguments": {"to": "c"}}), ("s", same)) == [
            True,
            False,
        ]
    columns = "session, tool, call_digest, is_charged, certificate, time"
    first, second = rows(tmp_path / "a.db", columns)
    assert first[:2] == ("s", "send")
    assert (first[2], first[3], second[3], first[4]) == (second[2], 1, 0, "sha256:1")
    assert first[5] <= second[5]
    assert '"c"' not in (tmp_path / "a.db").read_bytes().decode("latin-1")


def test_a_reset_needs_a_person_and_a_reason_and_is_logged(tmp_path):
    path = tmp_path / "a.db"
    with breaker(limit=3, path=path) as found:
        assert admitted(found, "s", "s") == [True, False]
        for reason, by in (("", "Ada"), ("reviewed", " ")):
            with pytest.raises(mg.SpecificationError, match="expected a text"):
                found.reset(reason, by)
        with pytest.raises(mg.SpecificationError, match=r"^session: found a session"):
            found.reset("reviewed", "Ada", "s")
        reset_store(path, "reviewed", "Ada")
        assert admitted(found, "s", "s") == [True, False]
    status = read_status(path)
    assert (status.admitted, status.refused, status.resets) == (2, 2, 1)
    with sqlite3.connect(path) as connection:
        logged = connection.execute("SELECT scope, by, reason, calls, spent FROM resets").fetchall()
    connection.close()
    assert logged == [("system", "Ada", "reviewed", 1, pytest.approx(math.log2(7)))]


def test_a_session_is_reset_alone_or_with_all_others():
    with breaker(limit=3, scope="session") as found:
        assert admitted(found, "s", "s", "t", "t") == [True, False, True, False]
        found.reset("reviewed", "Ada", "s")
        assert admitted(found, "s", "t") == [True, False]
        with pytest.raises(mg.SpecificationError, match="expected a known session"):
            found.reset("reviewed", "Ada", "ss")
        found.reset("reviewed", "Ada")
        assert admitted(found, "s", "t") == [True, True]


DEEP: dict = {}
for _ in range(100_000):
    DEEP = {"to": DEEP}
CIRCLE: dict = {}
CIRCLE["to"] = CIRCLE


@pytest.mark.parametrize(
    ("session", "call", "reason"),
    [
        (None, SEND, "session: found null, expected a text"),
        (b"s", SEND, "session: found"),
        ("\ud800", SEND, "not valid Unicode"),
        ("s" * 2000, SEND, "session: found 2000 characters, expected at most 1000"),
        ("s", None, "call: expected an object"),
        ("s", [], "call: expected an object"),
        ("s", {}, "tool: found null, expected a name"),
        ("s", {"name": 3}, "tool: found 3"),
        ("s", {"name": "\udfff"}, "tool: found"),
        ("s", {"name": "send", "arguments": ["a"]}, "arguments: expected an object"),
        ("s", {"name": "send", "arguments": "a secret"}, "arguments: expected an object"),
        ("s", {"name": "send", "arguments": DEEP}, "arguments: nested too deeply"),
        ("s", {"name": "send", "arguments": CIRCLE}, "arguments: found a value that is not JSON"),
        ("s", {"name": "send", "arguments": {"to": math.nan}}, "not JSON"),
        ("s", {"name": "send", "arguments": {"to": Decimal("NaN")}}, "not JSON"),
        ("s", {"name": "send", "arguments": {"to": "\ud800"}}, "not JSON"),
        ("s", {"name": "send", "arguments": {"to": {1, 2}}}, "not JSON"),
        ("s", {"name": "send", "arguments": {"to": 10**5000}}, "not JSON"),
        ("s", {"name": "send", "arguments": {1: "a", "to": "a"}}, "not JSON"),
        ("s", {"name": "send", "arguments": {"to": Decimal("1e99999")}}, "send: "),
        ("s", {"name": "send"}, "send: "),
    ],
)
def test_malformed_calls_are_refused_with_the_reason(session, call, reason):
    with breaker(limit=30) as found:
        refused = found.admit(session, call)
        assert not refused.admitted
        assert reason in refused.reason
        assert len(refused.reason.splitlines()) == 1
        assert len(refused.reason) < 200
        assert (refused.spent, found.status().refused) == (0.0, 1)


def test_a_breaker_of_a_result_enforces_the_limit_of_its_plan(tmp_path):
    options = {"tools": TOOLS, "allow_assumed_bits": True}
    result, scenario = answer(GATEWAY), mg.Scenario(**GATEWAY)

    def found(plan, **more):
        return mg.CircuitBreaker.from_result(
            result, scenario, policy(), plan=plan, **options | more
        )

    with found("(best)", store=tmp_path / "a.db") as best, found("(threshold)") as threshold:
        assert [best.status().limit, threshold.status().limit] == pytest.approx(
            [3.094, 4.443], abs=1e-3
        )
        assert [one.status().most_calls for one in (best, threshold)] == [1, 1]
        assert admitted(best, "s", "s") == [True, False]
    with pytest.raises(mg.SpecificationError) as caught:
        found("(threshold)", store=tmp_path / "a.db")
    assert f"found the state of the certificate {best.terms.digest}, expected " in str(caught.value)
    assert threshold.terms.digest in str(caught.value)
    with pytest.raises(mg.SpecificationError, match="found the scope 'system', expected 'session'"):
        found("(best)", store=tmp_path / "a.db", scope="session")
    counted = mg.authorized_bits(TOOLS, policy())
    with mg.CircuitBreaker.from_result(
        result, scenario, counted, plan="(best)", allow_assumed_bits=True
    ) as same:
        assert same.terms == best.terms


def test_a_breaker_needs_bounded_arguments_and_a_plan():
    result, scenario = answer(GATEWAY), mg.Scenario(**GATEWAY)
    free = [
        {
            "name": "send",
            "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}}},
        }
    ]
    for tools, plan, expected in (
        (free, "(best)", "unbounded"),
        (TOOLS, None, "^plan: found null, expected a str"),
        (TOOLS, "currant", "did you mean 'current'"),
        (None, "(best)", "^tools: found null"),
    ):
        with pytest.raises(mg.SpecificationError, match=expected):
            mg.CircuitBreaker.from_result(result, scenario, None, tools=tools, plan=plan)
