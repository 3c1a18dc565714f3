"""Command line: arguments in, exit codes out."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mfmgame import __version__
from mfmgame.errors import CertificateError, InfeasibleError, MfmgameError, SpecificationError
from mfmgame.spec.reading import STANDARD_INPUT
from mfmgame.spec.wording import shown

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["app", "main"]

EXIT_FAILURE = 1
EXIT_BAD_INPUT = 2
EXIT_INFEASIBLE = 3
EXIT_TERMINATE = 4
EXIT_INTERRUPTED = 130
MAX_COMPLAINT = 2000

app = typer.Typer(
    name="mfmgame",
    help="Where to spend on defenses, what the worst attacker can still do, and at which "
    "attacker bandwidth to shut down.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
catalog_app = typer.Typer(no_args_is_help=True, help="Shipped catalogs.")
app.add_typer(catalog_app, name="catalog")

Spec = Annotated[str, typer.Argument(help="Scenario file (JSON), or - for standard input.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the JSON document.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")]


def main() -> NoReturn:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        # Names may hold letters that the terminal's encoding lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(app(prog_name="mfmgame", standalone_mode=False))
    except typer.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        # A wrong command or option: one line, like any other bad input.
        message = error.format_message() or "expected a command; --help lists them"
        if "\n" in message:  # no command at all: the help
            sys.stdout.write(message + "\n")
        else:
            _complain(message)
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
    pass


@app.command()
def solve(spec: Spec, as_json: AsJson = False, output: Output = None) -> None:
    """Find the allocation, its value, the threshold and the coverage index."""
    with _reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.assessment import assess
        from mfmgame.spec.scenario import load_scenario
        from mfmgame.view.document import result_document
        from mfmgame.view.text import assessment_text

        assessment = assess(load_scenario(spec))
        if as_json:
            _write_json(result_document(assessment), output)
        else:
            _write(assessment_text(assessment), output)


@app.command()
def sweep(
    spec: Spec,
    limit: Annotated[
        str | None, typer.Option("--limit", help="Vary this limit, not the attacker's bandwidth.")
    ] = None,
    start: Annotated[float, typer.Option("--from", help="Where the sweep starts.")] = 0.0,
    stop: Annotated[float | None, typer.Option("--to", help="Where it ends.")] = None,
    at: Annotated[str, typer.Option("--at", help="Points to list as well: B1,B2,...")] = "",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the pieces as CSV.")] = False,
    output: Output = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw it to this file (PNG, SVG or PDF).")
    ] = None,
) -> None:
    """Trace the exact value over the attacker's bandwidth, or over a limit."""
    with _reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.spec.scenario import load_scenario
        from mfmgame.tracing import sweep as trace
        from mfmgame.view.document import frontier_document
        from mfmgame.view.text import frontier_text
        from mfmgame.view.writing import write_figure, write_text

        points = _numbers(at, "--at")
        frontier = trace(load_scenario(spec), limit=limit, start=start, stop=stop)
        frontier(points)  # points outside are refused before anything is written
        if plot is not None:
            from mfmgame.view.plots import plot_frontier

            write_figure(plot_frontier(frontier).figure, plot)
        if as_json:
            _write_json(frontier_document(frontier, points), output)
        elif as_csv:
            write_text(frontier.to_frame().to_csv(index=False, lineterminator="\n"), output)
        else:
            _write(frontier_text(frontier, points), output)


@app.command()
def threshold(
    spec: Spec,
    as_json: AsJson = False,
    output: Output = None,
    fail_on_terminate: Annotated[
        bool, typer.Option("--fail-on-terminate", help="Exit 4 if the decision is terminate.")
    ] = False,
) -> None:
    """Find the self-destruction threshold and the decision."""
    with _reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.crossing import self_destruction_threshold
        from mfmgame.game import build_game
        from mfmgame.spec.scenario import load_scenario
        from mfmgame.view.document import threshold_document
        from mfmgame.view.text import threshold_text

        scenario = load_scenario(spec)
        found = self_destruction_threshold(scenario)
        game = build_game(scenario)
        if as_json:
            _write_json(threshold_document(game, found), output)
        else:
            _write(threshold_text(game, found), output)
    if fail_on_terminate and found.decision == "terminate":
        raise typer.Exit(EXIT_TERMINATE)


@app.command()
def dci(spec: Spec, as_json: AsJson = False, output: Output = None) -> None:
    """Compute the Defense Coverage Index, by defense and threat class."""
    with _reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.coverage_index import defense_coverage_index
        from mfmgame.game import build_game
        from mfmgame.spec.scenario import load_scenario
        from mfmgame.view.document import index_document
        from mfmgame.view.text import index_text

        game = build_game(load_scenario(spec))
        index = defense_coverage_index(game)
        if as_json:
            _write_json(index_document(game, index), output)
        else:
            _write(index_text(game, index), output)


