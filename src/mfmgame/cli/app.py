"""The program `mfmgame`: its commands by name, and how it starts and ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from mfmgame import __version__
from mfmgame.cli import answer_commands as answer
from mfmgame.cli import attribution_commands as attribution
from mfmgame.cli import bandwidth_commands as bandwidth
from mfmgame.cli import catalog_commands as catalog
from mfmgame.cli import evidence_commands as evidence
from mfmgame.cli import export_commands as export
from mfmgame.cli import guard_commands as guard
from mfmgame.cli import import_commands as imports
from mfmgame.cli import plan_commands as plans
from mfmgame.cli import table_commands as tables
from mfmgame.cli import uncertainty_commands as uncertainty
from mfmgame.cli import watch_commands as watching
from mfmgame.cli.catalog_commands import catalog_app
from mfmgame.cli.complaints import EXIT_BAD_INPUT, complain
from mfmgame.cli.evidence_commands import evidence_app
from mfmgame.cli.guard_commands import guard_app
from mfmgame.cli.help import Command, SchemaCommand
from mfmgame.cli.import_commands import import_app
from mfmgame.cli.option_groups import with_single_options
from mfmgame.documents.json_reading import remember_files
from mfmgame.machine.signals import interruption_code

__all__ = ["app", "main"]


app = typer.Typer(
    name="mfmgame",
    help="Find where to spend on defenses, what the worst attacker can still do, and at which "
    "attacker bandwidth to shut down.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(catalog_app, name="catalog")
catalog_app.add_typer(import_app, name="import")
app.add_typer(evidence_app, name="evidence")
app.add_typer(guard_app, name="guard")

COMMANDS: dict[str, Callable[..., None]] = {
    "init": tables.init,
    "check": tables.check,
    "convert": tables.convert,
    "solve": answer.solve,
    "sweep": answer.sweep,
    "threshold": answer.threshold,
    "dci": answer.dci,
    "bandwidth": bandwidth.bandwidth,
    "evaluate": plans.evaluate,
    "compare": plans.compare,
    "explain": attribution.explain,
    "ensemble": uncertainty.ensemble,
    "robust": uncertainty.robust,
    "sensitivity": uncertainty.sensitivity,
    "shares": attribution.shares,
    "what-if": attribution.what_if,
    "verify": answer.verify,
    "portfolio": answer.portfolio,
    "export": export.export,
    "report": export.report,
    "layer": export.layer,
    "schema": export.schema,
    "watch": watching.watch,
    "catalog list": catalog.list_shipped,
    "catalog show": catalog.show,
    "catalog check": catalog.check,
    "catalog merge": catalog.merge,
    "catalog weigh": catalog.weigh,
    "catalog measure": evidence.measure,
    "catalog import atlas": imports.import_atlas,
    "catalog import attack": imports.import_attack,
    "catalog import cosai": imports.import_cosai,
    "catalog import ctid": imports.import_ctid,
    "catalog import flow": imports.import_flow,
    "evidence read": evidence.read,
    "evidence show": evidence.show,
    "evidence merge": evidence.merge,
    "guard run": guard.run,
    "guard tools": guard.tools,
    "guard status": guard.status,
    "guard reset": guard.reset,
}
"""Every command by the words that call it, in the order of ``--help``."""
GROUPS = {
    "": app,
    "catalog": catalog_app,
    "catalog import": import_app,
    "evidence": evidence_app,
    "guard": guard_app,
}

for words, function in COMMANDS.items():
    group, _, name = words.rpartition(" ")
    shape = SchemaCommand if words == "schema" else Command
    GROUPS[group].command(name, cls=shape)(with_single_options(function))


def main() -> NoReturn:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        # Names may hold letters that the terminal's encoding lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(app(prog_name="mfmgame", standalone_mode=False))
    except typer.Abort:
        sys.exit(interruption_code())
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        # A wrong command or option: one line, like any other bad input.
        message = error.format_message() or "expected a command; --help lists them"
        if "\n" in message:  # no command at all: the help
            sys.stdout.write(message + "\n")
        else:
            complain(message)
        sys.exit(EXIT_BAD_INPUT)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"mfmgame {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    remember_files()


if __name__ == "__main__":
    main()
