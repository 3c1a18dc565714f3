"""An attack graph as arrays, in the order in which a search visits its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mfmgame.documents.float_reading import amounts
from mfmgame.errors import SpecificationError
from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["AttackGraph", "VisitOrder"]


class VisitOrder(NamedTuple):
    """Nodes in an order in which every edge between two components leads forward.

    Attributes
    ----------
    nodes : ndarray of int, shape (n_nodes,)
        All nodes, those of a strongly connected component together.
    starts : ndarray of int, shape (n_components + 1,)
        Place of the first node of each component, and the number of nodes.
    most_nodes : int
        Most nodes that a simple path can visit, by the sizes of the components on its way.
    """

    nodes: IntArray
    starts: IntArray
    most_nodes: int


class InEdges(NamedTuple):
    """The edges into each node.

    Attributes
    ----------
    edges : ndarray of int, shape (n_edges,)
        All edges, by the node they lead to; edges into one node keep their order.
    starts : ndarray of int, shape (n_nodes + 1,)
        Place of the first edge into each node, and the number of edges.
    """

    edges: IntArray
    starts: IntArray


@dataclass(frozen=True, eq=False)
class AttackGraph:
    """A directed graph, possibly with cycles and parallel edges; each edge is a technique.

    Attributes
    ----------
    n_nodes : int
    tail, head : ndarray of int, shape (n_edges,)
        Nodes that each edge leaves and enters.
    technique : ndarray of int, shape (n_edges,)
        Technique that each edge takes.
    bandwidth : ndarray of float, shape (n_edges,)
        Bits that each edge needs at full effort.
    entries : ndarray of int, shape (n_entries,)
        Nodes where attacks start.
    node_loss : ndarray of int, shape (n_nodes,)
        Number of the loss that reaching each node causes; -1 for a node that is no goal. Several
        nodes may cause one loss, which is suffered once.
    severity : ndarray of float, shape (n_losses,)
        In loss units.

    Raises
    ------
    SpecificationError
        If lengths differ, or a number is out of its range.
    """

    n_nodes: int
    tail: IntArray
    head: IntArray
    technique: IntArray
    bandwidth: FloatArray
    entries: IntArray
    node_loss: IntArray
    severity: FloatArray

    def __post_init__(self) -> None:
        _refuse_outside(self, "tail", self.n_nodes, self.n_edges)
        _refuse_outside(self, "head", self.n_nodes, self.n_edges)
        _refuse_outside(self, "technique", None, self.n_edges)
        _refuse_outside(self, "entries", self.n_nodes, None)
        _refuse_outside(self, "node_loss", len(self.severity), self.n_nodes, least=-1)
        for name, count in (("bandwidth", self.n_edges), ("severity", None)):
            numbers = amounts(getattr(self, name), name, n_axes=1)
            if (numbers < 0.0).any() or count not in (None, len(numbers)):
                raise SpecificationError("expected numbers of at least 0, one each", pointer=name)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.tail)

    @cached_property
    def goals(self) -> IntArray:
        """Nodes that cause a loss, shape (n_goals,)."""
        return np.flatnonzero(self.node_loss >= 0)

    @cached_property
    def in_edges(self) -> InEdges:
        """Edges by the node they lead to."""
        count = np.bincount(self.head, minlength=self.n_nodes)
        return InEdges(np.argsort(self.head, kind="stable"), np.append(0, count.cumsum()))

    @cached_property
    def visit_order(self) -> VisitOrder:
        """Nodes in topological order of their strongly connected components."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        shape = self.n_nodes, self.n_nodes
        adjacency = csr_array((np.ones(self.n_edges), (self.tail, self.head)), shape=shape)
        adjacency.sum_duplicates()  # parallel edges make older releases of SciPy search forever
        n_components, component = connected_components(adjacency, connection="strong")
        pairs = component[self.tail].astype(np.int64), component[self.head].astype(np.int64)
        weight = np.bincount(component, minlength=n_components)
        ranks, most_nodes = _topological_ranks(weight, *pairs)
        rank = ranks[component]
        sizes = np.bincount(rank, minlength=n_components)
        nodes = np.argsort(rank, kind="stable")
        return VisitOrder(nodes, np.append(0, sizes.cumsum()), most_nodes)


def _refuse_outside(
    graph: AttackGraph, name: str, limit: int | None, count: int | None, least: int = 0
) -> None:
    """Refuse an array that is not of `count` positions from `least` to below `limit`."""
    positions = np.asarray(getattr(graph, name))
    is_whole = positions.ndim == 1 and (positions.dtype.kind in "iu" or not positions.size)
    if not is_whole or count not in (None, len(positions)):
        raise SpecificationError(
            "expected whole numbers" + ("" if count is None else f", {count} of them"),
            pointer=name,
        )
    if positions.size and not least <= positions.min() <= positions.max() < (limit or np.inf):
        upto = "" if limit is None else f" to {limit - 1}"
        raise SpecificationError(f"expected positions from {least}{upto}", pointer=name)


def _topological_ranks(weight: IntArray, tail: IntArray, head: IntArray) -> tuple[IntArray, int]:
    """Number vertices so that every edge between two leads upwards, and weigh the heaviest path.

    The graph has no cycles except loops.
    """
    count = len(weight)
    apart = tail != head
    links = np.unique(tail[apart] * count + head[apart])
    tail, head = links // count, links % count
    starts = np.append(0, np.bincount(tail, minlength=count).cumsum())
    waiting_for = np.bincount(head, minlength=count)
    rank, ready = np.empty(count, dtype=np.intp), np.flatnonzero(waiting_for == 0).tolist()
    before = np.zeros(count, dtype=np.intp)  # weight of the heaviest path up to each vertex
    # Kahn's algorithm: a vertex follows once all edges into it have been seen.
    for place in range(count):
        vertex = ready[place]
        rank[vertex] = place
        after = head[starts[vertex] : starts[vertex + 1]]
        before[after] = np.maximum(before[after], before[vertex] + weight[vertex])
        waiting_for[after] -= 1
        ready += after[waiting_for[after] == 0].tolist()
    return rank, int((before + weight).max(initial=0))
