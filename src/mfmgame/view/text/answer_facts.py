"""Facts of answers: value, decision, thresholds and limits, each in a line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.text import Text

from mfmgame.answers.basis_summary import stated_bases
from mfmgame.answers.decision import Region
from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.answers.sensitivity import OneSidedPrice, Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.answers.threshold import Threshold
from mfmgame.documents.kept_shares import percentage_point
from mfmgame.documents.result import Decision
from mfmgame.game.game import DefenseGame
from mfmgame.messages import counted
from mfmgame.view.text.layout import (
    Fact,
    decision_text,
)
from mfmgame.view.text.number_formats import (
    bracket_text,
    kept_text,
    loss_text,
    measured,
    number_text,
    percent_text,
    printable,
    use_text,
)

__all__ = [
    "Fact",
    "attacker_fact",
    "bases_facts",
    "limit_facts",
    "limit_worth_text",
    "loss_fact",
    "plan_threshold_text",
    "reach_text",
    "regions_text",
    "threshold_facts",
    "title",
    "with_steps_held",
    "worth_text",
]

_RELATIONS: dict[Decision, str] = {
    "operate": "costs no more than",
    "terminate": "costs more than",
    "undecided": "is not proven to cost more or less than",
}


def loss_fact(
    game: DefenseGame, loss: float, regions: Sequence[Region], *, over_shares: bool = False
) -> tuple[str, str]:
    """State the decision along the swept parameter, and the cost of stopping."""
    told = regions_text(regions, over_shares=over_shares)
    return "decision", f"{told}; stopping costs {loss_text(game, loss)}"


def regions_text(regions: Sequence[Region], *, over_shares: bool = False) -> str:
    """State up to where each decision holds; over kept shares, down to which least share."""
    *before, last = regions
    ends = [
        f"down to {kept_text(one.stop)} kept" if over_shares else f"up to {number_text(one.stop)}"
        for one in before
    ]
    parts = [f"{one.decision} {end}" for one, end in zip(before, ends, strict=True)]
    parts.append(f"then {last.decision}" if before else f"{last.decision} throughout")
    return ", ".join(parts)


def title(game: DefenseGame) -> Text:
    """Show the name of the game, its size and its composition."""
    counts = f"{counted(game.n_threats, game.threat_noun)}, {counted(game.n_defenses, 'defense')}"
    counts += f", {game.composition}"
    return Text.assemble((printable(game.name), "bold"), f"  ({counts})")


def bases_facts(answer: Solution | PlanEvaluation) -> list[Fact]:
    """State how many numbers have each basis, and the share of the answer that rests on them."""
    found = stated_bases(answer)
    if found is None:
        return []
    whole = "value" if isinstance(answer, Solution) else "loss"
    parts: list[str] = []
    for basis, count in found.numbers.items():
        if count:
            share = found.shares[basis]
            noun, of = ("", "") if parts else (" number" + "s"[: count != 1], f" of the {whole}")
            rests = "" if math.isnan(share) else f" ({percent_text(share)}{of})"
            parts.append(f"{basis} {count}{noun}{rests}")
    return [("rests on", ", ".join(parts))]


def threshold_facts(threshold: Threshold, solution: Solution | None = None) -> list[Fact]:
    """State the decision and the thresholds; beside a solution, also what the attack costs."""
    game = threshold.game
    stopping = loss_text(game, game.termination_loss or 0.0)
    is_open = threshold.decision == "undecided"
    if threshold.bandwidth is None:
        reach = (
            "unreachable: no attacker in the game can make stopping the cheaper choice; "
            "the plan may change with the attacker"
        )
    else:
        reach = (
            f"{'at least ' * is_open}{measured(threshold.bandwidth, 'bit')}, "
            f"margin {measured(threshold.margin or 0.0, 'bit')} to "
            f"the attacker's {measured(game.attacker_bandwidth, 'bit')}; "
            "the plan may change with the attacker"
        )
    if solution is None:
        costs, plan = "", f"the plan for {measured(game.attacker_bandwidth, 'bit')}"
        decision = f": the worst attack {_RELATIONS[threshold.decision]} stopping ({stopping})"
    else:
        plan = "this plan"
        ends = f"{bracket_text(solution.lower, solution.upper)} (proven bounds)"
        costs = ends if is_open else loss_text(game, solution.value)
        decision = f": the worst attack costs {costs}, stopping costs {stopping}"
    return [
        ("decision", decision_text(threshold.decision, decision)),
        ("self-destruction threshold", reach),
        ("threshold of this plan", plan_threshold_text(threshold.plan_bandwidth, plan)),
        ("threshold with no defense", reach_text(threshold.undefended)),
    ]


def plan_threshold_text(bandwidth: float | None, plan: str) -> str:
    """State up to which bandwidth a plan that does not change costs at most stopping."""
    if bandwidth is None:
        return f"unreachable: no attacker in the game can make stopping cheaper than {plan}"
    return f"{measured(bandwidth, 'bit')}, if {plan} is kept as it is"


def reach_text(bandwidth: float | None) -> str:
    """Write a threshold in bits, or that none can be reached."""
    return "unreachable" if bandwidth is None else measured(bandwidth, "bit")


def attacker_fact(game: DefenseGame, price: OneSidedPrice) -> tuple[str, str]:
    """State the attacker's bandwidth and the loss that one more bit adds."""
    worth = worth_text(game, price, "one more bit adds", "the last bit added")
    return "attacker", f"bandwidth {measured(game.attacker_bandwidth, 'bit')}; {worth}"


def limit_facts(found: Sensitivity) -> Iterable[tuple[str, str]]:
    """State the use of each resource and the loss that one more unit saves."""
    solution = found.solution
    game = solution.game
    for row, resource in enumerate(game.resources):
        used, limit = solution.resource_use.array[row], game.limits[row]
        text = use_text(game, resource, used, limit)
        if math.isfinite(limit):
            worth = limit_worth_text(game, resource, limit, found.limit_prices[resource])
            yield printable(resource), f"{text}; {worth}"
        else:
            yield printable(resource), f"{text}, no limit"


def limit_worth_text(game: DefenseGame, resource: str, limit: float, price: OneSidedPrice) -> str:
    """State the loss that one more unit of a resource saves, or one more point of work given up."""
    if not game.keeps_share(resource):
        unit = printable(game.units.resources.get(resource, "")) or "unit"
        return worth_text(game, price, f"one more {unit} saves", f"the last {unit} saved")
    point = percentage_point(limit)
    scaled = OneSidedPrice(None if price.left is None else price.left * point, price.right * point)
    more = "one more percentage point of work given up saves"
    return worth_text(game, scaled, more, "the last percentage point saved")


def worth_text(game: DefenseGame, price: OneSidedPrice, more: str, last: str) -> str:
    """State the worth of one more unit, and of the last unit if the two differ."""
    worth = f"{with_steps_held(game)}{more} {loss_text(game, price.right)}"
    if price.left is None or number_text(price.left) == number_text(price.right):
        return worth
    return f"{worth}, {last} {number_text(price.left)}"


def with_steps_held(game: DefenseGame) -> str:
    """Name the condition of a price where whole steps may be worth more."""
    return "if no defense is switched, " if game.is_discrete else ""
