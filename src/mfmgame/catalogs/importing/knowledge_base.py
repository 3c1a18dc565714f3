"""What knowledge bases say, whatever their format: techniques, mitigations, and links."""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.documents.catalog import Domain, Origin, Reference
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
        What it is good for, the first one the threat's class.
    parent : str or None
        The technique that it is a form of.
    maturity : str
    references : tuple of Reference
    domain : str or None
        Of ATT&CK or ATLAS, as the Navigator names it; None if the id says it alone.
    """

    id: str
    name: str = ""
    tactics: tuple[str, ...] = ()
    parent: str | None = None
    maturity: str = ""
    references: tuple[Reference, ...] = ()
    domain: Domain | None = None


@dataclass(frozen=True)
class Mitigation:
    """A way to defend.

    Attributes
    ----------
    id, name : str
    family : str
        What it belongs to: a product, a group of controls.
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
    """That a mitigation acts on a technique.

    Attributes
    ----------
    technique, mitigation : str
        Their ids.
    texts : tuple of str
        What is said of the pair.
    value : float or None
        Effectiveness at level 1; None if the analyst is to choose it.
    reason : str
        Where the value comes from.
    is_inherited : bool
        Whether the file says it of the parent technique only.
    """

    technique: str
    mitigation: str
    texts: tuple[str, ...] = ()
    value: float | None = None
    reason: str = ""
    is_inherited: bool = False


@dataclass(frozen=True)
class KnowledgeBase:
    """All that one file says.

    Attributes
    ----------
    name : str
        Of the catalog to be.
    origin : Origin
    techniques : tuple of Technique
    mitigations : tuple of Mitigation
    links : tuple of Link
        A pair may stand in several.
    notes : tuple of str
        What was left out, and other things that a reader must know.
    """

    name: str
    origin: Origin
    techniques: tuple[Technique, ...]
    mitigations: tuple[Mitigation, ...]
    links: tuple[Link, ...]
    notes: tuple[str, ...] = ()


def refuse_circles(parents: dict[str, str]) -> None:
    """Refuse techniques that are sub-techniques of themselves, by whatever way."""
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
