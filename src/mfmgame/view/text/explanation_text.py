"""Why each defense is or is not funded, and how much spending is enough, as text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.attribution.explanation import QUESTION, Explanation
from mfmgame.attribution.spending import Spending
from mfmgame.game.game import DefenseGame
from mfmgame.view.text.answer_text import title, with_steps_held
from mfmgame.view.text.explanation_sentences import labelled_defense, sentence_on, stops_text
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

_MOST_ROWS = 20


def explanation_text(found: Explanation) -> Group:
    """Show the defenses by the loss without each, the reasons, and how much spending is enough."""
    game = found.game
    facts = [("value", loss_text(game, found.solution.value)), *status_facts(found.status)]
    parts: list[RenderableType] = [title(game), facts_table(facts)]
    if found.defenses:
        parts += [heading("defenses"), _numbers(found), Text(f"\n  {QUESTION}")]
        parts += [heading("why"), _reasons(found)]
    if found.limits:
        parts.append(heading("how much is enough"))
        parts += [facts_table(list(_enough(game, one))) for one in found.limits]
    return Group(*parts, *notes_text(found.notes))


def _numbers(found: Explanation) -> FittingTable:
    game = found.game
    resources = {name: resource_heading(game, name) for name in game.resources}
    without = loss_heading(game, "loss without")
    headings = ["defense", "level", "of", *resources.values(), without, "stops"]
    drop = ["stops", "of", without, *list(resources.values())[::-1], "level"]
    table = table_of(headings, texts=("stops",), drop=drop, most=_MOST_ROWS)
    for row in found.defenses:
        loss = row.loss_without
        table.add_row(
            printable(row.defense),
            number_text(row.level),
            number_text(row.max_level),
            *(number_text(row.cost[name]) for name in resources),
            number_text(loss) if math.isfinite(loss) else "no plan",
            stops_text(row, most=1) or "-",
        )
    return table


def _reasons(found: Explanation) -> FittingTable:
    table = table_of(["defense", "reason"], text_columns=2, most=_MOST_ROWS)
    for row in found.defenses:
        table.add_row(labelled_defense(found.game, row.defense), sentence_on(found, row))
    return table


def _enough(game: DefenseGame, one: Spending) -> Iterator[tuple[str, str]]:
    def amount(size: float) -> str:
        return resource_text(game, one.resource, size)

    worth = one.worth
    prices = f"one more unit saves {number_text(worth.right)}"
    if worth.left is not None:
        prices += f", the last one saves {number_text(worth.left)}"
    used = f"{amount(one.used)} of {amount(one.limit)} used; {with_steps_held(game)}{prices}"
    yield printable(one.resource), used
    if one.knee is not None:
        knee = one.knee
        within = "" if one.status == "proven" else f" (within {number_text(knee.excess)})"
        yield (
            "",
            f"loss and limit together are least at {amount(knee.limit)}: a loss of "
            f"{loss_text(game, knee.value)}, {number_text(knee.total)} in total{within}",
        )
    if game.termination_loss is not None and one.is_searched:
        stopping = loss_text(game, game.termination_loss)
        if one.operate_limit is None:
            yield "", f"no limit is enough to operate: stopping costs {stopping}"
        else:
            yield "", f"from {amount(one.operate_limit)} on, operate: stopping costs {stopping}"
