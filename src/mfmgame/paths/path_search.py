"""Best response of the attacker over all paths of a graph, and a proven bound on its loss."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mfmgame.errors import SolverError
from mfmgame.game.attacker import Ways, best_response
from mfmgame.game.shared_losses import SharedLosses
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, rounded_up, wide
from mfmgame.paths.attack_graph import AttackGraph
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.label_kernel import MOST_LABELS, Labels, find_labels

__all__ = ["PathResponse", "PathSearch", "path_of"]


_U = 2.0**-53
_SLIGHTLY_MORE = 1.0 + 2.0**-30
"""Relative increase of a price, above the rounding errors of long sums."""


class PathResponse(NamedTuple):
    """The worst attack on an allocation of a graph game.

    Attributes
    ----------
    loss : float
        In loss units.
    price : float
        Loss that one more bit of bandwidth adds, in loss units per bit.
    surplus : ndarray of float, shape (n_losses,)
        Most that a path to each loss costs beyond the price of its bits.
    losses : list of int
        Number of the loss at the end of each listed path.
    paths : list of tuple of int
        Edges of each listed path: the paths that run, and those that nearly would.
    efforts : list of float
        Effort on each listed path.
    """

    loss: float
    price: float
    surplus: FloatArray
    losses: list[int]
    paths: list[tuple[int, ...]]
    efforts: list[float]


class PathSearch:
    """All paths that a best response to one allocation may use, for any bandwidth.

    Parameters
    ----------
    game : GraphGame
    allocation : ndarray of float, shape (n_defenses,)

    Raises
    ------
    SolverError
        If more labels than `MOST_LABELS` remain.
    """

    def __init__(self, game: GraphGame, allocation: FloatArray) -> None:
        self._graph, self._n_funded = game.graph, int(np.count_nonzero(allocation))
        bandwidth = self._graph.bandwidth
        unit = 2.0 ** math.frexp(float(bandwidth.max(initial=0.0)))[1]
        labels = find_labels(self._graph, bandwidth / unit, game.edge_depths(allocation))
        if labels is None:
            raise SolverError(
                f"the attack graph needs more than {MOST_LABELS:,} labels (pairs of bits and "
                "depth of paths to a node), more than the search holds"
            )
        goals, self._labels = self._graph.goals, labels
        count = labels.number[goals]
        shift = labels.first[goals] - (count.cumsum() - count)
        self._chosen = np.repeat(shift, count) + np.arange(count.sum())
        self._loss: IntArray = np.repeat(self._graph.node_loss[goals], count)
        self._bits, self._depth = labels.bits[self._chosen] * unit, labels.depth[self._chosen]
        self._severity = self._graph.severity[self._loss]

    @property
    def residual(self) -> FloatArray:
        """Loss along the path of each label at a goal, in loss units, shape (n_ways,)."""
        return np.asarray(self._severity * np.exp(-self._depth))

    @cached_property
    def ways(self) -> Ways:
        """The attacker's ways: the labels at goals, the paths to one loss as its ways."""
        reached, first, number = np.unique(self._loss, return_index=True, return_inverse=True)
        rank = np.empty(len(reached), dtype=np.intp)
        rank[np.argsort(first)] = np.arange(len(reached))
        return Ways(self._bits, SharedLosses(rank[number]) if len(reached) else None)

    def respond(self, budget: float, near: float = 1.0) -> PathResponse:
        """Find the worst attack.

        Parameters
        ----------
        budget : float
            The attacker's bandwidth, in bits.
        near : float, default 1
            List also paths that cost at least this share of what makes a path run.

        Returns
        -------
        PathResponse
        """
        residual = self.residual
        response = best_response(residual, self.ways, budget)
        paid = response.price * self._bits
        surplus = np.zeros(len(self._graph.severity))
        np.maximum.at(surplus, self._loss, residual - paid)
        listed = response.plan > 0.0
        if near < 1.0:
            listed |= (residual > 0.0) & (residual >= near * (paid + surplus[self._loss]))
        running = np.flatnonzero(listed)
        return PathResponse(
            response.loss,
            response.price,
            surplus,
            self._loss[running].tolist(),
            [path_of(self._graph, self._labels, label) for label in self._chosen[running].tolist()],
            response.plan[running].tolist(),
        )

    def bound(self, budget: float, price: float) -> float:
        """Bound the loss of any attack along any paths, listed or not.

        For any price ``lam >= 0``, no attack costs more than ``lam B`` plus, for each loss, the
        most that the loss along a path exceeds ``lam`` times its bits. Labels shrunk by their
        worst rounding error stand for all paths (see :mod:`mfmgame.paths.label_kernel`).

        Parameters
        ----------
        budget : float
            The attacker's bandwidth ``B``, in bits.
        price : float
            The bound is sharp at the attacker's own price.

        Returns
        -------
        float
            In loss units; rounding errors included on the safe side.
        """
        # An edge's depth is itself a sum, of logarithms within a few units of rounding.
        n_sums = self._graph.visit_order.most_nodes + self._n_funded
        shrink = 1.0 - wide(2 * _U) * (n_sums + 16)
        depth = wide(self._depth) * shrink
        through = np.minimum(np.exp(-depth) * (1.0 + (depth + 8) * WIDE_EPS), 1.0)
        gain = wide(self._severity) * through - wide(price) * wide(self._bits) * shrink
        most = np.zeros(len(self._graph.severity), dtype=np.longdouble)
        np.maximum.at(most, self._loss, gain)
        total = wide(price) * budget + most.sum()
        return rounded_up(np.longdouble(total + total * ((len(most) + 8) * WIDE_EPS)))

    def least_bound(self, budget: float, price: float) -> float:
        """Bound the loss as by :meth:`bound`, at the better of two nearly equal prices.

        At the slightly greater price, paths that just pay no longer add their rounding errors: it
        proves a value of 0 where no path is affordable.

        Parameters
        ----------
        budget, price : float
            As for :meth:`bound`.

        Returns
        -------
        float
            In loss units.
        """
        return min(self.bound(budget, price), self.bound(budget, price * _SLIGHTLY_MORE))


def path_of(graph: AttackGraph, labels: Labels, label: int) -> tuple[int, ...]:
    """Trace a label back to the edges of its path, without loops that cost nothing."""
    edges: list[int] = []
    while labels.edge[label] >= 0:
        edges.append(int(labels.edge[label]))
        label = int(labels.parent[label])
    path: list[int] = []
    visited: list[int] = []
    for edge in reversed(edges):
        tail = int(graph.tail[edge])
        if tail in visited:  # a loop ends here
            length = visited.index(tail)
            del visited[length:], path[length:]
        visited.append(tail)
        path.append(edge)
    if path and (last := int(graph.head[path[-1]])) in visited:
        del path[visited.index(last) :]
    return tuple(path)
