"""MITRE ATT&CK (enterprise, mobile, ICS), and the edition of MITRE ATLAS, in STIX 2.0 and 2.1."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import NoneType
from typing import TypeVar, get_args

from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.knowledge_base import (
    KnowledgeBase,
    Link,
    Mitigation,
    Technique,
    refuse_circles,
)
from mfmgame.catalogs.importing.stix import (
    AttackPattern,
    Bundle,
    CourseOfAction,
    ExternalReference,
    Named,
    Relationship,
    Tactic,
    moment,
    read_bundle,
)
from mfmgame.documents.catalog import Catalog, Domain, Origin
from mfmgame.documents.json_reading import path_of
from mfmgame.documents.sourced_entries import Reference
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types, shown

__all__ = ["import_attack", "read_attack"]

_TITLES = {
    "enterprise-attack": "Enterprise ATT&CK",
    "mobile-attack": "Mobile ATT&CK",
    "ics-attack": "ICS ATT&CK",
    "pre-attack": "PRE-ATT&CK",
    "atlas": "ATLAS",
}
_ANY_ATTACK = "mitre-attack"
_DOMAINS = {
    **{name: name for name in _TITLES},
    _ANY_ATTACK: "enterprise-attack",
    "mitre-mobile-attack": "mobile-attack",
    "mitre-attack-mobile": "mobile-attack",
    "mitre-ics-attack": "ics-attack",
    "mitre-attack-ics": "ics-attack",
    "mitre-pre-attack": "pre-attack",
    "mitre-atlas": "atlas",
    "atlas-atlas": "atlas",
}
"""Domains by their names, those of their kill chains, and those of their references.

