"""Real servers of the Model Context Protocol from npm, where they are installed."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SERVERS = ("everything", "filesystem", "memory", "sequential-thinking")
_ROOT = Path(__file__).resolve().parent.parent


def server_command(name: str, *arguments: str) -> list[str]:
    """Return the command of a server; skip the test where node or the package is absent.

    The environment variable MFMGAME_NPM names the folder that `npm install` was run in; by
    default, the root of the repository.
    """
    folder = Path(os.environ.get("MFMGAME_NPM") or _ROOT) / "node_modules"
    package = folder / "@modelcontextprotocol" / f"server-{name}"
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (package / "package.json").is_file():
        pytest.skip(f"no npm package @modelcontextprotocol/server-{name} in {folder}")
    programs = json.loads((package / "package.json").read_text("utf-8"))["bin"]
    program = programs if isinstance(programs, str) else next(iter(programs.values()))
    return ["node", str(package / program), *arguments]


def listed_tools(name: str, *arguments: str) -> Any:
    """Return a server's answer to tools/list, as it sends it."""
    ask = [
        {
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "tests", "version": "1"},
            },
        },
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
    ]
    with subprocess.Popen(
        server_command(name, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for message in ask:
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        server.stdin.flush()
        try:
            for line in server.stdout:
                answer = json.loads(line)
                if answer.get("id") == 2:
                    return answer
        finally:
            server.kill()
    raise AssertionError(f"the server {name} ended without an answer to tools/list")
