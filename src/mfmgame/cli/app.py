"""Command line: arguments in, exit codes out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer

from mfmgame import __version__
from mfmgame.cli.catalog_commands import catalog_app
from mfmgame.cli.ensemble_command import ensemble
from mfmgame.cli.support import (
    EXIT_BAD_INPUT,
    EXIT_TERMINATE,
    EXIT_UNDECIDED,
    FLOAT,
    AsJson,
    MipGap,
    Output,
    Plot,
    TimeLimit,
    Tolerance,
    check_picture,
    complain,
    keep_inputs,
    numbers,
    reported,
    write,
    write_json,
    write_plain,
)
from mfmgame.cli.uncertainty_commands import add_commands
from mfmgame.documents.json_reading import STANDARD_INPUT, remember_files
from mfmgame.errors import SpecificationError
from mfmgame.machine.signals import interruption_code

if TYPE_CHECKING:
    from mfmgame.documents.catalog import Domain
    from mfmgame.view.navigator_layer import Score

__all__ = ["app", "main"]


app = typer.Typer(
    name="mfmgame",
    help="Where to spend on defenses, what the worst attacker can still do, and at which "
    "attacker bandwidth to shut down.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(catalog_app, name="catalog")

Spec = Annotated[str, typer.Argument(help="Scenario file (JSON), or - for standard input.")]


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


@app.command()
def solve(
    spec: Spec,
    tolerance: Tolerance = None,
    mip_gap: MipGap = None,
    time_limit: TimeLimit = None,
    as_json: AsJson = False,
    output: Output = None,
    plot: Plot = None,
) -> None:
    """Find the allocation, its value, the threshold and the coverage index."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.assessment import assess
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.view.json.answer_documents import result_document
        from mfmgame.view.output import write_figure
        from mfmgame.view.text.answer_text import assessment_text

        scenario = load_scenario(spec)
        check_picture(plot, output)
        assessment = assess(scenario, tolerance=tolerance, mip_gap=mip_gap, time_limit=time_limit)
        if plot is not None:
            write_figure(assessment.figure(), plot)
        if as_json:
            write_json(result_document(assessment), output)
        else:
            write(assessment_text(assessment), output)


@app.command()
def sweep(
    spec: Spec,
    limit: Annotated[
        str | None, typer.Option("--limit", help="Vary this limit, not the attacker's bandwidth.")
    ] = None,
    start: Annotated[float, typer.Option("--from", **FLOAT, help="Where the sweep starts.")] = 0.0,
    stop: Annotated[float | None, typer.Option("--to", **FLOAT, help="Where it ends.")] = None,
    at: Annotated[str, typer.Option("--at", help="Points to list as well: B1,B2,...")] = "",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the pieces as CSV.")] = False,
    output: Output = None,
    plot: Plot = None,
) -> None:
    """Trace the exact value over the attacker's bandwidth, or over a limit."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.sweeps.frontier_search import sweep as trace
        from mfmgame.view.json.answer_documents import frontier_document
        from mfmgame.view.output import write_figure, write_text
        from mfmgame.view.text.answer_text import frontier_text

        points = numbers(at, "--at")
        scenario = load_scenario(spec)
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


@app.command()
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
            help="Exit 4 if the decision is terminate, and 5 if it is undecided.",
        ),
    ] = False,
    plot: Plot = None,
) -> None:
    """Find the self-destruction threshold and the decision."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.game.scenario_game import build_game
        from mfmgame.sweeps.threshold_search import self_destruction_threshold
        from mfmgame.view.json.answer_documents import threshold_document
        from mfmgame.view.text.answer_text import threshold_text

        scenario = load_scenario(spec)
        check_picture(plot, output)
        found = self_destruction_threshold(
            scenario, tolerance=tolerance, mip_gap=mip_gap, time_limit=time_limit
        )
        game = build_game(scenario)
        if plot is not None:
            from mfmgame.sweeps.frontier_search import sweep as trace
            from mfmgame.view.output import write_figure

            write_figure(trace(game).plot().figure, plot)
        if as_json:
            write_json(threshold_document(game, found), output)
        else:
            write(threshold_text(game, found), output)
    if fail_on_terminate and found.decision != "operate":
        raise typer.Exit(EXIT_TERMINATE if found.decision == "terminate" else EXIT_UNDECIDED)


