"""The best portfolios at every budget, as text."""

from __future__ import annotations

from rich.console import Group

from mfmgame.answers.portfolio import Portfolio, PortfolioSequence
from mfmgame.view.text.answer_facts import loss_fact, title
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, heading, notes_text, status_facts
from mfmgame.view.text.number_formats import (
    amount_text,
    loss_heading,
    number_text,
    printable,
    unit_heading,
)

__all__ = ["portfolio_text"]


def portfolio_text(sequence: PortfolioSequence) -> Group:
    """Show the cost, value and changes of each portfolio, and the value of the greedy order."""
    game = sequence.game
    gap = max(portfolio.solution.gap for portfolio in sequence)
    missed = sum(not portfolio.greedy_finds_it for portfolio in sequence)
    facts = [
        ("budget", printable(sequence.resource)),
        ("portfolios", f"{len(sequence)}, gap {gap:.1e}"),
        *status_facts(sequence.status),
        ("greedy order", f"misses {missed} of the portfolios"),
    ]
    if game.termination_loss is not None:
        over_shares = game.keeps_share(sequence.resource)
        decided = loss_fact(game, game.termination_loss, sequence.regions, over_shares=over_shares)
        facts.append(decided)
    cost = unit_heading(game, sequence.resource, "cost")
    headings = [cost, loss_heading(game, "value"), loss_heading(game, "greedy"), "adds", "drops"]
    table = table_of(headings, 0, texts=("adds", "drops"))
    for portfolio in sequence:
        greedy = "=" if portfolio.greedy_finds_it else number_text(portfolio.greedy_value)
        cost = amount_text(game, sequence.resource, portfolio.cost)
        cells = cost, number_text(portfolio.value), greedy
        table.add_row(*cells, _levels(portfolio, "adds"), _levels(portfolio, "drops"))
    return Group(
        title(game),
        facts_table(facts),
        heading("best portfolios"),
        table,
        *notes_text(sequence.notes),
    )


def _levels(portfolio: Portfolio, side: str) -> str:
    """List the names, each with its level where the level is neither 0 nor the greatest."""
    game = portfolio.solution.game
    most = dict(zip(game.defense_ids, game.max_level.tolist(), strict=True))
    return ", ".join(
        printable(name) + ("" if level in (0.0, most[name]) else f" ({number_text(level)})")
        for name, level in getattr(portfolio, side).items()
    )
