"""Commands on what matters: arguments in, exit codes out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mfmgame.cli.ensemble_command import Dask, Jobs, Ray, workers_of
from mfmgame.cli.support import (
    FLOAT,
    AsJson,
    Output,
    Plot,
    check_picture,
    keep_inputs,
    reported,
    write,
    write_json,
)
from mfmgame.documents.json_reading import STANDARD_INPUT
from mfmgame.errors import SpecificationError

__all__ = ["add_commands"]

Spec = Annotated[str, typer.Argument(help="Scenario file (JSON), or - for standard input.")]
Coverage = Annotated[
    float | None,
    typer.Option("--coverage", **FLOAT, help="Look at central intervals of this probability."),
]


class Method(StrEnum):
    """How to find out what matters."""

    GRADIENT = "gradient"
    TORNADO = "tornado"
    SOBOL = "sobol"
    MORRIS = "morris"


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(robust)
    app.command()(sensitivity)
    app.command()(shares)
    app.command("what-if")(what_if)


def robust(
    spec: Spec, coverage: Coverage = None, as_json: AsJson = False, output: Output = None
) -> None:
    """Find the plan whose worst case over the uncertain numbers is least."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.uncertainty.robust import robust_plan
        from mfmgame.view.json.uncertainty_documents import robust_document
        from mfmgame.view.text.uncertainty_text import robust_text

        plan = robust_plan(load_scenario(spec), coverage=coverage)
        if as_json:
            write_json(robust_document(plan), output)
        else:
            write(robust_text(plan), output)


def sensitivity(
    spec: Spec,
    method: Annotated[
        Method, typer.Option("--method", help="gradient needs no uncertain numbers.")
    ] = Method.GRADIENT,
    n: Annotated[
        int | None, typer.Option("-n", help="Points (sobol, 1024) or trajectories (morris, 32).")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same numbers.")] = 0,
    coverage: Coverage = None,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="With sobol, pairs of numbers too.")
    ] = False,
    jobs: Jobs = None,
    dask: Dask = None,
    ray: Ray = False,
    as_json: AsJson = False,
    output: Output = None,
    plot: Plot = None,
) -> None:
    """Find out which number moves the value and the threshold."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.view.json import uncertainty_documents as documents
        from mfmgame.view.progress_bar import progress_bar
        from mfmgame.view.text import uncertainty_text as texts

        _refuse_unused(method, n, coverage, second_order, plot)
        scenario = load_scenario(spec)
        keep_inputs(output)
        check_picture(plot, output)
        workers = workers_of(jobs, dask, ray)
        if method is Method.GRADIENT:
            from mfmgame.sensitivities.differentiation import gradients

            found = gradients(scenario)
            if as_json:
                write_json(documents.gradient_document(*found), output)
            else:
                write(texts.gradient_text(*found), output)
            return
        if method is Method.TORNADO:
            from mfmgame.uncertainty.tornado import tornado

            with progress_bar("games") as progress:
                ends = tornado(scenario, coverage=coverage, workers=workers, progress=progress)
            if plot is not None:
                from mfmgame.view.output import write_figure

                write_figure(ends.plot().figure, plot)
            if as_json:
                write_json(documents.tornado_document(ends), output)
            else:
                write(texts.tornado_text(ends), output)
            return
        from mfmgame.uncertainty.global_sensitivity import morris_effects, sobol_indices

        with progress_bar("games") as progress:
            if method is Method.SOBOL:
                indices = sobol_indices(
                    scenario,
                    n=1024 if n is None else n,
                    seed=seed,
                    second_order=second_order,
                    workers=workers,
                    progress=progress,
                )
            else:
                indices = morris_effects(
                    scenario,
                    n=32 if n is None else n,
                    seed=seed,
                    coverage=coverage,
                    workers=workers,
                    progress=progress,
                )
        if as_json:
            write_json(documents.influence_document(indices), output)
        else:
            write(texts.influence_text(indices), output)


def shares(
    spec: Spec,
    permutations: Annotated[
        int | None,
        typer.Option("--permutations", help="Random orders; all, for 15 defenses or fewer."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the random orders.")] = 0,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Divide the loss that the plan removes among its defenses (Shapley)."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.attribution.shapley import shapley_shares
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.view.json.uncertainty_documents import shares_document
        from mfmgame.view.text.uncertainty_text import shares_text

        found = shapley_shares(load_scenario(spec), permutations=permutations, seed=seed)
        if as_json:
            write_json(shares_document(found), output)
        else:
            write(shares_text(found), output)


def what_if(
    spec: Spec,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", help="A defense to do without; may repeat.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", help="A file of threats and defenses to add; may repeat."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Rank every defense by what doing without it costs.")
    ] = False,
    jobs: Jobs = None,
    dask: Dask = None,
    ray: Ray = False,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Answer the scenario without some defenses, or with more threats and defenses."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.attribution.what_if import what_if as answer
        from mfmgame.attribution.what_if import without_each
        from mfmgame.catalogs.altered_scenarios import altered
        from mfmgame.documents.addition import load_addition
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.view.json.uncertainty_documents import what_if_document
        from mfmgame.view.text.uncertainty_text import what_if_text

        if not (drop or add or each):
            raise SpecificationError("expected --drop, --add or --each", pointer="what-if")
        if [spec, *(add or [])].count("-") > 1:
            raise SpecificationError("found - for two files, expected it for one", pointer="--add")
        scenario = load_scenario(spec)
        additions = [load_addition(file) for file in add or []]
        found = answer(scenario, drop=drop or [], add=additions)
        ranked = None
        if each:
            changed, catalog = altered(scenario, drop or [], additions)
            workers = workers_of(jobs, dask, ray)
            ranked = without_each(changed, catalog=catalog, workers=workers)
        if as_json:
            write_json(what_if_document(found, ranked), output)
        else:
            write(what_if_text(found, ranked), output)


def _refuse_unused(
    method: Method, n: int | None, coverage: float | None, second_order: bool, plot: Path | None
) -> None:
    """Refuse options that a method would take no notice of."""
    for option, is_given, users in (
        ("-n", n is not None, (Method.SOBOL, Method.MORRIS)),
        ("--coverage", coverage is not None, (Method.TORNADO, Method.MORRIS)),
        ("--second-order", second_order, (Method.SOBOL,)),
        ("--plot", plot is not None, (Method.TORNADO,)),
    ):
        if is_given and method not in users:
            raise SpecificationError(
                f"found with --method {method}, expected with {' or '.join(users)}",
                pointer=option,
            )
