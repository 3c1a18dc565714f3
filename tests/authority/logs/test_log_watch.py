"""Watched logs: which sessions the breaker would have stopped, and when."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from mfmgame import CircuitBreaker, LoggedCall, authorized_bits
from mfmgame.authority.breaker.breaker_store import Terms
from mfmgame.authority.breaker.charges import Charges
from mfmgame.authority.logs.log_watch import LogWatch
from mfmgame.errors import SpecificationError

TOOLS = [
    {
        "name": name,
        "input_schema": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"page": {"type": "integer", "minimum": 1, "maximum": maximum}},
            "required": ["page"],
        },
    }
    for name, maximum in (("read", 4), ("pay", 3))
]
BITS_OF_A_CALL = 3.0


def breaker(limit, scope="system", **policy):
    allowed = authorized_bits(
        TOOLS, {"schema": "mfmgame/policy/1", "other_tools": "allow"} | policy
    )
    bits = None if limit is None else Fraction(limit)
    terms = Terms("sha256:" + "0" * 64, Charges(allowed.count, bits), scope, "(best)", True)
    return CircuitBreaker(allowed, terms)


def read(session, page=1, time=""):
    return LoggedCall(session, "read", {"page": page}, time, f"log: {time}")


def watched(found_breaker, *calls):
    with found_breaker:
        watch = LogWatch(found_breaker)
        return list(watch.stopped_sessions(calls)), watch


def test_a_session_is_reported_once_at_its_first_refused_call():
    calls = [read("a", time=f"t{n}") for n in range(5)]
    (stopped,), watch = watched(breaker(7), *calls)
    assert (stopped.session, stopped.call, stopped.time, stopped.place) == ("a", 3, "t2", "log: t2")
    assert (stopped.spent, stopped.left) == (2 * BITS_OF_A_CALL, 1.0)
    assert "the breaker opens" in stopped.reason
    assert (watch.sessions, watch.calls, watch.stopped, watch.refused) == (1, 5, 1, 3)


def test_sessions_share_the_limit_of_the_system():
    calls = [read("a"), read("b"), read("c"), read("a")]
    stopped, watch = watched(breaker(6), *calls)
    assert [(one.session, one.call) for one in stopped] == [("c", 1), ("a", 2)]
    assert stopped[1].reason == "the breaker is open"  # without today's time
    assert watch.sessions == 3


def test_each_session_may_have_a_limit_of_its_own():
    calls = [read(session) for session in "abab" for _ in range(2)]
    stopped, _ = watched(breaker(6, "session"), *calls)
    assert [(one.session, one.call) for one in stopped] == [("a", 3), ("b", 3)]


def test_calls_outside_the_policy_do_not_open_the_breaker():
    calls = [read("a", page=9), read("a"), LoggedCall("b", "buy", {})]
    stopped, watch = watched(breaker(None), *calls)
    assert [(one.session, one.left) for one in stopped] == [("a", None), ("b", None)]
    assert "'page'" in stopped[0].reason
    assert "not a tool" in stopped[1].reason
    assert watch.refused == 2


def test_charging_starts_at_the_first_untrusted_result():
    trusted = ["user", "image", "memory", "tool_description", "tool_result:read"]
    policy = {"trusted_sources": trusted}
    pay = LoggedCall("a", "pay", {"page": 1})
    stopped, _ = watched(breaker(3, **policy), *[read("a")] * 9, pay, read("a"), read("a"))
    assert [(one.call, one.spent) for one in stopped] == [(12, BITS_OF_A_CALL)]


def test_sessions_appear_as_their_calls_are_read():
    def endless():
        while True:
            yield read("a")

    with breaker(3) as found:
        assert next(LogWatch(found).stopped_sessions(endless())).call == 2


def test_a_state_that_cannot_be_written_is_no_stop():
    broken = SimpleNamespace(
        terms=None, admit=lambda *_: SimpleNamespace(spent=None, admitted=False, reason="disk full")
    )
    with pytest.raises(SpecificationError, match="disk full"):
        list(LogWatch(broken).stopped_sessions([read("a")]))
