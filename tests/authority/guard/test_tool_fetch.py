"""The list of tools of a server: whole, or one line that says why there is none."""

import subprocess
import sys
import time

import pytest

import mfmgame as mg
from mfmgame.authority.guard.tool_fetch import fetch_tools
from npm_servers import SERVERS, listed_tools, server_command

SERVER = """
import json, sys, time
mode = sys.argv[1]
print("starting", flush=True)  # no message: it is skipped
for number, line in enumerate(sys.stdin):
    message = json.loads(line)
    if "id" not in message:
        continue
    cursor = message["params"].get("cursor")
    answer = {"result": {"tools": [{"name": cursor or "first"}]}}
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
    if mode == "dying":
        sys.exit(3)
    if mode == "asking":  # requests of its own, with the number of the client's request
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "method": "ping"}), flush=True)
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
"""


def scripted(mode):
    return [sys.executable, "-c", SERVER, mode]


@pytest.mark.parametrize(("mode", "names"), [("pages", ["first", "second"]), ("asking", ["first"])])
def test_all_pages_are_listed_and_other_lines_are_skipped(mode, names):
    assert [tool["name"] for tool in fetch_tools(scripted(mode))["tools"]] == names


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (scripted("endless"), "the server's list of tools does not end"),
        (scripted("repeating"), "the server's list of tools does not end"),
        (scripted("odd"), "found 3, expected the name of a tool"),
        (scripted("refusing"), "the server refuses initialize: 'no\\x1b[31m tools'"),
        (scripted("dying"), "the server ended before it had listed its tools"),
        (["no-such-command"], "'no-such-command' cannot be started"),
    ],
)
def test_a_server_without_a_list_is_refused_in_one_line(command, reason):
    with pytest.raises(mg.SpecificationError) as refusal:
        fetch_tools(command)
    assert reason in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_server_that_says_nothing_is_ended_with_its_children(tmp_path):
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


def test_the_command_writes_a_manifest_that_can_be_counted(tmp_path):
    file = tmp_path / "tools.json"
    command = [sys.executable, "-m", "mfmgame", "guard", "tools", "-o", str(file), "--"]
    subprocess.run([*command, *scripted("pages")], check=True)
    assert [tool.name for tool in mg.load_tools(file).tools] == ["first", "second"]


@pytest.mark.parametrize("server", SERVERS)
def test_real_servers_list_what_a_client_sees(server, tmp_path):
    arguments = [str(tmp_path)] if server == "filesystem" else []
    command = server_command(server, *arguments)
    assert fetch_tools(command)["tools"] == listed_tools(server, *arguments)["result"]["tools"]
