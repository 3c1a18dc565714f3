"""Answers as text: rich tables on a terminal, plain tables elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
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
from mfmgame.game.odd_inputs import odd_inputs
from mfmgame.messages import counted
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.verification.verify import FrontierVerification, PortfolioVerification, Verification
from mfmgame.view.text.fitting_table import FittingTable, RowsOnDemand, shows_every_row, table_of
from mfmgame.view.text.layout import (
    HINT,
    Fact,
    Later,
    decision_text,
    facts_table,
    heading,
    notes_text,
    status_facts,
)
from mfmgame.view.text.number_formats import (
    bound_text,
    loss_heading,
    loss_text,
    measured,
    number_text,
    percent_text,
    printable,
    resource_heading,
    resource_text,
    share_text,
)

if TYPE_CHECKING:
    from mfmgame.assessment import Assessment

__all__ = [
    "MOST_ROWS",
    "allocation_part",
    "assessment_text",
    "attack_part",
    "attack_table",
    "attacker_fact",
    "bracket_text",
    "frontier_text",
    "greatest_first",
    "index_text",
    "limit_facts",
    "loss_fact",
    "plan_threshold_text",
    "price_text",
    "reach_text",
    "threshold_facts",
    "threshold_text",
    "title",
    "verification_text",
    "with_steps_held",
]

MOST_ROWS = 20
"""Number of rows of a long table that are shown unless every row is asked for."""
_MOST_ODD = 2
"""Number of odd inputs that the text of an answer names."""
_TIE_BITS = 30
"""Leading bits to which numbers are compared when rows are sorted."""
_RELATIONS: dict[Decision, str] = {
    "operate": "costs no more than",
    "terminate": "costs more than",
    "undecided": "is not proven to cost more or less than",
}


def assessment_text(assessment: Assessment) -> Group:
    """Show the whole answer: decision, value, plan, worst attack, coverage."""
    solution, threshold, index = assessment.solution, assessment.threshold, assessment.index
    game = solution.game
    facts: list[Fact] = [
        ("value", loss_text(game, solution.value)),
        ("proven", bracket_text(solution.lower, solution.upper)),
        *status_facts(assessment.status),
    ]
    if threshold is not None:
        facts = [*threshold_facts(threshold, solution), *facts]
    facts += [
        attacker_fact(game, assessment.sensitivity.bandwidth_price),
        *limit_facts(assessment.sensitivity),
        ("coverage", _portfolio(index)),
    ]
    return Group(
        title(game),
        facts_table(facts),
        heading("allocation"),
        allocation_part(game, solution.allocation, assessment.sensitivity),
        heading("worst attack"),
        attack_part(solution),
        Later(lambda: Group(*_odd_lines(game))),
        *notes_text(assessment.notes),
    )


def _odd_lines(game: DefenseGame) -> Iterable[Text]:
    """Show the gravest findings about inputs that are valid and likely not meant."""
    found = odd_inputs(game)
    for line in found[:_MOST_ODD]:
        yield Text(f"\ncheck: {printable(line)}")
    if len(found) > _MOST_ODD:
        yield Text(f"\ncheck: {len(found) - _MOST_ODD} more: mfmgame check lists them")


def threshold_text(threshold: Threshold) -> Group:
    """Show the threshold, the decision, and the allocation at the threshold."""
    game = threshold.game
    facts: list[Fact] = [*threshold_facts(threshold), *status_facts(threshold.status)]
    parts: list[RenderableType] = [title(game), facts_table(facts)]
    if threshold.reachable:
        parts += [heading("allocation at the threshold")]
        parts += [allocation_part(game, threshold.allocation)]
    return Group(*parts, *notes_text(threshold.notes))


def verification_text(
    proven: Verification | FrontierVerification | PortfolioVerification,
) -> Group:
    """Show the proven facts of an answer whose every number has been checked."""
    if isinstance(proven, Verification):
        fact = ("value", f"proven {bracket_text(proven.lower, proven.upper)}")
    elif isinstance(proven, PortfolioVerification):
        count = counted(len(proven.lower), "portfolio")
        fact = ("portfolios", f"{count}, each proven best until the next is affordable")
    else:
        ends = f"from {number_text(proven.start)} to {number_text(proven.stop)}"
        fact = ("frontier", f"proven {ends}, at {len(proven.lower)} breakpoints and between them")
    has_ranges = isinstance(proven, Verification) and proven.has_ranges
    subject = "every number except the sensitivity" if has_ranges else "every number"
    checked = ("verified", f"{subject} follows from the scenario and the certificates")
    facts: list[Fact] = [checked, fact, ("gap", f"{proven.gap:.1e}")]
    if has_ranges:
        facts.append(
            ("not proven", "the sensitivity; it agrees with the other numbers and its digest")
        )
    return Group(title(proven.game), facts_table(facts))


def index_text(index: CoverageIndex) -> Group:
    """Show the coverage index by defense, greatest first, and by class."""
    game = index.game
    order = np.argsort(-np.nan_to_num(index.defenses.array, nan=-1.0), kind="stable")
    # The name of a class breaks after each hyphen, so that six classes fit side by side.
    classes = [printable(name).replace("-", "-\n") for name in index.classes]

    def row_of(place: int) -> tuple[str, ...]:
        j = int(order[place])
        numbers = [index.defenses.array[j], index.consistency.array[j], *index.by_class[j]]
        return printable(game.defense_ids[j]), *(share_text(number) for number in numbers)

    table = table_of(
        ["defense", "index", "consistency", *classes],
        drop=[*reversed(classes), "consistency"],
        rows=RowsOnDemand(len(order), row_of),
    )
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
    facts: list[Fact] = [
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

    def piece(k: int) -> tuple[str, ...]:
        ends = (*frontier.breakpoints[k : k + 2], *frontier.values[k : k + 2], frontier.slopes[k])
        return tuple(number_text(float(number)) for number in ends)

    pieces = table_of(
        ["from", "to", "value from", "value to", "slope"],
        text_columns=0,
        rows=RowsOnDemand(frontier.n_pieces, piece),
    )
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


def bracket_text(lower: float, upper: float) -> str:
    """Write a proven bracket, with every digit."""
    return f"between {bound_text(lower)} and {bound_text(upper)}"


def threshold_facts(threshold: Threshold, solution: Solution | None = None) -> list[Fact]:
    """State the decision and the thresholds; beside a solution, also what the attack costs."""
    game = threshold.game
    stopping = loss_text(game, game.termination_loss or 0.0)
    is_open = threshold.decision == "undecided"
    if threshold.bandwidth is None:
        reach = "unreachable: no attacker in the game can make stopping the cheaper choice"
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
    """State the attacker's bandwidth and the loss that one more bit causes."""
    worth = f"{with_steps_held(game)}marginal loss of one more bit: {price_text(game, price)}"
    return "attacker", f"bandwidth {measured(game.attacker_bandwidth, 'bit')}; {worth}"


