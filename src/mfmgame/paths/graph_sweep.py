"""Value of a graph game over the attacker's bandwidth, in a proven bracket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.solution import refuse_other_tolerances
from mfmgame.documents.float_reading import amounts, as_float
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions.independent import Independent
from mfmgame.messages import refuse_other_types, shown
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.graph_solver import GraphSolver
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_search import PathSearch
from mfmgame.sweeps.frontier_search import assembled_frontier
from mfmgame.sweeps.touching_lines import Chain, Line, Trace

__all__ = ["GraphFrontier", "saturating_bandwidth", "sweep_graph"]

_SOLVES = 0.1
"""Share of the bracket that is left to the solves."""
_MOST_DOUBLINGS = 400


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GraphFrontier(Frontier):
    """Value of a graph game over the attacker's bandwidth.

    The threats of its `game` are all paths that the sweep has met; its bracket holds for all paths
    of the graph.

    Attributes
    ----------
    graph_game : GraphGame
        The game that was swept.
    listed : ListedPaths
        Edges and loss of each threat of `game`.
    end_price : float
        Loss that one more bit adds at the end of the sweep, with the allocation there.
    """

    graph_game: GraphGame
    listed: ListedPaths
    end_price: float

    @property
    def is_cut_off(self) -> bool:
        """Whether the sweep ends before the value stops changing."""
        return self.end_price > 0.0


def sweep_graph(
    game: GraphGame,
    *,
    start: float = 0.0,
    stop: float | None = None,
    tolerance: float | None = None,
) -> GraphFrontier:
    """Trace the value of a graph game over the attacker's bandwidth.

    Parameters
    ----------
    game : GraphGame
    start, stop : float, optional
        Ends of the sweep, in bits. By default the sweep runs from 0 to a bandwidth from which on
        the value no longer rises.
    tolerance : float, optional
        Relative width of the proven bracket, 1e-4 by default.

    Returns
    -------
    GraphFrontier

    Raises
    ------
    SpecificationError
        If the ends are malformed or inconsistent.
    SolverError
        If HiGHS refuses the program, or the graph needs too many labels.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_graph_game(mg.load_scenario("examples/attack_graph.json"))
    >>> frontier = mg.sweep_graph(game)
    >>> frontier.is_proven, frontier.is_cut_off
    (True, False)
    """
    refuse_other_types(game, "game", GraphGame)
    refuse_other_tolerances(tolerance)
    asked = tolerance or Independent.frontier_tolerance
    solver = GraphSolver(game, tolerance=_SOLVES * asked)
    start = as_float(start, ATTACKER_BANDWIDTH)
    end = (
        max(start, saturating_bandwidth(solver))
        if stop is None
        else as_float(stop, ATTACKER_BANDWIDTH)
    )
    if not 0.0 <= start <= end < np.inf:
        raise SpecificationError(
            f"found a sweep from {shown(start)} to {shown(end)}, "
            "expected finite ends of at least 0, in increasing order",
            pointer=ATTACKER_BANDWIDTH,
        )
    amounts([start, end], ATTACKER_BANDWIDTH, n_axes=1)
    traced = Trace(_touching(solver), 1.0, (1.0 - _SOLVES) * asked, game.techniques)
    traced.run(start, end, Chain([], []))
    listed = solver.listed.game(game.attacker_bandwidth)
    frontier = assembled_frontier(listed, ATTACKER_BANDWIDTH, traced)
    parts = {part.name: getattr(frontier, part.name) for part in fields(Frontier)}
    parts["tolerance"] = asked
    return GraphFrontier(
        **parts, graph_game=game, listed=solver.listed, end_price=traced.knots[-1].price
    )


def _touching(solver: GraphSolver) -> Callable[[float], Line]:
    """Return the function that finds the line touching the frontier at a bandwidth."""

    def touch(at: float) -> Line:
        found = solver.find(at)
        assert found.response is not None
        loss, price = found.response.loss, found.response.price
        base = PathSearch(solver.game, found.allocation).bound(0.0, price)
        proof = found.certificate
        return Line(at, loss, price, found.allocation, loss, found.lower, price, proof, base)

    return touch


def saturating_bandwidth(solver: GraphSolver) -> float:
    """Find a bandwidth at which the optimal allocation leaves more bandwidth no use.

    From there on the value does not rise.

    Parameters
    ----------
    solver : GraphSolver

    Returns
    -------
    float
        In bits.
    """
    game = solver.game
    bandwidth = max(game.attacker_bandwidth, float(game.graph.bandwidth.max(initial=0.0)))
    for _ in range(_MOST_DOUBLINGS):
        response = solver.find(bandwidth).response
        if response is None or response.price == 0.0:
            break
        bandwidth *= 2.0
    return bandwidth
