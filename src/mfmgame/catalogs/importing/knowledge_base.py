"""Content of a knowledge base in any format: techniques, mitigations and links."""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.documents.catalog import Domain, Origin
from mfmgame.documents.sourced_entries import Reference
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["KnowledgeBase", "Link", "Mitigation", "Technique", "refuse_circles"]


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
    """

    name: str
    origin: Origin
    techniques: tuple[Technique, ...]
    mitigations: tuple[Mitigation, ...]
    links: tuple[Link, ...]
    notes: tuple[str, ...] = ()


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
