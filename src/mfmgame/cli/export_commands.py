"""Commands that write files for other programs and people: programs, pages, layers, schemas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mfmgame.cli.complaints import reported, reported_input
from mfmgame.cli.option_values import FLOAT
from mfmgame.cli.options import Output, ScenarioAndLimitChanges, Spec
from mfmgame.cli.writing import keep_inputs, write_json, write_plain
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.documents.catalog import Domain
    from mfmgame.view.navigator_layer import Score

__all__ = ["export", "layer", "report", "schema"]


def export(
    spec: Spec,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the program to this file, FILE.mps or FILE.lp.",
        ),
    ],
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Write the game as a linear or mixed-integer program.

    The MPS or LP file is for another solver.
    """
    with reported_input(spec):
        from mfmgame.view.lp_export import export_program

        scenario = changes.load(spec)
        keep_inputs(output)
        export_program(scenario, output)


def report(
    spec: Spec,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the page to this file, FILE.html."
        ),
    ],
    stop: Annotated[
        float | None,
        typer.Option("--to", **FLOAT, help="Greatest attacker bandwidth that the curve shows."),
    ] = None,
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Write a self-contained interactive HTML page.

    The page shows the answer, its proof and the inputs, and needs no network.
    """
    with reported_input(spec):
        from mfmgame.view.output_files import write_text
        from mfmgame.view.report.page import report_page

        scenario = changes.load(spec)
        keep_inputs(output)
        write_text(report_page(scenario, stop=stop), output)


def layer(
    spec: Spec,
    score: Annotated[
        str,
        typer.Option(
            "--score",
            metavar="NAME",
            help="Score of each technique: residual, coverage or effort.",
        ),
    ] = "residual",
    domain: Annotated[
        str | None,
        typer.Option(
            "--domain",
            metavar="NAME",
            help="Domain of the techniques: enterprise-attack, mobile-attack, ics-attack or "
            "atlas-atlas.",
        ),
    ] = None,
    output: Output = None,
    *,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Write the answer as layers for the ATT&CK Navigator.

    A layer is a JSON file; each domain has its own layer.
    """
    with reported_input(spec):
        from mfmgame.catalogs.scenario_entries import catalog_of
        from mfmgame.solving.solver import solve
        from mfmgame.view.layer_entries import technique_references
        from mfmgame.view.navigator_layer import navigator_layer, navigator_layers

        scenario = changes.load(spec)
        catalog = catalog_of(scenario)
        threats = (*catalog.threats, *(scenario.threats or ()))
        stated = {threat.id: threat.domain for threat in threats if threat.domain}
        techniques = (*catalog.techniques, *scenario.techniques)
        answer = solve(scenario), cast("Score", score), catalog.origins
        references = technique_references(techniques)
        if domain is not None:
            chosen = navigator_layer(
                *answer,
                domain=cast("Domain", domain),
                threat_domains=stated,
                technique_references=references,
            )
            write_json(chosen, output)
            return
        layers = navigator_layers(*answer, threat_domains=stated, technique_references=references)
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


def schema(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the document.")] = "scenario",
    output: Output = None,
) -> None:
    """Print the JSON Schema of a document."""
    with reported(""):
        from mfmgame.documents.json_schema import json_schema

        write_json(json_schema(name), output)
