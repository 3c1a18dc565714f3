"""Commands that answer a scenario, and that check an answer."""

from __future__ import annotations

from typing import Annotated

import typer

from mfmgame.cli.complaints import EXIT_TERMINATE, EXIT_UNDECIDED, reported_input
from mfmgame.cli.option_values import FLOAT, numbers
from mfmgame.cli.options import (
    AsJson,
    MipGap,
    Output,
    Plot,
    ScenarioAndLimitChanges,
    ScenarioChanges,
    Spec,
    TimeLimit,
    Tolerance,
)
from mfmgame.cli.writing import check_picture, write, write_json
from mfmgame.errors import SpecificationError

__all__ = ["dci", "portfolio", "solve", "sweep", "threshold", "verify"]


def solve(
    spec: Spec,
    tolerance: Tolerance = None,
    mip_gap: MipGap = None,
    time_limit: TimeLimit = None,
    as_json: AsJson = False,
    output: Output = None,
    plot: Plot = None,
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Find the allocation, its value, the threshold and the coverage index."""
    with reported_input(spec):
        from mfmgame.assessment import assess
        from mfmgame.view.json.answer_documents import result_document
        from mfmgame.view.output_files import write_figure
        from mfmgame.view.text.answer_text import assessment_text

        scenario = changes.load(spec)
        check_picture(plot, output)
        assessment = assess(scenario, tolerance=tolerance, mip_gap=mip_gap, time_limit=time_limit)
        if plot is not None:
            write_figure(assessment.figure(), plot)
        if as_json:
            write_json(result_document(assessment), output)
        else:
            write(assessment_text(assessment), output)


def sweep(
    spec: Spec,
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit",
            help="Name of the resource whose limit varies, instead of the attacker's bandwidth.",
        ),
    ] = None,
    start: Annotated[
        float, typer.Option("--from", **FLOAT, help="Bandwidth or limit where the sweep starts.")
    ] = 0.0,
    stop: Annotated[
        float | None, typer.Option("--to", **FLOAT, help="Bandwidth or limit where the sweep ends.")
    ] = None,
    at: Annotated[
        str, typer.Option("--at", help="Additional bandwidths or limits to list: B1,B2,...")
    ] = "",
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the pieces of the curve as CSV.")
    ] = False,
    output: Output = None,
    plot: Plot = None,
    *,
    changes: ScenarioChanges,
) -> None:
    """Trace the exact value over the attacker's bandwidth, or over a limit."""
    with reported_input(spec):
        from mfmgame.sweeps.frontier_search import sweep as trace
        from mfmgame.view.json.answer_documents import frontier_document
        from mfmgame.view.output_files import write_figure, write_text
        from mfmgame.view.text.answer_text import frontier_text

        points = numbers(at, "--at")
        scenario = changes.load(spec)
        check_picture(plot, output)
        frontier = trace(scenario, limit=limit, start=start, stop=stop)
        frontier(points)  # points outside are refused before anything is written
        if plot is not None:
            write_figure(frontier.plot().figure, plot)
        if as_json:
            write_json(frontier_document(frontier, points), output)
        elif as_csv:
            write_text(frontier.to_frame().to_csv(index=False, lineterminator="\n"), output)
        else:
            write(frontier_text(frontier, points), output)


def threshold(
    spec: Spec,
    tolerance: Tolerance = None,
    mip_gap: MipGap = None,
    time_limit: TimeLimit = None,
    as_json: AsJson = False,
    output: Output = None,
    fail_on_terminate: Annotated[
        bool,
        typer.Option(
            "--fail-on-terminate",
            help="Exit with status 4 if the decision is terminate, 5 if undecided.",
        ),
    ] = False,
    plot: Plot = None,
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Find the self-destruction threshold and the decision."""
    with reported_input(spec):
        from mfmgame.game.scenario_game import build_game
        from mfmgame.sweeps.threshold_search import self_destruction_threshold
        from mfmgame.view.json.answer_documents import threshold_document
        from mfmgame.view.text.answer_text import threshold_text

        scenario = changes.load(spec)
        check_picture(plot, output)
        found = self_destruction_threshold(
            scenario, tolerance=tolerance, mip_gap=mip_gap, time_limit=time_limit
        )
        game = build_game(scenario)
        if plot is not None:
            from mfmgame.sweeps.frontier_search import sweep as trace
            from mfmgame.view.output_files import write_figure

            write_figure(trace(game).plot().figure, plot)
        if as_json:
            write_json(threshold_document(game, found), output)
        else:
            write(threshold_text(game, found), output)
    if fail_on_terminate and found.decision != "operate":
        raise typer.Exit(EXIT_TERMINATE if found.decision == "terminate" else EXIT_UNDECIDED)


def dci(
    spec: Spec,
    as_json: AsJson = False,
    output: Output = None,
    plot: Plot = None,
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Compute the Defense Coverage Index, by defense and threat class."""
    with reported_input(spec):
        from mfmgame.attribution.coverage_index_search import defense_coverage_index
        from mfmgame.game.scenario_game import build_game
        from mfmgame.view.json.answer_documents import index_document
        from mfmgame.view.text.answer_text import index_text

        game = build_game(changes.load(spec))
        check_picture(plot, output)
        index = defense_coverage_index(game)
        if plot is not None:
            from mfmgame.view.output_files import write_figure
            from mfmgame.view.plots.heatmaps import plot_index

            write_figure(plot_index(index, name=game.name).figure, plot)
        if as_json:
            write_json(index_document(game, index), output)
        else:
            write(index_text(game, index), output)


def portfolio(
    spec: Spec,
    limit: Annotated[
        str | None, typer.Option("--limit", help="Resource whose limit varies as the budget.")
    ] = None,
    mip_gap: MipGap = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the portfolios as CSV.")] = False,
    output: Output = None,
    plot: Plot = None,
    *,
    changes: ScenarioChanges,
) -> None:
    """Find the best portfolio of all-or-nothing and stepped defenses at every budget."""
    with reported_input(spec):
        from mfmgame.sweeps.portfolio_search import best_portfolios
        from mfmgame.view.json.portfolio_documents import portfolio_document
        from mfmgame.view.output_files import write_figure, write_text
        from mfmgame.view.progress_bar import progress_bar
        from mfmgame.view.text.portfolio_text import portfolio_text

        scenario = changes.load(spec)
        check_picture(plot, output)
        with progress_bar("portfolios") as progress:
            sequence = best_portfolios(scenario, limit=limit, tolerance=mip_gap, progress=progress)
        if plot is not None:
            write_figure(sequence.plot().figure, plot)
        if as_json:
            write_json(portfolio_document(sequence), output)
        elif as_csv:
            write_text(sequence.to_frame().to_csv(index=False, lineterminator="\n"), output)
        else:
            write(portfolio_text(sequence), output)


def verify(
    result: Annotated[
        str,
        typer.Argument(
            help="Result file (JSON of solve, sweep or portfolio), or - for standard input."
        ),
    ],
    spec: Spec,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            **FLOAT,
            help="Tolerance with which the result was computed, if not the default; a wider "
            "bracket is refused.",
        ),
    ] = None,
) -> None:
    """Check every number of a result against its scenario, without a solver."""
    with reported_input(result):
        from mfmgame.game.scenario_game import build_game
        from mfmgame.tables.scenario_files import load_scenario
        from mfmgame.verification.claims import load_result
        from mfmgame.verification.verify import verify as check
        from mfmgame.view.text.answer_text import verification_text

        if result == spec == "-":
            raise SpecificationError("found - for both files, expected it for one", pointer="SPEC")
        answer = load_result(result)
        game = build_game(load_scenario(spec))
        write(verification_text(game, check(answer, game, tolerance=tolerance)), None)
