"""Arguments and options that several commands take, each written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfmgame.cli.option_values import FLOAT, amount_or_share, keyed_texts, keyed_values
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mfmgame.documents.kept_shares import KeptShare
    from mfmgame.documents.scenario import Scenario
    from mfmgame.machine.workers import Workers

__all__ = [
    "AsJson",
    "Coverage",
    "MipGap",
    "Output",
    "Plot",
    "Printing",
    "ScenarioAndLimitChanges",
    "ScenarioChanges",
    "Spec",
    "TimeLimit",
    "Tolerance",
    "WorkerOptions",
    "limits_of",
]

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="Scenario: a JSON file, a workbook (.xlsx), a folder of CSV files, or - for JSON from "
        "standard input.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the output as a JSON document.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the output to this file, not to the terminal."
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw the answer to this file (PNG, SVG or PDF)."),
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        **FLOAT,
        help="Largest allowed gap between the proven bounds, as a fraction of the value.",
    ),
]
MipGap = Annotated[
    float | None,
    typer.Option(
        "--mip-gap",
        **FLOAT,
        help="Largest allowed gap between the proven bounds, as a fraction of the value, for "
        "all-or-nothing and stepped defenses.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        **FLOAT,
        help="Time limit for each solve, in seconds; on timeout, the answer has the bounds proven "
        "so far.",
    ),
]
Coverage = Annotated[
    float | None,
    typer.Option(
        "--coverage",
        **FLOAT,
        help="Restrict each uncertain number to its central interval of this probability, for "
        "example 0.9.",
    ),
]


class Digits(StrEnum):
    """How many digits of a number to print."""

    SHORT = "short"
    FULL = "full"


@dataclass(frozen=True)
class Printing:
    """Options that say where an answer goes, and in what form."""

    as_json: AsJson = False
    output: Output = None
    digits: Annotated[
        Digits,
        typer.Option("--digits", help="short: four significant digits; full: all digits."),
    ] = Digits.SHORT
    every_row: Annotated[
        bool,
        typer.Option(
            "--all", help="Print every row of each table, and every defense that is not funded."
        ),
    ] = False

    def answer(
        self,
        document: Callable[..., dict[str, Any]],
        text: Callable[..., RenderableType],
        *parts: Any,
    ) -> None:
        """Write an answer as the document or the text that is made of its parts."""
        from mfmgame.cli.writing import write, write_json

        if self.as_json:
            write_json(document(*parts), self.output)
            return
        from mfmgame.view.text.fitting_table import every_row
        from mfmgame.view.text.number_formats import full_digits

        with full_digits(on=self.digits is Digits.FULL), every_row(on=self.every_row):
            write(text(*parts), self.output)


@dataclass(frozen=True)
class ScenarioChanges:
    """Options that replace members of the scenario for one command."""

    composition: Annotated[
        str | None,
        typer.Option(
            "--composition",
            metavar="NAME",
            help="Composition to use: best_of, additive or independent.",
        ),
    ] = None
    attacker_bandwidth: Annotated[
        float | None,
        typer.Option("--attacker-bandwidth", **FLOAT, help="Bandwidth of the attacker, in bits."),
    ] = None
    termination_loss: Annotated[
        float | None,
        typer.Option(
            "--termination-loss",
            **FLOAT,
            help="Loss from stopping the system, in the unit of the severities.",
        ),
    ] = None
    members: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="POINTER=VALUE",
            help="Replace a value of the scenario, named by its JSON pointer, such as "
            "/defenses/ID/use/budget=30; repeatable.",
        ),
    ] = None

    def load(self, spec: str) -> Scenario:
        """Read a scenario, and replace what the options name."""
        from mfmgame.tables.scenario_files import load_scenario

        scenario = load_scenario(spec)
        limits = self._limits(scenario)
        if not any((self.composition, self.members, limits)) and (
            self.attacker_bandwidth is self.termination_loss is None
        ):
            return scenario
        return scenario.with_(
            composition=self.composition,
            attacker_bandwidth=self.attacker_bandwidth,
            termination_loss=self.termination_loss,
            limits=limits,
            set=keyed_values(self.members, "--set"),
        )

    def _limits(self, scenario: Scenario) -> dict[str, Any]:
        del scenario
        return {}


@dataclass(frozen=True)
class ScenarioAndLimitChanges(ScenarioChanges):
    """Options that replace members of the scenario, ``--limit`` among them."""

    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            metavar="NAME=VALUE",
            help="Replace the limit of a resource, such as budget=120, or utility=50% for a kept "
            "share of work; repeatable.",
        ),
    ] = None

    def _limits(self, scenario: Scenario) -> dict[str, Any]:
        texts = keyed_texts(self.limit, "--limit")
        if "" in texts:
            raise SpecificationError("found no name, expected NAME=VALUE", pointer="--limit")
        return {
            resource: limit if isinstance(limit, float) else limit.model_dump(exclude_unset=True)
            for resource, limit in limits_of(scenario, texts, "--limit").items()
        }


def limits_of(
    scenario: Scenario, texts: Mapping[str, str], option: str
) -> dict[str, float | KeptShare]:
    """Read limits by resource, each as the scenario shows the resource."""
    from mfmgame.catalogs.scenario_entries import displays_of

    displays = displays_of(scenario) if texts else {}
    return {
        resource: amount_or_share(text, displays.get(resource) == "kept_share", option)
        for resource, text in texts.items()
    }


@dataclass(frozen=True)
class WorkerOptions:
    """Options that say who computes."""

    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            help="Number of worker processes on this machine; -1 starts one per core.",
        ),
    ] = None
    dask: Annotated[
        str | None,
        typer.Option(
            "--dask",
            metavar="ADDRESS",
            help="Address of the scheduler of the Dask cluster to compute on.",
        ),
    ] = None
    ray: Annotated[bool, typer.Option("--ray", help="Compute on the Ray cluster.")] = False

    def chosen(self) -> Workers:
        """Choose the workers that the options name; by default, this process."""
        from mfmgame.machine.workers import Workers

        if self.jobs is not None and self.dask is not None:
            raise SpecificationError("found beside --dask, expected one of them", pointer="--jobs")
        return Workers(jobs=1 if self.jobs is None else self.jobs, dask=self.dask, ray=self.ray)
