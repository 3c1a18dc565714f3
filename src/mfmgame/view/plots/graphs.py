"""Plot of a solved attack graph: its edges as the plan leaves them, and the worst attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.paths.attack_graph import AttackGraph
from mfmgame.paths.graph_solution import GraphSolution
from mfmgame.view.plots.style import (
    GREY,
    INK,
    ORANGE,
    axes_or_new,
    drawn_in_style,
    titled,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_graph"]

_WIDEST, _THINNEST = 3.0, 0.4
"""Width of an edge that no defense covers, and least width, in points."""
_MOST_EDGES, _MOST_NAMES = 400, 60
"""Greatest number of edges drawn besides those of the attack, and of nodes named."""


@drawn_in_style
def plot_graph(solution: GraphSolution, ax: Axes | None = None) -> Axes:
    """Draw the nodes and edges of a graph, an edge thinner the more of it the plan covers.

    The edges of the worst attack are highlighted. Of a large graph, only these are drawn.

    Parameters
    ----------
    solution : GraphSolution
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    game, graph = solution.graph_game, solution.graph_game.graph
    running = np.flatnonzero(solution.attack.array)
    attacked = {edge for path in running.tolist() for edge in solution.listed.paths[path]}
    is_large = graph.n_edges > _MOST_EDGES
    edges = sorted(attacked) if is_large else range(graph.n_edges)
    places = _places(graph)
    through = np.exp(-game.edge_depths(solution.allocation.array))
    ax = axes_or_new(ax, height=4.2)
    for edge in edges:
        tail, head = int(graph.tail[edge]), int(graph.head[edge])
        ax.annotate(
            "",
            xy=places[head],
            xytext=places[tail],
            arrowprops={
                "arrowstyle": "-|>",
                "color": ORANGE if edge in attacked else GREY,
                "linewidth": max(_THINNEST, _WIDEST * float(through[edge])),
                "shrinkA": 6,
                "shrinkB": 6,
            },
        )
    drawn = np.unique(np.concatenate((graph.tail[list(edges)], graph.head[list(edges)])))
    nodes = np.union1d(drawn, [] if is_large else np.arange(graph.n_nodes)).astype(np.intp)
    is_goal = graph.node_loss[nodes] >= 0
    for chosen, marker in ((nodes[~is_goal], "o"), (nodes[is_goal], "s")):
        ax.plot(*places[chosen].T, marker, color=INK, markersize=5)
    for node in nodes.tolist() if len(nodes) <= _MOST_NAMES else ():
        name = written(game.node_ids[node], 24)
        ax.annotate(name, places[node], xytext=(0, 7), textcoords="offset points", ha="center")
    ax.set_axis_off()
    ax.margins(0.12)
    rest = "; its edges only, of a large graph" if is_large else "; thinner where covered"
    titled(ax, game.techniques.name, f"Worst attack in orange{rest}")
    return ax


def _places(graph: AttackGraph) -> FloatArray:
    """Place nodes by their distance from the entries, and within it side by side."""
    layer = _distances(graph)
    places = np.empty((graph.n_nodes, 2))
    for distance in np.unique(layer).tolist():
        members = np.flatnonzero(layer == distance)
        places[members, 0] = distance
        places[members, 1] = np.arange(len(members)) - 0.5 * (len(members) - 1)
    return places


def _distances(graph: AttackGraph) -> IntArray:
    """Count the edges from the entries to each node; unreachable nodes stand one further."""
    distance = np.full(graph.n_nodes, -1, dtype=np.intp)
    reached, steps = graph.entries, 0
    while len(reached):
        distance[reached] = steps
        heads = np.unique(graph.head[np.isin(graph.tail, reached)])
        reached, steps = heads[distance[heads] < 0], steps + 1
    distance[distance < 0] = steps
    return distance
