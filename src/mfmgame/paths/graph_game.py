"""The game on an attack graph: its defenses act on techniques, its losses are at nodes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from mfmgame.errors import SpecificationError
from mfmgame.game.compositions.independent import Independent
from mfmgame.game.game import DefenseGame
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray, dense
from mfmgame.paths.attack_graph import AttackGraph

__all__ = ["GraphGame"]


class GraphGame:
    """Attack graph, defenses and both sides' resources.

    Every path from an entry to a goal is an attack. Its bandwidth is the sum over its edges, and
    each of its edges is one attempt at a technique, so a technique counts as often as the path
    takes it. The paths to one loss are its ways: their efforts sum to at most 1.

    Parameters
    ----------
    graph : AttackGraph
    techniques : DefenseGame
        The defenses, limits and attacker, against the techniques in place of threats; severities
        and bandwidths of techniques are not used. Of composition `independent`, with continuous
        defenses.
    node_ids, edge_ids, loss_ids : sequence of str
        Labels.

    Raises
    ------
    SpecificationError
        If the composition is another, or a defense is stepped.
    """

    def __init__(
        self,
        graph: AttackGraph,
        techniques: DefenseGame,
        node_ids: Sequence[str],
        edge_ids: Sequence[str],
        loss_ids: Sequence[str],
    ) -> None:
        refuse_other_types(graph, "graph", AttackGraph)
        refuse_other_types(techniques, "techniques", DefenseGame)
        if techniques.composition != "independent":
            raise SpecificationError(
                f"found {shown(techniques.composition)}, expected 'independent': a graph is "
                "searched by sums along its paths, and only the layers of 'independent' add up so",
                pointer="/composition",
            )
        if techniques.is_discrete:
            raise SpecificationError(
                "found stepped defenses, expected continuous defenses: branch and bound needs "
                "every threat listed, and a graph has too many paths to list",
                pointer="/defenses",
            )
        if graph.technique.max(initial=-1) >= techniques.n_threats:
            raise SpecificationError(
                f"expected positions of techniques, below {techniques.n_threats}",
                pointer="technique",
            )
        self.graph, self.techniques = graph, techniques
        self.node_ids, self.edge_ids = tuple(node_ids), tuple(edge_ids)
        self.loss_ids = tuple(loss_ids)

    def __repr__(self) -> str:
        return (
            f"GraphGame({self.techniques.name!r}: {self.graph.n_nodes} nodes, "
            f"{self.graph.n_edges} edges x {self.techniques.n_defenses} defenses, "
            f"attacker bandwidth {self.attacker_bandwidth!r})"
        )

    @property
    def attacker_bandwidth(self) -> float:
        """Bits that all attacks together may use."""
        return self.techniques.attacker_bandwidth

    @cached_property
    def composition(self) -> Independent:
        """Composition of the techniques."""
        return Independent(dense(self.techniques.effectiveness))

    @property
    def depths(self) -> FloatArray:
        """Depth of each technique by each defense, shape (n_techniques, n_defenses)."""
        return dense(self.composition.matrix)

    @cached_property
    def greatest_loss(self) -> float:
        """Greatest loss, in loss units."""
        return float(self.graph.severity.max(initial=0.0))

    def with_attacker_bandwidth(self, attacker_bandwidth: float) -> GraphGame:
        """Return the same game, sharing its arrays, with another attacker bandwidth.

        Parameters
        ----------
        attacker_bandwidth : float
            In bits.

        Returns
        -------
        GraphGame
        """
        other = copy.copy(self)
        other.techniques = self.techniques.with_attacker_bandwidth(attacker_bandwidth)
        return other

    def edge_depths(self, allocation: FloatArray) -> FloatArray:
        """Compute the depth of every edge under an allocation, shape (n_edges,).

        Parameters
        ----------
        allocation : ndarray of float, shape (n_defenses,)

        Returns
        -------
        ndarray of float, shape (n_edges,)
        """
        return np.asarray((self.depths @ allocation)[self.graph.technique])
