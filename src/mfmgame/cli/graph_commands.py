"""Parts of commands that answer scenarios with attack graphs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

if TYPE_CHECKING:
    from mfmgame.answers.threshold import Threshold
    from mfmgame.cli.options import Printing
    from mfmgame.documents.scenario import Scenario
    from mfmgame.paths.graph_sweep import GraphFrontier
    from mfmgame.paths.graph_threshold import GraphEvaluation
    from mfmgame.verification.claims import Answer
    from mfmgame.verification.verify import Verification

__all__ = ["evaluated", "solve_and_print", "swept", "threshold_of", "verified"]


def solve_and_print(
    scenario: Scenario,
    tolerance: float | None,
    time_limit: float | None,
    plot: Path | None,
    printing: Printing,
) -> None:
    """Solve the graph of a scenario, draw the graph if asked to, and print the answer."""
    from mfmgame.paths.graph_solution import solve_graph
    from mfmgame.paths.scenario_graph import build_graph_game
    from mfmgame.view.json.graph_documents import graph_document
    from mfmgame.view.text.solution_text import solution_text

    solution = solve_graph(build_graph_game(scenario), tolerance=tolerance, time_limit=time_limit)
    if plot is not None:
        from mfmgame.view.output_files import write_figure
        from mfmgame.view.plots.graphs import plot_graph

        write_figure(plot_graph(solution).figure, plot)
    printing.answer(graph_document, solution_text, solution)


def swept(scenario: Scenario, limit: str | None, ends: dict[str, float]) -> GraphFrontier:
    """Trace the value of a scenario's graph over the attacker's bandwidth.

    Raises
    ------
    SpecificationError
        If a limit is to vary.
    """
    from mfmgame.paths.graph_sweep import sweep_graph
    from mfmgame.paths.scenario_graph import build_graph_game

    if limit is not None:
        raise SpecificationError(
            f"found {shown(limit)} with an attack graph, expected no limit: a graph is swept over "
            "the attacker's bandwidth only",
            pointer="--limit",
        )
    return sweep_graph(build_graph_game(scenario), **ends)


def threshold_of(
    scenario: Scenario, tolerance: float | None, time_limit: float | None
) -> Threshold:
    """Find the self-destruction threshold of a scenario's graph."""
    from mfmgame.paths.graph_threshold import graph_threshold
    from mfmgame.paths.scenario_graph import build_graph_game

    game = build_graph_game(scenario)
    try:
        return graph_threshold(game, tolerance=tolerance, time_limit=time_limit)
    except SpecificationError as error:
        raise scenario.located(error) from None


def evaluated(scenario: Scenario, plans: Sequence[str] | None) -> list[GraphEvaluation]:
    """Evaluate plans against all paths of a scenario's graph."""
    from mfmgame.cli.plan_commands import each_plan
    from mfmgame.paths.graph_threshold import evaluate_graph_levels
    from mfmgame.paths.scenario_graph import build_graph_game

    game = build_graph_game(scenario)
    return [
        evaluate_graph_levels(game, levels, name)
        for name, levels in each_plan(scenario, game.techniques, plans)
    ]


def verified(answer: Answer, scenario: Scenario, tolerance: float | None) -> Verification:
    """Check the result of a graph against a scenario.

    Raises
    ------
    SpecificationError
        If only one of both is about a graph, or the result is not that of a solve.
    """
    from mfmgame.documents.graph_result import GraphResult
    from mfmgame.paths.graph_verification import verify_graph
    from mfmgame.paths.scenario_graph import build_graph_game

    if not isinstance(answer, GraphResult):
        raise SpecificationError(
            f"found {shown(answer.schema_id)} with an attack graph, expected "
            "'mfmgame/graph-result/1': of graphs, only results of solve can be checked",
            pointer="/schema",
        )
    return verify_graph(answer, build_graph_game(scenario), tolerance=tolerance)
