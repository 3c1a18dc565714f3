"""Commands on scenarios themselves: write one to fill in, check it, convert its file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfmgame.cli.complaints import EXIT_ODD, reported, reported_input
from mfmgame.cli.option_values import names
from mfmgame.cli.options import ScenarioAndLimitChanges, Spec
from mfmgame.cli.writing import keep_inputs, write_lines, write_plain

__all__ = ["check", "convert", "init"]


def init(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="New file (.xlsx or .json) or folder of CSV files."),
    ],
    catalog: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="CATALOG", help="Catalog to copy the threats and defenses from."
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="ID,...",
            help="Ids of the threats and defenses to copy; default: all.",
        ),
    ] = None,
) -> None:
    """Write a starter scenario that you can solve and edit."""
    with reported(str(file)):
        from mfmgame.tables.starter import init_scenario

        chosen = None if only is None else names(only, "--only")
        init_scenario(file, catalog=catalog, only=chosen)
        write_plain(f"{file}\nnext: fill it in, then run mfmgame solve {file}\n")


def convert(
    spec: Spec,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (.json or .xlsx), or folder for CSV files.",
        ),
    ],
) -> None:
    """Write a scenario as JSON, as a workbook or as CSV files."""
    with reported_input(spec):
        from mfmgame.tables.scenario_files import load_scenario, save_scenario

        scenario = load_scenario(spec)
        keep_inputs(output)
        save_scenario(scenario, output)


def check(
    spec: Spec,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 6 if the list is not empty.")
    ] = False,
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """List probable mistakes in a valid scenario.

    The list begins with the most serious mistake.
    """
    with reported_input(spec):
        from mfmgame.game.odd_inputs import odd_inputs
        from mfmgame.view.text.number_formats import printable

        found = odd_inputs(changes.load(spec))
        write_lines(map(printable, found or ["no probable mistakes"]))
    if strict and found:
        raise typer.Exit(EXIT_ODD)
