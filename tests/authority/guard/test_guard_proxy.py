import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import mfmgame as mg
from guarded import SERVER, Guarded, breaker_of, call, line
from mfmgame.authority.guard import guard_proxy
from mfmgame.errors import SpecificationError
from scripted_server import TOOLS
from subprocesses import HEARS_CTRL_C


def refusal(answer):
    assert answer["result"]["isError"] is True
    (content,) = answer["result"]["content"]
    return content["text"].removeprefix("refused by the guard: ")


class TestPassing:
    def test_an_admitted_call_reaches_the_server_byte_for_byte(self):
        odd = b' {"params": {"arguments":{"page" :"\\u0061"},"name":"read"}, '
        odd += b'"method":"tools\\/call","id":"x\\u00e9" }\r\n'
        with Guarded() as client:
            client.write(odd)
            assert client.text().encode() == odd

    def test_other_messages_pass_in_both_directions_byte_for_byte(self):
        strange = b'{"result": 1e400, "id": 1, "id": 2}\r\n\nno JSON \xff\n{"method": "x"}\n'
        with Guarded() as client:
            client.send({"method": "test/write", "params": {"parts": [strange.hex()]}})
            assert b"".join(client.line() for _ in range(4)) == strange
            request = b'{"id":7,"method":"resources/read","params":{"uri":"x","n":1.10}}\n'
            client.write(request)
            assert client.answer()["result"]["got"].encode() == request

    def test_lines_in_parts_arrive_whole(self):
        parts = [b'{"method"', b': "no', b'tifications/x"}\n{"a', b'": 1}\n']
        with Guarded() as client:
            client.send({"method": "test/write", "params": {"parts": [p.hex() for p in parts]}})
            assert client.line() + client.line() == b"".join(parts)
            text = line(call(1, "read", page="a"))
            for at in range(0, len(text), 20):
                client.write(text[at : at + 20])
                time.sleep(0.001)
            assert client.text().encode() == text

    def test_the_guards_own_list_of_tools_stays_private(self):
        with Guarded("pages") as client:
            client.send(call(1, "read", page="a"), {"id": 2, "method": "tools/list"})
            first, second = client.answer(), client.answer()
            assert sorted((first["id"], second["id"])) == [1, 2]
            client.end()
            assert client.rest() == []

    def test_fifty_megabytes_pass_in_both_directions(self):
        text = "x" * 50_000_000
        with Guarded() as client:
            started = time.monotonic()
            client.send({"id": 1, "method": "resources/read", "params": {"uri": text}})
            assert len(client.line(60)) > len(text)
            assert time.monotonic() - started < 30

    def test_neither_side_is_held_up_by_a_side_that_does_not_read(self):
        with Guarded() as client:
            client.send(call(1, "read", page="a"))
            client.text()
            client.send({"method": "test/sleep", "params": {"seconds": 0.5}})
            for number in range(2000):
                client.send(call(number, "pay", amount=9))
            assert {refusal(client.answer()).split(":")[0] for _ in range(2000)} == {"pay"}

    def test_the_last_line_needs_no_line_break(self):
        with Guarded() as client:
            text = line(call(1, "read", page="a"))[:-1]
            client.write(text)
            client.end()
            (answer,) = client.rest()
            assert json.loads(answer)["result"]["content"][0]["text"].encode() == text


