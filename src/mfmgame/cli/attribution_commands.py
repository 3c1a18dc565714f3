"""Commands on what each defense is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from mfmgame.cli.complaints import reported_input
from mfmgame.cli.options import (
    Printing,
    ScenarioAndLimitChanges,
    Spec,
    Tolerance,
    WorkerOptions,
)
from mfmgame.errors import SpecificationError

__all__ = ["explain", "shares", "what_if"]


def explain(
    spec: Spec,
    tolerance: Tolerance = None,
    *,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Explain why each defense is or is not funded.

    Also find how much spending is enough.
    """
    with reported_input(spec):
        from mfmgame.attribution.explanation import explain as answer
        from mfmgame.view.json.explanation_documents import explanation_document
        from mfmgame.view.text.explanation_text import explanation_text

        found = answer(changes.load(spec), tolerance=tolerance)
        printing.answer(explanation_document, explanation_text, found)


def shares(
    spec: Spec,
    permutations: Annotated[
        int | None,
        typer.Option(
            "--permutations",
            metavar="N",
            help="Number of random orders of the defenses; default: all orders for up to 15 "
            "defenses, 2000 random orders for more.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Seed of the random orders.")
    ] = 0,
    *,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Credit each defense with its Shapley share.

    The shares divide the loss that the plan removes among its defenses.
    """
    with reported_input(spec):
        from mfmgame.attribution.shapley import shapley_shares
        from mfmgame.view.json.uncertainty_documents import shares_document
        from mfmgame.view.text.uncertainty_text import shares_text

        found = shapley_shares(changes.load(spec), permutations=permutations, seed=seed)
        printing.answer(shares_document, shares_text, found)


def what_if(
    spec: Spec,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="ID", help="Defense to remove; repeatable."),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add", metavar="FILE", help="File of threats and defenses to add; repeatable."
        ),
    ] = None,
    each: Annotated[
        bool,
        typer.Option("--each", help="Rank the defenses by the loss that removing each one adds."),
    ] = False,
    *,
    workers: WorkerOptions,
    changes: ScenarioAndLimitChanges,
    printing: Printing,
) -> None:
    """Solve a scenario with defenses removed or entries added.

    The entries to add are threats and defenses.
    """
    with reported_input(spec):
        from mfmgame.attribution.what_if import what_if as answer
        from mfmgame.attribution.what_if import without_each
        from mfmgame.catalogs.altered_scenarios import altered
        from mfmgame.documents.addition import load_addition
        from mfmgame.view.json.uncertainty_documents import what_if_document
        from mfmgame.view.text.uncertainty_text import what_if_text

        if not (drop or add or each):
            raise SpecificationError("expected --drop, --add or --each", pointer="what-if")
        if [spec, *(add or [])].count("-") > 1:
            raise SpecificationError("found - for two files, expected it for one", pointer="--add")
        scenario = changes.load(spec)
        additions = [load_addition(file) for file in add or []]
        found = answer(scenario, drop=drop or [], add=additions)
        ranked = None
        if each:
            changed, catalog = altered(scenario, drop or [], additions)
            ranked = without_each(changed, catalog=catalog, workers=workers.chosen())
        printing.answer(what_if_document, what_if_text, found, ranked)
