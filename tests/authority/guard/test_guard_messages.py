import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mfmgame.authority.guard.guard_messages import (
    MessageError,
    call_of,
    read_message,
    refused_call,
    tool_digests,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=10,
)
MESSAGES = st.fixed_dictionaries({"method": st.text(), "id": st.integers(), "params": VALUES})
PIECES = ['{"', '":', '"method"', "\\u", "d800", "1e5", "[", "]", "}", ",", "\r", "\n", "\x00", "é"]


@given(MESSAGES, st.booleans())
def test_a_message_is_read_as_it_was_written(message, is_ascii):
    line = json.dumps(message, ensure_ascii=is_ascii).encode() + b"\n"
    assert read_message(line) == read_message(line, exact=True) == message


@given(st.binary() | st.lists(st.sampled_from(PIECES)).map(lambda parts: "".join(parts).encode()))
def test_any_line_is_read_or_refused(line):
    try:
        message = read_message(line)
    except MessageError:
        pass
    else:
        assert message == json.loads(line)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000))
def test_numbers_are_read_exactly_or_refused(number):
    text = f"{number:f}" if "." in f"{number:f}" else f"{number:f}.0"
    try:
        found = read_message(f'{{"params": {text}}}'.encode(), exact=True)["params"]
    except MessageError:  # too small for a float
        assert float(text) == 0.0 != number
    else:
        assert isinstance(found, Decimal)
        assert found == number


def test_a_call_without_arguments_has_none():
    for params in ({"name": "a"}, {"name": "a", "arguments": None}):
        assert call_of({"params": params}) == ("a", {})


def test_refusals_are_one_line_whatever_they_quote():
    answer = refused_call({"id": "é\n"}, "line\nbreak")
    assert answer.count(b"\n") == 1
    assert json.loads(answer)["id"] == "é\n"


def test_what_only_a_client_shows_may_change():
    tool = {"name": "a", "description": "b", "inputSchema": {}}
    assert tool_digests([tool]) == tool_digests([{**tool, "icons": [], "_meta": {"x": 1}}])
    for key in tool:
        assert tool_digests([tool]) != tool_digests([{**tool, key: "other"}])
