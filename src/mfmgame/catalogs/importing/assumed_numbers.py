"""From what a knowledge base says to a catalog: the numbers that it does not give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mfmgame.catalogs.importing.knowledge_base import (
    Chain,
    KnowledgeBase,
    Link,
    Mitigation,
    Technique,
)
from mfmgame.catalogs.weighing import NO_SEVERITIES
from mfmgame.documents.base import Quantity, first_problem, refuse_unknown
from mfmgame.documents.catalog import Catalog
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, joined, shown

__all__ = ["NO_COSTS", "AssumedNumbers", "as_catalog"]

NO_COSTS = "has no costs: every defense uses"
"""How the note begins, after the catalog's source, that costs make untrue."""

_QUANTITY = TypeAdapter[float](Quantity)


@dataclass(frozen=True)
class AssumedNumbers:
    """Numbers that a knowledge base does not give, chosen by the analyst.

    Attributes
    ----------
    effectiveness : float
        Share of a threat that a linked defense stops at level 1.
    by_category : mapping of str to float
        The same for the defenses of a category; the greatest where there are several.
    severity : float
        Loss of every threat at full effort, in loss units.
    bandwidth : float
        Bits that every threat needs at full effort.
    cost : float
        Units of `resource` that every defense uses at level 1.
    resource : str
    inherit : bool
        Whether what acts on a technique acts on its sub-techniques, too.
    """

    effectiveness: float = 0.5
    by_category: Mapping[str, float] = field(default_factory=dict)
    severity: float = 1.0
    bandwidth: float = 1.0
    cost: float = 1.0
    resource: str = "budget"
    inherit: bool = False


def as_catalog(base: KnowledgeBase, numbers: AssumedNumbers, *, as_steps: bool = False) -> Catalog:
    """Make a catalog of a knowledge base.

    Parameters
    ----------
    base : KnowledgeBase
    numbers : AssumedNumbers
        Each is marked as assumed.
    as_steps : bool, default False
        Whether techniques are steps of the base's chains, and these the threats. By default,
        each technique is a threat.

    Returns
    -------
    Catalog
        Threats, defenses and pairs in the order of the file; a pair that stands in
        several links once, with all their texts.

    Raises
    ------
    SpecificationError
        If a number is out of its range, or no defense is of a category that is named.
    """
    _refuse_wrong_numbers(numbers, base.mitigations)
    relation = f"{base.origin.name} {base.origin.version}".strip()
    assumed = {"basis": "assumed", "source": f"assumed on import; not in {relation}"}
    links = _merged([*base.links, *(_inherited(base) if numbers.inherit else ())])
    # A link to a technique that was not selected has served the technique's sub-techniques.
    present = {entry.id for entry in base.techniques}
    links = [link for link in links if link.technique in present]
    strengths = {entry.id: _strength(entry, numbers) for entry in base.mitigations}
    chains = [chain for chain in base.chains if as_steps and present.issuperset(chain.steps)]
    noun = "technique" if as_steps else "threat"
    document: dict[str, Any] = {
        "schema": "mfmgame/catalog/1",
        "name": base.name,
        "source": relation,
        "origins": list(base.parts or (base.origin,)),
        "notes": [
            *base.notes,
            *(_left_out(len(base.chains) - len(chains)) if as_steps else ()),
            *_broad(base, links, noun),
            *_assumptions(relation, numbers, links, base, noun, costs=bool(chains) or not as_steps),
        ],
        "threats": [_threat(entry, numbers) | assumed for entry in base.techniques],
        "defenses": [_defense(entry, numbers) | assumed for entry in base.mitigations],
        "effectiveness": [
            {
                noun: link.technique,
                "defense": link.mitigation,
                "value": strengths[link.mitigation] if link.value is None else link.value,
                "texts": list(link.texts),
                "basis": "assumed",
                "source": link.reason or assumed["source"],
            }
            for link in links
        ],
    }
    if as_steps:
        document |= {
            "losses": [
                {"id": name, "name": text, "severity": numbers.severity} | assumed
                for name, text in base.losses.items()
            ],
            "techniques": [_step(entry, numbers) | assumed for entry in base.techniques],
            "threats": [_chain(entry, numbers) | assumed for entry in chains],
        }
    return Catalog(**document)


def _refuse_wrong_numbers(numbers: AssumedNumbers, mitigations: Iterable[Mitigation]) -> None:
    """Refuse a number out of its range, and a category that no mitigation is of."""
    categories = [name for defense in mitigations for name in defense.categories]
    for name in numbers.by_category:
        refuse_unknown(name, dict.fromkeys(categories), "category", "effectiveness")
    for name, value in (("", numbers.effectiveness), *numbers.by_category.items()):
        if not 0.0 <= value <= 1.0:
            where = f" of {shown(name)}" if name else ""
            raise SpecificationError(
                f"found {shown(value)}{where}, expected 0 to 1", pointer="effectiveness"
            )
    for name in ("severity", "bandwidth", "cost"):
        try:
            _QUANTITY.validate_python(getattr(numbers, name))
        except ValidationError as error:
            raise SpecificationError(first_problem(error).message, pointer=name) from None


