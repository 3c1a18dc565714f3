"""Commands on uncertain numbers."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfmgame.cli.complaints import reported_input, warned
from mfmgame.cli.options import (
    Coverage,
    Plot,
    Printing,
    ScenarioAndLimitChanges,
    Spec,
    WorkerOptions,
)
from mfmgame.cli.writing import check_picture, keep_apart, keep_inputs
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfmgame.documents.scenario import Scenario
    from mfmgame.machine.workers import Workers
    from mfmgame.uncertainty.global_sensitivity import Influence

__all__ = ["ensemble", "robust", "sensitivity"]


class Method(StrEnum):
    """How to find out what matters."""

    GRADIENT = "gradient"
    TORNADO = "tornado"
    SOBOL = "sobol"
    MORRIS = "morris"


def ensemble(
    spec: Spec,
    n: Annotated[int, typer.Option("-n", metavar="N", help="Number of random draws.")] = 1000,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="S",
            help="Seed of the random draws: the same seed gives the same draws.",
        ),
    ] = 0,
    *,
    workers: WorkerOptions,
    draws: Annotated[
        Path | None,
        typer.Option(
            "--draws",
            metavar="FILE",
            help="Store the draws in this Parquet file, and resume from draws already stored "
            "there.",
        ),
    ] = None,
    plot: Plot = None,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Solve random draws of the uncertain numbers.

    Show how the value, the decision and the plan vary.
    """
    with reported_input(spec):
        from mfmgame.catalogs.scenario_entries import catalog_of
        from mfmgame.ensembles.sampling import DAMAGED
        from mfmgame.ensembles.sampling import ensemble as solve_draws
        from mfmgame.view.json.ensemble_documents import ensemble_document
        from mfmgame.view.progress_bar import progress_bar
        from mfmgame.view.text.ensemble_text import ensemble_text

        scenario = changes.load(spec)
        catalog = catalog_of(scenario)
        chosen = workers.chosen()
        keep_apart({"--draws": draws, "--output": printing.output})
        keep_inputs(draws)
        keep_inputs(printing.output)
        check_picture(plot, printing.output)
        with warned(DAMAGED), progress_bar("draws") as progress:
            found = solve_draws(
                scenario,
                n=n,
                seed=seed,
                workers=chosen,
                catalog=catalog,
                to=draws,
                progress=progress,
            )
        if plot is not None:
            from mfmgame.view.output_files import write_figure

            write_figure(found.plot().figure, plot)
        printing.answer(ensemble_document, ensemble_text, found)


def robust(
    spec: Spec,
    coverage: Coverage = None,
    *,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Find the plan with the smallest worst-case loss.

    The worst case is over the ranges of the uncertain numbers.
    """
    with reported_input(spec):
        from mfmgame.uncertainty.robust import robust_plan
        from mfmgame.view.json.uncertainty_documents import robust_document
        from mfmgame.view.text.uncertainty_text import robust_text

        plan = robust_plan(changes.load(spec), coverage=coverage)
        printing.answer(robust_document, robust_text, plan)


def sensitivity(
    spec: Spec,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            help="Method of analysis; every method except gradient needs uncertain numbers.",
        ),
    ] = Method.GRADIENT,
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            metavar="N",
            help="Number of points (sobol, 1024 by default) or trajectories (morris, 32 by "
            "default).",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="S",
            help="Seed of the random points: the same seed gives the same numbers.",
        ),
    ] = 0,
    coverage: Coverage = None,
    second_order: Annotated[
        bool,
        typer.Option(
            "--second-order", help="Also estimate second-order (pairwise) indices (sobol)."
        ),
    ] = False,
    *,
    workers: WorkerOptions,
    plot: Plot = None,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Find the numbers that move the value and the threshold."""
    with reported_input(spec):
        _refuse_unused(method, n, coverage, second_order, plot)
        scenario = changes.load(spec)
        keep_inputs(printing.output)
        check_picture(plot, printing.output)
        chosen = workers.chosen()
        if method is Method.GRADIENT:
            _write_gradient(scenario, printing)
        elif method is Method.TORNADO:
            _write_tornado(scenario, coverage, chosen, printing, plot)
        else:
            from mfmgame.uncertainty.global_sensitivity import morris_effects, sobol_indices

            sobol = partial(sobol_indices, n=1024 if n is None else n, second_order=second_order)
            morris = partial(morris_effects, n=32 if n is None else n, coverage=coverage)
            analyze = sobol if method is Method.SOBOL else morris
            _write_influence(partial(analyze, scenario, seed=seed, workers=chosen), printing)


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


def _write_gradient(scenario: Scenario, printing: Printing) -> None:
    """Write the derivatives of the value and the threshold."""
    from mfmgame.sensitivities.differentiation import gradients
    from mfmgame.view.json.uncertainty_documents import gradient_document
    from mfmgame.view.text.uncertainty_text import gradient_text

    found = gradients(scenario)
    printing.answer(gradient_document, gradient_text, *found)


def _write_tornado(
    scenario: Scenario,
    coverage: float | None,
    workers: Workers,
    printing: Printing,
    plot: Path | None,
) -> None:
    """Write what the ends of each number's range do to the value, and draw it."""
    from mfmgame.uncertainty.tornado import tornado
    from mfmgame.view.json.uncertainty_documents import tornado_document
    from mfmgame.view.output_files import write_figure
    from mfmgame.view.progress_bar import progress_bar
    from mfmgame.view.text.uncertainty_text import tornado_text

    with progress_bar("games") as progress:
        ends = tornado(scenario, coverage=coverage, workers=workers, progress=progress)
    if plot is not None:
        write_figure(ends.plot().figure, plot)
    printing.answer(tornado_document, tornado_text, ends)


def _write_influence(analyze: Callable[..., Influence], printing: Printing) -> None:
    """Write what share of the outcomes' spread each uncertain number explains."""
    from mfmgame.view.json.uncertainty_documents import influence_document
    from mfmgame.view.progress_bar import progress_bar
    from mfmgame.view.text.uncertainty_text import influence_text

    with progress_bar("games") as progress:
        influence = analyze(progress=progress)
    printing.answer(influence_document, influence_text, influence)