@app.command()
def dci(spec: Spec, as_json: AsJson = False, output: Output = None, plot: Plot = None) -> None:
    """Compute the Defense Coverage Index, by defense and threat class."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.attribution.coverage_index_search import defense_coverage_index
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.game.scenario_game import build_game
        from mfmgame.view.json.answer_documents import index_document
        from mfmgame.view.text.answer_text import index_text

        game = build_game(load_scenario(spec))
        check_picture(plot, output)
        index = defense_coverage_index(game)
        if plot is not None:
            from mfmgame.view.output import write_figure
            from mfmgame.view.plots.heatmaps import plot_index

            write_figure(plot_index(index, name=game.name).figure, plot)
        if as_json:
            write_json(index_document(game, index), output)
        else:
            write(index_text(game, index), output)


app.command()(ensemble)
add_commands(app)


@app.command()
def verify(
    result: Annotated[
        str, typer.Argument(help="JSON of solve, sweep or portfolio, or - for standard input.")
    ],
    spec: Spec,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            help="Width that the answer was asked for; a wider bracket is refused.",
        ),
    ] = None,
) -> None:
    """Check every number of a result against its scenario, with no solver."""
    with reported(STANDARD_INPUT if result == "-" else result):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.game.scenario_game import build_game
        from mfmgame.verification.claims import load_result
        from mfmgame.verification.verify import verify as check
        from mfmgame.view.text.answer_text import verification_text

        if result == spec == "-":
            raise SpecificationError("found - for both files, expected it for one", pointer="SPEC")
        answer = load_result(result)
        game = build_game(load_scenario(spec))
        write(verification_text(game, check(answer, game, tolerance=tolerance)), None)


@app.command()
def portfolio(
    spec: Spec,
    limit: Annotated[
        str | None, typer.Option("--limit", help="The resource whose limit is the budget.")
    ] = None,
    mip_gap: MipGap = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the portfolios as CSV.")] = False,
    output: Output = None,
    plot: Plot = None,
) -> None:
    """Find every best portfolio of all-or-nothing defenses as a budget grows."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.sweeps.portfolio_search import best_portfolios
        from mfmgame.view.json.portfolio_documents import portfolio_document
        from mfmgame.view.output import write_figure, write_text
        from mfmgame.view.progress_bar import progress_bar
        from mfmgame.view.text.portfolio_text import portfolio_text

        scenario = load_scenario(spec)
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


@app.command()
def export(
    spec: Spec,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Write to this file, FILE.mps or FILE.lp.")
    ],
) -> None:
    """Write the whole linear program to an MPS or LP file, for any other solver."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.view.lp_export import export_program

        scenario = load_scenario(spec)
        keep_inputs(output)
        export_program(scenario, output)


@app.command()
def report(
    spec: Spec,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write to this file, FILE.html.")],
    stop: Annotated[
        float | None,
        typer.Option("--to", **FLOAT, help="Greatest attacker bandwidth of the curve."),
    ] = None,
) -> None:
    """Write the answer as one interactive page that needs no network."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.view.output import write_text
        from mfmgame.view.report.page import report_page

        scenario = load_scenario(spec)
        keep_inputs(output)
        write_text(report_page(scenario, stop=stop), output)


@app.command()
def layer(
    spec: Spec,
    score: Annotated[
        str, typer.Option("--score", help="Of a technique: residual, coverage or effort.")
    ] = "residual",
    domain: Annotated[
        str | None,
        typer.Option(
            "--domain",
            help="Of the techniques: enterprise-attack, mobile-attack, ics-attack or atlas-atlas.",
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Write the answer as layers of the ATT&CK Navigator (JSON), one of each domain."""
    with reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.catalogs.scenario_entries import catalog_of
        from mfmgame.documents.scenario import load_scenario
        from mfmgame.solving.solver import solve
        from mfmgame.view.navigator_layer import navigator_layer, navigator_layers

        scenario = load_scenario(spec)
        catalog = catalog_of(scenario)
        threats = (*catalog.threats, *(scenario.threats or ()))
        stated = {threat.id: threat.domain for threat in threats if threat.domain}
        answer = solve(scenario), cast("Score", score), catalog.origins
        if domain is not None:
            chosen = cast("Domain", domain)
            write_json(navigator_layer(*answer, domain=chosen, threat_domains=stated), output)
            return
        layers = navigator_layers(*answer, threat_domains=stated)
        if len(layers) == 1:
            write_json(layers.popitem()[1], output)
            return
        if output is None:
            raise SpecificationError(
                f"found techniques of {', '.join(layers)}, expected one domain on standard output: "
                "choose it by --domain, or write a file of each with -o",
                pointer="threats",
            )
        files = {output.with_stem(f"{output.stem}-{name}"): name for name in layers}
        for file in files:
            keep_inputs(file)
        for file, name in files.items():
            write_json(layers[name], file)
        write_plain("".join(f"{file}\n" for file in files))


@app.command()
def schema(
    name: Annotated[
        str,
        typer.Argument(
            help="scenario, catalog, addition, result, frontier, portfolio, threshold, dci, gaps, "
            "ensemble, gradient, influence, robust, shares, tornado or what-if."
        ),
    ] = "scenario",
    output: Output = None,
) -> None:
    """Print the JSON Schema of a document."""
    with reported(""):
        from mfmgame.documents.json_schema import json_schema

        write_json(json_schema(name), output)


if __name__ == "__main__":
    main()
