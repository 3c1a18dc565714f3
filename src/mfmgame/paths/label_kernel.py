"""Search for the labels of paths that a best response may use, compiled for large graphs.

A label is the sum of bits and the sum of depths along a path to a node. The attacker may mix
paths to one goal. A mix of depths ``D1, D2`` in shares ``t, 1 - t`` gets at least as much through
as a path of depth ``t D1 + (1 - t) D2``, because ``exp(-D)`` is convex. So a path is of no use
where a mix of other paths needs at most its bits at no more than its depth, and only labels on the
lower convex hull of the pairs (bits, depth) remain. Longer paths inherit the rule: an edge shifts
all labels of its tail alike.

*Cycles.* Bits and depths are at least 0, so taking a cycle out of a walk raises neither sum, also
where the cycle costs nothing, and also in rounded sums, because rounding preserves order. The
hull over all walks is thus the hull over simple paths. A walk of no more edges than a component
has nodes suffices within the component: that many sweeps find the hull.

*Rounding.* A label is dropped only where the products that compare it differ by more than their
rounding errors, so a dropped label lies above a mix of kept labels without any tolerance. Each
edge rounds two sums once: for every path of ``n`` edges there is a mix of kept labels of at most
``(1 + 2**-53)**n`` times its bits and depth.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np

from mfmgame.game.compositions.best_of_kernel import is_compilable
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.paths.attack_graph import AttackGraph

__all__ = ["MOST_LABELS", "Labels", "find_labels"]

MOST_LABELS = 2**24
"""Number of labels, superseded labels included, beyond which a search gives up: 0.5 GB."""
_FIRST_ROOM = 2**16
_COMPILED_FROM = 1000
"""Number of edges from which compiling pays."""
_CERTAIN = 1.0 - 2.0**-50
"""Share that outweighs the rounding of two products of differences."""


class Labels(NamedTuple):
    """Labels of the paths that a best response may use.

    Attributes
    ----------
    first, number : ndarray of int, shape (n_nodes,)
        First label and number of labels of each node; within a node, bits rise and depths fall.
    bits, depth : ndarray of float, shape (n_labels,)
        Sums along each path.
    edge : ndarray of int, shape (n_labels,)
        Last edge of each path, -1 where the path starts.
    parent : ndarray of int, shape (n_labels,)
        Label of the path without its last edge.
    """

    first: IntArray
    number: IntArray
    bits: FloatArray
    depth: FloatArray
    edge: IntArray
    parent: IntArray


def find_labels(graph: AttackGraph, bits: FloatArray, depth: FloatArray) -> Labels | None:
    """Find the labels of paths from the entries of a graph that a best response may use.

    Parameters
    ----------
    graph : AttackGraph
    bits, depth : ndarray of float, shape (n_edges,)
        At least 0, and at most 2**500.

    Returns
    -------
    Labels or None
        None if there are more than `MOST_LABELS`.
    """
    search = _kernel(graph.n_edges >= _COMPILED_FROM and is_compilable())
    is_entry = np.zeros(graph.n_nodes, dtype=np.bool_)
    is_entry[graph.entries] = True
    edges, order = (graph.tail, bits, depth), graph.visit_order[:2]
    room = _FIRST_ROOM
    while room <= MOST_LABELS:
        nodes = np.zeros((3, graph.n_nodes), dtype=np.intp)
        sums, steps = np.empty((2, room)), np.empty((2, room), dtype=np.intp)
        found = search(*order, *graph.in_edges, is_entry, *edges, *nodes, *sums, *steps)
        if found >= 0:
            return Labels(*nodes[:2], *sums[:, :found].copy(), *steps[:, :found].copy())
        room *= 16
    return None


@cache
def _kernel(is_compiled: bool) -> Callable[..., int]:
    """Build the search; the same functions run with and without a compiler."""
    if is_compiled:
        import numba

        compiled = cast(Callable[[Any], Any], numba.njit(nogil=True))
    else:

        def compiled(function: Any) -> Any:
            return function

    @compiled
    def insert(
        start: int,
        right: int,
        end: int,
        b: float,
        d: float,
        bits: FloatArray,
        depth: FloatArray,
        edge: IntArray,
        parent: IntArray,
    ) -> tuple[int, int]:
        """Place a useful label into the hull `start:end`; return its place and the new end.

        The first label with more bits is at `right`.
        """
        low, high = right, right  # the label replaces `low:high`
        if low > start and bits[low - 1] == b:
            low -= 1
        while high < end and depth[high] >= d:
            high += 1
        while high + 1 < end and (d - depth[high]) * (bits[high + 1] - b) <= (
            (d - depth[high + 1]) * (bits[high] - b) * _CERTAIN
        ):
            high += 1
        while low - 1 > start and (depth[low - 2] - depth[low - 1]) * (b - bits[low - 2]) <= (
            (depth[low - 2] - d) * (bits[low - 1] - bits[low - 2]) * _CERTAIN
        ):
            low -= 1
        shift = low + 1 - high
        moved, step = (end - 1, -1) if shift > 0 else (high, 1)
        for _ in range(end - high if shift else 0):
            to = moved + shift
            bits[to], depth[to] = bits[moved], depth[moved]
            edge[to], parent[to] = edge[moved], parent[moved]
            moved += step
        bits[low], depth[low] = b, d
        return low, end + shift

    @compiled
    def search(
        order: IntArray,
        component_starts: IntArray,
        in_edges: IntArray,
        in_starts: IntArray,
        is_entry: Any,
        tail: IntArray,
        edge_bits: FloatArray,
        edge_depth: FloatArray,
        first: IntArray,
        count: IntArray,
        changed: IntArray,
        bits: FloatArray,
        depth: FloatArray,
        edge: IntArray,
        parent: IntArray,
    ) -> int:
        """Fill in the labels; return their number, or -1 if they do not fit."""
        start = 0  # new labels are written behind all others
        for component in range(len(component_starts) - 1):
            members = order[component_starts[component] : component_starts[component + 1]]
            for sweep in range(1, len(members) + 1):
                has_changed = False
                for node in members:
                    entering = in_edges[in_starts[node] : in_starts[node + 1]]
                    is_due = sweep == 1
                    for through in entering:
                        is_due = is_due or changed[tail[through]] >= sweep - 1
                    if not is_due:
                        continue
                    end = start
                    if is_entry[node]:
                        if end + 1 >= len(bits):
                            return -1
                        bits[end] = depth[end] = 0.0
                        edge[end] = parent[end] = -1
                        end += 1
                    for through in entering:
                        source = tail[through]
                        right = start
                        for label in range(first[source], first[source] + count[source]):
                            b = bits[label] + edge_bits[through]
                            d = depth[label] + edge_depth[through]
                            while right < end and bits[right] <= b:
                                right += 1
                            if right > start:  # do other labels make this label useless?
                                b0, d0 = bits[right - 1], depth[right - 1]
                                if d0 <= d:
                                    continue
                                if right < end and (d0 - d) * (bits[right] - b0) <= (
                                    (d0 - depth[right]) * (b - b0) * _CERTAIN
                                ):
                                    continue
                            if end + 1 >= len(bits):
                                return -1
                            place, end = insert(start, right, end, b, d, bits, depth, edge, parent)
                            edge[place], parent[place] = through, label
                            right = place + 1
                    size, old = end - start, first[node]
                    is_same = size == count[node]
                    for at in range(size if is_same else 0):
                        same_bits = bits[old + at] == bits[start + at]
                        is_same = is_same and same_bits and depth[old + at] == depth[start + at]
                    if not is_same:
                        first[node], count[node], changed[node] = start, size, sweep
                        start, has_changed = end, True
                if not has_changed:
                    break
        return start

    return cast(Callable[..., int], search)
