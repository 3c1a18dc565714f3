"""Commands on plans: what a given plan is worth, and which of several is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfmgame.cli import graph_commands
from mfmgame.cli.complaints import reported_input
from mfmgame.cli.option_values import keyed_numbers
from mfmgame.cli.options import (
    MipGap,
    Printing,
    ScenarioAndLimitChanges,
    Spec,
    TimeLimit,
    Tolerance,
)
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

if TYPE_CHECKING:
    from mfmgame.documents.scenario import Scenario
    from mfmgame.game.game import DefenseGame
    from mfmgame.numerics.arrays import FloatArray

__all__ = ["compare", "each_plan", "evaluate"]


def evaluate(
    spec: Spec,
    plan: Annotated[
        list[str] | None,
        typer.Option(
            "--plan",
            metavar="NAME|FILE|ID=LEVEL,...",
            help="Plan to evaluate: a plan of the scenario by name, a JSON file of levels by "
            "defense, or levels such as waf=1,guardrail=1; repeatable. Default: every plan of the "
            "scenario.",
        ),
    ] = None,
    *,
    printing: Printing,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Find the worst attack on a plan, and the loss.

    Also find the attacker bandwidth up to which the plan costs no more than stopping.
    """
    with reported_input(spec):
        from mfmgame.answers.plan_evaluation import PlanEvaluation, evaluate_levels
        from mfmgame.game.scenario_game import build_game
        from mfmgame.view.json.plan_documents import evaluation_document
        from mfmgame.view.text.plan_text import evaluation_text

        scenario = changes.load(spec)
        found: Sequence[PlanEvaluation]
        if scenario.graph is None:
            game = build_game(scenario)
            found = [
                evaluate_levels(game, levels, name)
                for name, levels in each_plan(scenario, game, plan)
            ]
        else:
            found = graph_commands.evaluated(scenario, plan)
        printing.answer(evaluation_document, evaluation_text, *found)


def each_plan(
    scenario: Scenario, game: DefenseGame, asked: Sequence[str] | None
) -> list[tuple[str, FloatArray]]:
    """List name and levels of each plan that is asked for, or of every plan of the scenario."""
    texts = list(game.plans) if asked is None else asked
    if not texts:
        raise SpecificationError(
            "missing, expected plans in the scenario, or --plan", pointer="/plans"
        )
    try:
        return [(text, _levels(game, text)) for text in dict.fromkeys(texts)]
    except SpecificationError as error:
        raise scenario.located(error) if error.pointer.startswith("/plans") else error from None


def _refuse_impossible_plans(scenario: Scenario) -> None:
    """Refuse a plan whose levels its defenses cannot take, naming file and place."""
    from mfmgame.game.plans import plan_levels
    from mfmgame.game.scenario_game import build_game

    game = build_game(scenario)
    try:
        for plan in game.plans:
            plan_levels(game, plan)
    except SpecificationError as error:
        raise scenario.located(error) from None


def _levels(game: DefenseGame, text: str) -> FloatArray:
    """Find the levels of the plan that a text names, holds in a file, or spells out."""
    from mfmgame.game.plans import plan_levels

    if text in game.plans:
        return plan_levels(game, text)
    try:
        return plan_levels(game, _stated_levels(game, text))
    except SpecificationError as error:
        if error.pointer.startswith("/plan/"):
            error = SpecificationError(f"{error.pointer[6:]}: {error.message}", pointer="--plan")
        raise error from None


def _stated_levels(game: DefenseGame, text: str) -> Mapping[str, Any]:
    from mfmgame.documents.json_reading import read_document

    if "=" in text:
        return keyed_numbers(text.split(","), "--plan")
    if not text or not Path(text).exists():
        hint = nearest(text, game.plans, "plan")
        raise SpecificationError(
            f"found {shown(text)}, expected {hint}, a file, or ID=LEVEL,...", pointer="--plan"
        )
    return read_document(Path(text))


def compare(
    spec: Spec,
    other: Annotated[
        str | None,
        typer.Argument(metavar="SPEC2", help="Second scenario to compare with the first."),
    ] = None,
    tolerance: Tolerance = None,
    mip_gap: MipGap = None,
    time_limit: TimeLimit = None,
    *,
    printing: Printing,
    changes: ScenarioAndLimitChanges,
) -> None:
    """Compare no defense, each named plan and the best plan.

    With SPEC2, also compare the two scenarios.
    """
    with reported_input(spec):
        from mfmgame.attribution.plan_comparison import compare as compared
        from mfmgame.view.json.plan_documents import comparison_document
        from mfmgame.view.text.plan_text import comparison_text

        if spec == other == "-":
            raise SpecificationError("found - for both files, expected it for one", pointer="SPEC2")
        scenarios = [changes.load(file) for file in (spec, other) if file is not None]
        for scenario in scenarios:
            _refuse_impossible_plans(scenario)
        found = compared(
            *scenarios,
            tolerance=tolerance,
            mip_gap=mip_gap,
            time_limit=time_limit,
        )
        printing.answer(comparison_document, comparison_text, found)
