"""Why each defense is or is not funded, and how much spending is enough, as text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding

from mfmgame.attribution.explanation import QUESTION, Explanation
from mfmgame.attribution.spending import Spending
from mfmgame.game.game import DefenseGame
from mfmgame.view.text.answer_text import MOST_ROWS, price_text, title, with_steps_held
from mfmgame.view.text.explanation_sentences import labelled_defense, sentence_on, shares_text
from mfmgame.view.text.fitting_table import FittingTable, table_of
from mfmgame.view.text.layout import facts_table, heading, notes_text, status_facts
from mfmgame.view.text.number_formats import (
    loss_heading,
    loss_text,
    number_text,
    printable,
    resource_heading,
    resource_text,
)

__all__ = ["explanation_text"]

_NO_EXCESS = 1e-8
"""Share of a total up to which an excess is rounding."""


def explanation_text(found: Explanation) -> Group:
    """Show the defenses by the loss without each, the reasons, and how much spending is enough."""
    game = found.game
    facts = [("value", loss_text(game, found.solution.value)), *status_facts(found.status)]
    parts: list[RenderableType] = [title(game), facts_table(facts)]
    if found.defenses:
        parts += [heading("defenses"), _numbers(found), Padding(QUESTION, (1, 0, 0, 2))]
        parts += [heading("why"), _reasons(found)]
    if found.limits:
        parts.append(heading("how much is enough"))
        parts.append(facts_table([fact for one in found.limits for fact in _enough(game, one)]))
    return Group(*parts, *notes_text(found.notes))


def _numbers(found: Explanation) -> FittingTable:
    game = found.game
    resources = {name: resource_heading(game, name) for name in game.resources}
    without = loss_heading(game, "loss without")
    headings = ["defense", "level", "of", *resources.values(), without, "stops"]
    drop = ["stops", "of", without, *list(resources.values())[::-1], "level"]
    table = table_of(headings, texts=("stops",), drop=drop, most=MOST_ROWS)
    for row in found.defenses:
        loss = row.loss_without
        table.add_row(
            printable(row.defense),
            number_text(row.level),
            number_text(row.max_level),
            *(number_text(row.cost[name]) for name in resources),
            number_text(loss) if math.isfinite(loss) else "no plan",
            shares_text(row.stops, most=1) or "-",
        )
    return table


def _reasons(found: Explanation) -> FittingTable:
    table = table_of(["defense", "reason"], text_columns=2, most=MOST_ROWS)
    for row in found.defenses:
        table.add_row(labelled_defense(found.game, row.defense), sentence_on(found, row))
    return table


def _enough(game: DefenseGame, one: Spending) -> Iterator[tuple[str, str]]:
    def amount(size: float) -> str:
        return resource_text(game, one.resource, size)

    used = f"{amount(one.used)} of {amount(one.limit)} used; {with_steps_held(game)}"
    unit = printable(game.units.resources.get(one.resource, "")) or "unit"
    worth = f"marginal value of one more {unit}: {price_text(game, one.worth)}"
    yield printable(one.resource), used + worth
    if one.knee is not None:
        knee = one.knee
        total = number_text(knee.total)
        if knee.excess > _NO_EXCESS * knee.total:
            total += f", proven least within {number_text(knee.excess)}"
        least = f"the sum of loss and limit is least at {amount(knee.limit)}"
        yield "", f"{least}: loss {loss_text(game, knee.value)}, sum {total}"
    if game.termination_loss is not None and one.is_searched:
        stopping = f"(stopping costs {loss_text(game, game.termination_loss)})"
        least_limit = one.operate_limit
        if least_limit is None:
            yield "", f"no limit is enough to operate {stopping}"
        else:
            yield "", f"least limit to operate: {amount(least_limit)} {stopping}"
