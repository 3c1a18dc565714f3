"""Files of Attack Flow Builder (``.afb``): blocks, and lines between their anchors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from mfmgame.catalogs.importing.attack_flow_graph import (
    AttackFlow,
    FlowNode,
    NodeKind,
    connected_flow,
    kind_of_object,
    one_line,
)
from mfmgame.catalogs.importing.untrusted_files import Outside
from mfmgame.documents.base import Identifier, refuse
from mfmgame.messages import shown

__all__ = ["BuilderFile"]

_STEPS: dict[str, NodeKind] = {
    "action": "action",
    "condition": "condition",
    "AND_operator": "AND",
    "OR_operator": "OR",
}


class _Object(Outside):
    """A block, a line, or a part of either."""

    template: Identifier = Field(alias="id")
    instance: Identifier
    properties: list[Any] = []
    anchors: dict[str, Identifier] = {}
    latches: list[Identifier] = []
    source: Identifier | None = None
    target: Identifier | None = None


class BuilderFile(Outside):
    """A file of Attack Flow Builder, version 3."""

    form: Literal["attack_flow_v2"] = Field(alias="schema")
    objects: list[_Object]

    def flow(self) -> AttackFlow:
        """Put together the steps of the flow and what leads to them.

        A line starts and ends at latches, a latch sits on an anchor, and an anchor belongs to
        a block.

        Raises
        ------
        SpecificationError
            If two objects have one id, a property is malformed, or the steps are no flow.
        """
        page: dict[str, Any] = {}
        nodes: dict[str, FlowNode] = {}
        seen: set[str] = set()
        for index, entry in enumerate(self.objects):
            if entry.instance in seen:
                raise refuse(
                    ("objects", index, "instance"),
                    f"found {shown(entry.instance)} again, expected unique ids",
                )
            seen.add(entry.instance)
            if entry.template == "flow":
                page = page or _properties(index, entry)
            elif entry.anchors or entry.template in _STEPS:
                nodes[entry.instance] = _node(index, entry)
        created = page.get("created")
        flow = AttackFlow(
            name=one_line(page.get("name")),
            nodes=nodes,
            parents={},
            scope=one_line(page.get("scope")),
            author=one_line(_pairs(page.get("author")).get("name")),
            date=one_line(created.get("time") if isinstance(created, dict) else created),
        )
        return connected_flow(flow, self._links())

    def _links(self) -> Iterator[tuple[str | None, str | None]]:
        """Find the blocks at both ends of each line."""
        anchors = {one: entry.instance for entry in self.objects for one in entry.anchors.values()}
        blocks = {
            latch: anchors.get(entry.instance) for entry in self.objects for latch in entry.latches
        }
        for entry in self.objects:
            if entry.template == "dynamic_line":
                yield blocks.get(entry.source or ""), blocks.get(entry.target or "")


def _node(index: int, entry: _Object) -> FlowNode:
    """Make a node of a block."""
    kind = _STEPS.get(entry.template) or kind_of_object(entry.template)
    if kind == "unknown":
        return FlowNode(kind, entry.template)
    stated = _properties(index, entry)
    ttp = _pairs(stated.get("ttp"))
    return FlowNode(
        kind,
        one_line(stated.get("name")) or one_line(stated.get("description")),
        one_line(ttp.get("technique")) or one_line(stated.get("technique_id")),
        one_line(ttp.get("tactic")) or one_line(stated.get("tactic_id")),
    )


def _properties(index: int, entry: _Object) -> dict[str, Any]:
    """Read the properties of an object, a list of pairs of a name and a value."""
    for position, pair in enumerate(entry.properties):
        if not _is_pair(pair):
            raise refuse(
                ("objects", index, "properties", position),
                f"found {shown(pair)}, expected a pair of a name and a value",
            )
    return dict(entry.properties)


def _pairs(value: Any) -> dict[str, Any]:
    """Read pairs of a name and a value; nothing if the value is no list."""
    return dict(pair for pair in value if _is_pair(pair)) if isinstance(value, list) else {}


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
