"""The command that finds sessions of a log that the circuit breaker would have stopped."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mfmgame.cli.complaints import EXIT_TERMINATE, reported
from mfmgame.cli.writing import write_lines, write_plain
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.authority.logs.log_watch import LogWatch

__all__ = ["watch"]


def watch(
    result: Annotated[
        str,
        typer.Option("--result", metavar="FILE", help="Result: JSON of solve or evaluate."),
    ],
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="SPEC", help="Scenario of the result.")
    ],
    plan: Annotated[
        str,
        typer.Option(
            "--plan", metavar="NAME", help="Plan in force: its name, (best) or (threshold)."
        ),
    ],
    tools: Annotated[str, typer.Option("--tools", metavar="FILE", help="Tool manifest (JSON).")],
    policy: Annotated[str, typer.Option("--policy", metavar="FILE", help="Policy (JSON).")],
    log: Annotated[
        str,
        typer.Option(
            "--log",
            metavar="LOG",
            help="Log of agent runs: a file, a folder, or - to read lines from standard input "
            "as they come.",
        ),
    ],
    format_: Annotated[
        Literal["otlp", "inspect", "agentdojo", "lines"] | None,
        typer.Option("--format", help="Format of the log [default: as its content says]."),
    ] = None,
    scope: Annotated[
        Literal["system", "session"],
        typer.Option("--scope", help="Whether all sessions share the limit, or each has its own."),
    ] = "system",
    allow_assumed_bits: Annotated[
        bool,
        typer.Option(
            "--allow-assumed-bits",
            help="Accept threats whose bits were not counted from this policy; no bound on the "
            "loss is proven then.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON document on each line.")
    ] = False,
) -> None:
    """Find the sessions of a log that the guard would have stopped.

    Prints a line for each as soon as its call is read, and a summary at the end.
    """
    with reported(result):
        from mfmgame.authority.breaker.circuit_breaker import CircuitBreaker
        from mfmgame.authority.logs.agent_logs import read_calls
        from mfmgame.authority.logs.log_watch import LogWatch
        from mfmgame.view.json.watch_documents import stopped_document
        from mfmgame.view.text.watch_text import stopped_line

        breaker = CircuitBreaker.from_result(
            result,
            scenario,
            policy,
            tools=tools,
            plan=plan,
            scope=scope,
            allow_assumed_bits=allow_assumed_bits,
        )
        watched = LogWatch(breaker)
        with breaker, _summed_up(watched, as_json):
            for stopped in watched.stopped_sessions(read_calls(log, format_)):
                if as_json:
                    write_plain(json.dumps(stopped_document(stopped)) + "\n")
                else:
                    write_lines([stopped_line(stopped)])
    if watched.stopped:
        raise typer.Exit(EXIT_TERMINATE)


@contextlib.contextmanager
def _summed_up(watched: LogWatch, as_json: bool) -> Iterator[None]:
    """Print the summary of all that was read, also before a bad line and an interruption."""
    from mfmgame.view.json.watch_documents import summary_document
    from mfmgame.view.text.watch_text import summary_lines

    def show() -> None:
        if as_json:
            write_plain(json.dumps(summary_document(watched)) + "\n")
        else:
            write_lines(summary_lines(watched))

    try:
        yield
    except (SpecificationError, KeyboardInterrupt):
        show()
        raise
    show()
