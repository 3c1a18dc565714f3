"""Why each defense is or is not funded, and how much spending is enough, as text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.attribution.explanation import QUESTION, ExplainedDefense, Explanation
from mfmgame.attribution.spending import Spending
from mfmgame.game.game import DefenseGame
from mfmgame.messages import counted
from mfmgame.view.text.answer_facts import limit_worth_text, title
from mfmgame.view.text.explanation_sentences import sentence_on
from mfmgame.view.text.fitting_table import FittingTable, RowsOnDemand, shows_every_row, table_of
from mfmgame.view.text.layout import (
    HINT,
    Fact,
    decision_text,
    facts_table,
    heading,
    notes_text,
    status_facts,
)
from mfmgame.view.text.number_formats import (
    amount_text,
    loss_heading,
    loss_text,
    number_text,
    printable,
    resource_heading,
    resource_text,
    use_text,
)
from mfmgame.view.text.plan_tables import MOST_ROWS, name_heading

__all__ = ["explanation_text"]

_NO_EXCESS = 1e-8
"""Share of a total up to which an excess is rounding."""


def explanation_text(found: Explanation) -> Group:
    """Show the defenses by the loss without each, the reasons, and how much spending is enough."""
    parts: list[RenderableType] = [title(found.game), facts_table(list(_facts(found)))]
    if found.defenses:
        parts += [heading("defenses"), _numbers(found), Text(f"\n{QUESTION}")]
        parts += [heading("why"), *_reasons(found)]
    if found.limits:
        enough = [fact for one in found.limits for fact in _enough(found.game, one)]
        parts += [heading("how much is enough"), facts_table(enough)]
    return Group(*parts, *notes_text(found.notes))


def _facts(found: Explanation) -> Iterator[Fact]:
    game, value = found.game, loss_text(found.game, found.solution.value)
    if found.decision is not None and game.termination_loss is not None:
        stopping = loss_text(game, game.termination_loss)
        rest = f": the worst attack costs {value}, stopping costs {stopping}"
        yield "decision", decision_text(found.decision, rest)
    yield "value", value
    yield from status_facts(found.status)


def _numbers(found: Explanation) -> FittingTable:
    game, rows = found.game, found.defenses
    names, name_of = name_heading(game.defense_names), _names(game)
    uses = [resource_heading(game, resource) for resource in game.resources]
    without = loss_heading(game, "loss without")

    def row_of(place: int) -> tuple[str, ...]:
        row = rows[place]
        loss = row.loss_without
        return (
            printable(row.defense),
            *(printable(name_of[row.defense]) for _ in names),
            number_text(row.level),
            number_text(row.max_level),
            *(_use_text(game, row, resource) for resource in game.resources),
            number_text(loss) if math.isfinite(loss) else "no plan",
        )

    return table_of(
        ["defense", *names, "level", "of", *uses, without],
        texts=names,
        drop=["of", *names, without, *reversed(uses), "level"],
        most=MOST_ROWS,
        rows=RowsOnDemand(len(rows), row_of),
    )


def _use_text(game: DefenseGame, row: ExplainedDefense, resource: str) -> str:
    """Format the use of a resource, in brackets if the plan does not use it."""
    use = amount_text(game, resource, row.cost[resource])
    return use if row.is_funded else f"({use})"


def _names(game: DefenseGame) -> dict[str, str]:
    return dict(zip(game.defense_ids, game.defense_names, strict=True))


def _reasons(found: Explanation) -> Iterator[RenderableType]:
    rows = found.defenses if shows_every_row() else found.defenses[:MOST_ROWS]
    yield facts_table([(printable(row.defense), sentence_on(found, row)) for row in rows])
    hidden = len(found.defenses) - len(rows)
    if hidden:
        yield Text(f"  and {counted(hidden, 'more defense')}: --all shows all of them", style=HINT)


def _enough(game: DefenseGame, one: Spending) -> Iterator[tuple[str, str]]:
    def amount(size: float) -> str:
        return resource_text(game, one.resource, size)

    used = use_text(game, one.resource, one.used, one.limit)
    worth = limit_worth_text(game, one.resource, one.limit, one.worth)
    yield printable(one.resource), f"{used}; {worth}"
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
        elif game.keeps_share(one.resource):
            kept = amount(least_limit)
            yield "", f"to operate, the limit may demand at most {kept} {stopping}"
        else:
            yield "", f"least limit to operate: {amount(least_limit)} {stopping}"
