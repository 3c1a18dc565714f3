"""Options of the commands that import or weigh a catalog, each written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfmgame.cli.option_values import FLOAT, keyed_numbers, names, years
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.catalogs.importing import AssumedNumbers
    from mfmgame.catalogs.incidents import IncidentSelection
    from mfmgame.catalogs.weighing import Weights
    from mfmgame.documents.catalog import Catalog

__all__ = [
    "AsSteps",
    "Bandwidth",
    "CostOptions",
    "IncidentOptions",
    "KnowledgeBase",
    "NumberOptions",
    "Severity",
    "Vulnerabilities",
    "WeightTable",
    "chosen_weights",
]

KnowledgeBase = Annotated[
    Path, typer.Argument(metavar="FILE", help="File that the knowledge base publishes.")
]
AsSteps = Annotated[
    bool,
    typer.Option(
        "--as-steps",
        help="Import the techniques as steps of chains instead of threats, to merge them with "
        "chains from another file.",
    ),
]
Severity = Annotated[
    float,
    typer.Option(
        "--severity",
        **FLOAT,
        help="Severity of each threat or loss: loss at full effort with no defense.",
    ),
]
Bandwidth = Annotated[
    float,
    typer.Option(
        "--bandwidth",
        **FLOAT,
        help="Attacker bandwidth that each threat, or each step of a chain, needs, in bits.",
    ),
]
WeightTable = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FILE.csv",
        help="Table of severities of threats: columns threat and weight.",
    ),
]
Vulnerabilities = Annotated[
    Path | None,
    typer.Option(
        "--kev",
        metavar="FILE.json",
        help="Mappings Explorer file (KEV or CVE); sets the severity of each ATT&CK technique "
        "from its number of vulnerabilities.",
    ),
]


@dataclass(frozen=True)
class CostOptions:
    """Options that take from a table what defenses use."""

    costs: Annotated[
        Path | None,
        typer.Option(
            "--costs",
            metavar="FILE.csv",
            help="Table of resource use: column defense, plus column cost or a column for each "
            "resource.",
        ),
    ] = None
    other_costs: Annotated[
        float | None,
        typer.Option(
            "--other-costs", **FLOAT, help="Cost of each defense that the table omits, at level 1."
        ),
    ] = None
    only_listed: Annotated[
        bool, typer.Option("--only-listed", help="Leave out the defenses that the table omits.")
    ] = False

    def applied(self, catalog: Catalog) -> Catalog:
        """Set the costs of a catalog's defenses, if a table gives them."""
        if self.other_costs is not None and self.only_listed:
            raise SpecificationError(
                "found beside --only-listed, expected one of them", pointer="--other-costs"
            )
        if self.costs is None:
            if self.other_costs is not None or self.only_listed:
                option = "--only-listed" if self.only_listed else "--other-costs"
                raise SpecificationError("found without --costs, expected it, too", pointer=option)
            return catalog
        from mfmgame.catalogs.csv_tables import costed

        return costed(catalog, self.costs, others="drop" if self.only_listed else self.other_costs)


@dataclass(frozen=True)
class NumberOptions:
    """Options for the numbers that a knowledge base does not hold."""

    effectiveness: Annotated[
        list[str] | None,
        typer.Option(
            "--effectiveness",
            metavar="[CATEGORY=]SHARE",
            help="Fraction of a threat that each linked defense stops, 0.5 by default; "
            "CATEGORY=SHARE sets this fraction for one category of defenses; repeatable.",
        ),
    ] = None
    severity: Severity = 1.0
    bandwidth: Bandwidth = 1.0
    cost: Annotated[
        float,
        typer.Option("--cost", **FLOAT, help="Units of budget that each defense uses at level 1."),
    ] = 1.0
    inherit: Annotated[
        bool,
        typer.Option(
            "--inherit", help="Link each mitigation of a technique to its sub-techniques as well."
        ),
    ] = False

    def assumed(self) -> AssumedNumbers:
        """Gather the numbers that an importer assumes."""
        from mfmgame.catalogs.importing import AssumedNumbers

        shares = keyed_numbers(self.effectiveness, "--effectiveness")
        return AssumedNumbers(
            effectiveness=shares.pop("", AssumedNumbers.effectiveness),
            by_category=shares,
            severity=self.severity,
            bandwidth=self.bandwidth,
            cost=self.cost,
            inherit=self.inherit,
        )


