"""The guard between servers from npm, or of the Python SDK, and the official Python client."""

import json
import os
import sys
from pathlib import Path

import pytest

import mfmgame as mg
from npm_servers import server_command

mcp = pytest.importorskip("mcp", reason="needs the MCP client: pip install mcp")
anyio = pytest.importorskip("anyio")
if not hasattr(mcp, "Client"):
    pytest.skip("needs release 2 of the MCP client", allow_module_level=True)

ROOT = Path(__file__).parents[3]
SCENARIO = mg.Scenario(
    schema="mfmgame/scenario/1",
    threats=[{"id": "theft", "severity": 10, "bandwidth": 4000}],
    attacker={"bandwidth": 2},
    termination={"loss": 5},
)
PYTHON_SERVER = """
from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("python")


@server.tool()
async def count(n: int, ctx: Context) -> int:
    for step in range(n):
        await ctx.report_progress(step, n)
    return n


server.run("stdio")
"""


@pytest.fixture
def guarded(tmp_path):
    """Return a function that puts the guard before the command of a server."""
    document = mg.result_document(mg.assess(SCENARIO))
    (tmp_path / "result.json").write_text(json.dumps(document))
    (tmp_path / "scenario.json").write_text(json.dumps(SCENARIO.to_document()))

    def command(server, policy):
        policy = {"schema": "mfmgame/policy/1", **policy}
        (tmp_path / "policy.json").write_text(json.dumps(policy))
        options = {"result": "result.json", "scenario": "scenario.json", "policy": "policy.json"}
        options["state"] = "guard.db"
        files = [text for name, file in options.items() for text in (f"--{name}", tmp_path / file)]
        start = [sys.executable, "-m", "mfmgame", "guard", *map(str, files)]
        return [*start, "--plan", "(best)", "--allow-assumed-bits", "--", *server]

    return command


def session(command, script, *, mode="legacy", **callbacks):
    """Run a script with a client of a server, and return what it returns."""

    async def run():
        environment = {"PYTHONPATH": str(ROOT / "src")}
        parameters = mcp.StdioServerParameters(
            command=command[0], args=command[1:], env=environment
        )
        with open(os.devnull, "w") as silent, anyio.fail_after(30):
            transport = mcp.stdio_client(parameters, errlog=silent)
            async with mcp.Client(transport, mode=mode, **callbacks) as client:
                return await script(client)

    return anyio.run(run)


def plain(result):
    return result.model_dump(mode="json", by_alias=True)


def texts(result):
    return [content.text for content in result.content]


def test_a_session_with_files_is_the_same_with_and_without_the_guard(guarded, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    file = str(folder / "a.txt")
    server = server_command("filesystem", str(folder))
    long = "x" * 3_000_000

    async def script(client):
        found = [plain(await client.list_tools())]
        arguments = {"path": file, "content": long}
        found.append(plain(await client.call_tool("write_file", arguments)))
        found.append(plain(await client.call_tool("read_text_file", {"path": file})))
        return found

    contents = {"path": {"enum": [file]}, "content": {"characters": "x", "maxLength": 4_000_000}}
    reading = {"path": {"enum": [file]}, "head": {"leave_out": True}, "tail": {"leave_out": True}}
    tools = {"write_file": {"arguments": contents}, "read_text_file": {"arguments": reading}}

    async def outside(client):
        other = {"path": str(folder / "b.txt"), "content": "x"}
        return await script(client), [
            await client.call_tool("write_file", other),
            await client.call_tool("list_directory", {"path": str(folder)}),
        ]

    passed, refused = session(guarded(server, {"tools": tools}), outside, mode="auto")
    assert passed == session(server, script)
    for answer in refused:
        assert answer.is_error
        assert texts(answer)[0].startswith("refused by the guard: ")
    assert not (folder / "b.txt").exists()


def test_progress_sampling_roots_and_late_tools_work_behind_the_guard(guarded):
    server = server_command("everything")
    choices = {
        "trigger-long-running-operation": {"duration": [0.2, 1], "steps": [2]},
        "trigger-sampling-request": {"prompt": ["hello"], "maxTokens": [5]},
        "echo": {"message": ["hello"]},
    }
    tools = {
        name: {"arguments": {key: {"enum": values} for key, values in arguments.items()}}
        for name, arguments in choices.items()
    }
    tools["get-roots-list"] = {}
    command = guarded(server, {"tools": tools})

    async def sample(context, params):
        content = mcp.types.TextContent(type="text", text="sampled")
        return mcp.types.CreateMessageResult(role="assistant", content=content, model="m")

    async def roots(context):
        return mcp.types.ListRootsResult(roots=[mcp.types.Root(uri="file:///tmp", name="r")])

    async def script(client):
        found, progress = [], []

        async def note(done, total, message):
            progress.append((done, total))

        arguments = {"duration": 0.2, "steps": 2}
        name = "trigger-long-running-operation"
        found.append(plain(await client.call_tool(name, arguments, progress_callback=note)))
        with anyio.move_on_after(0.1) as cancelled:
            await client.call_tool(name, {"duration": 1, "steps": 2})
        arguments = {"prompt": "hello", "maxTokens": 5}
        found.append(plain(await client.call_tool("trigger-sampling-request", arguments)))
        found.append(plain(await client.call_tool("get-roots-list", {})))
        found.append(plain(await client.call_tool("echo", {"message": "hello"})))
        names = sorted(tool.name for tool in (await client.list_tools()).tools)
        return found, progress, cancelled.cancelled_caught, names

    callbacks = {"sampling_callback": sample, "list_roots_callback": roots}
    without = session(server, script, **callbacks)
    assert session(command, script, **callbacks) == without
    assert without[1] == [(1, 2), (2, 2)]
    assert not any(result["isError"] for result in without[0])


def test_the_stateless_era_of_the_protocol_passes(guarded, tmp_path):
    file = tmp_path / "server.py"
    file.write_text(PYTHON_SERVER)
    server = [sys.executable, str(file)]
    tools = {"count": {"arguments": {"n": {"minimum": 1, "maximum": 4}}}}

    async def script(client):
        progress = []

        async def note(done, total, message):
            progress.append(done)

        found = plain(await client.call_tool("count", {"n": 3}, progress_callback=note))
        return client.protocol_version, progress, found

    async def outside(client):
        return await script(client), await client.call_tool("count", {"n": 5})

    passed, refused = session(guarded(server, {"tools": tools}), outside, mode="auto")
    assert passed == session(server, script, mode="auto")
    assert passed[0] == "2026-07-28"
    assert refused.is_error
    assert "expected at most 4" in texts(refused)[0]


def test_two_sessions_at_once_share_one_state(guarded, tmp_path):
    server = server_command("everything")
    command = guarded(server, {"tools": {"echo": {"arguments": {"message": {"enum": ["a"]}}}}})

    async def both():
        parameters = mcp.StdioServerParameters(
            command=command[0], args=command[1:], env={"PYTHONPATH": str(ROOT / "src")}
        )
        answers = []

        async def one():
            with open(os.devnull, "w") as silent:
                transport = mcp.stdio_client(parameters, errlog=silent)
                async with mcp.Client(transport, mode="legacy") as client:
                    found = [await client.call_tool("echo", {"message": "a"}) for _ in range(10)]
                    answers.extend(found)

        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(one)
                group.start_soon(one)
        return answers

    assert [texts(answer) for answer in anyio.run(both)] == [["Echo: a"]] * 20
    from mfmgame.authority.breaker.breaker_status import read_status

    status = read_status(tmp_path / "guard.db")
    assert (status.scopes[0].calls, status.sessions, status.admitted) == (20, 2, 20)
