"""Commands that make a catalog from a public knowledge base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mfmgame.cli.catalog_commands import write_catalog
from mfmgame.cli.catalog_options import (
    AsSteps,
    Bandwidth,
    CostOptions,
    IncidentOptions,
    KnowledgeBase,
    NumberOptions,
    Severity,
    Vulnerabilities,
    WeightTable,
    chosen_weights,
)
from mfmgame.cli.complaints import reported
from mfmgame.cli.option_values import keyed_numbers, named_number
from mfmgame.cli.options import Output

__all__ = [
    "import_app",
    "import_atlas",
    "import_attack",
    "import_cosai",
    "import_ctid",
    "import_flow",
]

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
    chains: Annotated[
        bool,
        typer.Option(
            "--chains",
            help="Import the case studies as threats, each a chain of techniques that must all "
            "succeed.",
        ),
    ] = False,
    as_steps: AsSteps = False,
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
            weights,
            incidents=incidents.selection(),
            severity=numbers.severity,
            as_steps=as_steps and not chains,
        )
        catalog = load(
            file,
            numbers.assumed(),
            platforms=platform or [],
            maturities=maturity or [],
            chains=chains,
            as_steps=as_steps,
        )
        write_catalog(catalog, output, evidence, costs)


def import_attack(
    file: KnowledgeBase,
    *,
    as_steps: AsSteps = False,
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

        evidence = chosen_weights(weights, kev, severity=numbers.severity, as_steps=as_steps)
        catalog = load(file, numbers.assumed(), as_steps=as_steps)
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
    as_steps: AsSteps = False,
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
        evidence = chosen_weights(weights, kev, severity=numbers.severity, as_steps=as_steps)
        catalog = load(file, numbers.assumed(), scores, as_steps=as_steps)
        write_catalog(catalog, output, evidence, costs)


def import_flow(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Files of Attack Flow Builder (.afb), or STIX bundles that it publishes.",
        ),
    ],
    *,
    severity: Severity = 1.0,
    bandwidth: Bandwidth = 1.0,
    output: Output = None,
) -> None:
    """Make a catalog from attack flows of CTID.

    Each way to reach a leaf of a flow becomes a threat, a chain of techniques. The catalog has no
    defenses: merge it with a catalog imported with --as-steps.
    """
    with reported(""):
        from mfmgame.catalogs.importing import AssumedNumbers
        from mfmgame.catalogs.importing import import_flow as load

        numbers = AssumedNumbers(severity=severity, bandwidth=bandwidth)
        write_catalog(load(*files, numbers=numbers), output)
