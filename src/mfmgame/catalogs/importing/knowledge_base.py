"""Content of a knowledge base in any format: techniques, mitigations, links and chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mfmgame.documents.catalog import Domain, Origin
from mfmgame.documents.sourced_entries import Reference
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["Chain", "KnowledgeBase", "Link", "Mitigation", "Technique", "refuse_circles"]


@dataclass(frozen=True)
class Technique:
    """A way to attack.

    Attributes
    ----------
    id, name : str
    tactics : tuple of str
        Tactics that the technique serves; without a `category`, the first becomes the
        threat's class.
    parent : str or None
        Technique of which it is a sub-technique.
    maturity : str
    platforms : tuple of str
        Kinds of system that the technique applies to.
    category : str
        Class of the threat.
    references : tuple of Reference
    domain : str or None
        Domain of ATT&CK or ATLAS, as the Navigator names it; None if the id alone determines it.
    is_outcome : bool
        Whether the technique only names what other steps achieve, and needs no bandwidth.
    """

    id: str
    name: str = ""
    tactics: tuple[str, ...] = ()
    parent: str | None = None
    maturity: str = ""
    platforms: tuple[str, ...] = ()
    category: str = ""
    references: tuple[Reference, ...] = ()
    domain: Domain | None = None
    is_outcome: bool = False


@dataclass(frozen=True)
class Chain:
    """An attack of several steps, each of which must succeed.

    Attributes
    ----------
    id, name : str
    steps : tuple of str
        Ids of techniques in the order of the attack.
    category : str
        Class of the threat.
    loss : str
        Id of the loss that several chains lead to; "" if the chain has a loss of its own.
    """

    id: str
    name: str
    steps: tuple[str, ...]
    category: str = ""
    loss: str = ""


@dataclass(frozen=True)
class Mitigation:
    """A way to defend.

    Attributes
    ----------
    id, name : str
    family : str
        Product or group of controls that it belongs to.
    lifecycle, categories : tuple of str
    references : tuple of Reference
    """

    id: str
    name: str = ""
    family: str = ""
    lifecycle: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Link:
    """Link of a mitigation to a technique that it acts on.

    Attributes
    ----------
    technique, mitigation : str
        Ids of the pair.
    texts : tuple of str
        Statements about the pair.
    value : float or None
        Effectiveness at level 1; None if left to the analyst.
    reason : str
        Source of the value.
    is_inherited : bool
        Whether the file links the mitigation to the parent technique only.
    """

    technique: str
    mitigation: str
    texts: tuple[str, ...] = ()
    value: float | None = None
    reason: str = ""
    is_inherited: bool = False


@dataclass(frozen=True)
class KnowledgeBase:
    """Content of one file.

    Attributes
    ----------
    name : str
        Name of the resulting catalog.
    origin : Origin
    techniques : tuple of Technique
    mitigations : tuple of Mitigation
    links : tuple of Link
        Several links may name the same pair. A link to a technique that was not selected
        counts for its sub-techniques only, where they inherit.
    notes : tuple of str
        Omissions and other caveats.
    chains : tuple of Chain
        A chain may name a technique that is not there.
    losses : mapping of str to str
        Names of the losses of chains, by id.
    parts : tuple of Origin
        Origins of the files, if there are several.
    """

    name: str
    origin: Origin
    techniques: tuple[Technique, ...]
    mitigations: tuple[Mitigation, ...]
    links: tuple[Link, ...]
    notes: tuple[str, ...] = ()
    chains: tuple[Chain, ...] = ()
    losses: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Origin, ...] = ()


def refuse_circles(parents: dict[str, str]) -> None:
    """Refuse techniques that are direct or indirect sub-techniques of themselves."""
    fine: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        code = start
        while code in parents and code not in fine:
            if code in path:
                raise SpecificationError(
                    f"found the technique {shown(code)} below itself, a sub-technique of "
                    f"{shown(parents[code])}, expected no circle of sub-techniques"
                )
            path[code] = None
            code = parents[code]
        fine.update(path)
