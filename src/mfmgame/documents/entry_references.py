"""References between the entries of a document: ids that repeat, and ids that are unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mfmgame.documents.base import refuse, refuse_duplicates, refuse_unknown
from mfmgame.messages import shown

if TYPE_CHECKING:
    from mfmgame.documents.catalog import Defense, Threat
    from mfmgame.documents.losses_and_techniques import Effectiveness, Loss, Technique

__all__ = [
    "refuse_greater_severities",
    "refuse_inconsistent_entries",
    "refuse_missing_numbers",
    "refuse_shared_ids",
    "refuse_unknown_others",
    "refuse_unknown_pairs",
    "refuse_unknown_parts",
    "refuse_unknown_rules",
]


def refuse_inconsistent_entries(
    threats: Sequence[Threat],
    defenses: Sequence[Defense],
    entries: Sequence[Effectiveness],
    losses: Sequence[Loss] = (),
    techniques: Sequence[Technique] = (),
) -> None:
    """Refuse duplicate ids, and duplicate pairs of a threat or technique with a defense."""
    refuse_duplicates((threat.id for threat in threats), "threats")
    refuse_duplicates((defense.id for defense in defenses), "defenses")
    refuse_duplicates((loss.id for loss in losses), "losses")
    refuse_duplicates((technique.id for technique in techniques), "techniques")
    seen: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(entries):
        pair = (entry.acts_on, entry.defense)
        if pair in seen:
            raise refuse(
                ("effectiveness", index),
                f"duplicate pair {shown(entry.acts_on)} with {shown(entry.defense)} (first at "
                f"/effectiveness/{seen[pair]}), expected one entry per pair",
            )
        seen[pair] = index


def refuse_shared_ids(key: str, names: Sequence[str], noun: str, others: Collection[str]) -> None:
    """Refuse ids (under `key`) that entries of another kind, called `noun`, have, too."""
    for index, name in enumerate(names):
        if name in others:
            raise refuse(
                (key, index, "id"),
                f"found {shown(name)}, which is also a {noun}, expected an id of its own",
            )


def refuse_unknown_parts(
    threats: Sequence[Threat], losses: Collection[str], techniques: Collection[str]
) -> None:
    """Refuse threats that lead to an unknown loss or have an unknown step."""
    for index, threat in enumerate(threats):
        if threat.loss is not None:
            refuse_unknown(threat.loss, losses, "loss", "threats", index, "loss")
        for position, step in enumerate(threat.steps or ()):
            refuse_unknown(step, techniques, "technique", "threats", index, "steps", position)


def refuse_greater_severities(threats: Iterable[Threat], losses: Mapping[str, float]) -> None:
    """Refuse threats whose own severity is more than the severity of their loss, by its id."""
    for index, threat in enumerate(threats):
        most = None if threat.loss is None else losses.get(threat.loss)
        if most is not None and threat.severity is not None and threat.severity > most:
            raise refuse(
                ("threats", index, "severity"),
                f"found {shown(threat.severity)}, expected at most {shown(most)}, the severity of "
                f"the loss {shown(threat.loss)}",
            )


def refuse_unknown_pairs(
    entries: Sequence[Effectiveness],
    threats: Collection[str],
    defenses: Collection[str],
    techniques: Collection[str] = (),
) -> None:
    """Refuse effectiveness entries with an unknown defense, threat or technique."""
    for index, entry in enumerate(entries):
        kinds = (("threat", threats), ("technique", techniques))
        (noun, known), (other, others) = kinds if entry.technique is None else kinds[::-1]
        if entry.acts_on in others:
            raise refuse(
                ("effectiveness", index, noun),
                f"found the {other} {shown(entry.acts_on)}, expected it under '{other}'",
            )
        refuse_unknown(entry.acts_on, known, noun, "effectiveness", index, noun)
        refuse_unknown(entry.defense, defenses, "defense", "effectiveness", index, "defense")


def refuse_unknown_rules(defenses: Sequence[Defense], known: Collection[str]) -> None:
    """Refuse rules between defenses that name an unknown defense or the rule's own defense."""
    for index, defense in enumerate(defenses):
        for key, names in (("requires", defense.requires), ("conflicts", defense.conflicts)):
            refuse_unknown_others(defense.id, names, known, "defenses", index, key)


def refuse_unknown_others(
    own: str, names: Sequence[str], known: Collection[str], *pointer: str | int
) -> None:
    """Refuse unknown names and the defense's own name in a list of other defenses."""
    for position, name in enumerate(names):
        refuse_unknown(name, known, "defense", *pointer, position)
        if name == own:
            raise refuse((*pointer, position), f"found {shown(name)} itself, expected another")


def refuse_missing_numbers(index: int, threat: Threat) -> None:
    """Refuse a threat without traits that has no severity or bandwidth, nor gets it elsewhere."""
    for key, number, elsewhere in (
        ("severity", threat.severity, threat.loss),
        ("bandwidth", threat.bandwidth, threat.steps),
    ):
        if number is None and elsewhere is None:
            raise refuse(("threats", index, key), "missing, expected a number")
