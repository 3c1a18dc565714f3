"""Selection of a knowledge base's techniques by platform and maturity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mfmgame.catalogs.importing.knowledge_base import KnowledgeBase, Technique
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, nearest, shown

__all__ = ["with_techniques_of"]

_PLATFORMS = ("Predictive AI", "Generative AI", "Agentic AI", "Enterprise")
_MATURITIES = ("feasible", "demonstrated", "realized")


def with_techniques_of(
    base: KnowledgeBase, platforms: Sequence[str] = (), maturities: Sequence[str] = ()
) -> KnowledgeBase:
    """Select the techniques of some platforms and some maturities.

    Parameters
    ----------
    base : KnowledgeBase
    platforms, maturities : sequence of str
        A technique is kept if any of its platforms and its maturity are among them, in capital
        or small letters; an empty sequence keeps all.

    Returns
    -------
    KnowledgeBase
        With its links unchanged.

    Raises
    ------
    SpecificationError
        If a value is unknown, no technique states a platform or maturity, or none is left.
    """
    techniques = list(base.techniques)
    notes = [*base.notes]
    for noun, plural, chosen, known in (
        ("platform", "platforms", platforms, _PLATFORMS),
        ("maturity", "maturities", maturities, _MATURITIES),
    ):
        if not chosen:
            continue
        stated = [value for entry in base.techniques for value in _values(entry, noun)]
        if not stated:
            raise SpecificationError(
                f"found {shown(chosen[0])}, expected none: {base.origin.name} "
                f"{base.origin.version} states no {plural}; files of format 6 do",
                pointer=plural,
            )
        wanted = _known(chosen, (*known, *stated), noun, plural)
        kept = [entry for entry in techniques if wanted.intersection(_values(entry, noun))]
        told = ", ".join(map(shown, chosen))
        if not kept:
            raise SpecificationError(
                f"found {told}, which leaves no technique, expected at least one", pointer=plural
            )
        if len(kept) < len(techniques):
            left = counted(len(techniques) - len(kept), "technique")
            notes.append(f"left out: {left} of {plural} other than {told}")
        techniques = kept
    return replace(base, techniques=tuple(techniques), notes=tuple(notes))


def _values(entry: Technique, noun: str) -> list[str]:
    values = entry.platforms if noun == "platform" else (entry.maturity,)
    return [value.casefold() for value in values if value]


def _known(chosen: Iterable[str], known: Iterable[str], noun: str, pointer: str) -> set[str]:
    """Return the chosen values in small letters; refuse an unknown value, naming all others."""
    by_word: dict[str, str] = {}
    for name in known:
        by_word.setdefault(name.casefold(), name)
    for value in chosen:
        if value.casefold() not in by_word:
            listed = nearest("", by_word.values(), noun)
            raise SpecificationError(
                f"unknown {noun} {shown(value)}, expected {listed}", pointer=pointer
            )
    return {value.casefold() for value in chosen}
