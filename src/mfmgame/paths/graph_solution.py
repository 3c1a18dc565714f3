"""Solution of a graph game: that of its used paths, and a bound over all paths."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mfmgame.answers.interruption import Interrupted
from mfmgame.answers.solution import Solution
from mfmgame.certificates.duality_certificate import attack_plan
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import IntArray
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.graph_solver import GraphFound, GraphSolver
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_search import PathSearch

__all__ = ["GraphSolution", "solution_of", "solve_graph"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GraphSolution(Solution):
    """Optimal allocation against all paths of a graph, and the worst attack that remains.

    The threats of its `game` are the paths that the attack or the proof uses; paths to one loss
    are its ways. The bound `upper` holds for every path of the graph, listed or not.

    Attributes
    ----------
    graph_game : GraphGame
        The solved game.
    listed : ListedPaths
        The used paths: edges and loss of each threat of `game`.
    """

    graph_game: GraphGame
    listed: ListedPaths

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Ids of the nodes along each used path, in the order of the threats of `game`."""
        return tuple(map(self.listed.node_ids, range(len(self.listed))))


def solve_graph(
    game: GraphGame, *, tolerance: float | None = None, time_limit: float | None = None
) -> GraphSolution:
    """Find the allocation that minimizes the worst loss along all paths of a graph.

    Parameters
    ----------
    game : GraphGame
    tolerance : float, optional
        Stop when the proven bracket is at most this wide, relative to the value (or to 1e-6 of the
        greatest loss, if the value is less); 1e-6 by default.
    time_limit : float, optional
        Seconds after which to stop with the bracket proven so far.

    Returns
    -------
    GraphSolution

    Raises
    ------
    SpecificationError
        If the tolerance is not between 0 and 1, or the time limit not above 0.
    SolverError
        If HiGHS refuses the program, or the graph needs too many labels.
    Interrupted
        A KeyboardInterrupt that carries the solution proven so far.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_graph_game(mg.load_scenario("examples/attack_graph.json"))
    >>> solution = mg.solve_graph(game)
    >>> solution.is_proven
    True
    """
    solver = GraphSolver(game, tolerance=tolerance, time_limit=time_limit)
    found = solver.find()
    if found.stopped == "interrupted":
        raise Interrupted(solution_of(solver, found)) from None
    return solution_of(solver, found)


def solution_of(solver: GraphSolver, found: GraphFound) -> GraphSolution:
    """Build the solution from a search result.

    Parameters
    ----------
    solver : GraphSolver
    found : GraphFound
        Search result of :meth:`GraphSolver.find`.

    Returns
    -------
    GraphSolution
    """
    response, proof, game = found.response, found.certificate, found.game
    assert response is not None
    running = np.flatnonzero(response.efforts)
    attacking = solver.listed.numbers(
        [response.losses[k] for k in running], [response.paths[k] for k in running]
    )
    used: IntArray = np.unique(np.concatenate((proof.threats, attacking)))
    listed = solver.listed.some(used)
    certificate = replace(proof, threats=np.searchsorted(used, proof.threats))
    threats, composition = listed.game(game.attacker_bandwidth), listed.composition()
    exposure = composition.exposure(found.allocation)
    search = PathSearch(game, found.allocation)
    return GraphSolution(
        game=threats,
        value=response.loss,
        lower=found.lower,
        upper=max(search.least_bound(game.attacker_bandwidth, response.price), response.loss),
        allocation=Labelled(threats.defense_ids, found.allocation),
        attack=Labelled(threats.threat_ids, attack_plan(threats, certificate)),
        coverage=Labelled(threats.threat_ids, 1.0 - exposure),
        residual=Labelled(threats.threat_ids, threats.severity * exposure),
        bandwidth_price=response.price,
        limit_prices=Labelled(threats.resources, certificate.limit_prices),
        certificate=certificate,
        rounds=found.rounds,
        tolerance=solver.tolerance,
        stopped=found.stopped,
        graph_game=game,
        listed=listed,
    )
