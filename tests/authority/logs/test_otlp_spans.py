"""Tool calls in OpenTelemetry spans."""

import json
from decimal import Decimal

import pytest

from mfmgame import read_calls
from mfmgame.errors import SpecificationError


def value(plain):
    """Write a value as OTLP does."""
    if isinstance(plain, bool):
        return {"boolValue": plain}
    if isinstance(plain, int):
        return {"intValue": str(plain)}
    if isinstance(plain, float):
        return {"doubleValue": plain}
    if isinstance(plain, str):
        return {"stringValue": plain}
    if isinstance(plain, list):
        return {"arrayValue": {"values": [value(item) for item in plain]}}
    if isinstance(plain, dict):
        return {"kvlistValue": {"values": attributes(plain)}}
    return {}


def attributes(members):
    return [{"key": key, "value": value(member)} for key, member in members.items()]


def span(tool="pay", start=10**9, trace="t1", arguments='{"amount": 5}', **more):
    members = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.arguments": arguments,
        **more,
    }
    return {"traceId": trace, "startTimeUnixNano": str(start), "attributes": attributes(members)}


def export(*spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def calls_of(folder, *exports, indent=None):
    log = folder / "spans.json"
    log.write_text("\n".join(json.dumps(one, indent=indent) for one in exports), "utf-8")
    return list(read_calls(log))


def refusal(folder, *exports):
    with pytest.raises(SpecificationError) as caught:
        calls_of(folder, *exports)
    assert "\n" not in str(caught.value)
    return str(caught.value).partition("spans.json: ")[2]


def test_spans_are_ordered_by_their_start(tmp_path):
    spans = [span("third", 3 * 10**9), span("first", 10**9), span("second", 2 * 10**9 + 5 * 10**6)]
    document = export(*spans[:2])
    document["resourceSpans"][0]["scopeSpans"].append({"spans": spans[2:]})
    for indent in (None, 2):
        calls = calls_of(tmp_path, document, indent=indent)
        assert [call.tool for call in calls] == ["first", "second", "third"]
    assert calls[1].time == "1970-01-01T00:00:02.005Z"
    assert calls[1].place.endswith("/resourceSpans/0/scopeSpans/1/spans/0")


def test_requests_on_lines_keep_their_order(tmp_path):
    calls = calls_of(tmp_path, export(span("late", 9)), export(span("early", 1)))
    assert [call.tool for call in calls] == ["late", "early"]
    assert calls[1].place.endswith("line 2: /resourceSpans/0/scopeSpans/0/spans/0")


def test_the_session_is_the_conversation_or_else_the_trace(tmp_path):
    spans = [span(), span(**{"gen_ai.conversation.id": "c7"})]
    assert [call.session for call in calls_of(tmp_path, export(*spans))] == ["t1", "c7"]


def test_other_spans_are_left_out(tmp_path):
    chat = span(**{"gen_ai.operation.name": "chat"})
    assert calls_of(tmp_path, export(chat, {"name": "GET"})) == []
    assert calls_of(tmp_path, {"resourceSpans": []}, {}) == []


def test_arguments_may_be_a_list_of_keys(tmp_path):
    arguments = {"to": ["a", 5, True, None], "deep": {"x": 0.5}, "n": 2**60}
    (call,) = calls_of(tmp_path, export(span(arguments=arguments)))
    assert call.arguments == {"to": ["a", 5, True, None], "deep": {"x": Decimal("0.5")}, "n": 2**60}


def without(key):
    found = span()
    found["attributes"] = [entry for entry in found["attributes"] if entry["key"] != key]
    return found


def deep(levels):
    found = {"stringValue": "x"}
    for _ in range(levels):
        found = {"arrayValue": {"values": [found]}}
    return {"key": "a", "value": found}


HOSTILE = {
    "no arguments recorded": (
        export(without("gen_ai.tool.call.arguments")),
        "missing, expected the attribute gen_ai.tool.call.arguments",
    ),
    "no name of the tool": (export(without("gen_ai.tool.name")), "gen_ai.tool.name"),
    "no trace": (export(span(trace=None)), "/session: found null, expected text"),
    "arguments of another type": (export(span(arguments=5)), "/arguments: found 5"),
    "bad JSON text": (export(span(arguments="{")), "/arguments: line 1, column 2: not JSON"),
    "NaN in JSON text": (export(span(arguments='{"a": NaN}')), "/arguments/a: found NaN"),
    "no list of spans": ({"resourceSpans": 5}, "/resourceSpans: found 5, expected a list"),
    "no span": (export(7), "/spans/0: found 7, expected an object"),
    "no attributes": (export({"attributes": {}}), "/attributes: found an object, expected a list"),
    "a repeated attribute": (
        export({"attributes": attributes({"a": 1}) * 2}),
        "/attributes/1: found the key 'a', expected unique texts",
    ),
    "two values": (
        export({"attributes": [{"key": "a", "value": {"intValue": 1, "boolValue": True}}]}),
        "found several values, expected one",
    ),
    "no integer": (
        export({"attributes": [{"key": "a", "value": {"intValue": "x"}}]}),
        "found 'x', expected an integer",
    ),
    "a bad array": (
        export({"attributes": [{"key": "a", "value": {"arrayValue": {"values": 1}}}]}),
        "found 1, expected a list",
    ),
    "depth": (export({"attributes": [deep(300)]}), "nested deeper than 100 levels"),
    "a time before 1970": (export(span(start=-1)), "/startTimeUnixNano: found -1"),
    "a time beyond OTLP": (export(span(start=2**64)), "/startTimeUnixNano: found 1844"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_bad_request_gives_one_line(case, tmp_path):
    document, expected = HOSTILE[case]
    text = refusal(tmp_path, export(span()), document)
    assert text.startswith("line 2: /")
    assert expected in text