@app.command()
def verify(
    result: Annotated[str, typer.Argument(help="JSON of solve or sweep, or - for standard input.")],
    spec: Spec,
) -> None:
    """Check every number of a result against its scenario, with no solver."""
    with _reported(STANDARD_INPUT if result == "-" else result):
        from mfmgame.game import build_game
        from mfmgame.proof.reading import load_result
        from mfmgame.spec.scenario import load_scenario
        from mfmgame.verification import verify as check
        from mfmgame.view.text import verification_text

        if result == spec == "-":
            raise SpecificationError("found - for both files, expected it for one", pointer="SPEC")
        answer = load_result(result)
        game = build_game(load_scenario(spec))
        _write(verification_text(game, check(answer, game)), None)


@app.command()
def export(
    spec: Spec,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Write to this file, FILE.mps or FILE.lp.")
    ],
) -> None:
    """Write the whole linear program to an MPS or LP file, for any other solver."""
    with _reported(STANDARD_INPUT if spec == "-" else spec):
        from mfmgame.spec.scenario import load_scenario
        from mfmgame.view.program import export_program

        export_program(load_scenario(spec), output)


@app.command()
def schema(
    name: Annotated[
        str, typer.Argument(help="scenario, catalog, result, frontier, threshold or dci.")
    ] = "scenario",
    output: Output = None,
) -> None:
    """Print the JSON Schema of a document."""
    with _reported(""):
        from mfmgame.spec.schema import json_schema

        _write_json(json_schema(name), output)


@catalog_app.command("list")
def list_catalogs() -> None:
    """List the catalogs that come with mfmgame."""
    with _reported(""):
        from mfmgame.catalogs import load_catalog, shipped_catalogs
        from mfmgame.view.text import printable

        for name in shipped_catalogs():
            catalog = load_catalog(name)
            counts = f"{len(catalog.threats)} threats, {len(catalog.defenses)} defenses"
            counts += f", {len(catalog.systems)} systems"
            _print(f"{name}: {counts}; {printable(catalog.source)}\n")


@catalog_app.command("show")
def show_catalog(
    name: Annotated[str, typer.Argument(help="A shipped catalog's name, or a JSON file.")],
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Show a catalog's threats, defenses and systems, and what their numbers rest on."""
    with _reported(name):
        from mfmgame.catalogs import load_catalog, resolve_catalog
        from mfmgame.view.text import catalog_text

        catalog = load_catalog(name)
        if as_json:
            document = catalog.model_dump(by_alias=True, exclude_unset=True)
            _write_json(document, output)
        else:
            _write(catalog_text(catalog, resolve_catalog(catalog)), output)


@contextlib.contextmanager
def _reported(source: str) -> Iterator[None]:
    """Turn exceptions into one line on standard error and an exit code."""
    try:
        yield
    except (SpecificationError, CertificateError) as error:
        _fail(error if error.source else error.located(source), EXIT_BAD_INPUT)
    except InfeasibleError as error:
        _fail(f"{source}: {error}", EXIT_INFEASIBLE)
    except MfmgameError as error:
        _fail(f"{source}: {error}", EXIT_FAILURE)
    except MemoryError:
        _fail(f"{source}: too large for this machine's memory", EXIT_FAILURE)
    except KeyboardInterrupt as interruption:
        _fail(f"{source}: {interruption}" if str(interruption) else "interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader has gone
        raise typer.Exit(EXIT_FAILURE) from None


def _fail(reason: object, code: int) -> NoReturn:
    _complain(str(reason))
    raise typer.Exit(code)


def _complain(reason: str) -> None:
    from mfmgame.view.text import printable

    try:
        sys.stderr.write(f"error: {printable(reason)[: MAX_COMPLAINT - len('error: ')]}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):
        # Standard error is closed or full: the exit code says it alone, and what was not
        # written must not be tried again on leaving.
        sys.stderr = None


def _numbers(text: str, option: str) -> list[float]:
    """Numbers separated by commas, as an option gives them."""
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise SpecificationError(
            f"found {shown(text)}, expected numbers separated by commas", pointer=option
        ) from None


def _write_json(document: dict[str, Any], output: Path | None) -> None:
    from mfmgame.view.writing import as_json, write_text

    write_text(as_json(document), output)


def _write(content: RenderableType, output: Path | None) -> None:
    from mfmgame.view.text import rendered
    from mfmgame.view.writing import write_text

    terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    styled = terminal and not os.environ.get("NO_COLOR")
    width = os.get_terminal_size().columns if terminal else None
    write_text(rendered(content, styled=styled, width=width), output)


def _print(text: str) -> None:
    from mfmgame.view.writing import write_text

    write_text(text, None)


if __name__ == "__main__":
    main()
