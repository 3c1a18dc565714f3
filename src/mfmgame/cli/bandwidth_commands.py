"""The command that counts the calls that a policy allows."""

from __future__ import annotations

from typing import Annotated

import typer

from mfmgame.cli.complaints import reported
from mfmgame.cli.options import AsJson, Output
from mfmgame.cli.writing import write, write_json

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
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Count the tool calls that a policy allows, in bits.

    TOOLS is an answer to tools/list of the Model Context Protocol, or the tools array of a
    chat API.
    """
    with reported(tools):
        from mfmgame.authority.authorized_bits import authorized_bits

        authorized = authorized_bits(
            tools,
            policy,
            steps=steps,
            harmful=harmful or (),
            free_text_bits=free_text_bits,
        )
        if as_json:
            from mfmgame.view.json.bandwidth_documents import bandwidth_document

            write_json(bandwidth_document(authorized), output)
        else:
            from mfmgame.view.contents import content_of

            write(content_of(authorized), output)
