"""Severities from evidence: what threats weigh, and where that is known from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mfmgame.spec.catalog import Basis, Catalog, Sourced
from mfmgame.spec.wording import counted, shown

__all__ = ["Weights", "weighed"]

_MOST_NAMED = 5


@dataclass(frozen=True)
class Weights:
    """What threats weigh.

    Attributes
    ----------
    by_threat : mapping of str to float
        In loss units, at least 0; a threat that is not named weighs nothing.
    basis : {"paper", "measured", "derived", "assumed"}
    source : str
    notes : tuple of str
        What was left out, and other things that a reader must know.
    """

    by_threat: Mapping[str, float]
    basis: Basis
    source: str
    notes: tuple[str, ...] = ()


def weighed(catalog: Catalog, weights: Weights) -> Catalog:
    """The catalog with weights for severities.

    Parameters
    ----------
    catalog : Catalog
    weights : Weights
        Those of ids that the catalog does not have are counted in its notes.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If a weight is out of the range of a severity.
    """
    known = {threat.id for threat in catalog.threats}
    unknown = [name for name in weights.by_threat if name not in known]
    without = sum(not weights.by_threat.get(name) for name in known)
    notes = [*catalog.notes, *weights.notes]
    if unknown:
        named = ", ".join(shown(name) for name in unknown[:_MOST_NAMED])
        more = ", ..." if len(unknown) > _MOST_NAMED else ""
        lost = sum(weights.by_threat[name] for name in unknown)
        notes.append(
            f"{weights.source}: {counted(len(unknown), 'unknown id')} of weight {lost:g} "
            f"left out ({named}{more})"
        )
    if without:
        notes.append(f"{weights.source}: {counted(without, 'threat')} of weight 0")
    document = catalog.model_dump(by_alias=True, exclude_unset=True)
    sourced = Sourced(basis=weights.basis, source=weights.source)
    for threat in document["threats"]:
        threat["severity"] = weights.by_threat.get(threat["id"], 0.0)
        threat["provenance"] = threat.get("provenance", {}) | {"severity": sourced.model_dump()}
    return Catalog(**document | {"notes": notes})
