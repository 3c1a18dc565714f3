"""Best response of the attacker over all paths of a graph, and a proven bound on its loss."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfmgame.errors import SolverError
from mfmgame.game.attacker import BestResponse
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, rounded_up, wide
from mfmgame.paths.attack_graph import AttackGraph
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.label_kernel import MOST_LABELS, Labels, find_labels
from mfmgame.paths.way_response import best_way_response

__all__ = ["GoalLabels", "PathResponse", "goal_labels", "respond", "worst_loss_bound"]


_U = 2.0**-53
_SMALLEST = 1e-290
"""Share of the greatest bandwidth below which an edge counts as needing none."""


class GoalLabels(NamedTuple):
    """Labels of the paths to goals that a best response may use.

    Attributes
    ----------
    labels : Labels
        Labels at all nodes, with bits in the unit.
    unit : float
        Bits that one bit of the labels stands for, a power of two.
    chosen : ndarray of int, shape (n_ways,)
        Labels at goals.
    goal : ndarray of int, shape (n_ways,)
        Number of each label's goal, in the order of ``graph.goals``.
    bits, depth : ndarray of float, shape (n_ways,)
    """

    labels: Labels
    unit: float
    chosen: IntArray
    goal: IntArray
    bits: FloatArray
    depth: FloatArray


class PathResponse(NamedTuple):
    """The worst attack on an allocation of a graph game.

    Attributes
    ----------
    loss : float
        In loss units.
    price : float
        Loss that one more bit of bandwidth adds, in loss units per bit.
    goals : list of int
        Number of the goal of each path that runs.
    paths : list of tuple of int
        Edges of each path that runs.
    efforts : list of float
    """

    loss: float
    price: float
    goals: list[int]
    paths: list[tuple[int, ...]]
    efforts: list[float]
    bits: FloatArray
    depths: FloatArray


def goal_labels(game: GraphGame, allocation: FloatArray) -> GoalLabels:
    """Search the graph for all paths that a best response to an allocation may use.

    Parameters
    ----------
    game : GraphGame
    allocation : ndarray of float, shape (n_defenses,)

    Returns
    -------
    GoalLabels

    Raises
    ------
    SolverError
        If more labels than `MOST_LABELS` remain.
    """
    graph = game.graph
    unit = 2.0 ** math.frexp(float(graph.bandwidth.max(initial=0.0)))[1]
    scaled = graph.bandwidth / unit
    scaled[scaled < _SMALLEST] = 0.0
    labels = find_labels(graph, scaled, game.edge_depths(allocation))
    if labels is None:
        raise SolverError(
            f"the attack graph needs more than {MOST_LABELS:,} labels of paths (pairs of bits and "
            "depth at a node), which is the most that the search holds"
        )
    goals = graph.goals
    count = labels.count[goals]
    goal = np.repeat(np.arange(len(goals)), count)
    within = np.arange(len(goal)) - np.repeat(count.cumsum() - count, count)
    chosen = labels.first[goals][goal] + within
    bits, depth = labels.bits[chosen] * unit, labels.depth[chosen]
    return GoalLabels(labels, unit, chosen, goal, bits, depth)


def respond(game: GraphGame, allocation: FloatArray, at: GoalLabels | None = None) -> PathResponse:
    """Find the worst attack on an allocation.

    Parameters
    ----------
    game : GraphGame
    allocation : ndarray of float, shape (n_defenses,)
    at : GoalLabels, optional
        Labels under the allocation, if they are known.

    Returns
    -------
    PathResponse

    Raises
    ------
    SolverError
        As for :func:`goal_labels`.
    """
    ways = at or goal_labels(game, allocation)
    loss = game.graph.goal_loss[game.graph.goals]
    residual = loss[ways.goal] * np.exp(-ways.depth)
    response = label_response(ways, residual, game.attacker_bandwidth)
    import os
    share=float(os.environ.get('SH','1'))
    if share<1:
        mu=np.zeros(len(loss)); np.maximum.at(mu,ways.goal,residual-response.price*ways.bits)
        running=np.flatnonzero((response.plan>0)|(residual>=share*(mu[ways.goal]+response.price*ways.bits)))
    else: running = np.flatnonzero(response.plan)
    paths = [path_of(game.graph, ways.labels, int(ways.chosen[way])) for way in running]
    return PathResponse(
        response.loss,
        response.price,
        ways.goal[running].tolist(),
        paths,
        response.plan[running].tolist(),
        ways.bits[running], ways.depth[running],
    )


def label_response(ways: GoalLabels, residual: FloatArray, budget: float) -> BestResponse:
    """Find the worst attack over labels, whose efforts sum to at most 1 at each goal."""
    return best_way_response(residual, ways.bits, ways.goal, budget)


def path_of(graph: AttackGraph, labels: Labels, label: int) -> tuple[int, ...]:
    """Trace a label back to its path, and cut out loops that cost nothing."""
    edges: list[int] = []
    while labels.edge[label] >= 0:
        edges.append(int(labels.edge[label]))
        label = int(labels.parent[label])
    edges.reverse()
    path: list[int] = []
    length_at: dict[int, int] = {int(graph.tail[edges[0]]): 0} if edges else {}
    for edge in edges:
        path.append(edge)
        node = int(graph.head[edge])
        if node in length_at:
            length = length_at[node]
            for dropped in path[length:]:
                if int(graph.head[dropped]) != node:
                    del length_at[int(graph.head[dropped])]
            del path[length:]
        length_at[node] = len(path)
    return tuple(path)


def worst_loss_bound(
    game: GraphGame, allocation: FloatArray, price: float, at: GoalLabels | None = None
) -> float:
    """Bound the loss of any attack on an allocation along any path, listed or not.

    For any price ``lam >= 0``, no attack costs more than ``lam B`` plus, over goals, the most that
    a path's loss exceeds ``lam`` times its bits. By the rule of rounding in
    :mod:`mfmgame.paths.label_kernel`, labels shrunk by their worst rounding error stand for every
    path of the graph.

    Parameters
    ----------
    game : GraphGame
    allocation : ndarray of float, shape (n_defenses,)
    price : float
        The bound is sharp at the attacker's own price.
    at : GoalLabels, optional
        Labels under the allocation, if they are known.

    Returns
    -------
    float
        In loss units; rounding errors included on the safe side.

    Raises
    ------
    SolverError
        As for :func:`goal_labels`.
    """
    ways, graph = at or goal_labels(game, allocation), game.graph
    # Each depth of an edge is a sum of products, of logarithms within a few units of rounding.
    n_sums = graph.visit_order.most_nodes + np.count_nonzero(allocation)
    shrink = 1.0 - wide(2 * _U) * (n_sums + 16)
    loss = wide(graph.goal_loss[graph.goals][ways.goal])
    depth = wide(ways.depth) * shrink
    through = np.exp(-depth) * (1.0 + (depth + 8) * WIDE_EPS)
    gain = loss * np.minimum(through, 1.0) - wide(price) * wide(ways.bits) * shrink
    most = np.zeros(len(graph.goals), dtype=np.longdouble)
    np.maximum.at(most, ways.goal, gain)
    total = wide(price) * game.attacker_bandwidth + most.sum()
    return rounded_up(np.longdouble(total + total * ((len(most) + 8) * WIDE_EPS)))