@dataclass(frozen=True)
class IncidentOptions:
    """Options that take severities from recorded incidents, and choose the incidents."""

    incidents: Annotated[
        bool,
        typer.Option(
            "--incidents",
            help="Take the severities of ATLAS techniques from the incidents of the package "
            "genai-incidents.",
        ),
    ] = False
    incident_score: Annotated[
        list[str] | None,
        typer.Option(
            "--incident-score",
            metavar="NAME=NUMBER",
            help="Score of each incident whose severity is NAME, such as High=8; the weight of a "
            "technique is the sum of the scores of its incidents; repeatable.",
        ),
    ] = None
    incident_years: Annotated[
        str | None,
        typer.Option(
            "--incident-years",
            metavar="[FIRST]:[LAST]",
            help="First and last year of the incidents to include.",
        ),
    ] = None
    incident_quality: Annotated[
        str | None,
        typer.Option(
            "--incident-quality",
            metavar="NAME,...",
            help="Qualities of the incidents to include: any of auto, reviewed, curated.",
        ),
    ] = None
    incident_corpus: Annotated[
        str | None,
        typer.Option(
            "--incident-corpus",
            metavar="NAME,...",
            help="Corpora of the incidents to include: any of security, ai-harm.",
        ),
    ] = None
    incident_tier: Annotated[
        str | None,
        typer.Option(
            "--incident-tier",
            metavar="NAME,...",
            help="Tiers of the incidents to include: any of feed, landmark.",
        ),
    ] = None

    def selection(self) -> IncidentSelection | None:
        """Choose the incidents to include; None without ``--incidents``."""
        if not self.incidents:
            texts = (
                self.incident_years,
                self.incident_quality,
                self.incident_corpus,
                self.incident_tier,
            )
            if self.incident_score or any(text is not None for text in texts):
                raise SpecificationError("found --incident-... alone, expected it with --incidents")
            return None
        from mfmgame.catalogs.incidents import IncidentSelection

        scores = keyed_numbers(self.incident_score, "--incident-score")
        if "" in scores:
            raise SpecificationError(
                f"found {scores['']:g} alone, expected NAME=NUMBER", pointer="--incident-score"
            )
        first, last = years(self.incident_years, "--incident-years")
        return IncidentSelection(
            scores=scores,
            first_year=first,
            last_year=last,
            quality=names(self.incident_quality, "--incident-quality"),
            corpus=names(self.incident_corpus, "--incident-corpus"),
            tier=names(self.incident_tier, "--incident-tier"),
        )


def chosen_weights(
    table: Path | None = None,
    kev: Path | None = None,
    incidents: IncidentSelection | None = None,
    severity: float = 1.0,
    *,
    as_steps: bool = False,
) -> Weights | None:
    """Read severities from the evidence that options name; None if none does.

    Steps have no severities.
    """
    chosen = {
        "--severity": None if severity == 1.0 else severity,
        "--weights": table,
        "--incidents": incidents,
        "--kev": kev,
    }
    given = [option for option, value in chosen.items() if value is not None]
    if as_steps and given:
        raise SpecificationError(
            "found with --as-steps, expected none: steps have no severities", pointer=given[0]
        )
    if len(given) > 1:
        raise SpecificationError(f"found {' and '.join(given)}, expected one of them")
    if table is not None:
        from mfmgame.catalogs.csv_tables import read_weights

        return read_weights(table)
    if incidents is not None:
        from mfmgame.catalogs.incidents import incident_weights

        return incident_weights(incidents)
    if kev is not None:
        from mfmgame.catalogs.importing import kev_weights

        return kev_weights(kev)
    return None
