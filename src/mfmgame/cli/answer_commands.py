"""Commands that answer a scenario, and that check an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from mfmgame.cli import graph_commands
from mfmgame.cli.complaints import EXIT_TERMINATE, EXIT_UNDECIDED, reported_input
from mfmgame.cli.option_values import FLOAT, FLOAT_OR_SHARE, numbers
from mfmgame.cli.options import (
    MipGap,
    Plot,
    Printing,
    ScenarioAndLimitChanges,
    ScenarioChanges,
    Spec,
    TimeLimit,
    Tolerance,
    limits_of,
)
from mfmgame.cli.writing import check_picture, write
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.documents.scenario import Scenario

__all__ = ["dci", "portfolio", "solve", "sweep", "threshold", "verify"]

_EVERY_COMPOSITION = "all"
"""Value of ``--composition`` that asks for the answer under each composition."""


@dataclass(frozen=True)
class SolvedChanges(ScenarioAndLimitChanges):
    """Options that replace members of the scenario; the composition may be each in turn."""

    composition: Annotated[
        str | None,
        typer.Option(
            "--composition",
            metavar="NAME",
            help="Composition to use: best_of, additive or independent; all shows the three "
            "answers side by side.",
        ),
    ] = None

    def with_own_composition(self) -> Self:
        """Return the same changes, except of the composition."""
        return replace(self, composition=None)


def solve(
    spec: Spec,
    tolerance: Tolerance = None,
    mip_gap: MipGap = None,
    time_limit: TimeLimit = None,
    plot: Plot = None,
    *,
    changes: SolvedChanges,
    printing: Printing,
) -> None:
    """Find the best plan, the worst attack and the decision.

    Also find the value with its proven bounds, the self-destruction threshold and the coverage.
    """
    with reported_input(spec):
        from mfmgame.assessment import assess
        from mfmgame.view.json.answer_documents import result_document
        from mfmgame.view.output_files import write_figure
        from mfmgame.view.text.answer_text import assessment_text

        limits = {"tolerance": tolerance, "mip_gap": mip_gap, "time_limit": time_limit}
        if changes.composition == _EVERY_COMPOSITION:
            _solve_under_each(changes.with_own_composition().load(spec), limits, plot, printing)
            return
        scenario = changes.load(spec)
        check_picture(plot, printing.output)
        if scenario.graph is not None:
            graph_commands.solve_and_print(scenario, tolerance, time_limit, plot, printing)
            return
        assessment = assess(scenario, **limits)
        if plot is not None:
            write_figure(assessment.figure(), plot)
        printing.answer(result_document, assessment_text, assessment)


def _solve_under_each(
    scenario: Scenario, limits: dict[str, float | None], plot: Path | None, printing: Printing
) -> None:
    from mfmgame.attribution.composition_comparison import compare_compositions
    from mfmgame.view.json.plan_documents import compositions_document
    from mfmgame.view.text.plan_text import compositions_text

    if plot is not None:
        raise SpecificationError("found beside --composition all", pointer="--plot")
    found = compare_compositions(scenario, **limits)
    printing.answer(compositions_document, compositions_text, found)


def sweep(
    spec: Spec,
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit",
            metavar="NAME",
            help="Resource whose limit varies, instead of the attacker's bandwidth.",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", **FLOAT_OR_SHARE, help="Bandwidth or limit where the sweep starts."),
    ] = None,
    stop: Annotated[
        str | None,
        typer.Option("--to", **FLOAT_OR_SHARE, help="Bandwidth or limit where the sweep ends."),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="B1,B2,...",
            help="Also list the value at these bandwidths or limits.",
        ),
    ] = "",
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the pieces of the curve as CSV.")
    ] = False,
    plot: Plot = None,
    *,
    changes: ScenarioChanges,
    printing: Printing,
) -> None:
    """Trace the value over the attacker's bandwidth or a limit.

    List the breakpoints of the curve, its slopes and the allocations.
    """
    with reported_input(spec):
        from mfmgame.sweeps.frontier_search import sweep as trace
        from mfmgame.view.json.answer_documents import frontier_document
        from mfmgame.view.output_files import write_figure, write_text
        from mfmgame.view.text.answer_text import frontier_text

        scenario = changes.load(spec)
        points = [_point(scenario, limit, part, "--at") for part in at.split(",") if part.strip()]
        ends = {
            name: _point(scenario, limit, text, option)
            for name, text, option in (("start", start, "--from"), ("stop", stop, "--to"))
            if text
        }
        check_picture(plot, printing.output)
        if scenario.graph is None:
            frontier = trace(scenario, limit=limit, **ends)
        else:
            frontier = graph_commands.swept(scenario, limit, ends)
        frontier(points)  # points outside are refused before anything is written
        if plot is not None:
            write_figure(frontier.plot().figure, plot)
        if as_csv and not printing.as_json:
            write_text(
                frontier.to_frame().to_csv(index=False, lineterminator="\n"), printing.output
            )
        else:
            printing.answer(frontier_document, frontier_text, frontier, points)


def _point(scenario: Scenario, limit: str | None, text: str, option: str) -> float:
    """Read a bandwidth, or a limit as the scenario shows its resource."""
    if limit is None:
        return numbers(text, option)[0]
    point = limits_of(scenario, {limit: text}, option)[limit]
    return point if isinstance(point, float) else point.value


def threshold(
    spec: Spec,
    tolerance: Tolerance = None,
    mip_gap: MipGap = None,
    time_limit: TimeLimit = None,
    fail_on_terminate: Annotated[
        bool,
        typer.Option(
            "--fail-on-terminate",
            help="Exit with status 4 if the decision is to terminate, and 5 if the decision is "
            "undecided.",
        ),
    ] = False,
    plot: Plot = None,
    *,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Find the self-destruction threshold and the decision."""
    with reported_input(spec):
        from mfmgame.sweeps.threshold_search import self_destruction_threshold
        from mfmgame.view.json.answer_documents import threshold_document
        from mfmgame.view.text.answer_text import threshold_text

        scenario = changes.load(spec)
        check_picture(plot, printing.output)
        if scenario.graph is None:
            found = self_destruction_threshold(
                scenario, tolerance=tolerance, mip_gap=mip_gap, time_limit=time_limit
            )
        else:
            found = graph_commands.threshold_of(scenario, tolerance, time_limit)
        if plot is not None:
            from mfmgame.sweeps.frontier_search import sweep as trace
            from mfmgame.view.output_files import write_figure

            frontier = (
                trace(found.game)
                if scenario.graph is None
                else graph_commands.swept(scenario, None, {})
            )
            write_figure(frontier.plot().figure, plot)
        printing.answer(threshold_document, threshold_text, found)
    if fail_on_terminate and found.decision != "operate":
        raise typer.Exit(EXIT_TERMINATE if found.decision == "terminate" else EXIT_UNDECIDED)


