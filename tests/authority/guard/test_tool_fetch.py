"""The list of tools of a server: whole, or one line that says why there is none."""

import os
import signal
import subprocess
import sys
import time

import pytest

import mfmgame as mg
from guarded import Guarded
from mfmgame.authority.guard import tool_fetch
from mfmgame.authority.guard.tool_fetch import fetch_tools
from mfmgame.documents.tool_manifest import manifest_of
from npm_servers import SERVERS, listed_tools, server_command
from subprocesses import HEARS_CTRL_C

SERVER = """
import json, os, sys, time

def write(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

mode = sys.argv[1]
print("starting", flush=True)  # no message: it is skipped
for number, line in enumerate(sys.stdin):
    message = json.loads(line)
    if "id" not in message:
        continue
    identity, cursor = message["id"], message["params"].get("cursor")
    schema = {"const": 10**25, "multipleOf": 0.1, "maximum": 1e30, "title": "\u00e9\\ud83d\\ude00"}
    answer = {"result": {"tools": [{"name": cursor or "first", "inputSchema": schema}]}}
    is_first = message["method"] == "initialize"
    if mode == "pages" and cursor is None:
        answer["result"]["nextCursor"] = "second"
    if mode == "endless":
        answer = {"result": {"tools": [], "nextCursor": str(number)}}
    if mode == "repeating":
        answer = {"result": {"tools": [], "nextCursor": "again"}}
    if mode == "odd":
        answer = {"result": {"tools": [{"name": 3}]}}
    if mode == "refusing":
        answer = {"error": {"code": -32601, "message": "no\\x1b[31m tools"}}
    if mode == "stateless" and "_meta" not in message["params"]:
        answer = {"error": {"code": -32602, "message": "expected _meta"}}
    if mode == "unlisted":
        answer = {"result": {}}
    if mode == "ambiguous" and not is_first:
        print(json.dumps({"id": identity, "result": {"tools": [float("nan")]}}), flush=True)
    if mode == "dying":
        sys.exit(3)
    if mode == "killed":
        os.kill(os.getpid(), 9)
    if mode == "closing":
        os.close(1)
        time.sleep(60)
    if mode == "flooding":
        while True:
            os.write(1, b"x" * 2**20)
    if mode == "asking":  # requests of its own, with the number of the client's request
        write({"id": identity, "method": "roots/list"})
    if mode == "full" and not is_first:  # answers ahead, and reads no more
        for ahead in range(identity, 2000):
            result = {"tools": [], "nextCursor": str(ahead) + "x" * 1000}
            write({"id": ahead, "result": result})
        time.sleep(60)
    write({"id": identity, **answer})
"""


def scripted(mode):
    return [sys.executable, "-c", SERVER, mode]


@pytest.mark.parametrize(
    ("mode", "names"),
    [("pages", ["first", "second"]), ("asking", ["first"]), ("stateless", ["first"])],
)
def test_all_pages_are_listed_and_other_lines_are_skipped(mode, names):
    assert [tool["name"] for tool in fetch_tools(scripted(mode))["tools"]] == names


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (scripted("endless"), "the server's list of tools does not end"),
        (scripted("repeating"), "the server's list of tools does not end"),
        (scripted("odd"), "found 3, expected the name of a tool"),
        (scripted("refusing"), "the server refuses initialize: 'no\\x1b[31m tools'"),
        (scripted("refusing"), "; without a handshake, the server refuses tools/list: 'no"),
        (scripted("unlisted"), "the server's answer to tools/list has no list of tools"),
        (scripted("ambiguous"), "the server's answer to tools/list is ambiguous JSON"),
        (scripted("dying"), "the server ended with exit status 3 before it had listed its tools"),
        (scripted("killed"), "the server was ended by signal 9 before it had listed its tools"),
        (scripted("closing"), "the server closed its output before it had listed its tools"),
        (scripted("flooding"), "the server wrote more than 5000000 bytes"),
        (scripted("full"), "the server's list of tools does not end"),
        (["no-such-command"], "'no-such-command' cannot be started"),
    ],
)
def test_a_server_without_a_list_is_refused_in_one_line(command, reason, monkeypatch):
    monkeypatch.setattr(tool_fetch, "MOST_LINE_BYTES", 5 * 10**6)
    monkeypatch.setattr(tool_fetch, "_SECONDS_TO_END", 0.1)
    with pytest.raises(mg.SpecificationError) as refusal:
        fetch_tools(command)
    assert reason in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_server_that_says_nothing_is_ended_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(tool_fetch, "_SECONDS_TO_END", 0.1)
    mark = tmp_path / "child"
    child = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    started = time.monotonic()
    with pytest.raises(mg.SpecificationError, match="no answer in 2 seconds"):
        fetch_tools([sys.executable, "-c", parent], timeout=2.0)
    assert time.monotonic() - started < 30
    assert mark.exists()
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(mark) not in running.stdout


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_only_a_finite_time_above_zero_is_allowed(timeout):
    with pytest.raises(mg.SpecificationError, match="expected seconds above 0"):
        fetch_tools(["no-such-command"], timeout)


CLIENT = {"name": "tests", "version": "1"}
TOOLS_COMMAND = [sys.executable, "-m", "mfmgame", "guard", "tools"]


def test_an_interruption_ends_the_server_too():
    server = "import os, time; print(os.getpid(), file=__import__('sys').stderr); time.sleep(60)"
    with subprocess.Popen(
        [*TOOLS_COMMAND, "--", sys.executable, "-u", "-c", server],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=HEARS_CTRL_C,
    ) as command:
        number = int(command.stderr.readline())
        command.send_signal(signal.SIGINT)
        assert command.communicate() == ("", "error: interrupted\n")
    assert command.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def digest_in_the_guard(server):
    """Return the digest of the tools that the guard counts."""
    counted = []

    def count(tools):
        counted.append(tools.digest)
        raise mg.SpecificationError("counted")

    words = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": CLIENT}
    with Guarded(command=server, count=count, start=False) as client:
        client.send(
            {"id": 0, "method": "initialize", "params": words},
            {"method": "notifications/initialized"},
            {"id": 1, "method": "tools/call", "params": {"name": "first"}},
        )
        while b"refused by the guard: counted" not in client.line():
            pass
    (digest,) = counted
    return digest


def test_the_command_writes_the_manifest_that_the_guard_counts(tmp_path):
    file = tmp_path / "tools.json"
    subprocess.run([*TOOLS_COMMAND, "-o", str(file), "--", *scripted("pages")], check=True)
    manifest = mg.load_tools(file)
    assert [tool.name for tool in manifest.tools] == ["first", "second"]
    assert manifest.digest == digest_in_the_guard(scripted("pages"))


def test_the_guard_counts_the_listed_tools_of_a_real_server():
    server = server_command("everything")
    assert manifest_of(fetch_tools(server)).digest == digest_in_the_guard(server)


@pytest.mark.parametrize("server", SERVERS)
def test_real_servers_list_what_a_client_sees(server, tmp_path):
    arguments = [str(tmp_path)] if server == "filesystem" else []
    command = server_command(server, *arguments)
    assert fetch_tools(command)["tools"] == listed_tools(server, *arguments)["result"]["tools"]
