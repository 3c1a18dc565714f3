"""What the page says in words: the decision, the threshold, the cost of the plan."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mfmgame.assessment import Assessment
from mfmgame.game.game import DefenseGame
from mfmgame.view.text.layout import measured, number_text, printable

__all__ = [
    "Verdict",
    "attack_sentence",
    "bits",
    "labels_of",
    "plan_sentence",
    "roles_sentence",
    "short",
    "threshold_sentence",
    "verdict",
]

_LONGEST = 120
_MOST_RESOURCES = 4


class Verdict(NamedTuple):
    """The decision, in one word and in one sentence.

    Attributes
    ----------
    kind : {"operate", "terminate", "undecided", "none"}
    word, sentence : str
    """

    kind: str
    word: str
    sentence: str


def short(text: str, longest: int = _LONGEST) -> str:
    """Text with every unprintable character as an escape, cut where it is too long."""
    shown = printable(text[:longest])[:longest]
    return shown if len(text) <= longest and len(shown) < longest else f"{shown[: longest - 1]}…"


def labels_of(entries: Iterable[tuple[str, str]]) -> list[str]:
    """What to call entries of some ids and names: the name, where no other is called so."""
    pairs = [(identifier, " ".join(name.split())) for identifier, name in entries]
    called = Counter(text for pair in pairs for text in {short(part) for part in pair})
    return [name if name and called[short(name)] == 1 else identifier for identifier, name in pairs]


def verdict(assessment: Assessment) -> Verdict:
    """Whether to operate or to terminate, and why."""
    solution, threshold = assessment.solution, assessment.threshold
    game = solution.game
    attacker = f"an attacker with {bits(game.attacker_bandwidth)}"
    causes = f"{attacker} still causes a loss of {number_text(solution.value)} at worst"
    if threshold is None:
        return Verdict(
            "none",
            "No decision",
            f"Against the best plan, {causes}. The scenario does not say what it costs to stop "
            "the system, so that there is nothing to compare this with.",
        )
    stopping = number_text(game.termination_loss or 0.0)
    if threshold.decision == "operate":
        return Verdict(
            "operate",
            "Operate",
            f"Keep the system running. Against the best plan, {causes}. Stopping the system "
            f"costs {stopping}, which is no less.",
        )
    if threshold.decision == "undecided":
        return Verdict(
            "undecided",
            "Undecided",
            f"Against the best plan that was found, {causes}. Of the least loss it is proven "
            f"only that it lies from {solution.lower!r} to {solution.upper!r}, and stopping the "
            f"system costs {stopping}, which lies between them.",
        )
    return Verdict(
        "terminate",
        "Terminate",
        f"Stop the system. Even against the best plan, {causes}. Stopping the system costs only "
        f"{stopping}.",
    )


def threshold_sentence(assessment: Assessment) -> str:
    """Where the decision turns, and how far away that is; empty if there is no decision."""
    found = assessment.threshold
    if found is None:
        return ""
    if found.bandwidth is None:
        return "No attacker makes stopping the cheaper choice, not even one that runs every threat."
    turns = f"The decision turns at {bits(found.bandwidth)}, the self-destruction threshold: "
    if found.decision == "undecided":
        turns = (
            f"The self-destruction threshold is {bits(found.bandwidth)} or more, as far as proven: "
        )
    margin = found.margin or 0.0
    if margin == 0.0:
        place = "exactly what the scenario's attacker has."
    elif margin > 0.0:
        place = f"{bits(margin)} more than the scenario's attacker has."
    else:
        place = f"{bits(-margin)} less than the scenario's attacker has."
    if found.undefended is None:
        bare = "Without any defense it could not be reached either."
    else:
        bare = f"Without any defense it would be at {bits(found.undefended)}."
    return f"{turns}{place} {bare}"


def plan_sentence(game: DefenseGame, used: Sequence[float], n_funded: int) -> str:
    """How many defenses run, and what they use of each resource."""
    if not n_funded:
        return "The best plan funds no defense."
    noun = "defense" if n_funded == 1 else "defenses"
    parts = [
        f"{number_text(amount)} of {measured(limit, 'unit')} of {short(resource)}"
        if math.isfinite(limit)
        else f"{measured(amount, 'unit')} of {short(resource)}, which has no limit"
        for resource, amount, limit in zip(game.resources, used, game.limits.tolist(), strict=True)
    ]
    if len(parts) > _MOST_RESOURCES:
        parts[_MOST_RESOURCES:] = [f"{len(parts) - _MOST_RESOURCES} more resources"]
    costs = f" and uses {_listed(parts)}" if parts else ""
    return f"The best plan funds {n_funded} {noun} of {game.n_defenses}{costs}."


def roles_sentence(game: DefenseGame) -> str:
    """What the roles in the plan mean."""
    said = "Essential defenses stand in every best plan, optional ones in some of them."
    if game.is_discrete and not game.level_rules.stepped.all():
        said += " The levels of continuous defenses are those of the best plans that were found."
    return said


def attack_sentence(game: DefenseGame) -> str:
    """What holds of the worst attack: all plans, where levels are continuous, and else this."""
    if not game.is_discrete:
        return "Against this attack no plan does better. Others may cost as much on the plan."
    return (
        "No attack costs more on this plan; others may cost as much. Where defenses run in steps, "
        "another plan may do better against this attack, but then another attack costs at least as "
        "much on that plan."
    )


def bits(amount: float) -> str:
    """An amount of bandwidth."""
    return measured(amount, "bit")


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
