"""Logs of agent runs: calls in order, formats by content, and one line for a bad log."""

import io
import json
import subprocess
import sys
from decimal import Decimal

import pytest

from mfmgame import LoggedCall, read_calls
from mfmgame.documents import json_reading
from mfmgame.errors import SpecificationError
from subprocesses import STRICT_PYTHON

LINE = {"session": "s1", "tool": "pay", "arguments": {"amount": 5}, "time": "t1"}


def written(folder, content, name="log.jsonl"):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def refusal(log, *form):
    with pytest.raises(SpecificationError) as caught:
        list(read_calls(log, *form))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_line_is_a_call(tmp_path):
    log = written(tmp_path, lines(LINE, {"session": "s2", "tool": "stop", "time": 7}))
    assert list(read_calls(log)) == [
        LoggedCall("s1", "pay", {"amount": 5}, "t1", f"{log}: line 1"),
        LoggedCall("s2", "stop", {}, "7", f"{log}: line 2"),
    ]


def test_numbers_are_read_as_written(tmp_path):
    text = (
        '{"session": "s", "tool": "t", "arguments": {"a": 0.10, "b": 1e2, "c": 12345678901234567}}'
    )
    (call,) = read_calls(written(tmp_path, text))
    assert call.arguments == {"a": Decimal("0.10"), "b": Decimal("1e2"), "c": 12345678901234567}


def test_arguments_may_be_text_of_an_object(tmp_path):
    log = written(tmp_path, lines(LINE | {"arguments": '{"amount": 0.5}'}))
    assert [call.arguments for call in read_calls(log)] == [{"amount": Decimal("0.5")}]


def test_a_list_of_calls_and_blank_lines_are_read(tmp_path):
    log = written(tmp_path, json.dumps([LINE, LINE], indent=1))
    assert [call.place for call in read_calls(log)] == [f"{log}: /0", f"{log}: /1"]
    log = written(tmp_path, "\n\n" + lines(LINE) + "  \n" + lines(LINE))
    assert [call.place for call in read_calls(log)] == [f"{log}: line 3", f"{log}: line 5"]


def test_files_of_a_folder_are_read_in_order(tmp_path):
    for name in ("b.jsonl", "a.jsonl"):
        written(tmp_path, lines(LINE | {"tool": name}), name)
    written(tmp_path, "not read", "notes.txt")
    assert [call.tool for call in read_calls(tmp_path)] == ["a.jsonl", "b.jsonl"]


def test_an_empty_folder_and_an_unknown_format_are_refused(tmp_path):
    assert "found no file" in refusal(tmp_path)
    assert "expected one of 'otlp'" in refusal(tmp_path, "xml")
    assert "no such file" in refusal(tmp_path / "none.json")


def test_the_format_can_be_stated(tmp_path):
    log = written(tmp_path, json.dumps({"session": "s", "tool": "t", "resourceSpans": []}))
    assert list(read_calls(log)) == []
    assert [call.tool for call in read_calls(log, "lines")] == ["t"]
    assert "found a list" in refusal(written(tmp_path, lines(LINE | {"arguments": []})))