class TestRefusals:
    def test_calls_outside_the_policy_are_refused_and_the_rest_goes_on(self):
        with Guarded() as client:
            client.send(call("a", "pay", amount=5), call("b", "pay", amount=4))
            refused, admitted = client.answer(), client.answer()
        assert refused["id"] == "a"
        assert refusal(refused).startswith("pay: 'amount': expected at most 4; 0 of 29 bits")
        assert admitted["id"] == "b"

    def test_the_call_that_does_not_fit_opens_the_breaker(self):
        with Guarded(count=lambda tools: breaker_of(tools, calls=1)) as client:
            client.send(*(call(number, "read", page="a") for number in range(3)))
            answers = {answer["id"]: answer for answer in (client.answer() for _ in range(3))}
        assert "isError" not in answers[0]["result"]
        assert "the breaker opens" in refusal(answers[1])
        assert refusal(answers[2]).startswith("the breaker is open since")

    def test_a_refused_call_without_id_has_no_answer(self):
        with Guarded() as client:
            client.send({"method": "tools/call", "params": {"name": "pay"}})
            client.send({"id": 1, "method": "ping"})
            assert client.answer()["id"] == 1

    def test_calls_as_tasks_are_calls(self):
        with Guarded() as client:
            request = call(1, "pay", amount=9)
            request["params"]["task"] = {"ttl": 1000}
            client.send(request)
            assert refusal(client.answer())

    @pytest.mark.parametrize(
        "text",
        [
            b"{",
            b'{"method": "tools/call", "method": "ping", "id": 1}',
            b'{"method": "ping", "params": {"a": [{"b": 1, "b": 1}]}}',
            b'{"method": "ping", "params": NaN}',
            b'{"method": "ping", "params": {"n": 1e999}}',
            b'{"method": "ping", "params": {"n": ' + b"1" * 5000 + b"}}",
            b'{"method": "\\ud800"}',
            b'{"method": "\xff"}',
            b'\xef\xbb\xbf{"method": "ping"}',
            b'{"method": "ping", "params": ' + b"[" * 101 + b"]" * 101 + b"}",
            b'{"method": "ping", "params": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b'{"method": "x", "params":\r{"method": "tools/call", "params": {}}\r}',
        ],
    )
    def test_ambiguous_lines_are_not_passed_on(self, text):
        with Guarded() as client:
            client.write(text + b"\n")
            answer = client.answer()
            assert answer["error"]["code"] == -32700
            assert answer["id"] is None
            client.send({"id": 2, "method": "ping"})
            assert client.answer()["id"] == 2

    @pytest.mark.parametrize(
        "text",
        [
            b'[{"method": "ping", "id": 1}]',
            b"1",
            b'{"Method": "tools/call", "id": 1}',
            '{"id": 1, "method": "x", "param\u017f": {}}'.encode(),
            b'{"method": null, "id": 1}',
            b'{"method": "Tools/Call", "id": 1}',
            b'{"method": " tools/call\\u0000", "id": 1}',
            b'{"method": "ping", "id": 1.5}',
            b'{"method": "ping", "id": null}',
        ],
    )
    def test_batches_and_odd_messages_are_not_passed_on(self, text):
        with Guarded() as client:
            client.write(text + b"\n")
            assert client.answer()["error"]["code"] == -32600

    def test_a_line_beyond_the_limit_is_not_passed_on(self, monkeypatch):
        monkeypatch.setattr(guard_proxy, "MOST_LINE_BYTES", 1000)
        with Guarded() as client:
            client.send({"id": 1, "method": "ping", "params": {"x": "y" * 2000}})
            assert "longer than the limit" in client.answer()["error"]["message"]

    @pytest.mark.parametrize("name", ["Name", "argument\u017f"])
    def test_misspelt_members_of_a_call_are_refused(self, name):
        with Guarded() as client:
            request = call(1, "read", page="a")
            request["params"][name] = "pay"
            client.send(request)
            assert "expected" in refusal(client.answer())


