"""Answers as text: rich tables on a terminal, plain tables elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.answers.coverage_index import CoverageIndex
from mfmgame.answers.decision import Region
from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.sensitivity import OneSidedPrice, Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.answers.threshold import Threshold
from mfmgame.documents.result import Decision
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import counted
from mfmgame.verification.verify import FrontierVerification, PortfolioVerification, Verification
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, heading, notes_text, status_facts
from mfmgame.view.text.number_formats import (
    measured,
    number_text,
    percent_text,
    printable,
    share_text,
)

if TYPE_CHECKING:
    from mfmgame.assessment import Assessment

__all__ = [
    "assessment_text",
    "frontier_text",
    "index_text",
    "loss_fact",
    "threshold_text",
    "title",
    "verification_text",
    "with_steps_held",
]

_RELATIONS: dict[Decision, str] = {
    "operate": "costs no more than",
    "terminate": "costs more than",
    "undecided": "is not proven to cost more or less than",
}


def assessment_text(assessment: Assessment) -> Group:
    """Show the whole answer: decision, value, plan, worst attack, coverage."""
    solution, threshold, index = assessment.solution, assessment.threshold, assessment.index
    game = solution.game
    facts = [("value", _value(solution)), *status_facts(assessment.status)]
    if threshold is not None:
        facts = [*_threshold_facts(game, threshold, solution), *facts]
    facts += [
        _attacker_fact(game, assessment.sensitivity.bandwidth_price),
        *_limit_facts(assessment.sensitivity),
        ("coverage", _portfolio(index)),
    ]
    return Group(
        title(game),
        facts_table(facts),
        heading("allocation"),
        _allocation(game, solution.allocation, assessment.sensitivity),
        heading("worst attack"),
        _attack(solution),
        *notes_text(assessment.notes),
    )


def threshold_text(game: DefenseGame, threshold: Threshold) -> Group:
    """Show the threshold, the decision, and the allocation at the threshold."""
    facts = [*_threshold_facts(game, threshold), *status_facts(threshold.status)]
    parts: list[RenderableType] = [title(game), facts_table(facts)]
    if threshold.reachable:
        parts += [heading("allocation at the threshold")]
        parts += [_allocation(game, threshold.allocation)]
    return Group(*parts, *notes_text(threshold.notes))


def verification_text(
    game: DefenseGame, proven: Verification | FrontierVerification | PortfolioVerification
) -> Group:
    """Show the proven facts of an answer whose every number has been checked."""
    if isinstance(proven, Verification):
        fact = ("value", f"proven between {proven.lower!r} and {proven.upper!r}")
    elif isinstance(proven, PortfolioVerification):
        count = counted(len(proven.lower), "portfolio")
        fact = ("portfolios", f"{count}, each proven best until the next is affordable")
    else:
        ends = f"from {number_text(proven.start)} to {number_text(proven.stop)}"
        fact = ("frontier", f"proven {ends}, at {len(proven.lower)} breakpoints and between them")
    has_ranges = isinstance(proven, Verification) and proven.has_ranges
    subject = "every number except the sensitivity" if has_ranges else "every number"
    checked = ("verified", f"{subject} follows from the scenario and the certificates")
    facts = [checked, fact, ("gap", f"{proven.gap:.1e}")]
    if has_ranges:
        facts.append(
            ("not proven", "the sensitivity; it agrees with the other numbers and its digest")
        )
    return Group(title(game), facts_table(facts))


def index_text(game: DefenseGame, index: CoverageIndex) -> Group:
    """Show the coverage index by defense, greatest first, and by class."""
    order = sorted(
        range(game.n_defenses), key=lambda j: (-_rank(float(index.defenses.array[j])), j)
    )
    # The name of a class breaks after each hyphen, so that six classes fit side by side.
    classes = [printable(name).replace("-", "-\n") for name in index.classes]
    table = table_of(["defense", "index", "consistency", *classes])
    for j in order:
        numbers = [index.defenses.array[j], index.consistency.array[j], *index.by_class[j]]
        table.add_row(printable(game.defense_ids[j]), *(share_text(number) for number in numbers))
    return Group(
        title(game),
        facts_table([("coverage", _portfolio(index)), *status_facts(index.status)]),
        heading("by defense and class"),
        table,
        *notes_text(index.notes),
    )


def frontier_text(frontier: Frontier, at: Sequence[float] = ()) -> Group:
    """Show the pieces of a frontier, its crossing of the termination loss, and listed points."""
    game, over_bandwidth = frontier.game, frontier.parameter == ATTACKER_BANDWIDTH
    name = "attacker bandwidth" if over_bandwidth else f"limit of {printable(frontier.parameter)}"
    facts = [
        ("over", name),
        ("pieces", f"{frontier.n_pieces}, gap {frontier.gap:.1e}"),
        *status_facts(frontier.status),
    ]
    if game.termination_loss is not None:
        facts.append(loss_fact(game.termination_loss, frontier.regions()))
    parts: list[RenderableType] = [title(game), facts_table(facts)]
    if at:
        points = table_of(["at", "value"], text_columns=0)
        for point in at:
            points.add_row(number_text(point), number_text(float(frontier(point))))
        parts += [heading("points"), points]
    pieces = table_of(["from", "to", "value from", "value to", "slope"], text_columns=0)
    for k in range(frontier.n_pieces):
        ends = (*frontier.breakpoints[k : k + 2], *frontier.values[k : k + 2], frontier.slopes[k])
        pieces.add_row(*(number_text(float(number)) for number in ends))
    return Group(*parts, heading("pieces"), pieces, *notes_text(frontier.notes))


def loss_fact(loss: float, regions: Sequence[Region]) -> tuple[str, str]:
    """State the decision along the swept parameter, given the cost of stopping."""
    *before, last = regions
    parts = [f"{one.decision} up to {number_text(one.stop)}" for one in before]
    parts.append(f"then {last.decision}" if before else f"{last.decision} throughout")
    return f"stopping costs {number_text(loss)}", ", ".join(parts)


def title(game: DefenseGame) -> Text:
    """Show the name of the game, its size and its composition."""
    counts = f"{counted(game.n_threats, 'threat')}, {counted(game.n_defenses, 'defense')}"
    counts += f", {game.composition}"
    return Text.assemble((printable(game.name), "bold"), f"  ({counts})")


def _value(solution: Solution) -> str:
    bracket = f"proven between {solution.lower!r} and {solution.upper!r}"
    return f"{number_text(solution.value)}  ({bracket})"


def _threshold_facts(
    game: DefenseGame, threshold: Threshold, solution: Solution | None = None
) -> list[tuple[str, str]]:
    stopping, word = number_text(game.termination_loss or 0.0), threshold.decision.upper()
    is_open = threshold.decision == "undecided"
    if threshold.bandwidth is None:
        reach = "unreachable: no attacker in the game can make stopping the cheaper choice"
    else:
        reach = (
            f"{'at least ' * is_open}{measured(threshold.bandwidth, 'bit')}, "
            f"margin {measured(threshold.margin or 0.0, 'bit')} to "
            f"the attacker's {measured(game.attacker_bandwidth, 'bit')}"
        )
    undefended = threshold.undefended
    bare = "unreachable" if undefended is None else measured(undefended, "bit")
    if solution is None:
        relation = _RELATIONS[threshold.decision]
        decision = f"{word}: the worst attack {relation} stopping ({stopping})"
    else:
        ends = f"between {solution.lower!r} and {solution.upper!r} (proven bounds)"
        costs = ends if is_open else number_text(solution.value)
        decision = f"{word}: the worst attack costs {costs}, stopping costs {stopping}"
    return [
        ("decision", decision),
        ("self-destruction threshold", reach),
        ("threshold with no defense", bare),
    ]


def _attacker_fact(game: DefenseGame, price: OneSidedPrice) -> tuple[str, str]:
    worth = f"{with_steps_held(game)}marginal loss of one more bit: {_sides(price)}"
    return "attacker", f"bandwidth {measured(game.attacker_bandwidth, 'bit')}; {worth}"


def _limit_facts(found: Sensitivity) -> Iterable[tuple[str, str]]:
    solution = found.solution
    game = solution.game
    for row, resource in enumerate(game.resources):
        used, limit = solution.resource_use.array[row], game.limits[row]
        if math.isfinite(limit):
            worth = f"marginal value of one more unit: {_sides(found.limit_prices[resource])}"
            text = f"{number_text(used)} of {number_text(limit)} used; "
            yield printable(resource), text + with_steps_held(game) + worth
        else:
            yield printable(resource), f"{number_text(used)} used, no limit"


def with_steps_held(game: DefenseGame) -> str:
    """Name the condition of a price where whole steps may be worth more."""
    return "at fixed steps, " if game.is_discrete else ""


def _sides(price: OneSidedPrice) -> str:
    """Show the price of one more unit, and of the last unit if its price differs."""
    more, last = number_text(price.right), price.left
    return (
        more
        if last is None or number_text(last) == more
        else f"{more}, of the last: {number_text(last)}"
    )


def _portfolio(index: CoverageIndex) -> str:
    return (
        f"{percent_text(index.portfolio)} of total severity; {percent_text(index.worst_class)} "
        f"in the least covered class; {percent_text(index.adversarial)} of the worst attack's loss"
    )


def _allocation(
    game: DefenseGame, allocation: Labelled, found: Sensitivity | None = None
) -> RenderableType:
    """Show the funded defenses, and the defenses that another optimal allocation funds."""
    roles = {} if found is None else found.roles
    listed = [
        j
        for j, defense in enumerate(game.defense_ids)
        if allocation.array[j] > 0 or roles.get(defense, "useless") != "useless"
    ]
    if not listed:
        return Text("  nothing is funded")
    ranges = [] if found is None else ["least", "greatest", "role"]
    table = table_of(["defense", "level", "of", *map(printable, game.resources), *ranges])
    for j in listed:
        level = float(allocation.array[j])
        cells = [number_text(level), number_text(game.max_level[j])]
        cells += [number_text(use * level) for use in game.use[:, j]]
        if found is not None:
            defense = game.defense_ids[j]
            cells += [number_text(found.least[defense]), number_text(found.greatest[defense])]
            cells.append(roles[defense])
        table.add_row(printable(game.defense_ids[j]), *cells)
    return table


def _attack(solution: Solution) -> RenderableType:
    game, effort = solution.game, solution.attack.array
    caused = effort * solution.residual.array
    running = [i for i in range(game.n_threats) if effort[i] > 0]
    if not running:
        is_sure = solution.is_proven or solution.upper == 0.0
        cause = "causes a loss" if is_sure else "is proven to cause a loss"
        return Text(f"  no attack {cause}")
    running.sort(
        key=lambda i: (-float(number_text(float(caused[i]))), i)
    )  # rounding breaks no ties
    table = table_of(
        ["threat", "class", "effort", "bits", "severity", "coverage", "loss"], text_columns=2
    )
    for i in running:
        numbers = (
            effort[i],
            effort[i] * game.bandwidth[i],
            game.severity[i],
            solution.coverage.array[i],
            caused[i],
        )
        names = printable(game.threat_ids[i]), printable(game.threat_classes[i])
        table.add_row(*names, *(number_text(float(number)) for number in numbers))
    return table


def _rank(share: float) -> float:
    return -1.0 if math.isnan(share) else share
