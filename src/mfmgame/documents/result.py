"""Results of solved scenarios, as JSON documents."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from mfmgame.documents.base import (
    WHOLE,
    BasisName,
    Document,
    Identifier,
    Strict,
    refuse,
    stated,
    unstated,
)
from mfmgame.documents.catalog import Displays
from mfmgame.documents.composition_names import CompositionName

__all__ = [
    "BasisShare",
    "Bounds",
    "CaseProof",
    "CertificateCut",
    "CertificateResult",
    "DefenseIndex",
    "FrontierDocument",
    "IndexDocument",
    "IndexResult",
    "LevelRange",
    "OneSided",
    "OneSidedPrices",
    "PricedCertificate",
    "Prices",
    "Result",
    "Role",
    "SensitivityResult",
    "ThreatResult",
    "ThresholdDocument",
    "ThresholdResult",
    "TreeNode",
]

# Results may be larger or smaller than inputs may be.
Quantity = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Role = Literal["essential", "optional", "useless"]
Decision = Literal["operate", "terminate", "undecided"]
Status = Literal["proven", "time_limit", "round_limit", "interrupted", "numerical"]


class Bounds(Strict):
    """Proven bracket of the value."""

    lower: Quantity
    upper: Quantity


class ThreatResult(Strict):
    """Numbers of a threat under the allocation."""

    severity: Quantity
    bandwidth: Quantity
    coverage: Share
    residual: Quantity
    loss: Identifier | None = Field(
        default=None,
        description="Loss to which the threat leads, and which is suffered once; absent if the "
        "threat names none.",
    )
    steps: list[Identifier] | None = Field(
        default=None, description="Techniques of a chain, each once; absent if it is no chain."
    )


class Prices(Strict):
    """Increase of the value per bit of attacker bandwidth, decrease per unit of a limit.

    Stepped defenses are held at their levels.
    """

    attacker_bandwidth: Quantity
    limits: dict[Identifier, Quantity]


class CertificateCut(Strict):
    """A cut of the proof: its threat, its anchor and its weight."""

    threat: Identifier
    anchor: Quantity
    weight: Share


class CaseProof(Strict):
    """Proof of a lower bound for a box of levels: cuts, and the price of each limit."""

    cuts: list[CertificateCut]
    limits: dict[Identifier, Quantity]


class TreeNode(Strict):
    """A split of the allocations by one defense's level, or a leaf with its proof."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                unstated("defense", "at_most"),
                {"allOf": [stated("defense", "at_most"), unstated("proof")]},
            ]
        }
    )

    defense: Identifier | None = None
    at_most: Quantity | None = Field(
        default=None,
        description="Levels up to this level come next in the list, then higher levels.",
    )
    proof: Annotated[int, Field(ge=0), WHOLE] | None = Field(
        default=None,
        description="Position of the leaf's proof; null if the leaf holds no allocation.",
    )

    @model_validator(mode="after")
    def _is_split_or_leaf(self) -> Self:
        if (self.defense is None) is not (self.at_most is None):
            raise refuse((), "expected both of 'defense' and 'at_most', or neither")
        if self.defense is not None and self.proof is not None:
            raise refuse(("proof",), "found in a split, expected in a leaf")
        return self