Newer bundles of every ATT&CK domain call the source of all references `mitre-attack`.
"""

_NAVIGATOR: dict[str, Domain] = {
    **{name: name for name in get_args(Domain)},
    "atlas": "atlas-atlas",
}
"""What the Navigator calls a domain; it knows PRE-ATT&CK no more."""
_NO_RELEASE = "0.1"
"""Version of the collection in the STIX editions of ATLAS, whatever their release."""
_ATLAS_RELEASE = re.compile(r"ATLAS v?([0-9]+(?:\.[0-9]+)+)")
"""As the matrix of some of those editions is named."""

_Entry = TypeVar("_Entry", bound=Named)


def import_attack(path: str | os.PathLike[str], numbers: AssumedNumbers | None = None) -> Catalog:
    """Make a catalog of a STIX bundle of MITRE ATT&CK or MITRE ATLAS.

    Techniques and sub-techniques become threats, mitigations defenses. The class of a
    threat is its first tactic. What is revoked or deprecated is left out, and counted in
    the catalog's notes.

    Parameters
    ----------
    path : str or path-like
        A bundle such as ``enterprise-attack.json`` or ``stix-atlas.json``, in STIX 2.0
        or 2.1.
    numbers : AssumedNumbers, optional
        What ATT&CK does not say: severities, bandwidths, effectiveness, costs.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If the file is not such a bundle, or a number is out of its range.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> def thing(kind, code):
    ...     source = {"source_name": "mitre-attack", "external_id": code}
    ...     return {"type": kind, "id": f"{kind}--{code}", "name": code,
    ...             "modified": "2020-01-01T00:00:00.000Z", "external_references": [source]}
    >>> mitigates = {"type": "relationship", "id": "relationship--1",
    ...              "modified": "2020-01-01T00:00:00.000Z", "relationship_type": "mitigates",
    ...              "source_ref": "course-of-action--M1001", "target_ref": "attack-pattern--T1001"}
    >>> bundle = {"type": "bundle", "id": "bundle--1", "objects": [
    ...     thing("attack-pattern", "T1001"), thing("course-of-action", "M1001"), mitigates]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "attack.json")
    ...     _ = file.write_text(json.dumps(bundle), encoding="utf-8")
    ...     catalog = mg.import_attack(file)
    >>> [(pair.threat, pair.defense, pair.value) for pair in catalog.effectiveness]
    [('T1001', 'M1001', 0.5)]
    """
    refuse_other_types(numbers, "numbers", AssumedNumbers, NoneType)
    return as_catalog(read_attack(path_of(path)), numbers or AssumedNumbers())


def read_attack(path: Path) -> KnowledgeBase:
    """Read the techniques, mitigations and links of a STIX bundle.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    KnowledgeBase

    Raises
    ------
    SpecificationError
        If it is no STIX bundle with techniques of ATT&CK or ATLAS, two techniques or two
        mitigations with links have one id, or a technique is a form of itself.
    """
    bundle = read_bundle(path)
    try:
        return _knowledge_base(bundle)
    except SpecificationError as error:
        raise error.located(str(path)) from None


def _knowledge_base(bundle: Bundle) -> KnowledgeBase:
    """Put together what a bundle says of techniques, mitigations and their links."""
    patterns = _by_id(bundle.techniques, "technique")
    mitigates = [one for one in bundle.relationships if one.kind == "mitigates"]
    doubles = _doubles(bundle.mitigations, {one.source for one in mitigates if one.live})
    single = [one for one in bundle.mitigations if one.id not in doubles]
    actions = _by_id(single, "mitigation")
    if not patterns:
        raise SpecificationError(
            f"found {counted(len(bundle.techniques), 'attack pattern')}, expected at least one "
            "that is neither revoked nor deprecated and has an id of ATT&CK or ATLAS"
        )
    technique_ids = {one.id: code for code, one in patterns.items()}
    mitigation_ids = {one.id: code for code, one in actions.items()}
    links, left_out_links = _links(mitigates, bundle, technique_ids, mitigation_ids)
    subtechniques = [one for one in bundle.relationships if one.kind == "subtechnique-of"]
    parents = _parents(patterns, technique_ids, subtechniques)
    present = {_domain(one) for one in patterns.values()}
    domains = [domain for domain in _TITLES if domain in present]
    origin = _origin(bundle, domains)
    no_release = origin.domains.get("atlas-atlas", "stated") == ""
    return KnowledgeBase(
        name="+".join(domains),
        origin=origin,
        techniques=_techniques(patterns, parents, _tactic_names(bundle.tactics)),
        mitigations=tuple(
            Mitigation(
                code, one.name, categories=tuple(one.labels), references=_other_names(one, code)
            )
            for code, one in actions.items()
        ),
        links=links,
        notes=_notes_on_left_out(bundle, doubles, left_out_links, subtechniques)
        + ("the file does not say which release of ATLAS it is",) * no_release,
    )


def _techniques(
    patterns: dict[str, AttackPattern],
    parents: dict[str, str],
    tactics: dict[tuple[str, str], str],
) -> tuple[Technique, ...]:
    """Make techniques of attack patterns; one without tactics has those of its parent."""

    def tactics_of(code: str) -> tuple[str, ...]:
        one = patterns[code]
        if not one.phases and code in parents:
            one = patterns[parents[code]]
        domain = _domain(one)
        phases = [phase.name for phase in one.phases]
        found = [tactics.get((domain, name)) or tactics.get(("", name)) or name for name in phases]
        return tuple(dict.fromkeys(found))

    return tuple(
        Technique(
            code,
            one.name,
            tactics_of(code),
            parents.get(code),
            references=_other_names(one, code),
            domain=_NAVIGATOR.get(_domain(one)),
        )
        for code, one in patterns.items()
    )


def _notes_on_left_out(
    bundle: Bundle,
    doubles: list[str],
    left_out_links: list[tuple[int, str, str]],
    subtechniques: list[Relationship],
) -> tuple[str, ...]:
    """Count the objects of a bundle that are left out, by reason."""
    left_out = (
        *_left_out(bundle.techniques, "technique"),
        *_left_out(bundle.mitigations, "mitigation"),
        (
            len(doubles),
            "mitigation",
            f"without a link, whose id another has, too: {', '.join(map(shown, doubles))}",
        ),
        *left_out_links,
        (
            sum(not one.live for one in subtechniques),
            "relationship",
            "of sub-techniques that are revoked or deprecated",
        ),
        (bundle.older, "version", "of objects that a newer one has replaced"),
    )
    return tuple(
        f"left out: {counted(count, noun)} {rest}".rstrip()
        for count, noun, rest in left_out
        if count
    )


def _references(entry: Named) -> list[ExternalReference]:
    """Sort the ids of an entry; sources that name a single domain come first."""
    named = [one for one in entry.references if one.id]
    return sorted(named, key=lambda one: one.source == _ANY_ATTACK)


def _domain(entry: Named) -> str:
    """Find the domain of a technique or mitigation; "" if none is known."""
    chains = [phase.chain for phase in entry.phases] if isinstance(entry, AttackPattern) else []
    sources = [one.source for one in _references(entry)]
    names = (*chains, *entry.domains, *sources)
    return next((_DOMAINS[name] for name in names if name in _DOMAINS), "")


def _own_id(entry: Named) -> str:
    """Find the id of an entry in its own domain; "" if none is stated."""
    domain = _domain(entry)
    known = [one for one in _references(entry) if one.source in _DOMAINS]
    known.sort(key=lambda one: _DOMAINS[one.source] != domain)
    return known[0].id if known else ""


def _other_names(entry: Named, code: str) -> tuple[Reference, ...]:
    return tuple(
        Reference(source="ATT&CK" if one.source in _DOMAINS else one.source, id=one.id, url=one.url)
        for one in entry.references
        if one.source and one.id not in ("", code)
    )


def _by_id(entries: Iterable[_Entry], noun: str) -> dict[str, _Entry]:
    """Those that are meant, by what their domain calls them."""
    found: dict[str, _Entry] = {}
    for entry in entries:
        if not entry.live or not (code := _own_id(entry)):
            continue
        if code in found:
            raise SpecificationError(
                f"found two {noun}s with the id {shown(code)} ({shown(found[code].id)} and "
                f"{shown(entry.id)}), expected unique ids of what is neither revoked nor deprecated"
            )
        found[code] = entry
    return found


def _doubles(entries: Iterable[CourseOfAction], linked: Collection[str]) -> list[str]:
    """Mitigations without a link whose id another has, too; of several the newest is none."""
    by_code: dict[str, list[CourseOfAction]] = {}
    for entry in entries:
        if entry.live and (code := _own_id(entry)):
            by_code.setdefault(code, []).append(entry)
    doubles = []
    for group in by_code.values():
        idle = [one for one in group if one.id not in linked]
        if len(idle) == len(group):
            idle.remove(max(idle, key=lambda one: moment(one.modified)))
        doubles += [one.id for one in idle]
    return doubles


def _left_out(entries: Sequence[Named], noun: str) -> list[tuple[int, str, str]]:
    nameless = sum(one.live and not _own_id(one) for one in entries)
    return [
        *_withdrawn(entries, noun),
        (nameless, noun, "without an id of ATT&CK or ATLAS"),
    ]


def _withdrawn(
    entries: Sequence[Named] | Sequence[Relationship], noun: str
) -> list[tuple[int, str, str]]:
    revoked = sum(one.revoked for one in entries)
    deprecated = sum(one.deprecated and not one.revoked for one in entries)
    return [(revoked, f"revoked {noun}", ""), (deprecated, f"deprecated {noun}", "")]


def _links(
    mitigates: list[Relationship],
    bundle: Bundle,
    technique_ids: dict[str, str],
    mitigation_ids: dict[str, str],
) -> tuple[tuple[Link, ...], list[tuple[int, str, str]]]:
    """The links, and how many there are not, by reason."""
    present = {one.id for one in (*bundle.techniques, *bundle.mitigations)}
    links, dangling, foreign = [], 0, 0
    for one in mitigates:
        if not one.live:
            continue
        if one.target in technique_ids and one.source in mitigation_ids:
            text = one.description.strip()
            ends = technique_ids[one.target], mitigation_ids[one.source]
            links.append(Link(*ends, (text,) if text else ()))
        elif one.target in present and one.source in present:
            dangling += 1
        else:
            foreign += 1
    return tuple(links), [
        *_withdrawn(mitigates, "link"),
        (dangling, "link", "of techniques or mitigations that are left out"),
        (foreign, "link", "of techniques or mitigations that are not in the file"),
    ]


def _parents(
    patterns: dict[str, AttackPattern],
    technique_ids: dict[str, str],
    subtechniques: list[Relationship],
) -> dict[str, str]:
    """For each sub-technique what it is a form of, by their ids."""
    said: dict[str, str] = {}
    for one in subtechniques:
        if one.live and one.source in technique_ids and one.target in technique_ids:
            said.setdefault(technique_ids[one.source], technique_ids[one.target])
    parents = {}
    for code, pattern in patterns.items():
        parent = said.get(code) or code.rpartition(".")[0]
        if parent in patterns and pattern.is_subtechnique is not False:
            parents[code] = parent
    refuse_circles(parents)
    return parents


def _tactic_names(tactics: list[Tactic]) -> dict[tuple[str, str], str]:
    """Names to read by domain and short name, and under domain "" in whatever domain."""
    names: dict[tuple[str, str], str] = {}
    for tactic in sorted(tactics, key=lambda one: one.live):  # what is meant comes last and wins
        sources = tactic.domains or [one.source for one in tactic.references]
        for domain in ("", *(_DOMAINS[source] for source in sources if source in _DOMAINS)):
            names[domain, tactic.shortname] = tactic.name
    return names


def _origin(bundle: Bundle, domains: list[str]) -> Origin:
    """What the catalog is made from, with the version of each of its domains."""
    releases = _releases(bundle, domains)
    versions = dict(releases)
    only = releases[0][1] if len(releases) == len(domains) == 1 else ""
    if len(releases) > 1:
        releases = [(" and ".join(f"{name} {version}".strip() for name, version in releases), "")]
    dates = [one.modified for one in bundle.collections if one.live and one.name and one.modified]
    return Origin(
        name=releases[0][0],
        version=releases[0][1],
        date=max(dates or [bundle.modified], key=moment),
        licence="\n".join(bundle.statements),
        url="https://atlas.mitre.org" if domains == ["atlas"] else "https://attack.mitre.org",
        domains={
            _NAVIGATOR[domain]: versions.get(_TITLES[domain], only)
            for domain in domains
            if domain in _NAVIGATOR
        },
    )


def _releases(bundle: Bundle, domains: list[str]) -> list[tuple[str, str]]:
    """Names and versions of the releases in a bundle, else of its matrix, else of its domains."""
    collections = [(one.name, one.version) for one in bundle.collections if one.live and one.name]
    matrices = [one.name for one in bundle.matrices if one.live and one.name]
    matches = map(_ATLAS_RELEASE.fullmatch, (*(name for name, _ in collections), *matrices))
    stated = next((match[1] for match in matches if match), "")
    if collections:
        return [
            ("ATLAS", stated)
            if name.startswith("ATLAS") and version == _NO_RELEASE
            else (name, version)
            for name, version in collections
        ]
    if len(matrices) == 1:
        return [("ATLAS", stated) if stated else (matrices[0], "")]
    return [(_TITLES[domain], "") for domain in domains]
