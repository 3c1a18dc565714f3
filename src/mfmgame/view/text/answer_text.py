"""Answers as text: rich tables on a terminal, plain tables elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.answers.coverage_index import CoverageIndex, TechniqueIndex
from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.threshold import Threshold
from mfmgame.game.game import DefenseGame
from mfmgame.game.odd_inputs import odd_inputs
from mfmgame.messages import counted
from mfmgame.verification.verify import (
    FrontierVerification,
    PlanVerification,
    PortfolioVerification,
    Verification,
)
from mfmgame.view.text.answer_facts import (
    attacker_fact,
    bases_facts,
    limit_facts,
    loss_fact,
    threshold_facts,
    title,
)
from mfmgame.view.text.fitting_table import FittingTable, RowsOnDemand, table_of
from mfmgame.view.text.layout import (
    Fact,
    Later,
    facts_table,
    heading,
    notes_text,
    status_facts,
)
from mfmgame.view.text.number_formats import (
    amount_text,
    bracket_text,
    kept_text,
    loss_heading,
    loss_text,
    number_text,
    percent_text,
    printable,
    share_text,
)
from mfmgame.view.text.plan_tables import MOST_ROWS, allocation_part, attack_part

if TYPE_CHECKING:
    from mfmgame.assessment import Assessment

__all__ = ["assessment_text", "frontier_text", "index_text", "threshold_text", "verification_text"]

_ROUNDING = 1e-13
_MOST_ODD = 2
"""Number of odd inputs that the text of an answer names."""


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
        *bases_facts(solution),
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
    """Show the most serious probable mistakes among the inputs."""
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
    proven: Verification | FrontierVerification | PortfolioVerification | PlanVerification,
) -> Group:
    """Show the proven facts of an answer whose every number has been checked."""
    if isinstance(proven, Verification):
        fact = ("value", f"proven {bracket_text(proven.lower, proven.upper)}")
    elif isinstance(proven, PortfolioVerification):
        count = counted(len(proven.lower), "portfolio")
        fact = ("portfolios", f"{count}, each proven best until the next is affordable")
    elif isinstance(proven, PlanVerification):
        brackets = zip(proven.names, proven.lower.tolist(), proven.upper.tolist(), strict=True)
        told = [f"{printable(name)} {bracket_text(*ends)}" for name, *ends in brackets]
        fact = ("losses", f"proven: {'; '.join(told)}")
    else:
        start, stop = (
            amount_text(proven.game, proven.parameter, end) for end in (proven.start, proven.stop)
        )
        ends = f"from {start} to {stop}"
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
    found = index.techniques
    by_technique = [] if found is None else ["by technique"]

    def row_of(place: int) -> tuple[str, ...]:
        j = int(order[place])
        numbers = [index.defenses.array[j], *([] if found is None else [found.defenses[j]])]
        numbers += [index.consistency.array[j], *index.by_class[j]]
        return printable(game.defense_ids[j]), *(share_text(number) for number in numbers)

    table = table_of(
        ["defense", "index", *by_technique, "consistency", *classes],
        drop=[*reversed(classes), "consistency"],
        rows=RowsOnDemand(len(order), row_of),
    )
    parts: list[RenderableType] = [heading("by defense and class"), table]
    if found is not None and found.weights:
        parts += [heading("by technique"), _techniques_table(game, found)]
    return Group(
        title(game),
        facts_table([("coverage", _portfolio(index)), *status_facts(index.status)]),
        *parts,
        *notes_text(index.notes),
    )


def _techniques_table(game: DefenseGame, found: TechniqueIndex) -> FittingTable:
    """Show the techniques of chains by weight, each with the defense that stops it best."""
    listed = found.strongest_defenses()

    def row_of(place: int) -> tuple[str, ...]:
        technique, weight, j, share = listed[place]
        best = printable(game.defense_ids[j]) if share else "-"
        return printable(technique), share_text(weight), best, share_text(share)

    return table_of(
        ["technique", "weight", "stopped best by", "share stopped"],
        texts=["stopped best by"],
        drop=["weight"],
        most=MOST_ROWS,
        rows=RowsOnDemand(len(listed), row_of),
    )


def frontier_text(frontier: Frontier, at: Sequence[float] = ()) -> Group:
    """Show the pieces of a frontier, its crossing of the termination loss, and listed points."""
    game, over_bandwidth = frontier.game, frontier.parameter == ATTACKER_BANDWIDTH
    over_shares = game.keeps_share(frontier.parameter)
    amount = "bits" if over_bandwidth else game.units.resources.get(frontier.parameter, "")
    unit = "\nkept" if over_shares else f"\n{printable(amount)}" if amount else ""
    at_text = kept_text if over_shares else number_text
    shape = ", in the logarithm of the share" if over_shares else ""
    least = _ROUNDING * float(frontier.values.max(initial=0.0))  # what rounding makes of 0
    name = "attacker bandwidth" if over_bandwidth else f"limit of {printable(frontier.parameter)}"
    facts: list[Fact] = [
        ("over", name),
        ("linear pieces", f"{frontier.n_pieces}, gap {frontier.gap:.1e}{shape}"),
        *status_facts(frontier.status),
    ]
    if game.termination_loss is not None:
        loss, regions = game.termination_loss, frontier.regions()
        facts.append(loss_fact(game, loss, regions, over_shares=over_shares))
    parts: list[RenderableType] = [title(game), facts_table(facts)]
    if at:
        points = table_of([f"at{unit}", loss_heading(game, "value")], text_columns=0)
        for point in at:
            points.add_row(at_text(point), number_text(float(frontier(point))))
        parts += [heading("points"), points]

    def piece(k: int) -> tuple[str, ...]:
        ends = (float(point) for point in frontier.breakpoints[k : k + 2])
        numbers = [*frontier.values[k : k + 2], *([] if over_shares else [frontier.slopes[k]])]
        told = (number_text(float(number) * (abs(number) > least)) for number in numbers)
        return *map(at_text, ends), *told

    values = [loss_heading(game, heading) for heading in ("value from", "value to")]
    # Over kept shares, a slope would be per unit of the logarithm.
    slope = [] if over_shares else [f"slope{_slope_unit(game, amount)}"]
    pieces = table_of(
        [f"from{unit}", f"to{unit}", *values, *slope],
        text_columns=0,
        rows=RowsOnDemand(frontier.n_pieces, piece),
    )
    return Group(*parts, heading("pieces"), pieces, *notes_text(frontier.notes))


def _slope_unit(game: DefenseGame, amount: str) -> str:
    """Write the unit of slopes below their heading, if losses have a unit."""
    per = f"/{printable(amount).removesuffix('s') if amount == 'bits' else printable(amount)}"
    return f"\n{printable(game.units.loss)}{per if amount else ''}" if game.units.loss else ""


def _portfolio(index: CoverageIndex) -> str:
    return (
        f"{percent_text(index.portfolio)} of total severity; {percent_text(index.worst_class)} "
        f"in the least covered class; {percent_text(index.adversarial)} of the worst attack's loss"
    )
