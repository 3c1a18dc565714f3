"""Self-destruction threshold of a graph game, and evaluation of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mfmgame.answers.decision import decide, tie
from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.answers.solution import scale_of
from mfmgame.answers.status import first_unproven
from mfmgame.answers.threshold import Threshold, beside_decision, one_sided_note
from mfmgame.certificates.duality_certificate import Certificate, lower_bound, scaled_to_plan
from mfmgame.documents.result import Decision
from mfmgame.errors import SpecificationError
from mfmgame.game.attacker import bandwidth_for_loss
from mfmgame.game.labels import Labelled
from mfmgame.game.plans import broken_rules, excess_use, plan_levels
from mfmgame.messages import refuse_other_types
from mfmgame.numerics.arrays import FloatArray
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.graph_solution import GraphSolution, solution_of
from mfmgame.paths.graph_solver import GraphSolver
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_search import PathSearch

__all__ = [
    "GraphEvaluation",
    "evaluate_graph",
    "evaluate_graph_levels",
    "graph_threshold",
    "threshold_beyond_graph",
]

_MAX_STEPS = 200
_SAME_POINT = 1e-12


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GraphEvaluation(PlanEvaluation):
    """Worst-case loss of a plan along all paths of a graph, with its proof.

    The threats of its `game` are the paths of the worst attack.

    Attributes
    ----------
    graph_game : GraphGame
    listed : ListedPaths
        Edges and loss of each threat of `game`.
    """

    graph_game: GraphGame
    listed: ListedPaths


def evaluate_graph(game: GraphGame, plan: str | Mapping[str, float]) -> GraphEvaluation:
    """Find the worst attack on a plan along all paths of a graph, and its loss.

    Parameters
    ----------
    game : GraphGame
    plan : str or mapping of str to float
        Name of one of the game's plans, or the level of each defense that runs, by id.

    Returns
    -------
    GraphEvaluation

    Raises
    ------
    SpecificationError
        If the plan or a defense is unknown, or a defense cannot run at the stated level.
    SolverError
        If the graph needs too many labels.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_graph_game(mg.load_scenario("examples/attack_graph.json"))
    >>> mg.evaluate_graph(game, {}).loss > mg.solve_graph(game).value
    True
    """
    refuse_other_types(game, "game", GraphGame)
    levels = plan_levels(game.techniques, plan)
    return evaluate_graph_levels(game, levels, plan if isinstance(plan, str) else "")


def evaluate_graph_levels(game: GraphGame, levels: FloatArray, name: str = "") -> GraphEvaluation:
    """Evaluate a plan that is given as the level of every defense.

    Parameters
    ----------
    game : GraphGame
    levels : ndarray of float, shape (n_defenses,)
    name : str, optional

    Returns
    -------
    GraphEvaluation
    """
    frame, budget = game.techniques, game.attacker_bandwidth
    stopping = frame.termination_loss
    search = PathSearch(game, levels)
    response, listed = search.respond(budget), ListedPaths(game)
    threats = listed.numbers(response.losses, response.paths)
    composition, paths = listed.composition(), listed.game(budget)
    certificate = scaled_to_plan(
        paths,
        Certificate(
            threats=threats,
            anchors=composition.anchors(threats, levels),
            weights=np.array(response.efforts),
            limit_prices=np.zeros(len(paths.resources)),
        ),
    )
    lower = max(lower_bound(paths, composition, certificate, (levels, levels)), 0.0)
    upper = max(search.least_bound(budget, response.price), lower)
    decision = None if stopping is None else decide(paths, lower, upper, stopping)
    kept = None
    if stopping is not None and decision is not None:
        kept = _kept_until(game, search, stopping, decision)
    exposure = composition.exposure(levels)
    return GraphEvaluation(
        game=paths,
        name=name,
        allocation=Labelled(frame.defense_ids, levels),
        loss=float(np.clip(response.loss, lower, upper)),
        lower=lower,
        upper=upper,
        attack=Labelled(paths.threat_ids, np.array(response.efforts)),
        coverage=Labelled(paths.threat_ids, 1.0 - exposure),
        residual=Labelled(paths.threat_ids, paths.severity * exposure),
        bandwidth_price=response.price,
        certificate=certificate,
        decision=decision,
        plan_bandwidth=kept,
        excess=excess_use(frame, levels),
        broken_rules=tuple(broken_rules(frame, levels)),
        graph_game=game,
        listed=listed,
    )


def graph_threshold(
    game: GraphGame, *, tolerance: float | None = None, time_limit: float | None = None
) -> Threshold:
    """Find the attacker bandwidth beyond which stopping the system costs less.

    Parameters
    ----------
    game : GraphGame
        With a termination loss.
    tolerance, time_limit : float, optional
        As for :func:`solve_graph`, for each solve.

    Returns
    -------
    Threshold
        Its certificate and game refer to the paths that the search has met.

    Raises
    ------
    SpecificationError
        If the game has no termination loss, or an option is out of its range.
    SolverError
        If HiGHS refuses the program, or the graph needs too many labels.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_graph_game(mg.load_scenario("examples/attack_graph.json"))
    >>> mg.graph_threshold(game).decision
    'operate'
    """
    solver = GraphSolver(game, tolerance=tolerance, time_limit=time_limit)
    return threshold_beyond_graph(solver, solution_of(solver, solver.find()))


def threshold_beyond_graph(solver: GraphSolver, here: GraphSolution) -> Threshold:
    """Find the threshold of a graph game that is already solved.

    Parameters
    ----------
    solver : GraphSolver
    here : GraphSolution
        Solution that the solver found for its own game.

    Returns
    -------
    Threshold

    Raises
    ------
    SpecificationError
        If the game has no termination loss.
    """
    game, loss = solver.game, solver.game.techniques.termination_loss
    if loss is None:
        raise SpecificationError(
            "missing, expected the loss of stopping the system", pointer="/termination"
        )
    decision = decide(here.game, here.lower, here.upper, loss)
    plan = PathSearch(game, here.allocation.array)
    kept = _kept_until(game, plan, loss, decision)
    idle = PathSearch(game, np.zeros_like(here.allocation.array))
    undefended = bandwidth_for_loss(idle.residual, idle.ways, loss)
    unreachable = Threshold(
        game=here.game,
        bandwidth=None,
        plan_bandwidth=kept,
        undefended=undefended,
        decision="operate",
        margin=None,
        allocation=here.allocation,
        bandwidth_per_loss=None,
        lower=None,
        certificate=None,
        notes=here.notes,
        status=here.status,
    )
    if undefended is None:
        return replace(unreachable, plan_bandwidth=None)
    free = _free_game(game)
    most = solution_of(free, free.find())
    if decide(most.game, most.lower, most.upper, loss) == "operate":
        return replace(unreachable, allocation=most.allocation)
    # As for listed threats: each optimal allocation's own crossing is at or below the threshold,
    # and an allocation that is optimal at its own crossing is at the threshold.
    own = game.attacker_bandwidth if decision == "operate" else 0.0
    bandwidth = max(undefended, bandwidth_for_loss(plan.residual, plan.ways, loss) or 0.0, own)
    held, there = here.allocation, solver.find(bandwidth)
    for _ in range(_MAX_STEPS):
        search = PathSearch(game, there.allocation)
        reached = bandwidth_for_loss(search.residual, search.ways, loss)
        if reached is None:
            return replace(
                unreachable, allocation=Labelled(here.game.defense_ids, there.allocation)
            )
        if reached >= bandwidth * (1.0 - _SAME_POINT):
            held = Labelled(here.game.defense_ids, there.allocation)
        if reached <= bandwidth * (1.0 + _SAME_POINT):
            break
        bandwidth = reached
        there = solver.find(bandwidth)
    at = beside_decision(bandwidth, here.game, decision)
    if at != bandwidth:
        bandwidth, there = at, solver.find(at)
    found = solution_of(solver, there)
    price = PathSearch(game, held.array).respond(bandwidth).price
    closed = found.lower >= loss - max(
        found.tolerance * scale_of(found.game, loss), tie(found.game, loss)
    )
    return Threshold(
        game=found.listed.game(game.attacker_bandwidth),
        bandwidth=bandwidth,
        plan_bandwidth=kept,
        undefended=undefended,
        decision=decision,
        margin=bandwidth - game.attacker_bandwidth,
        allocation=held,
        bandwidth_per_loss=1.0 / price if price > 0.0 else None,
        lower=found.lower,
        certificate=found.certificate,
        notes=here.notes if closed else (*here.notes, one_sided_note(found.lower)),
        status=here.status if closed else first_unproven((here.status, found.status)),
    )


def _kept_until(
    game: GraphGame, search: PathSearch, loss: float, decision: Decision
) -> float | None:
    """Find the bandwidth up to which a searched allocation costs at most a loss."""
    reached = bandwidth_for_loss(search.residual, search.ways, loss)
    if reached is None or decision == "undecided":
        return reached
    return beside_decision(reached, game.techniques, decision)


def _free_game(game: GraphGame) -> GraphSolver:
    """Make the solver of the game in which attacks need no bandwidth: the most it can cost."""
    graph = replace(game.graph, bandwidth=np.zeros_like(game.graph.bandwidth))
    frame = game.techniques
    return GraphSolver(GraphGame(graph, frame, game.node_ids, game.edge_ids, game.loss_ids))
