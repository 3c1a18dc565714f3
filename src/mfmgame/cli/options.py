"""Arguments and options that several commands take, each written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfmgame.cli.option_values import FLOAT
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.machine.workers import Workers

__all__ = [
    "AsJson",
    "Coverage",
    "MipGap",
    "Output",
    "Plot",
    "Spec",
    "TimeLimit",
    "Tolerance",
    "WorkerOptions",
]

Spec = Annotated[
    str,
    typer.Argument(
        help="Scenario: a JSON file, a workbook (.xlsx), a folder of CSV files, or - for JSON from "
        "standard input."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the output as a JSON document.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the output to this file, not to the terminal."),
]
Plot = Annotated[
    Path | None, typer.Option("--plot", help="Draw the answer to this file (PNG, SVG or PDF).")
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        **FLOAT,
        help="Width of the proven bracket of the value, as a share of the value.",
    ),
]
MipGap = Annotated[
    float | None,
    typer.Option(
        "--mip-gap",
        **FLOAT,
        help="Width of the proven bracket, as a share of the value, if some defenses are stepped.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        **FLOAT,
        help="Seconds for each solve; a solve that runs out of time gives the bracket proven so "
        "far.",
    ),
]
Coverage = Annotated[
    float | None,
    typer.Option(
        "--coverage",
        **FLOAT,
        help="Probability of the central interval that each uncertain number stays in.",
    ),
]


@dataclass(frozen=True)
class WorkerOptions:
    """Options that say who computes."""

    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", help="Processes on this machine; -1 starts a process for each core."
        ),
    ] = None
    dask: Annotated[
        str | None,
        typer.Option("--dask", help="Address of the scheduler of a Dask cluster that computes."),
    ] = None
    ray: Annotated[bool, typer.Option("--ray", help="Compute on the Ray cluster.")] = False

    def chosen(self) -> Workers:
        """Choose the workers that the options name; by default, this process."""
        from mfmgame.machine.workers import Workers

        if self.jobs is not None and self.dask is not None:
            raise SpecificationError("found beside --dask, expected one of them", pointer="--jobs")
        return Workers(jobs=1 if self.jobs is None else self.jobs, dask=self.dask, ray=self.ray)
