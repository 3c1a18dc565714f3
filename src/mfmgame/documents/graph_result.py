"""Result of a solved attack graph, as a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import WHOLE, Document, Identifier, Strict
from mfmgame.documents.catalog import Displays
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import Bounds, Decision, Prices, Quantity, Share, Status

__all__ = ["GraphCertificate", "GraphCut", "GraphResult", "PathResult"]


class PathResult(Strict):
    """A path that the worst attack or the proof uses."""

    loss: Identifier = Field(description="Loss at the end of the path.")
    nodes: list[Identifier] = Field(description="Nodes along the path.")
    path: list[Identifier] = Field(description="Edges along the path.")
    effort: Share = Field(description="Effort of the worst attack on the path.")
    severity: Quantity
    bandwidth: Quantity
    coverage: Share
    residual: Quantity


class GraphCut(Strict):
    """A cut of the proof: its path, its anchor and its weight."""

    path: Annotated[int, Field(ge=0), WHOLE] = Field(description="Position among the paths.")
    anchor: Quantity
    weight: Share


class GraphCertificate(Strict):
    """Proof of the lower bound; the prices of the limits stand among the prices."""

    cuts: list[GraphCut]


class GraphResult(Document):
    """Value, plan and worst attack of an attack graph, with the proof of the value."""

    schema_id: Literal["mfmgame/graph-result/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    value: Quantity
    bounds: Bounds = Field(description="The upper bound holds for every path, listed or not.")
    status: Status
    decision: Decision | None = Field(description="Null without a termination loss.")
    allocation: dict[Identifier, Quantity]
    use: dict[Identifier, Quantity]
    paths: list[PathResult]
    prices: Prices
    certificate: GraphCertificate
    notes: list[str]
