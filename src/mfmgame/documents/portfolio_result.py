"""Best portfolios as a budget grows, as a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
from mfmgame.documents.catalog import Displays
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import Bounds, Decision, PricedCertificate, Status

__all__ = ["PortfolioDocument", "PortfolioEntry"]

Quantity = Annotated[float, Field(ge=0.0)]


class PortfolioEntry(Strict):
    """Best portfolio for every budget from its cost up to the next portfolio's cost."""

    cost: Quantity
    until: Quantity | None = Field(description="Cost of the next portfolio; null for the last.")
    value: Quantity
    bounds: Bounds = Field(description="Proven for every budget below `until`.")
    status: Status
    decision: Decision | None = Field(description="Null where the scenario has no termination.")
    allocation: dict[Identifier, Quantity]
    use: dict[Identifier, Quantity]
    adds: dict[Identifier, Quantity] = Field(
        description="Levels that are higher than in the previous portfolio."
    )
    drops: dict[Identifier, Quantity] = Field(
        description="Levels that are lower than in the previous portfolio."
    )
    greedy_value: Quantity = Field(description="Value that the greedy order reaches at this cost.")
    certificate: PricedCertificate


class PortfolioDocument(Document):
    """Every portfolio that is best at some budget, by cost."""

    schema_id: Literal["mfmgame/portfolio/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    resource: Identifier
    status: Status = Field(description="Status of the first portfolio that is not proven.")
    portfolios: list[PortfolioEntry]
    notes: list[str]
