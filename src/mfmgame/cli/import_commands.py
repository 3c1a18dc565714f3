"""Commands that make a catalog from a public knowledge base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfmgame.cli.catalog_commands import write_catalog
from mfmgame.cli.catalog_options import (
    CostOptions,
    IncidentOptions,
    KnowledgeBase,
    NumberOptions,
    Vulnerabilities,
    WeightTable,
    chosen_weights,
)
from mfmgame.cli.complaints import reported
from mfmgame.cli.option_values import keyed_numbers, named_number
from mfmgame.cli.options import Output

__all__ = ["import_app", "import_atlas", "import_attack", "import_cosai", "import_ctid"]

import_app = typer.Typer(no_args_is_help=True, help="Make a catalog from a public knowledge base.")


def import_atlas(
    file: KnowledgeBase,
    *,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="NAME",
            help="Platform of the techniques to include: Predictive AI, Generative AI, Agentic AI "
            "or Enterprise; needs format 6; repeatable.",
        ),
    ] = None,
    maturity: Annotated[
        list[str] | None,
        typer.Option(
            "--maturity",
            metavar="NAME",
            help="Maturity of the techniques to include: feasible, demonstrated or realized; "
            "repeatable.",
        ),
    ] = None,
    numbers: NumberOptions,
    weights: WeightTable = None,
    costs: CostOptions,
    incidents: IncidentOptions,
    output: Output = None,
) -> None:
    """Make a catalog from MITRE ATLAS.

    The file is the YAML of ATLAS, in format 5 (ATLAS.yaml) or 6 (such as ATLAS-2026.06.yaml).
    """
    with reported(str(file)):
        from mfmgame.catalogs.importing import import_atlas as load

        evidence = chosen_weights(
            weights, incidents=incidents.selection(), severity=numbers.severity
        )
        chosen = {"platforms": platform or [], "maturities": maturity or []}
        write_catalog(load(file, numbers.assumed(), **chosen), output, evidence, costs)


def import_attack(
    file: KnowledgeBase,
    *,
    numbers: NumberOptions,
    weights: WeightTable = None,
    kev: Vulnerabilities = None,
    costs: CostOptions,
    output: Output = None,
) -> None:
    """Make a catalog from MITRE ATT&CK (a STIX 2 bundle).

    A bundle of MITRE ATLAS works as well.
    """
    with reported(str(file)):
        from mfmgame.catalogs.importing import import_attack as load

        catalog = load(file, numbers.assumed())
        evidence = chosen_weights(weights, kev, severity=numbers.severity)
        write_catalog(catalog, output, evidence, costs)


def import_cosai(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Folder with risks.yaml and controls.yaml."),
    ],
    *,
    universal: Annotated[
        str | None,
        typer.Option(
            "--universal",
            metavar="share=SHARE",
            help="Fraction of every risk that each control of all risks stops; without this "
            "option, these controls stop nothing.",
        ),
    ] = None,
    numbers: NumberOptions,
    weights: WeightTable = None,
    costs: CostOptions,
    output: Output = None,
) -> None:
    """Make a catalog from the CoSAI Risk Map.

    The files are in the folder risk-map/yaml of its repository.
    """
    with reported(str(folder)):
        from mfmgame.catalogs.importing import import_cosai as load

        share = None if universal is None else named_number(universal, "share", "--universal")
        evidence = chosen_weights(weights, severity=numbers.severity)
        write_catalog(load(folder, numbers.assumed(), universal=share), output, evidence, costs)


def import_ctid(
    file: KnowledgeBase,
    *,
    score: Annotated[
        list[str] | None,
        typer.Option(
            "--score",
            metavar="NAME=SHARE",
            help="Number for a word of the mapping: partial=0.4 sets the fraction that a control "
            "stops (also minimal, significant); detect=0.7 sets the factor of a category (also "
            "protect, respond); detect/partial=0.3 sets the product of both; repeatable.",
        ),
    ] = None,
    combine: Annotated[
        str,
        typer.Option(
            "--combine",
            metavar="best|independent",
            help="Rule for a control with several scores on one technique: best uses the highest "
            "score; with independent, each score stops its share of what the others let through.",
        ),
    ] = "best",
    numbers: NumberOptions,
    weights: WeightTable = None,
    kev: Vulnerabilities = None,
    costs: CostOptions,
    output: Output = None,
) -> None:
    """Make a catalog from a mapping of controls to ATT&CK.

    The mapping is a JSON file of CTID's Mappings Explorer.
    """
    with reported(str(file)):
        from mfmgame.catalogs.importing import MappingScores
        from mfmgame.catalogs.importing import import_ctid as load

        scores = MappingScores.named(keyed_numbers(score, "--score"), combine)
        catalog = load(file, numbers.assumed(), scores)
        evidence = chosen_weights(weights, kev, severity=numbers.severity)
        write_catalog(catalog, output, evidence, costs)
