"""Mappings of defenses and vulnerabilities to ATT&CK, from CTID's Mappings Explorer."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from types import NoneType

from mfmgame.catalogs.domains import domain_of
from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.ctid_file import VULNERABILITY, Mappings, Row, read_mappings
from mfmgame.catalogs.importing.knowledge_base import KnowledgeBase, Link, Mitigation, Technique
from mfmgame.catalogs.importing.scores import MappingScores
from mfmgame.catalogs.weighing import Weights, weighed
from mfmgame.documents.base import refuse_unknown
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types, shown

__all__ = ["import_ctid", "kev_weights", "read_ctid"]

_SUBTECHNIQUE = re.compile(r"(T\d{4})\.\d{3}")


def import_ctid(
    path: str | os.PathLike[str],
    numbers: AssumedNumbers | None = None,
    scores: MappingScores | None = None,
    *,
    as_steps: bool = False,
) -> Catalog:
    """Make a catalog from a Mappings Explorer mapping of capabilities to ATT&CK.

    Techniques become threats, including techniques that the file lists as unmapped. Capabilities
    that act on a technique become defenses; scores become effectiveness by the analyst's weights.
    Without scores, a pair has the effectiveness of `numbers`. Mappings of vulnerabilities (KEV,
    CVE) become threats alone, each as severe as the number of distinct vulnerabilities that map
    to it.

    Parameters
    ----------
    path : str or path-like
        JSON of Mappings Explorer, of any edition.
    numbers : AssumedNumbers, optional
        Numbers that the file lacks: severities, bandwidths, costs, and effectiveness without a
        score.
    scores : MappingScores, optional
        Effectiveness that the scores count as.
    as_steps : bool, default False
        Whether techniques become steps of chains instead of threats.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If the file is not of this format, maps no defense and no vulnerability to a technique,
        has an unknown score or mapping type, maps only vulnerabilities to steps, or if a number
        is out of range.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> mapping = {
    ...     "metadata": {"mapping_framework": "aws", "mapping_framework_version": "1",
    ...                  "attack_version": "16.1", "technology_domain": "enterprise",
    ...                  "mapping_types": {"technique_scores": {"name": "Scores"}}},
    ...     "mapping_objects": [{"capability_id": "mail-filter",
    ...                          "capability_description": "Mail filter",
    ...                          "mapping_type": "technique_scores", "attack_object_id": "T1000",
    ...                          "attack_object_name": "Phishing", "status": "complete",
    ...                          "score_category": "protect", "score_value": "partial"}],
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mapping.json")
    ...     _ = file.write_text(json.dumps(mapping), encoding="utf-8")
    ...     catalog = mg.import_ctid(file)
    >>> [(pair.threat, pair.defense, pair.value) for pair in catalog.effectiveness]
    [('T1000', 'mail-filter', 0.5)]
    """
    refuse_other_types(numbers, "numbers", AssumedNumbers, NoneType)
    refuse_other_types(scores, "scores", MappingScores, NoneType)
    refuse_other_types(as_steps, "as_steps", bool)
    numbers = numbers or AssumedNumbers()
    mappings = read_mappings(path_of(path))
    base = _knowledge(mappings, scores or MappingScores())
    catalog = as_catalog(base, numbers, as_steps=as_steps)
    if mappings.defenses:
        return catalog
    if as_steps:
        raise SpecificationError(
            f"found a mapping of vulnerabilities, {mappings.relation}, expected one of defenses",
            pointer="as_steps",
        )
    if numbers.severity != AssumedNumbers.severity:
        raise SpecificationError(
            f"found {shown(numbers.severity)}, expected none: threats of {mappings.relation} "
            "are as severe as the number of their CVEs",
            pointer="severity",
        )
    return weighed(catalog, _weights(mappings, VULNERABILITY))


def read_ctid(path: Path, scores: MappingScores | None = None) -> KnowledgeBase:
    """Read the content of a Mappings Explorer file.

    Scores of several rows on one pair are combined by the rule of `scores`; a repeated row counts
    once.

    Parameters
    ----------
    path : pathlib.Path
    scores : MappingScores, optional

    Returns
    -------
    KnowledgeBase
        Without mitigations if the file maps vulnerabilities.

    Raises
    ------
    SpecificationError
        As :func:`import_ctid` does.
    """
    return _knowledge(read_mappings(path), scores or MappingScores())


def kev_weights(
    path: str | os.PathLike[str], mapping_types: Collection[str] | None = None
) -> Weights:
    """Weigh techniques by the number of distinct vulnerabilities that map to each.

    A vulnerability counts once per technique, however many of its rows map to it. It does not
    count for the parent of a sub-technique.

    Parameters
    ----------
    path : str or path-like
        JSON of Mappings Explorer for KEV or CVE.
    mapping_types : collection of str, optional
        Mapping types that count, of ``"exploitation_technique"``,
        ``"primary_impact"``, ``"secondary_impact"`` and ``"uncategorized"``; all by
        default.

    Returns
    -------
    Weights

    Raises
    ------
    SpecificationError
        If the file is not of this format, no row is of these types, or a type is unknown.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> mapping = {
    ...     "metadata": {"mapping_framework": "kev", "mapping_framework_version": "1",
    ...                  "attack_version": "16.1", "technology_domain": "enterprise",
    ...                  "mapping_types": {"exploitation_technique": {"name": "Exploitation"}}},
    ...     "mapping_objects": [{"capability_id": "CVE-2020-0001",
    ...                          "capability_description": "A flaw",
    ...                          "mapping_type": "exploitation_technique",
    ...                          "attack_object_id": "T1000",
    ...                          "attack_object_name": "Phishing", "status": "complete"}],
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mapping.json")
    ...     _ = file.write_text(json.dumps(mapping), encoding="utf-8")
    ...     weights = mg.kev_weights(file)
    >>> weights.by_threat
    {'T1000': 1.0}
    """
    refuse_other_types(mapping_types, "mapping_types", Collection, NoneType)
    chosen = VULNERABILITY if mapping_types is None else tuple(mapping_types)
    for name in chosen:
        refuse_unknown(name, VULNERABILITY, "mapping type", "mapping_types")
    mappings = read_mappings(path_of(path))
    weights = _weights(mappings, chosen)
    if not weights.by_threat:
        raise SpecificationError(
            f"found no row of {', '.join(chosen) or 'no mapping type'}, expected vulnerabilities "
            "that map to techniques (KEV or CVE)",
            source=str(path),
        )
    return replace(weights, notes=(*mappings.notes, *weights.notes))


def _knowledge(mappings: Mappings, scores: MappingScores) -> KnowledgeBase:
    groups = mappings.about.groups
    techniques: dict[str, str] = {}
    capabilities: dict[str, tuple[str, str]] = {}
    pairs: dict[tuple[str, str], list[Row]] = {}
    for row in (*(mappings.defenses or mappings.vulnerabilities), *mappings.undefended):
        techniques[row.technique] = techniques.get(row.technique) or row.technique_name
    for row in mappings.defenses:
        name, group = capabilities.get(row.capability, ("", ""))
        capabilities[row.capability] = (name or row.capability_name, group or row.group)
        pairs.setdefault((row.technique, row.capability), []).append(row)
    links = [_link(pair, told, mappings.relation, scores) for pair, told in pairs.items()]
    notes = [*mappings.notes]
    if mappings.defenses and mappings.vulnerabilities:
        notes.append(
            f"left out: {counted(len(mappings.vulnerabilities), 'row')} of vulnerabilities"
        )
    unscored = sum(link.value is None for link in links)
    if unscored:
        notes.append(f"{counted(unscored, 'pair')} of {mappings.relation} without a score")
    if unscored < len(links):
        notes.append(scores.note())
    about = mappings.about
    domains = {name: domain_of(name, mobile=about.domain == "mobile") for name in techniques}
    versions = {domain: about.attack_version for domain in domains.values() if domain}
    return KnowledgeBase(
        name=mappings.name,
        origin=mappings.origin.model_copy(update={"domains": versions}),
        techniques=tuple(
            Technique(name, text, parent=_parent(name), domain=domains[name])
            for name, text in techniques.items()
        ),
        mitigations=tuple(
            Mitigation(name, text, family=groups.get(group) or group)
            for name, (text, group) in capabilities.items()
        ),
        links=tuple(links),
        notes=tuple(notes),
    )


def _parent(technique: str) -> str | None:
    match = _SUBTECHNIQUE.fullmatch(technique)
    return match[1] if match else None


def _link(pair: tuple[str, str], rows: Iterable[Row], relation: str, scores: MappingScores) -> Link:
    once = {(tuple(row.types), row.category, row.value, row.comments): row for row in rows}.values()
    texts = tuple(dict.fromkeys(row.comments for row in once if row.comments))
    given = [(row.category, row.value) for row in once if row.value]
    if not given:
        return Link(*pair, texts)
    told = ", ".join(
        f"{category} {value}" + (f" ({count} rows)" if count > 1 else "")
        for (category, value), count in Counter(given).items()
    )
    return Link(
        *pair,
        texts,
        scores.combined(scores.value_of(*score) for score in given),
        f"{told} of {relation}; weights assumed",
    )


def _weights(mappings: Mappings, chosen: Collection[str]) -> Weights:
    vulnerabilities: dict[str, set[str]] = {}
    for row in mappings.vulnerabilities:
        if mappings.types_of(row).intersection(chosen):
            vulnerabilities.setdefault(row.technique, set()).add(row.capability)
    origin = mappings.origin
    date = f" ({origin.date})" if origin.date else ""
    only = "" if set(chosen) == set(VULNERABILITY) else f", {', '.join(chosen)} only"
    return Weights(
        by_threat={name: float(len(found)) for name, found in vulnerabilities.items()},
        basis="derived",
        source=f"number of distinct CVEs in {mappings.relation}{date}{only}",
        notes=(
            "a technique is as severe as the number of distinct CVEs that map to it; those of "
            "its sub-techniques are not added",
        ),
    )
