"""The command that counts the calls that a policy allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mfmgame.cli.complaints import reported
from mfmgame.cli.options import AsJson, Output
from mfmgame.cli.writing import write, write_json
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.authority.counting.authorized_bits import AuthorizedBits
    from mfmgame.authority.logs.unused_authority import UnusedAuthority
    from mfmgame.authority.logs.used_bits import UsedBits

__all__ = ["bandwidth"]


def bandwidth(
    tools: Annotated[
        str,
        typer.Argument(
            metavar="TOOLS", help="Tool manifest (JSON), or - to read it from standard input."
        ),
    ],
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="FILE", help="Policy (JSON); by default, allow all."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", metavar="N", help="Calls of a session [default: the policy's]."),
    ] = None,
    harmful: Annotated[
        list[str] | None,
        typer.Option(
            "--harmful",
            metavar="CALLS",
            help="What realises a threat, such as 'fraud: pay(amount>=1000); mail(to=boss)'; "
            "repeatable.",
        ),
    ] = None,
    free_text_bits: Annotated[
        float | None,
        typer.Option(
            "--free-text-bits",
            metavar="BITS",
            help="Bits to assume for an argument without a bound.",
        ),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(
            "--log",
            metavar="LOG",
            help="Log of honest agent runs, a file or a folder: show used bits, and the authority "
            "that no call used.",
        ),
    ] = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Count the tool calls that a policy allows, in bits.

    TOOLS is an answer to tools/list of the Model Context Protocol, or the tools array of a
    chat API.
    """
    with reported(tools):
        from mfmgame.authority.counting.authorized_bits import authorized_bits

        authorized = authorized_bits(
            tools,
            policy,
            steps=steps,
            harmful=harmful or (),
            free_text_bits=free_text_bits,
        )
        used, unused = (None, None) if log is None else _logged(authorized, log)
        if as_json:
            from mfmgame.view.json.bandwidth_documents import bandwidth_document

            write_json(bandwidth_document(authorized, used, unused), output)
        else:
            from rich.console import Group, RenderableType

            from mfmgame.view.contents import content_of

            parts: list[RenderableType] = [content_of(authorized)]
            for answer in (used, unused):
                parts += [] if answer is None else ["", content_of(answer)]
            write(Group(*parts), output)


def _logged(authorized: AuthorizedBits, log: str) -> tuple[UsedBits, UnusedAuthority]:
    """Read a log twice: the calls of a long log do not fit in memory."""
    from mfmgame.authority.logs.agent_logs import read_calls
    from mfmgame.authority.logs.unused_authority import unused_authority
    from mfmgame.authority.logs.used_bits import used_bits

    if log == "-":
        raise SpecificationError(
            "found standard input, expected a file or a folder", pointer="--log"
        )
    return used_bits(log).within(authorized), unused_authority(authorized, read_calls(log))
