"""Attack flows in STIX 2.1, as Attack Flow Builder publishes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Literal

from pydantic import Field

from mfmgame.catalogs.importing.attack_flow_graph import (
    AttackFlow,
    FlowNode,
    NodeKind,
    connected_flow,
    kind_of_object,
    one_line,
)
from mfmgame.catalogs.importing.untrusted_files import Outside, null_as
from mfmgame.documents.base import Identifier, Text, refuse
from mfmgame.messages import counted, shown

__all__ = ["FlowBundle"]

_Text = Annotated[Text, null_as(str)]
_References = Annotated[list[Identifier], null_as(list)]

_STEPS: dict[str, NodeKind] = {"attack-action": "action", "attack-condition": "condition"}
_OPERATORS: dict[str, NodeKind] = {"AND": "AND", "OR": "OR"}
_NO_NODES = ("attack-flow", "extension-definition", "relationship")


class _Object(Outside):
    """An object of a bundle; keys of other types of objects stay empty."""

    type: Identifier
    id: Identifier
    name: _Text = ""
    description: _Text = ""
    scope: _Text = ""
    created: _Text = ""
    created_by: _Text = Field(default="", alias="created_by_ref")
    technique: _Text = Field(default="", alias="technique_id")
    technique_name: _Text = ""
    tactic: _Text = Field(default="", alias="tactic_id")
    operator: _Text = ""
    effects: _References = Field(default=[], alias="effect_refs")
    on_true: _References = Field(default=[], alias="on_true_refs")
    on_false: _References = Field(default=[], alias="on_false_refs")
    assets: _References = Field(default=[], alias="asset_refs")
    command: Identifier | None = Field(default=None, alias="command_ref")
    object_of_asset: Identifier | None = Field(default=None, alias="object_ref")
    source: Identifier | None = Field(default=None, alias="source_ref")
    target: Identifier | None = Field(default=None, alias="target_ref")


class FlowBundle(Outside):
    """A STIX bundle with an attack flow."""

    type: Literal["bundle"]
    objects: list[_Object]

    def flow(self) -> AttackFlow:
        """Put together the steps of the flow and what leads to them.

        Raises
        ------
        SpecificationError
            If two objects other than relationships have one id, the bundle has not exactly
            one flow, or the steps are no flow.
        """
        by_id: dict[str, _Object] = {}
        for index, entry in enumerate(self.objects):
            if entry.type == "relationship":
                continue  # published bundles repeat their ids, and nothing refers to them
            if entry.id in by_id:
                raise refuse(
                    ("objects", index, "id"),
                    f"found {shown(entry.id)} again, expected unique ids",
                )
            by_id[entry.id] = entry
        flows = [entry for entry in self.objects if entry.type == "attack-flow"]
        if len(flows) != 1:
            raise refuse(
                ("objects",),
                f"found {counted(len(flows), 'object')} of the type 'attack-flow', expected one",
            )
        author = by_id.get(flows[0].created_by)
        flow = AttackFlow(
            name=one_line(flows[0].name),
            nodes={entry.id: _node(entry) for entry in self.objects if entry.type not in _NO_NODES},
            parents={},
            scope=flows[0].scope,
            author=one_line(author.name) if author else "",
            date=flows[0].created,
        )
        return connected_flow(flow, self._links())

    def _links(self) -> Iterator[tuple[str | None, str | None]]:
        """Find what each object leads to, by its own references or by relationships."""
        for entry in self.objects:
            if entry.type == "relationship":
                yield entry.source, entry.target
            elif entry.type not in _NO_NODES:
                lists = (entry.effects, entry.on_true, entry.on_false, entry.assets)
                single = (entry.command, entry.object_of_asset)
                for target in (*chain(*lists), *filter(None, single)):
                    yield entry.id, target


def _node(entry: _Object) -> FlowNode:
    """Make a node of an object."""
    if entry.type == "attack-operator":
        kind = _OPERATORS.get(entry.operator.upper(), "unknown")
        return FlowNode(kind, entry.operator if kind == "unknown" else "")
    name = entry.type.removeprefix("attack-") if entry.type == "attack-asset" else entry.type
    kind = _STEPS.get(entry.type) or kind_of_object(name.replace("-", "_"))
    if kind == "unknown":
        return FlowNode(kind, entry.type)
    return FlowNode(
        kind,
        one_line(entry.name or entry.technique_name or entry.description),
        one_line(entry.technique),
        one_line(entry.tactic),
    )