def limit_facts(found: Sensitivity) -> Iterable[tuple[str, str]]:
    """State the use of each resource and the value of one more unit."""
    solution = found.solution
    game = solution.game
    for row, resource in enumerate(game.resources):
        used, limit = solution.resource_use.array[row], game.limits[row]
        if math.isfinite(limit):
            unit = printable(game.units.resources.get(resource, "")) or "unit"
            price = price_text(game, found.limit_prices[resource])
            worth = f"marginal value of one more {unit}: {price}"
            text = f"{number_text(used)} of {resource_text(game, resource, limit)} used; "
            yield printable(resource), text + with_steps_held(game) + worth
        else:
            yield printable(resource), f"{resource_text(game, resource, used)} used, no limit"


def with_steps_held(game: DefenseGame) -> str:
    """Name the condition of a price where whole steps may be worth more."""
    return "at fixed steps, " if game.is_discrete else ""


def price_text(game: DefenseGame, price: OneSidedPrice) -> str:
    """Show the price of one more unit, and of the last unit if its price differs."""
    more, last = number_text(price.right), price.left
    text = loss_text(game, price.right)
    if last is None or number_text(last) == more:
        return text
    return f"{text}, of the last: {number_text(last)}"


def _portfolio(index: CoverageIndex) -> str:
    return (
        f"{percent_text(index.portfolio)} of total severity; {percent_text(index.worst_class)} "
        f"in the least covered class; {percent_text(index.adversarial)} of the worst attack's loss"
    )