class TestTools:
    def test_calls_wait_for_the_list_of_tools_in_order(self):
        with Guarded(start=False) as client:
            client.send(call(1, "read", page="a"), call(2, "pay", amount=1))
            client.send({"id": 0, "method": "initialize"})
            assert client.answer()["id"] == 0
            client.send({"method": "notifications/initialized"})
            assert [client.answer()["id"] for _ in range(2)] == [1, 2]

    def test_a_held_call_can_be_cancelled(self):
        with Guarded(start=False) as client:
            client.send(call(1, "read", page="a"), call(2, "read", page="b"))
            client.send({"method": "notifications/cancelled", "params": {"requestId": 1}})
            client.send({"method": "notifications/initialized"})
            assert client.answer()["id"] == 2

    def test_calls_are_refused_if_the_server_lists_no_tools_in_time(self, monkeypatch):
        monkeypatch.setattr("mfmgame.authority.guard.call_gate.SECONDS_TO_LIST", 0.1)
        with Guarded("silent") as client:
            client.send(call(1, "read", page="a"))
            assert "not listed its tools in time" in refusal(client.answer())

    def test_other_messages_do_not_prolong_the_wait_of_a_call(self, monkeypatch):
        monkeypatch.setattr("mfmgame.authority.guard.call_gate.SECONDS_TO_LIST", 0.1)
        with Guarded("silent") as client:
            client.send(call("held", "read", page="a"))
            for _ in range(2000):
                client.write(b"no JSON\n" * 50)
                if client.answer()["id"] == "held":
                    break
            else:
                pytest.fail("the call still waits")

    def test_every_call_is_refused_if_the_tools_cannot_be_counted(self):
        def refuse(tools):
            raise SpecificationError("read.page is unbounded")

        with Guarded(count=refuse) as client:
            client.send(call(1, "read", page="a"), {"id": 2, "method": "ping"})
            answers = sorted((client.answer(), client.answer()), key=lambda found: found["id"])
        assert refusal(answers[0]) == "read.page is unbounded"
        assert client.said == ["every call is refused: read.page is unbounded"]

    def test_every_call_is_refused_if_the_server_has_no_tools(self):
        with Guarded("no tools") as client:
            client.send(call(1, "read", page="a"))
            assert refusal(client.answer()) == "the server does not list its tools"

    @pytest.mark.parametrize("tell", [True, False])
    def test_changed_and_added_tools_are_refused_and_the_others_go_on(self, tell):
        with Guarded() as client:
            client.send(call(1, "read", page="a"))
            client.text()
            client.send({"method": "test/change", "params": {"tell": tell}})
            if tell:
                assert client.answer()["method"] == "notifications/tools/list_changed"
                time.sleep(0.3)  # the guard asks for itself
            else:
                client.send({"id": 2, "method": "tools/list"})
                assert len(client.answer()["result"]["tools"]) == 3
            client.send(call(3, "read", page="a"), call(4, "added"), call(5, "pay", amount=1))
            answers = {answer["id"]: answer for answer in (client.answer() for _ in range(3))}
        assert "changed after the calls" in refusal(answers[3])
        assert "was added after the calls" in refusal(answers[4])
        assert "isError" not in answers[5]["result"]

    def test_a_client_that_was_shown_other_tools_than_the_guard_is_refused_them(self):
        with Guarded(start=False) as client:
            client.send({"id": 1, "method": "tools/list"})
            client.answer()
            client.send({"method": "test/change"}, {"method": "notifications/initialized"})
            client.send(call(2, "read", page="a"))
            assert "changed" in refusal(client.answer())

    def test_a_tool_that_is_listed_twice_is_refused(self):
        with Guarded("silent") as client:
            client.proxy._gate._start([TOOLS[1]])
            answer = line({"id": 1, "result": {"tools": [TOOLS[1], TOOLS[1]]}})
            client.send({"id": 1, "method": "tools/list"})
            client.send({"method": "test/write", "params": {"parts": [answer.hex()]}})
            assert client.line() == answer
            client.send(call(2, "pay", amount=1))
            assert "changed" in refusal(client.answer())

    def test_an_ambiguous_list_of_tools_closes_the_guard(self):
        with Guarded("silent") as client:
            client.send({"id": 1, "method": "tools/list"})
            answer = b'{"id": 1, "result": {"tools": [], "tools": []}}\n'
            client.send({"method": "test/write", "params": {"parts": [answer.hex()]}})
            assert client.line() == answer
            client.send(call(2, "read", page="a"))
            assert "ambiguous JSON" in refusal(client.answer())

    def test_a_stateless_client_is_asked_with_its_own_words(self):
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
            "progressToken": 5,
        }
        with Guarded(start=False) as client:
            for number, page in ((1, "a"), (2, "c")):
                request = call(number, "read", page=page)
                request["params"]["_meta"] = meta
                client.send(request)
            answers = {answer["id"]: answer for answer in (client.answer(), client.answer())}
        assert "isError" not in answers[1]["result"]
        assert refusal(answers[2])
        assert answers[2]["result"]["resultType"] == "complete"


class TestTaint:
    @pytest.mark.parametrize("trusted", [["user", "image", "memory", "tool_description"]])
    def test_calls_are_charged_after_a_tool_of_untrusted_results(self, trusted):
        policy = mg.Policy(
            schema="mfmgame/policy/1",
            other_tools="allow",
            trusted_sources=[*trusted, "tool_result:pay"],
        )
        with Guarded(count=lambda tools: breaker_of(tools, policy=policy)) as client:
            spent = []
            for number, request in enumerate(
                [
                    call(0, "pay", amount=1),
                    call(1, "pay", amount=1),
                    call(2, "read", page="a"),
                    call(3, "pay", amount=1),
                ]
            ):
                client.send(request)
                assert client.answer()["id"] == number
                spent.append(client.breakers[0].status().scopes[0].calls)
        assert spent == [0, 0, 0, 1]

    @pytest.mark.parametrize(
        ("method", "charged"), [("tasks/result", 1), ("x/y", 1), ("logging/setLevel", 0)]
    )
    def test_calls_are_charged_after_any_request_that_may_bring_text(self, method, charged):
        sources = ["user", "image", "memory", "tool_description", "tool_result:pay"]
        policy = mg.Policy(schema="mfmgame/policy/1", other_tools="allow", trusted_sources=sources)
        with Guarded(count=lambda tools: breaker_of(tools, policy=policy)) as client:
            client.send({"id": 1, "method": method}, call(2, "pay", amount=1))
            assert [client.answer()["id"] for _ in range(2)] == [1, 2]
            assert client.breakers[0].status().scopes[0].calls == charged

    def test_what_is_read_before_the_tools_are_known_counts(self):
        sources = ["user", "image", "memory", "tool_description", "tool_result:pay"]
        policy = mg.Policy(schema="mfmgame/policy/1", other_tools="allow", trusted_sources=sources)
        with Guarded(start=False, count=lambda tools: breaker_of(tools, policy=policy)) as client:
            client.send({"id": 1, "method": "resources/read", "params": {"uri": "x"}})
            client.answer()
            client.send({"method": "notifications/initialized"}, call(2, "pay", amount=1))
            client.answer()
            assert client.breakers[0].status().scopes[0].calls == 1


