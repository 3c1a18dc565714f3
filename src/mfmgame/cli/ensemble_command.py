"""Commands on uncertain numbers: arguments in, exit codes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfmgame.cli.support import (
    AsJson,
    Output,
    Plot,
    check_picture,
    keep_apart,
    keep_inputs,
    reported,
    warned,
    write,
    write_json,
)
from mfmgame.documents.json_reading import STANDARD_INPUT
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.machine.workers import Workers

__all__ = ["Dask", "Jobs", "Ray", "ensemble", "workers_of"]

Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", help="Processes on this machine; -1: one for each core."),
]
Dask = Annotated[
    str | None, typer.Option("--dask", help="Compute on the Dask cluster of this scheduler.")
]
Ray = Annotated[bool, typer.Option("--ray", help="Compute on the Ray cluster.")]


def ensemble(
    spec: Annotated[str, typer.Argument(help="Scenario file (JSON), or - for standard input.")],
    n: Annotated[int, typer.Option("-n", help="How many draws.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same draws.")],
    jobs: Jobs = None,
    dask: Dask = None,
    ray: Ray = False,
    draws: Annotated[
        Path | None,
        typer.Option("--draws", help="Keep the draws in this file (Parquet), and go on from it."),
    ] = None,
    as_json: AsJson = False,
    output: Output = None,
    plot: Plot = None,
) -> None:
    """Solve random draws of the uncertain numbers: how value, decision and plan vary."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.catalogs.scenario_entries import catalog_of
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.ensembles.sampling import DAMAGED
        from mfmgame.ensembles.sampling import ensemble as solve_draws
        from mfmgame.view.json.ensemble_documents import ensemble_document
        from mfmgame.view.progress_bar import progress_bar
        from mfmgame.view.text.ensemble_text import ensemble_text

        scenario = load_scenario(spec)
        catalog = catalog_of(scenario)
        workers = workers_of(jobs, dask, ray)
        keep_apart({"--draws": draws, "--output": output})
        keep_inputs(draws)
        keep_inputs(output)
        check_picture(plot, output)
        with warned(DAMAGED), progress_bar("draws") as progress:
            found = solve_draws(
                scenario,
                n=n,
                seed=seed,
                workers=workers,
                catalog=catalog,
                to=draws,
                progress=progress,
            )
        if plot is not None:
            from mfmgame.view.output import write_figure

            write_figure(found.plot().figure, plot)
        if as_json:
            write_json(ensemble_document(found), output)
        else:
            write(ensemble_text(found), output)


def workers_of(jobs: int | None, dask: str | None, ray: bool) -> Workers:
    """Who computes, as the options say."""
    from mfmgame.machine.workers import Workers

    if jobs is not None and dask is not None:
        raise SpecificationError("found beside --dask, expected one of them", pointer="--jobs")
    return Workers(jobs=1 if jobs is None else jobs, dask=dask, ray=ray)