def allocation_part(
    game: DefenseGame, allocation: Labelled, found: Sensitivity | None = None
) -> RenderableType:
    """Show the funded defenses by level, and count the others unless every row is asked for."""
    roles = {} if found is None else found.roles
    levels = allocation.array
    order = greatest_first(levels)
    funded, others = order[levels[order] > 0.0], order[levels[order] <= 0.0]
    listed = order if shows_every_row() else funded
    parts: list[RenderableType] = []
    if len(listed):
        uses = [resource_heading(game, resource) for resource in game.resources]
        names, ranges = name_heading(game.defense_names), ["least", "greatest", "role"]

        def row_of(place: int) -> tuple[str, ...]:
            j = int(listed[place])
            level, defense = float(levels[j]), game.defense_ids[j]
            cells = [printable(defense), *(printable(game.defense_names[j]) for _ in names)]
            cells += [number_text(level), number_text(game.max_level[j])]
            cells += [number_text(use * level) for use in game.use[:, j]]
            if found is not None:
                cells += [number_text(found.least[defense]), number_text(found.greatest[defense])]
                cells.append(roles[defense])
            return tuple(cells)

        parts.append(
            table_of(
                ["defense", *names, "level", "of", *uses, *(ranges if found is not None else [])],
                texts=(*names, "role"),
                drop=["of", ("least", "greatest"), *names, "role", *reversed(uses), "level"],
                rows=RowsOnDemand(len(listed), row_of),
            )
        )
    if len(others) and not shows_every_row():
        optional = sum(roles[game.defense_ids[j]] == "optional" for j in others) if roles else 0
        which = f", {optional} of them in other optimal plans" if optional else ""
        told = f"  not funded: {counted(len(others), 'defense')}{which}"
        parts.append(Text.assemble(told, ("; --all lists them", HINT)))
    return Group(*parts) if parts else Text("  there is no defense")


def attack_part(solution: Solution) -> RenderableType:
    """Show the worst attack of a solution, or state that no attack causes a loss."""
    if not solution.attack.array.any():
        is_sure = solution.is_proven or solution.upper == 0.0
        cause = "causes a loss" if is_sure else "is proven to cause a loss"
        return Text(f"  no attack {cause}")
    return attack_table(
        solution.game, solution.attack.array, solution.coverage.array, solution.residual.array
    )


def attack_table(
    game: DefenseGame, effort: FloatArray, coverage: FloatArray, residual: FloatArray
) -> FittingTable:
    """Show the threats of an attack, the greatest loss first."""
    caused, running = effort * residual, np.flatnonzero(effort > 0.0)
    running = running[greatest_first(caused[running])]
    names, loss, severity = (
        name_heading(game.threat_names),
        loss_heading(game),
        loss_heading(game, "severity"),
    )

    def row_of(place: int) -> tuple[str, ...]:
        i = int(running[place])
        texts = game.threat_ids[i], *(game.threat_names[i] for _ in names), game.threat_classes[i]
        numbers = effort[i], effort[i] * game.bandwidth[i], game.severity[i], coverage[i], caused[i]
        return *map(printable, texts), *(number_text(float(one)) for one in numbers)

    return table_of(
        ["threat", *names, "class", "effort", "bits", severity, "coverage", loss],
        texts=(*names, "class"),
        drop=["class", "bits", severity, *names, "coverage", "effort"],
        most=MOST_ROWS,
        rows=RowsOnDemand(len(running), row_of),
    )


def greatest_first(numbers: FloatArray) -> IntArray:
    """Order positions by their numbers, greatest first.

    Numbers that agree to about nine digits keep their order: rounding breaks no ties.
    """
    fraction, exponent = np.frexp(numbers)
    rounded = np.ldexp(np.round(np.ldexp(fraction, _TIE_BITS)), exponent - _TIE_BITS)
    return np.argsort(-rounded, kind="stable")


def name_heading(names: Sequence[str]) -> list[str]:
    """Return the heading of a column of names; none where no entry has a name."""
    return ["name"] if any(names) else []
