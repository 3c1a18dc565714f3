"""Weights of ATLAS techniques from the incidents of the package genai-incidents."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from mfmgame.catalogs.importing.untrusted_files import Outside, read_json_model
from mfmgame.catalogs.weighing import Weights, cited
from mfmgame.documents.base import LARGEST, Identifier, Text, refuse_unknown
from mfmgame.documents.catalog import Origin
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, missing_package, refuse_other_types, shown

__all__ = ["SCORES", "Incident", "IncidentSelection", "incident_weights", "weights_of"]

Severity = Literal["Info", "Low", "Medium", "High", "Critical"]
Quality = Literal["auto", "reviewed", "curated"]
Corpus = Literal["security", "ai-harm"]
Tier = Literal["feed", "landmark"]

SCORES: Mapping[str, float] = MappingProxyType(
    {"Info": 0.0, "Low": 1.0, "Medium": 3.0, "High": 7.0, "Critical": 10.0}
)
"""Score of one incident by severity; assumed, as no source states it."""

_PACKAGE = "genai-incidents"
_MODULE = "genai_incidents"
_LICENCE = "CC-BY-4.0"
_ATTRIBUTION = "Emmanuel G. Jr. and contributors"
_URL = "https://github.com/emmanuelgjr/genai_incidents"


class Incident(Outside):
    """Fields of an incident that its score depends on."""

    id: Identifier
    year: int
    severity: Severity
    techniques: list[Identifier] = Field(alias="mitre_atlas")
    quality: Quality = Field(alias="quality_tier")
    corpus: Corpus
    tier: Tier
    status: Literal["retracted", "disputed"] | None = None


def _unique(incidents: list[Incident]) -> list[Incident]:
    for name, count in Counter(incident.id for incident in incidents).items():
        if count > 1:
            raise SpecificationError(
                f"found {shown(name)} {counted(count, 'time')}, expected unique ids"
            )
    return incidents


class _File(Outside):
    generated: Text
    incidents: Annotated[list[Incident], AfterValidator(_unique)]


class _Taxonomies(Outside):
    atlas: Text


@dataclass(frozen=True)
class IncidentSelection:
    """Which incidents count, and their scores.

    Attributes
    ----------
    scores : mapping of str to float
        Score of one incident by severity, in loss units; `SCORES` for other severities.
    first_year, last_year : int or None
        Inclusive years; None is an open end.
    quality : sequence of {"auto", "reviewed", "curated"}
        How thoroughly the incident was reviewed; all count if empty.
    corpus : sequence of {"security", "ai-harm"}
    tier : sequence of {"feed", "landmark"}
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    first_year: int | None = None
    last_year: int | None = None
    quality: Sequence[str] = ()
    corpus: Sequence[str] = ()
    tier: Sequence[str] = ()


def incident_weights(selection: IncidentSelection | None = None) -> Weights:
    """Weigh ATLAS techniques by the incidents that name them.

    The weight of a technique is the sum of the scores of its incidents. An incident counts once
    for every technique that it names, except for a technique of which it also names a
    sub-technique: it then counts for the sub-technique alone. Retracted incidents do not count,
    disputed incidents do.

    Parameters
    ----------
    selection : IncidentSelection, optional
        All incidents with `SCORES` by default.

    Returns
    -------
    Weights
        Weights with basis "derived". The notes count the incidents left out.

    Raises
    ------
    SpecificationError
        If genai-incidents is not installed or has another format, or the selection names an
        unknown value.

    Examples
    --------
    The corpus is a package of its own, genai-incidents, and grows:

    >>> import mfmgame as mg
    >>> early = mg.incident_weights(mg.IncidentSelection(last_year=2023))
    >>> early.basis, sum(early.by_threat.values()) < sum(mg.incident_weights().by_threat.values())
    ('derived', True)
    """
    refuse_other_types(selection, "selection", IncidentSelection, NoneType)
    selection = selection or IncidentSelection()
    scores = _checked(selection)
    try:
        version = importlib.metadata.version(_PACKAGE)
        folder = importlib.resources.files(_MODULE) / "data"
    except ImportError:
        raise missing_package("weights of incidents need", _PACKAGE, "evidence") from None
    try:
        with (
            importlib.resources.as_file(folder / "incidents.min.json") as incidents,
            importlib.resources.as_file(folder / "taxonomy_versions.json") as taxonomies,
        ):
            file = read_json_model(Path(incidents), _File)
            atlas = read_json_model(Path(taxonomies), _Taxonomies).atlas
    except SpecificationError as error:
        raise error.located(f"{_PACKAGE} {version}") from None
    except OSError:
        raise SpecificationError(
            "found no incidents.min.json with a taxonomy_versions.json, expected both",
            source=f"{_PACKAGE} {version}",
        ) from None
    origin = Origin(
        name=_PACKAGE,
        version=version,
        date=file.generated,
        licence=_LICENCE,
        attribution=_ATTRIBUTION,
        url=_URL,
    )
    return weights_of(file.incidents, selection, scores, origin, atlas)