HOSTILE = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "not JSON": (b"hello\n", "line 1: column 1: not JSON"),
    "cut off": (b'{"session": "s", "to', "line 1: column 18: not JSON"),
    "a document cut off": (b'{\n"session": "s",\n', "line 3, column 1: not JSON"),
    "not UTF-8": (b'{"session": "\xff"}', "line 1: byte 13 is not UTF-8"),
    "no object": (b"5\n", "line 1: found 5, expected an object"),
    "null": (b"null\n", "line 1: found null, expected an object"),
    "a list in a list": (b"[[1]]\n", "line 1: /0: found a list, expected an object"),
    "unknown keys": (b'{"a": 1}', "line 1: found no known keys"),
    "a repeated key": (b'{"session": "s", "session": "t", "tool": "x"}', "'session' twice"),
    "no session": (
        b'{"session": null, "tool": "x"}',
        "line 1: /session: found null, expected text",
    ),
    "an empty tool": (b'{"session": "s", "tool": ""}', "line 1: /tool: found no text"),
    "a long name": (b'{"session": "%s", "tool": "x"}' % (b"s" * 1001), "found 1001 characters"),
    "a surrogate": (b'{"session": "\\ud800", "tool": "x"}', "is not valid Unicode"),
    "a surrogate in the arguments": (
        b'{"session": "s", "tool": "x", "arguments": {"a": ["\\ud800"]}}',
        "line 1: /arguments/a/0: '\\ud800' is not valid Unicode",
    ),
    "a surrogate in a key": (
        b'{"session": "s", "tool": "x", "arguments": {"\\ud800": 1}}',
        "/arguments: the key '\\ud800' is not valid Unicode",
    ),
    "NaN": (
        b'{"session": "s", "tool": "x", "arguments": {"a": NaN}}',
        "/arguments/a: found NaN, expected a finite number",
    ),
    "a huge number": (
        b'{"session": "s", "tool": "x", "arguments": {"a": 1e999999999}}',
        "/arguments/a: found 1e999999999, expected 0 or a magnitude",
    ),
    "a tiny number": (b'{"session": "s", "tool": "x", "arguments": {"a": 1e-999}}', "found 1e-999"),
    "many digits": (
        b'{"session": "s", "tool": "x", "arguments": {"a": %s}}' % (b"9" * 5000),
        "too many digits",
    ),
    "arguments that are no object": (
        b'{"session": "s", "tool": "x", "arguments": 5}',
        "line 1: /arguments: found 5, expected an object",
    ),
    "text that is no JSON": (
        b'{"session": "s", "tool": "x", "arguments": "amount=5"}',
        "line 1: /arguments: line 1, column 1: not JSON",
    ),
    "depth": (
        b'{"session": "s", "tool": "x", "arguments": {"a": %s1%s}}' % (b"[" * 150, b"]" * 150),
        "nested deeper than 100 levels",
    ),
    "great depth": (b"[" * 200_000, "nested too deeply"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_bad_log_gives_one_line(case, tmp_path):
    content, expected = HOSTILE[case]
    text = refusal(written(tmp_path, content))
    assert expected in text
    assert text.startswith(str(tmp_path))


@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_before_a_bad_line_is_lost(case, tmp_path):
    content, _ = HOSTILE[case]
    calls = read_calls(written(tmp_path, lines(LINE, LINE).encode() + content))
    assert [next(calls).tool, next(calls).tool] == ["pay", "pay"]
    if content.strip():
        with pytest.raises(SpecificationError, match=r"line 3|expected an object"):
            list(calls)


def test_a_long_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mfmgame.authority.logs.agent_logs.MOST_LINE_BYTES", 100)
    log = written(tmp_path, lines(LINE) + "x" * 200)
    assert "line 2: longer than the limit of 100 bytes" in refusal(log)


def test_a_large_document_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mfmgame.authority.logs.agent_logs.MAX_BYTES", 100)
    log = written(tmp_path, json.dumps([LINE] * 10, indent=1))
    assert "larger than the limit of 100 bytes" in refusal(log)


def test_standard_input_is_read_line_by_line(monkeypatch):
    class Endless(io.RawIOBase):
        """A line each time that somebody reads, for ever."""

        def readable(self):
            return True

        def readinto(self, buffer):
            data = lines(LINE).encode()
            buffer[: len(data)] = data
            return len(data)

    stream = io.BufferedReader(Endless(), buffer_size=256)
    monkeypatch.setattr(json_reading.sys, "stdin", io.TextIOWrapper(stream))
    calls = read_calls("-")
    assert [next(calls).place for _ in range(3)] == [f"<stdin>: line {n}" for n in (1, 2, 3)]


MEMORY = """
import json, resource, sys
from mfmgame import read_calls
for call in read_calls("-"):
    pass
print(call.place, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
def test_memory_does_not_grow_with_standard_input():
    def peak(number):
        text = "".join(lines(LINE | {"session": f"s{n}"}) for n in range(number))
        done = subprocess.run(
            [*STRICT_PYTHON, "-c", MEMORY], input=text, capture_output=True, text=True, check=True
        )
        place, _, kilobytes = done.stdout.rpartition(" ")
        assert place == f"<stdin>: line {number}"
        return int(kilobytes) * (1 if sys.platform.startswith("linux") else 1 / 1024)

    assert peak(60_000) < peak(1_000) + 2_000


def test_logs_of_other_files_are_refused_with_the_file(tmp_path):
    written(tmp_path, lines(LINE), "a.jsonl")
    bad = written(tmp_path, "{}", "b.json")
    assert refusal(tmp_path).startswith(f"{bad}: ")
