"""Attack graphs in scenarios: nodes, edges that are techniques, and where attacks start."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from pydantic import Field, model_validator

from mfmgame.documents.base import (
    Identifier,
    Quantity,
    Strict,
    Text,
    refuse,
    refuse_duplicates,
    refuse_repeated,
    refuse_unknown,
)
from mfmgame.messages import shown

__all__ = ["AttackGraphEntry", "GraphEdge", "GraphNode"]


class GraphNode(Strict):
    """A state of an attack."""

    id: Identifier
    name: Text = ""
    loss: Identifier | None = Field(
        default=None, description="Loss of an attack that reaches the node."
    )
    description: Text = ""


class GraphEdge(Strict):
    """An attempt at a technique that leads from one node to another."""

    id: Identifier | None = Field(default=None, description="FROM->TO if absent.")
    tail: Identifier = Field(alias="from")
    head: Identifier = Field(alias="to")
    technique: Identifier
    bandwidth: Quantity | None = Field(
        default=None, description="Bits at full effort; the technique's if absent."
    )


class AttackGraphEntry(Strict):
    """A graph of attacks: every path from an entry to a node with a loss is an attack."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    entries: list[Identifier] = Field(description="Nodes where attacks start.")

    @property
    def edge_ids(self) -> tuple[str, ...]:
        """Id of each edge; parallel edges without ids are numbered."""
        taken = {edge.id for edge in self.edges if edge.id is not None}
        ids = []
        for edge in self.edges:
            name = plain = edge.id or f"{edge.tail}->{edge.head}"
            number = 1
            while edge.id is None and name in taken:
                number += 1
                name = f"{plain} #{number}"
            taken.add(name)
            ids.append(name)
        return tuple(ids)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse_duplicates((node.id for node in self.nodes), "nodes", within="/graph")
        known = dict.fromkeys(node.id for node in self.nodes)
        seen: dict[str, int] = {}
        for index, edge in enumerate(self.edges):
            refuse_unknown(edge.tail, known, "node", "edges", index, "from")
            refuse_unknown(edge.head, known, "node", "edges", index, "to")
            if edge.id is not None and seen.setdefault(edge.id, index) != index:
                raise refuse(
                    ("edges", index, "id"),
                    f"duplicate id {shown(edge.id)} (first at /graph/edges/{seen[edge.id]}), "
                    "expected unique ids",
                )
        if all(node.loss is None for node in self.nodes):
            raise refuse(("nodes",), "found no node with a 'loss', expected one or more")
        refuse_repeated(self.entries, "entries")
        for index, name in enumerate(self.entries):
            refuse_unknown(name, known, "node", "entries", index)
        return self

    def check_references(self, losses: Collection[str], techniques: Collection[str]) -> None:
        """Refuse losses and techniques that neither the scenario nor its catalog has.

        Parameters
        ----------
        losses, techniques : collection of str
            Ids.

        Raises
        ------
        SpecificationError
        """
        for index, node in enumerate(self.nodes):
            if node.loss is not None:
                refuse_unknown(node.loss, losses, "loss", "graph", "nodes", index, "loss")
        for index, edge in enumerate(self.edges):
            place = ("graph", "edges", index, "technique")
            refuse_unknown(edge.technique, techniques, "technique", *place)