class CertificateResult(Strict):
    """Proof of the lower bound, together with the prices of the limits.

    Where some defenses are stepped, the tree proves the bound case by case; the cuts and prices
    prove the value with every stepped defense held at its level.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [stated("tree", "proofs"), unstated("tree", "proofs")]}
    )

    cuts: list[CertificateCut]
    tree: list[TreeNode] | None = Field(default=None, description="In preorder.")
    proofs: list[CaseProof] | None = None

    @model_validator(mode="after")
    def _has_both_or_neither(self) -> Self:
        if (self.tree is None) is not (self.proofs is None):
            raise refuse((), "expected both of 'tree' and 'proofs', or neither")
        return self


class PricedCertificate(CertificateResult):
    """Proof of a lower bound: cuts, and the price of each limit."""

    limits: dict[Identifier, Quantity]


class ThresholdResult(Strict):
    """The self-destruction threshold and the decision."""

    bandwidth: Quantity | None = Field(
        description="Bits, if the allocation may change with the attacker's bandwidth."
    )
    plan_bandwidth: Quantity | None = Field(
        default=None,
        description="Bits up to which the allocation for the scenario's own attacker bandwidth "
        "costs at most the termination loss; null if no attacker can make it cost more.",
    )
    reachable: bool
    undefended: Quantity | None
    decision: Decision
    margin: float | None
    allocation: dict[Identifier, Quantity] = Field(
        description="Best allocation against an attacker at the threshold; if no attacker can "
        "reach it, an allocation that limits the loss of all threats to the termination loss."
    )
    use: dict[Identifier, Quantity] = Field(description="What the allocation uses.")
    bandwidth_per_loss: float | None = Field(
        description="Bits that one more unit of termination loss adds to the threshold."
    )
    lower: Quantity | None = Field(description="Proven lower bound of the value at the threshold.")
    certificate: PricedCertificate | None = Field(description="Proof of the lower bound.")


class DefenseIndex(Strict):
    """Coverage index of one defense; null where the threats have no weight."""

    index: Share | None
    consistency: Share | None
    classes: dict[Identifier, Share]
    by_technique: Share | None = Field(
        default=None,
        description="Mean of `techniques` by their weights; absent if no threat is a chain.",
    )
    techniques: dict[Identifier, Share] | None = Field(
        default=None,
        description="Share of each technique that the defense stops at level 1; absent if no "
        "threat is a chain.",
    )


class IndexResult(Strict):
    """Coverage index of the allocation and of each defense."""

    portfolio: Share | None
    worst_class: Share | None
    adversarial: Share | None
    defenses: dict[Identifier, DefenseIndex]
    technique_weights: dict[Identifier, Share] | None = Field(
        default=None,
        description="Share of each technique in the weight of all techniques, where a technique "
        "has the weight of all chains that contain it; absent if no threat is a chain.",
    )


class OneSided(Strict):
    """Worth of a unit: the last unit (null if there is none), and one more."""

    left: Quantity | None
    right: Quantity


class LevelRange(Strict):
    """Least and greatest level of a defense over all optimal allocations."""

    least: Quantity
    greatest: Quantity
    role: Role


class OneSidedPrices(Strict):
    """Left and right derivatives of the value."""

    attacker_bandwidth: OneSided
    limits: dict[Identifier, OneSided]


class SensitivityResult(Strict):
    """Optimal levels and one-sided prices."""

    defenses: dict[Identifier, LevelRange]
    prices: OneSidedPrices
    digest: str = Field(
        description="SHA-256 of the other members as compact JSON with sorted keys."
    )

    def found_digest(self) -> str:
        """Compute the digest of these numbers, which carry no other proof."""
        content = self.model_dump(exclude={"digest"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


class BasisShare(Strict):
    """Numbers of one basis, and the share of the value or loss that rests on them."""

    basis: BasisName
    numbers: Annotated[int, Field(ge=0), WHOLE]
    share: Share | None = Field(description="Null if no number moves the value.")


class Result(Document):
    """Answer to a scenario."""

    schema_id: Literal["mfmgame/result/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    value: Quantity
    bounds: Bounds
    status: Status = Field(
        description="Why the search ended: proven, or the reason for a wide bracket."
    )
    allocation: dict[Identifier, Quantity]
    use: dict[Identifier, Quantity] = Field(description="What the allocation uses.")
    attack: dict[Identifier, Share]
    threats: dict[Identifier, ThreatResult]
    prices: Prices
    sensitivity: SensitivityResult
    threshold: ThresholdResult | None = None
    dci: IndexResult
    certificate: CertificateResult
    bases: list[BasisShare] | None = Field(
        default=None, description="What the value rests on; null if no number states its basis."
    )
    notes: list[str]


class ThresholdDocument(Document):
    """Self-destruction threshold alone."""

    schema_id: Literal["mfmgame/threshold/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    status: Status
    threshold: ThresholdResult
    notes: list[str]


class IndexDocument(Document):
    """Defense Coverage Index alone."""

    schema_id: Literal["mfmgame/dci/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    status: Status = Field(description="Status of the solution whose allocation is measured.")
    dci: IndexResult
    notes: list[str]


class FrontierBounds(Strict):
    """Proven bracket of the value; rounding may take the lower end below 0."""

    lower: float
    upper: Quantity


class FrontierPart(Strict):
    """Proof of one bound: an allocation for the upper, a certificate for the lower."""

    allocation: dict[Identifier, Quantity] | None = None
    use: dict[Identifier, Quantity] | None = None
    certificate: PricedCertificate | None = None


class FrontierBreakpoint(FrontierPart):
    """End of a piece; its certificate bounds the value there only."""

    at: Quantity
    value: Quantity
    bounds: FrontierBounds


class FrontierPiece(FrontierPart):
    """A linear piece; its certificate is a line that bounds the value at every limit."""

    start: Quantity = Field(alias="from")
    end: Quantity = Field(alias="to")
    slope: float


class FrontierPoint(Strict):
    """Value at a requested point."""

    at: Quantity
    value: Quantity


class FrontierRegion(Strict):
    """Interval of one decision; its ends belong to the region of the lower loss."""

    decision: Decision
    start: Quantity = Field(alias="from")
    end: Quantity = Field(alias="to")


class FrontierDocument(Document):
    """Value over the attacker's bandwidth or over one limit."""

    schema_id: Literal["mfmgame/frontier/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    parameter: Identifier
    status: Status
    decisions: list[FrontierRegion] | None = Field(
        description="From the start to the end; null where the scenario has no termination."
    )
    breakpoints: list[FrontierBreakpoint]
    pieces: list[FrontierPiece]
    points: list[FrontierPoint]
    notes: list[str]