class TestEnds:
    def test_the_client_gets_all_that_a_dying_server_wrote_and_its_status(self):
        flood = b'{"method": "notifications/x"}\n' * 20_000
        with Guarded() as client:
            client.send(
                {"method": "test/write", "params": {"parts": [flood.hex()]}},
                {"method": "test/die", "params": {"status": 7}},
            )
            time.sleep(0.2)
            assert b"".join(client.rest()) == flood
            client.threads[0].join(10)
            assert client.status == 7

    def test_a_server_that_ignores_the_end_is_stopped(self, monkeypatch):
        monkeypatch.setattr(guard_proxy, "SECONDS_AFTER_INPUT", 0.2)
        monkeypatch.setattr(guard_proxy, "SECONDS_TO_TERMINATE", 0.2)
        with Guarded("parent", "stubborn") as client:
            assert client.end() == 1
        assert "was stopped" in client.said[0]

    def test_a_server_that_ends_within_a_line_holds_up_no_answer_to_the_client(self):
        with Guarded(start=False, command=["sh", "-c", "sleep 0.3; printf '{\"cut'"]) as client:
            flood = b"no JSON\n" * 500_000  # its writer waits once nobody reads
            threading.Thread(target=client.write, args=[flood], daemon=True).start()
            client.threads[0].join(10)
            assert client.status == 0
            lines = client.rest()
        assert b'{"cut' in lines[-1] or b'{"cut\n' in lines
        assert all(b"-32700" in found for found in lines if not found.startswith(b'{"cut'))

    def test_a_server_that_is_killed_is_reported(self):
        with Guarded() as client:
            os.kill(client.proxy._server.pid, signal.SIGKILL)
            assert client.line() is None
            client.threads[0].join(10)
        assert (client.status, client.said) == (1, ["the server was ended by signal 9"])

    def test_a_command_that_cannot_be_started_is_one_error(self):
        proxy = guard_proxy.GuardProxy(["/none/such"], breaker_of, warn=print, handles=(0, 1))
        with pytest.raises(SpecificationError, match="cannot be started"):
            proxy.run()

    def test_a_server_that_reads_nothing_ends_with_its_client(self, monkeypatch):
        monkeypatch.setattr(guard_proxy, "SECONDS_AFTER_INPUT", 0.2)
        with Guarded() as client:
            client.send({"method": "test/sleep", "params": {"seconds": 60}})
            for _ in range(4):
                client.send({"method": "x", "params": {"text": "y" * 100_000}})
            assert client.end() == 1


GUARD = """
import sys
sys.path.insert(0, sys.argv[1])
from guarded import SERVER, breaker_of
from mfmgame.authority.guard.guard_proxy import GuardProxy
from mfmgame.machine.signals import interrupt_on_termination, interruption_code
interrupt_on_termination()
try:
    sys.exit(GuardProxy([*SERVER, *sys.argv[2:]], breaker_of, warn=print).run())
except KeyboardInterrupt:
    sys.exit(interruption_code())
"""


@pytest.mark.parametrize(
    ("number", "modes", "status"),
    [
        (signal.SIGTERM, [], 143),
        (signal.SIGINT, ["parent"], 130),
        (signal.SIGTERM, ["parent", "stubborn"], 143),
        (signal.SIGKILL, [], -9),
    ],
)
def test_no_process_is_left_when_the_guard_is_ended(number, modes, status):
    folder = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    guard = subprocess.Popen(
        [sys.executable, "-c", GUARD, folder, *modes],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=HEARS_CTRL_C,
    )
    servers = [int(guard.stderr.readline()) for _ in range(1 + ("parent" in modes))]
    guard.stdin.write(line({"id": 1, "method": "ping"}))
    guard.stdin.flush()
    guard.stdout.readline()
    guard.send_signal(number)
    guard.stdout.read()  # until the last process that could write has ended
    assert guard.wait(10) == status
    for server in servers:
        end = time.monotonic() + 5
        while _is_alive(server) and time.monotonic() < end:
            time.sleep(0.02)
        assert not _is_alive(server)
    guard.stdin.close()
    guard.stdout.close()
    guard.stderr.close()


def test_a_client_that_stops_reading_ends_the_guard():
    folder = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    command = [sys.executable, "-c", GUARD, folder]
    guard = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    guard.stdout.close()
    guard.stdin.write(line({"id": 1, "method": "ping"}))
    guard.stdin.flush()
    assert guard.wait(10) == 0
    guard.stdin.close()


def _is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_scripted_server_has_the_calls_that_are_counted():
    assert mg.authorized_bits(TOOLS).count == 7
    assert SERVER[0] == sys.executable
