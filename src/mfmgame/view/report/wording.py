"""Sentences of the page: the decision, the threshold, the cost of the plan."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mfmgame.assessment import Assessment
from mfmgame.game.game import DefenseGame
from mfmgame.view.text.number_formats import (
    loss_text,
    measured,
    number_text,
    printable,
    resource_text,
    use_text,
)

__all__ = [
    "Verdict",
    "attack_sentence",
    "bits",
    "labels_of",
    "plan_sentence",
    "roles_sentence",
    "short",
    "threshold_sentence",
    "use_heading",
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
    """Escape every unprintable character, and cut text that is too long."""
    shown = printable(text[:longest])[:longest]
    return shown if len(text) <= longest and len(shown) < longest else f"{shown[: longest - 1]}…"


def labels_of(entries: Iterable[tuple[str, str]]) -> list[str]:
    """Choose a label for each entry: its name if that name is unique, else its id."""
    pairs = [(identifier, " ".join(name.split())) for identifier, name in entries]
    called = Counter(text for pair in pairs for text in {short(part) for part in pair})
    return [name if name and called[short(name)] == 1 else identifier for identifier, name in pairs]


def verdict(assessment: Assessment) -> Verdict:
    """State whether to operate or to terminate, and why."""
    solution, threshold = assessment.solution, assessment.threshold
    game = solution.game
    attacker = f"an attacker with {bits(game.attacker_bandwidth)}"
    causes = f"{attacker} still causes a loss of {loss_text(game, solution.value)} at worst"
    if threshold is None:
        return Verdict(
            "none",
            "No decision",
            f"Against the best plan, {causes}. The scenario gives no cost of stopping the system, "
            "so no decision follows.",
        )
    stopping = loss_text(game, game.termination_loss or 0.0)
    if threshold.decision == "operate":
        return Verdict(
            "operate",
            "Operate",
            f"Keep the system running. Against the best plan, {causes}. Stopping the system "
            f"costs {stopping}, which is at least as much.",
        )
    if threshold.decision == "undecided":
        return Verdict(
            "undecided",
            "Undecided",
            f"Against the best plan that was found, {causes}. The least possible loss is proven "
            f"only to lie between {solution.lower!r} and {solution.upper!r}. Stopping the system "
            f"costs {stopping}, which lies between these bounds.",
        )
    return Verdict(
        "terminate",
        "Terminate",
        f"Stop the system. Even against the best plan, {causes}. Stopping the system costs only "
        f"{stopping}.",
    )


def threshold_sentence(assessment: Assessment) -> str:
    """State where the decision changes, and by what margin; empty if there is no decision."""
    found = assessment.threshold
    if found is None:
        return ""
    if found.bandwidth is None:
        return (
            "Stopping is never the cheaper choice, even if the attacker runs every threat in full."
        )
    turns = f"The decision changes at {bits(found.bandwidth)}, the self-destruction threshold: "
    if found.decision == "undecided":
        turns = f"The self-destruction threshold is proven to be at least {bits(found.bandwidth)}: "
    margin = found.margin or 0.0
    if margin == 0.0:
        place = "exactly the bandwidth of the scenario's attacker."
    elif margin > 0.0:
        place = f"{bits(margin)} more than the scenario's attacker has."
    else:
        place = f"{bits(-margin)} less than the scenario's attacker has."
    if found.plan_bandwidth is None:
        kept = "The best plan, kept as it is, costs no more than stopping at any bandwidth."
    else:
        kept = f"The best plan, kept as it is, holds up to {bits(found.plan_bandwidth)}."
    if found.undefended is None:
        bare = "Without any defense, the threshold would be unreachable too."
    else:
        bare = f"Without any defense, the threshold would be {bits(found.undefended)}."
    return f"{turns}{place} It assumes that the plan changes with the attacker. {kept} {bare}"


def plan_sentence(game: DefenseGame, used: Sequence[float], n_funded: int) -> str:
    """State how many defenses the plan funds, and how much of each resource they use."""
    if not n_funded:
        return "The best plan funds no defense."
    noun = "defense" if n_funded == 1 else "defenses"
    rows = list(zip(game.resources, used, game.limits.tolist(), strict=True))
    shares = [use_text(game, *row) for row in rows if game.keeps_share(row[0])]
    parts = [
        f"{number_text(amount)} of {_amount(game, resource, limit)} of {short(resource)}"
        if math.isfinite(limit)
        else f"{_amount(game, resource, amount)} of {short(resource)}, which has no limit"
        for resource, amount, limit in rows
        if not game.keeps_share(resource)
    ]
    if len(parts) > _MOST_RESOURCES:
        parts[_MOST_RESOURCES:] = [f"{len(parts) - _MOST_RESOURCES} more resources"]
    costs = f" and uses {_listed(parts)}" if parts else ""
    keeps = "".join(f" The plan {share}." for share in shares)
    return f"The best plan funds {n_funded} {noun} of {game.n_defenses}{costs}.{keeps}"


def roles_sentence(game: DefenseGame) -> str:
    """Explain the roles in the plan."""
    said = "Essential defenses are in every best plan, optional defenses only in some best plans."
    if game.is_discrete and not game.level_rules.stepped.all():
        said += " The levels of continuous defenses come from the best plans that were found."
    return said


def attack_sentence(game: DefenseGame) -> str:
    """State the optimality of the worst attack: for all plans if levels are continuous."""
    if not game.is_discrete:
        return "No plan does better against this attack. Other attacks may cause as much loss."
    return (
        "No attack causes more loss against this plan; other attacks may cause as much. With "
        "stepped defenses, another plan may do better against this attack, but another attack then "
        "causes at least as much loss against that plan."
    )


def use_heading(game: DefenseGame, resource: str) -> str:
    """Write the heading of a column of amounts of a resource, with their unit."""
    unit = game.units.resources.get(resource, "")
    if game.keeps_share(resource):
        return f"work kept ({short(resource)})"
    return f"use of {short(resource)}" + (f" [{short(unit)}]" if unit else "")


def bits(amount: float) -> str:
    """Format an amount of bandwidth."""
    return measured(amount, "bit")


def _amount(game: DefenseGame, resource: str, amount: float) -> str:
    """Format an amount of a resource with its unit, or in units."""
    if game.units.resources.get(resource):
        return resource_text(game, resource, amount)
    return measured(amount, "unit")


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
