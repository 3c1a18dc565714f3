"""Severities from evidence: weights of threats and their sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mfmgame.documents.base import Basis
from mfmgame.documents.catalog import Catalog, Origin
from mfmgame.documents.sourced_entries import Sourced
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types, shown

__all__ = ["NO_SEVERITIES", "Weights", "cited", "weighed"]

NO_SEVERITIES = "has no severities: every threat costs"
"""Start of the note, after a source, that weights make untrue."""
_MOST_NAMED = 5


@dataclass(frozen=True)
class Weights:
    """Weights of threats.

    Attributes
    ----------
    by_threat : mapping of str to float
        Weight of each threat in loss units, at least 0; other threats weigh 0.
    basis : str
        Basis of all weights that `bases` does not name, such as ``"measured"``.
    source : str
    notes : tuple of str
        Omissions and other caveats.
    bases : mapping of str to str
        Basis of the weights of single threats.
    named : mapping of str to int
        Number of incidents behind a threat's weight, where known.
    origin : Origin or None
        Origin of the weights, if a licence requires credit.
    """

    by_threat: Mapping[str, float]
    basis: Basis
    source: str
    notes: tuple[str, ...] = ()
    bases: Mapping[str, Basis] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)
    origin: Origin | None = None


def weighed(catalog: Catalog, weights: Weights) -> Catalog:
    """Replace a catalog's severities by weights.

    The notes and the origin of replaced weights are removed.

    Parameters
    ----------
    catalog : Catalog
    weights : Weights
        Weights of ids outside the catalog are counted in its notes.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If no weight is for a threat of the catalog, or a weight is out of the range of a severity.

    Examples
    --------
    >>> import mfmgame as mg
    >>> catalog = mg.Catalog(schema="mfmgame/catalog/1", name="small", threats=[
    ...     {"id": "leak", "severity": 1, "bandwidth": 1}])
    >>> weights = mg.Weights(by_threat={"leak": 4.0}, basis="measured", source="incidents of 2025")
    >>> mg.weighed(catalog, weights).threats[0].severity
    4.0
    """
    refuse_other_types(catalog, "catalog", Catalog)
    refuse_other_types(weights, "weights", Weights)
    known = {threat.id for threat in catalog.threats}
    if known.isdisjoint(weights.by_threat):
        raise SpecificationError(
            f"found {counted(len(weights.by_threat), 'weight')}, none for a threat in "
            f"{shown(catalog.name)}, expected one or more",
            source=weights.source,
        )
    unknown = [name for name in weights.by_threat if name not in known]
    without = sum(not weights.by_threat.get(name) for name in known)
    said = list(weights.notes)
    if unknown:
        said.append(_left_out(unknown, weights))
    if without:
        said.append(f"{counted(without, 'threat')} of weight 0")
    replaced = {
        threat.provenance["severity"].source
        for threat in catalog.threats
        if "severity" in threat.provenance
    }
    gone = tuple(f"{source}: " for source in (weights.source, *replaced) if source)
    origins = [origin for origin in catalog.origins if cited(origin) not in replaced]
    if weights.origin is not None and weights.origin not in origins:
        origins.append(weights.origin)
    document = catalog.to_document()
    for threat in document["threats"]:
        name = threat["id"]
        basis = weights.bases.get(name, weights.basis)
        sourced = Sourced(basis=basis, source=weights.source)
        threat["severity"] = weights.by_threat.get(name, 0.0)
        threat["provenance"] = threat.get("provenance", {}) | {"severity": sourced.model_dump()}
    document["origins"] = origins
    document["notes"] = [
        *(
            note
            for note in catalog.notes
            if not note.startswith(gone) and NO_SEVERITIES not in note
        ),
        *(f"{weights.source}: {note}" for note in said),
    ]
    return Catalog(**document)


def cited(origin: Origin) -> str:
    """Cite an origin: name, version and date."""
    date = f"({origin.date})" if origin.date else ""
    return " ".join(text for text in (origin.name, origin.version, date) if text)


def _left_out(unknown: list[str], weights: Weights) -> str:
    """Write the note on weights of ids outside the catalog."""
    listed = ", ".join(shown(name) for name in unknown[:_MOST_NAMED])
    more = ", ..." if len(unknown) > _MOST_NAMED else ""
    lost = sum(weights.by_threat[name] for name in unknown)
    total = sum(weights.by_threat.values())
    share = f" of {total:g}" if total else ""
    named = sum(weights.named.get(name, 0) for name in unknown)
    times = f", named {counted(named, 'time')}," if named else ""
    return (
        f"{counted(len(unknown), 'unknown id')}{times} of weight {lost:g}{share} left out "
        f"({listed}{more})"
    )