def dci(
    spec: Spec,
    plot: Plot = None,
    *,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Compute the Defense Coverage Index, by defense and class."""
    with reported_input(spec):
        from mfmgame.attribution.coverage_index_search import defense_coverage_index
        from mfmgame.view.json.answer_documents import index_document
        from mfmgame.view.text.answer_text import index_text

        scenario = changes.load(spec)
        check_picture(plot, printing.output)
        index = defense_coverage_index(scenario)
        if plot is not None:
            from mfmgame.view.output_files import write_figure
            from mfmgame.view.plots.heatmaps import plot_index

            write_figure(plot_index(index, name=index.game.name).figure, plot)
        printing.answer(index_document, index_text, index)


def portfolio(
    spec: Spec,
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="NAME", help="Resource whose limit is the budget."),
    ] = None,
    mip_gap: MipGap = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the portfolios as CSV.")] = False,
    plot: Plot = None,
    *,
    changes: ScenarioChanges,
    printing: Printing,
) -> None:
    """Find the best portfolio of defenses at every budget.

    A portfolio is a choice of all-or-nothing and stepped defenses.
    """
    with reported_input(spec):
        from mfmgame.sweeps.portfolio_search import best_portfolios
        from mfmgame.view.json.portfolio_documents import portfolio_document
        from mfmgame.view.output_files import write_figure, write_text
        from mfmgame.view.progress_bar import progress_bar
        from mfmgame.view.text.portfolio_text import portfolio_text

        scenario = changes.load(spec)
        check_picture(plot, printing.output)
        with progress_bar("portfolios") as progress:
            sequence = best_portfolios(scenario, limit=limit, tolerance=mip_gap, progress=progress)
        if plot is not None:
            write_figure(sequence.plot().figure, plot)
        if as_csv and not printing.as_json:
            write_text(
                sequence.to_frame().to_csv(index=False, lineterminator="\n"), printing.output
            )
        else:
            printing.answer(portfolio_document, portfolio_text, sequence)


def verify(
    result: Annotated[
        str,
        typer.Argument(
            metavar="RESULT",
            help="Result file (JSON of solve, sweep, portfolio or evaluate), or - for "
            "standard input.",
        ),
    ],
    spec: Spec,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            **FLOAT,
            help="Tolerance used for the result, if not the default; verify refuses a wider gap.",
        ),
    ] = None,
) -> None:
    """Check every number of a result, without a solver.

    The numbers are checked against the scenario SPEC.
    """
    with reported_input(result):
        from mfmgame.documents.graph_result import GraphResult
        from mfmgame.game.scenario_game import build_game
        from mfmgame.tables.scenario_files import load_scenario
        from mfmgame.verification.claims import load_result
        from mfmgame.verification.verify import verify as check
        from mfmgame.view.text.answer_text import verification_text

        if result == spec == "-":
            raise SpecificationError("found - for both files, expected it for one", pointer="SPEC")
        answer = load_result(result)
        scenario = load_scenario(spec)
        if scenario.graph is not None or isinstance(answer, GraphResult):
            text = verification_text(graph_commands.verified(answer, scenario, tolerance))
        else:
            text = verification_text(check(answer, build_game(scenario), tolerance=tolerance))
        write(text, None)
