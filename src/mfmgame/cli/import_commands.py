"""The commands that make a catalog of a public knowledge base, or weigh one by evidence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfmgame.cli.support import FLOAT, Output, keyed_numbers, reported, write, write_json
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

if TYPE_CHECKING:
    from mfmgame.catalogs.importing import AssumedNumbers
    from mfmgame.catalogs.incidents import IncidentSelection
    from mfmgame.catalogs.weighing import Weights
    from mfmgame.documents.catalog import Catalog

__all__ = ["finish", "import_app", "weigh_catalog"]

import_app = typer.Typer(no_args_is_help=True, help="Make a catalog of a public knowledge base.")

Source = Annotated[Path, typer.Argument(metavar="FILE", help="The knowledge base's own file.")]
Effectiveness = Annotated[
    list[str] | None,
    typer.Option(
        "--effectiveness",
        metavar="[CATEGORY=]SHARE",
        help="Share that a defense stops, or those of a category do; 0.5 by default.",
    ),
]
Severity = Annotated[float, typer.Option("--severity", **FLOAT, help="Loss of every threat.")]
Bandwidth = Annotated[
    float, typer.Option("--bandwidth", **FLOAT, help="Bits that every threat needs.")
]
Cost = Annotated[
    float,
    typer.Option("--cost", **FLOAT, help="Units of budget that every defense uses at level 1."),
]
Inherit = Annotated[
    bool,
    typer.Option("--inherit", help="What acts on a technique acts on its sub-techniques, too."),
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FILE.csv",
        help="Severities of threats: columns threat and weight.",
    ),
]
Vulnerabilities = Annotated[
    Path | None,
    typer.Option(
        "--kev",
        metavar="FILE.json",
        help="Severities of ATT&CK techniques by how many vulnerabilities they exploit (KEV or "
        "CVE of Mappings Explorer).",
    ),
]
Costs = Annotated[
    Path | None,
    typer.Option(
        "--costs",
        metavar="FILE.csv",
        help="What defenses use: columns defense, and cost or one for each resource.",
    ),
]
Incidents = Annotated[
    bool,
    typer.Option(
        "--incidents",
        help="Severities of ATLAS techniques from the incidents of genai-incidents.",
    ),
]
Scores = Annotated[
    list[str] | None,
    typer.Option(
        "--incident-score",
        metavar="NAME=NUMBER",
        help="What an incident of a severity counts; may repeat.",
    ),
]
Years = Annotated[
    str | None,
    typer.Option("--incident-years", metavar="[FIRST]:[LAST]", help="Years whose incidents count."),
]
Quality = Annotated[
    str | None,
    typer.Option("--incident-quality", metavar="NAME,...", help="Any of auto, reviewed, curated."),
]
Corpus = Annotated[
    str | None,
    typer.Option("--incident-corpus", metavar="NAME,...", help="Any of security, ai-harm."),
]
Tier = Annotated[
    str | None,
    typer.Option("--incident-tier", metavar="NAME,...", help="Any of feed, landmark."),
]


@import_app.command("atlas")
def import_atlas(
    file: Source,
    effectiveness: Effectiveness = None,
    severity: Severity = 1.0,
    bandwidth: Bandwidth = 1.0,
    cost: Cost = 1.0,
    inherit: Inherit = False,
    weights: Table = None,
    costs: Costs = None,
    incidents: Incidents = False,
    incident_score: Scores = None,
    incident_years: Years = None,
    incident_quality: Quality = None,
    incident_corpus: Corpus = None,
    incident_tier: Tier = None,
    output: Output = None,
) -> None:
    """Make a catalog of MITRE ATLAS (ATLAS.yaml, the layout with matrices)."""
    with reported(str(file)):
        from mfmgame.catalogs.importing import import_atlas as load

        chosen = _selection(
            incidents,
            incident_score,
            incident_years,
            incident_quality,
            incident_corpus,
            incident_tier,
        )
        evidence = _weights(weights, chosen, severity=severity)
        numbers = _numbers(effectiveness, severity, bandwidth, inherit, cost)
        finish(load(file, numbers), output, evidence, costs)


@import_app.command("attack")
def import_attack(
    file: Source,
    effectiveness: Effectiveness = None,
    severity: Severity = 1.0,
    bandwidth: Bandwidth = 1.0,
    cost: Cost = 1.0,
    inherit: Inherit = False,
    weights: Table = None,
    kev: Vulnerabilities = None,
    costs: Costs = None,
    output: Output = None,
) -> None:
    """Make a catalog of MITRE ATT&CK, or of ATLAS in STIX (a STIX 2 bundle)."""
    with reported(str(file)):
        from mfmgame.catalogs.importing import import_attack as load

        numbers = _numbers(effectiveness, severity, bandwidth, inherit, cost)
        finish(load(file, numbers), output, _weights(weights, kev=kev, severity=severity), costs)


@import_app.command("ctid")
def import_ctid(
    file: Source,
    score: Annotated[
        list[str] | None,
        typer.Option(
            "--score",
            metavar="NAME=SHARE",
            help="What a score counts as: minimal, partial or significant, times protect, "
            "detect or respond, or one of both, as detect/partial.",
        ),
    ] = None,
    combine: Annotated[
        str,
        typer.Option(
            "--combine",
            metavar="best|independent",
            help="What several scores of one pair come to.",
        ),
    ] = "best",
    effectiveness: Effectiveness = None,
    severity: Severity = 1.0,
    bandwidth: Bandwidth = 1.0,
    cost: Cost = 1.0,
    inherit: Inherit = False,
    weights: Table = None,
    kev: Vulnerabilities = None,
    costs: Costs = None,
    output: Output = None,
) -> None:
    """Make a catalog of a mapping to ATT&CK (JSON of CTID's Mappings Explorer)."""
    with reported(str(file)):
        from mfmgame.catalogs.importing import MappingScores
        from mfmgame.catalogs.importing import import_ctid as load

        scores = MappingScores.named(keyed_numbers(score or [], "--score"), combine)
        numbers = _numbers(effectiveness, severity, bandwidth, inherit, cost)
        finish(
            load(file, numbers, scores),
            output,
            _weights(weights, kev=kev, severity=severity),
            costs,
        )


def _numbers(
    effectiveness: list[str] | None,
    severity: float,
    bandwidth: float,
    inherit: bool,
    cost: float,
) -> AssumedNumbers:
    """The analyst's numbers, from the options that give them."""
    from mfmgame.catalogs.importing import AssumedNumbers

    shares = keyed_numbers(effectiveness or [], "--effectiveness")
    return AssumedNumbers(
        effectiveness=shares.pop("", AssumedNumbers.effectiveness),
        by_category=shares,
        severity=severity,
        bandwidth=bandwidth,
        cost=cost,
        inherit=inherit,
    )


def _selection(
    wanted: bool,
    scores: list[str] | None,
    years: str | None,
    quality: str | None,
    corpus: str | None,
    tier: str | None,
) -> IncidentSelection | None:
    """Which incidents count, from the options that say it; None if none are wanted."""
    if not wanted:
        if scores or (years, quality, corpus, tier) != (None,) * 4:
            raise SpecificationError("found --incident-... alone, expected it with --incidents")
        return None
    from mfmgame.catalogs.incidents import IncidentSelection

    by_severity = keyed_numbers(scores or [], "--incident-score")
    if "" in by_severity:
        raise SpecificationError(
            f"found {by_severity['']:g} alone, expected NAME=NUMBER", pointer="--incident-score"
        )
    first, last = _years(years)
    return IncidentSelection(
        scores=by_severity,
        first_year=first,
        last_year=last,
        quality=_names(quality, "--incident-quality"),
        corpus=_names(corpus, "--incident-corpus"),
        tier=_names(tier, "--incident-tier"),
    )


def _years(text: str | None) -> tuple[int | None, int | None]:
    """Both ends of ``FIRST:LAST``; an end that is left out is open."""
    parts = (":" if text is None else text).split(":")
    if len(parts) != 2 or not all(re.fullmatch("[0-9]{0,4}", part) for part in parts):
        raise SpecificationError(
            f"found {shown(text)}, expected FIRST:LAST", pointer="--incident-years"
        )
    first, last = (int(part) if part else None for part in parts)
    return first, last


def _names(text: str | None, option: str) -> tuple[str, ...]:
    """Names separated by commas, as an option gives them."""
    if text is None:
        return ()
    found = tuple(name.strip() for name in text.split(","))
    if not all(found):
        raise SpecificationError(
            f"found {shown(text)}, expected names separated by commas", pointer=option
        )
    return found


def _weights(
    table: Path | None,
    selection: IncidentSelection | None = None,
    kev: Path | None = None,
    severity: float = 1.0,
) -> Weights | None:
    """Severities from evidence, if any is chosen."""
    chosen = {
        "--severity": None if severity == 1.0 else severity,
        "--weights": table,
        "--incidents": selection,
        "--kev": kev,
    }
    given = [option for option, value in chosen.items() if value is not None]
    if len(given) > 1:
        raise SpecificationError(f"found {' and '.join(given)}, expected one of them")
    if table is not None:
        from mfmgame.catalogs.csv_tables import read_weights

        return read_weights(table)
    if selection is not None:
        from mfmgame.catalogs.incidents import incident_weights

        return incident_weights(selection)
    if kev is not None:
        from mfmgame.catalogs.importing import kev_weights

        return kev_weights(kev)
    return None


def finish(
    catalog: Catalog,
    output: Path | None,
    weights: Weights | None = None,
    costs: Path | None = None,
) -> None:
    """Write a catalog with weights and costs, and say what is in it unless it goes to stdout."""
    from mfmgame.catalogs import resolve_catalog
    from mfmgame.view.text.catalog_text import import_text

    if weights is not None:
        from mfmgame.catalogs.weighing import weighed

        catalog = weighed(catalog, weights)
    if costs is not None:
        from mfmgame.catalogs.csv_tables import costed

        catalog = costed(catalog, costs)
    write_json(catalog.to_document(without_defaults=True), output)
    if output is not None:
        write(import_text(catalog, resolve_catalog(catalog)), None)


def weigh_catalog(
    name: Annotated[
        str,
        typer.Argument(metavar="CATALOG", help="A shipped catalog's name, or a JSON file."),
    ],
    weights: Table = None,
    kev: Vulnerabilities = None,
    costs: Costs = None,
    incidents: Incidents = False,
    incident_score: Scores = None,
    incident_years: Years = None,
    incident_quality: Quality = None,
    incident_corpus: Corpus = None,
    incident_tier: Tier = None,
    output: Output = None,
) -> None:
    """Give a catalog other severities and costs: from incidents, or from tables."""
    with reported(name):
        from mfmgame.catalogs import load_catalog

        chosen = _selection(
            incidents,
            incident_score,
            incident_years,
            incident_quality,
            incident_corpus,
            incident_tier,
        )
        evidence = _weights(weights, chosen, kev)
        if evidence is None and costs is None:
            raise SpecificationError(
                "found nothing to weigh by, expected --weights, --incidents, --kev or --costs"
            )
        finish(load_catalog(name), output, evidence, costs)