def weights_of(
    incidents: Sequence[Incident],
    selection: IncidentSelection,
    scores: Mapping[str, float],
    origin: Origin,
    atlas: str,
) -> Weights:
    """Weigh techniques by given incidents, as :func:`incident_weights` does.

    Parameters
    ----------
    incidents : sequence of Incident
    selection : IncidentSelection
    scores : mapping of str to float
        Score of every severity.
    origin : Origin
        Origin of the incidents.
    atlas : str
        Version of ATLAS whose ids the incidents name.

    Returns
    -------
    Weights
    """
    reasons = [_left_out(incident, selection) for incident in incidents]
    counting = [entry for entry, reason in zip(incidents, reasons, strict=True) if not reason]
    named: Counter[tuple[str, str]] = Counter()
    broader = 0
    for incident in counting:
        techniques = set(incident.techniques)
        parents = {name.rpartition(".")[0] for name in techniques}
        broader += len(techniques & parents)
        named.update((name, incident.severity) for name in techniques - parents)
    terms: dict[str, list[float]] = {}
    times: Counter[str] = Counter()
    for (technique, severity), count in sorted(named.items()):
        terms.setdefault(technique, []).append(scores[severity] * count)
        times[technique] += count
    disputed = sum(incident.status == "disputed" for incident in counting)
    outside = sorted(Counter(reason for reason in reasons if reason).items())
    left_out = ", ".join(f"{count} {reason}" for reason, count in outside)
    return Weights(
        by_threat={technique: math.fsum(parts) for technique, parts in terms.items()},
        basis="derived",
        source=cited(origin),
        named=times,
        origin=origin,
        notes=(
            f"{len(counting)} of {counted(len(incidents), 'incident')} count"
            + (f", {disputed} of them disputed" if disputed else "")
            + (f"; left out: {left_out}" if left_out else ""),
            f"an incident counts for each technique of ATLAS {atlas} that it names, but not "
            f"for one of which it names a sub-technique, too ({counted(broader, 'time')})",
            "a weight is a sum of assumed scores: "
            + ", ".join(f"{name} {score:g}" for name, score in scores.items())
            + "; most labels of incidents are made by rules, so the counts are not rates",
        ),
    )


def _left_out(incident: Incident, selection: IncidentSelection) -> str:
    """Tell why an incident does not count; "" if it counts."""
    first, last = selection.first_year, selection.last_year
    if incident.status == "retracted":
        return "retracted"
    if (first is not None and incident.year < first) or (last is not None and incident.year > last):
        return f"outside the years {first or ''}:{last or ''}"
    for name in ("quality", "corpus", "tier"):
        chosen = getattr(selection, name)
        if chosen and getattr(incident, name) not in chosen:
            return f"not of {name} {' or '.join(dict.fromkeys(chosen))}"
    return "" if incident.techniques else "without an ATLAS technique"


def _checked(selection: IncidentSelection) -> dict[str, float]:
    """Check the selection, and return the scores of all severities."""
    for name, score in selection.scores.items():
        refuse_unknown(name, SCORES, "severity", "scores")
        if not 0.0 <= score <= LARGEST:
            raise SpecificationError(
                f"found {shown(score)} of {shown(name)}, expected a number from 0 to {LARGEST}",
                pointer="scores",
            )
    for name, known in (("quality", Quality), ("corpus", Corpus), ("tier", Tier)):
        for chosen in getattr(selection, name):
            refuse_unknown(chosen, get_args(known), name, name)
    first, last = selection.first_year, selection.last_year
    if first is not None and last is not None and first > last:
        raise SpecificationError(
            f"found {first} to {last}, expected the first year not after the last",
            pointer="years",
        )
    return {**SCORES, **selection.scores}
