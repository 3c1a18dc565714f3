"""The guard between an agent and its tools, and its state."""

from __future__ import annotations

import contextlib
import getpass
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mfmgame.cli.complaints import complain, reported
from mfmgame.cli.options import AsJson, Output
from mfmgame.cli.writing import write, write_json, write_lines
from mfmgame.errors import SpecificationError

__all__ = ["guard_app", "reset", "run", "status", "tools"]


class Scope(StrEnum):
    """Who shares a limit."""

    SYSTEM = "system"
    SESSION = "session"


class GuardGroup(TyperGroup):
    """Group whose command ``run`` needs no name: it starts with its first option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Name the command ``run`` unless the first argument names a command."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


guard_app = typer.Typer(
    cls=GuardGroup,
    no_args_is_help=True,
    help="Guard the tool calls of an agent with a circuit breaker.\n\nThe name of the command run "
    "may be left out: guard OPTIONS -- COMMAND.",
)
State = Annotated[
    Path, typer.Option("--state", metavar="FILE", help="State file of the circuit breaker.")
]


def run(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND", help="Command that starts the server, with its arguments, after --."
        ),
    ],
    result: Annotated[
        str,
        typer.Option("--result", metavar="FILE", help="Result: JSON of solve or evaluate."),
    ],
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="SPEC", help="The scenario of the result.")
    ],
    plan: Annotated[
        str,
        typer.Option(
            "--plan",
            metavar="NAME",
            help="The plan in force: a plan's name; or (best) or (threshold), the allocation of "
            "the result or of its threshold.",
        ),
    ],
    policy: Annotated[
        str, typer.Option("--policy", metavar="FILE", help="Policy (JSON) on the tools.")
    ],
    state: State,
    scope: Annotated[
        Scope,
        typer.Option("--scope", help="Whether all sessions share the limit, or each has its own."),
    ] = Scope.SYSTEM,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="NAME", help="Name of this session [default: a random name]."
        ),
    ] = None,
    other_tools: Annotated[
        list[str] | None,
        typer.Option(
            "--other-tools",
            metavar="FILE",
            help="Tool manifest of another server of the same agent; repeatable.",
        ),
    ] = None,
    allow_assumed_bits: Annotated[
        bool,
        typer.Option(
            "--allow-assumed-bits",
            help="Allow threats whose bits were not counted from this policy; no bound on the "
            "loss is proven then.",
        ),
    ] = False,
    log_arguments: Annotated[
        bool,
        typer.Option(
            "--log-arguments", help="Write each call with its arguments to standard error."
        ),
    ] = False,
) -> None:
    """Run an MCP server, and admit calls up to the certified limit.

    The guard speaks the protocol on standard input and output, as the server does.
    """
    with reported(result):
        if sys.stdin is None or sys.stdout is None:
            raise SpecificationError("standard input or output is closed")
        from mfmgame.authority.guard.guard_proxy import GuardProxy
        from mfmgame.authority.guard.waiting_breaker import waiting_breaker

        count = waiting_breaker(
            result,
            scenario,
            policy,
            plan=plan,
            state=state,
            scope=scope.value,
            other_tools=other_tools or (),
            allow_assumed_bits=allow_assumed_bits,
        )
        proxy = GuardProxy(
            command,
            count,
            session,
            warn=_warn,
            log=_log if log_arguments else None,
        )
        code = proxy.run()
    raise typer.Exit(code)


def tools(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND", help="Command that starts the server, with its arguments, after --."
        ),
    ],
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Time for the list.")
    ] = 30.0,
    output: Output = None,
) -> None:
    """List the tools of an MCP server, for the command bandwidth."""
    with reported("guard tools"):
        from mfmgame.authority.guard.tool_fetch import fetch_tools

        write_json(fetch_tools(command, timeout), output)


def status(state: State, as_json: AsJson = False) -> None:
    """Show what the breaker has admitted, and what is left."""
    with reported(str(state)):
        from mfmgame.authority.breaker.breaker_status import read_status

        found = read_status(state)
        if as_json:
            from mfmgame.view.json.breaker_documents import status_document

            write_json(status_document(found), None)
        else:
            from mfmgame.view.text.breaker_text import status_text

            write(status_text(found), None)


def reset(
    state: State,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why the spent bits count no more.")
    ],
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="NAME", help="Who decides it [default: the user's name]."),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option("--session", metavar="NAME", help="Session to reset, of scope session."),
    ] = None,
) -> None:
    """Close the breaker and return the spent bits; the reset is logged."""
    with reported(str(state)):
        from mfmgame.authority.breaker.breaker_status import reset_store

        reset_store(state, reason, by or getpass.getuser(), session)
        write_lines([f"reset {session or 'all'}: the breaker is closed, no bits are spent"])


def _warn(text: str) -> None:
    complain(text, "guard")


def _log(call: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, AttributeError):  # closed
        sys.stderr.write(json.dumps(call, default=str) + "\n")
        sys.stderr.flush()