def _threat(entry: Technique, numbers: AssumedNumbers) -> dict[str, Any]:
    """Write a technique as a threat of the catalog."""
    group = entry.category or next(iter(entry.tactics), "")
    return {
        "id": entry.id,
        "name": entry.name,
        **({"class": group} if group else {}),
        "severity": numbers.severity,
        "bandwidth": numbers.bandwidth,
        "tactics": list(entry.tactics),
        "parent": entry.parent,
        "maturity": entry.maturity,
        "domain": entry.domain,
        "references": list(entry.references),
    }


def _step(entry: Technique, numbers: AssumedNumbers) -> dict[str, Any]:
    """Write a technique as a step of chains."""
    return {
        "id": entry.id,
        "name": entry.name,
        "bandwidth": 0.0 if entry.is_outcome else numbers.bandwidth,
        "tactics": list(entry.tactics),
        "references": list(entry.references),
    }


def _chain(entry: Chain, numbers: AssumedNumbers) -> dict[str, Any]:
    """Write a chain as a threat; its bandwidth is the sum of its steps'."""
    return {
        "id": entry.id,
        "name": entry.name,
        **({"class": entry.category} if entry.category else {}),
        **({"loss": entry.loss} if entry.loss else {"severity": numbers.severity}),
        "steps": list(entry.steps),
    }


def _defense(entry: Mitigation, numbers: AssumedNumbers) -> dict[str, Any]:
    """Write a mitigation as a defense of the catalog."""
    return {
        "id": entry.id,
        "name": entry.name,
        "family": entry.family,
        "use": {numbers.resource: numbers.cost},
        "lifecycle": list(entry.lifecycle),
        "categories": list(entry.categories),
        "references": list(entry.references),
    }


def _assumptions(
    relation: str,
    numbers: AssumedNumbers,
    links: list[Link],
    base: KnowledgeBase,
    noun: str,
    *,
    costs: bool,
) -> list[str]:
    """Write the notes on numbers that are the same for all entries; `costs`: threats have them."""
    bits = "1 bit" if numbers.bandwidth == 1.0 else f"{numbers.bandwidth:g} bits"
    outcomes = sum(entry.is_outcome for entry in base.techniques)
    but = f", but 0 if it only names what others achieve ({outcomes})" if outcomes else ""
    notes = [f"{relation} has no bandwidths: every {noun} needs {bits}{but}"]
    if costs:
        notes.insert(0, f"{relation} {NO_SEVERITIES} {numbers.severity:g}")
    if any(link.value is None for link in links):
        others = [f"{value:g} of {shown(name)}" for name, value in numbers.by_category.items()]
        shares = ", ".join([f"{numbers.effectiveness:g}", *others])
        notes.append(
            f"{relation} has no effectiveness: a defense stops {shares} of what it acts on"
        )
    inherited = sum(link.is_inherited for link in links)
    if inherited:
        notes.append(f"{counted(inherited, 'pair')} inherited from a parent technique")
    if base.mitigations:
        notes.append(
            f"{relation} {NO_COSTS} {numbers.cost:g} of {shown(numbers.resource)} at level 1"
        )
    return notes


def _left_out(n_chains: int) -> list[str]:
    """Write the note on chains that are left out, if any."""
    if not n_chains:
        return []
    steps = "steps that are left out or not in the file"
    return [f"left out: {counted(n_chains, 'chain')} with {steps}"]


def _broad(base: KnowledgeBase, links: Iterable[Link], noun: str) -> list[str]:
    """Name the defenses that are linked to more than half of all threats or techniques."""
    n_links = Counter(link.mitigation for link in links)
    broad = [
        f"{shown(entry.name or entry.id)} ({n_links[entry.id]} of {len(base.techniques)})"
        for entry in base.mitigations
        if 2 * n_links[entry.id] > len(base.techniques)
    ]
    return [f"linked to more than half of all {noun}s: {joined(broad)}"] if broad else []


def _strength(defense: Mitigation, numbers: AssumedNumbers) -> float:
    values = [numbers.by_category[c] for c in defense.categories if c in numbers.by_category]
    return max(values, default=numbers.effectiveness)


def _merged(links: list[Link]) -> list[Link]:
    """One link for each pair, with all texts; of several values the greatest."""
    merged: dict[tuple[str, str], Link] = {}
    for link in links:
        pair = link.technique, link.mitigation
        other = merged.get(pair)
        if other is None:
            merged[pair] = link
            continue
        texts = (*other.texts, *(text for text in link.texts if text not in other.texts))
        best = max((other, link), key=lambda one: -1.0 if one.value is None else one.value)
        merged[pair] = replace(best, texts=texts)
    return list(merged.values())


def _inherited(base: KnowledgeBase) -> list[Link]:
    """Links of parents for sub-techniques that have none of their own."""
    own = {(link.technique, link.mitigation) for link in base.links}
    of_parent: dict[str, list[Link]] = {}
    for link in base.links:
        of_parent.setdefault(link.technique, []).append(link)
    return [
        replace(
            link,
            technique=entry.id,
            texts=(f"inherited from {entry.parent}",),
            is_inherited=True,
        )
        for entry in base.techniques
        for link in of_parent.get(entry.parent or "", [])
        if (entry.id, link.mitigation) not in own
    ]
