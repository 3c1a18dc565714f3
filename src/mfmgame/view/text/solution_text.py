"""Solutions, outcomes and ranges of optimal levels as text."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group

from mfmgame.answers.decision import decide
from mfmgame.answers.portfolio import Portfolio
from mfmgame.answers.sensitivity import Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.attribution.what_if import Outcome
from mfmgame.documents.result import Status
from mfmgame.view.text.answer_facts import (
    attacker_fact,
    bases_facts,
    limit_facts,
    threshold_facts,
    title,
)
from mfmgame.view.text.layout import (
    Fact,
    decision_text,
    facts_table,
    heading,
    notes_text,
    status_facts,
)
from mfmgame.view.text.number_formats import (
    amount_text,
    bracket_text,
    loss_text,
    measured,
    printable,
    use_text,
)
from mfmgame.view.text.plan_tables import allocation_part, attack_part

__all__ = ["one_portfolio_text", "outcome_text", "sensitivity_text", "solution_text"]


def solution_text(solution: Solution) -> Group:
    """Show a solution: decision, value, plan and worst attack."""
    return _solved(solution, _decision_facts(solution), solution.status, solution.notes)


def outcome_text(outcome: Outcome) -> Group:
    """Show a solution with its threshold."""
    solution, threshold = outcome.solution, outcome.threshold
    decided = [] if threshold is None else threshold_facts(threshold, solution)
    return _solved(solution, decided, outcome.status, outcome.notes)


def one_portfolio_text(portfolio: Portfolio) -> Group:
    """Show a portfolio: the budgets at which it is best, its decision, value and plan."""
    solution = portfolio.solution
    greedy = "=" if portfolio.greedy_finds_it else loss_text(solution.game, portfolio.greedy_value)
    facts: list[Fact] = [
        _budgets_fact(portfolio),
        ("greedy order", "finds this value" if greedy == "=" else f"reaches {greedy}"),
    ]
    for name, changed in (("adds", portfolio.adds), ("drops", portfolio.drops)):
        if changed:
            facts.append((name, ", ".join(map(printable, changed))))
    decided = [*_decision_facts(solution), *facts]
    return _solved(solution, decided, solution.status, solution.notes)


def _budgets_fact(portfolio: Portfolio) -> Fact:
    """State the budgets for which a portfolio is best, or the least shares of work to keep."""
    game, resource, until = portfolio.solution.game, portfolio.resource, portfolio.until
    cost = amount_text(game, resource, portfolio.cost)
    end = "" if until is None else amount_text(game, resource, until)
    if game.keeps_share(resource):
        least = f" and more than {end}" if end else ""
        return "best where", f"at most {cost}{least} of the work must be kept"
    return "best for budgets", f"from {cost}" + (f", below {end}" if end else "")


def sensitivity_text(found: Sensitivity) -> Group:
    """Show the worth of one more unit, and the range of optimal levels of each defense."""
    solution = found.solution
    game = solution.game
    facts: list[Fact] = [
        *_value_facts(solution, solution.status),
        attacker_fact(game, found.bandwidth_price),
        *limit_facts(found),
    ]
    return Group(
        title(game),
        facts_table(facts),
        heading("allocation"),
        allocation_part(game, solution.allocation, found),
        *notes_text(solution.notes),
    )


def _solved(
    solution: Solution, decided: Iterable[Fact], status: Status, notes: tuple[str, ...]
) -> Group:
    game = solution.game
    facts: list[Fact] = [
        *decided,
        *_value_facts(solution, status),
        ("attacker", f"bandwidth {measured(game.attacker_bandwidth, 'bit')}"),
    ]
    for resource, used, limit in zip(
        game.resources, solution.resource_use.array, game.limits, strict=True
    ):
        facts.append((printable(resource), use_text(game, resource, used, limit)))
    facts += bases_facts(solution)
    return Group(
        title(game),
        facts_table(facts),
        heading("allocation"),
        allocation_part(game, solution.allocation),
        heading("worst attack"),
        attack_part(solution),
        *notes_text(notes),
    )


def _decision_facts(solution: Solution) -> list[Fact]:
    game, stopping = solution.game, solution.game.termination_loss
    if stopping is None:
        return []
    decision = decide(game, solution.lower, solution.upper, stopping)
    costs, stops = loss_text(game, solution.value), loss_text(game, stopping)
    rest = f": the worst attack costs {costs}, stopping costs {stops}"
    return [("decision", decision_text(decision, rest))]


def _value_facts(solution: Solution, status: Status) -> list[Fact]:
    return [
        ("value", loss_text(solution.game, solution.value)),
        ("proven", bracket_text(solution.lower, solution.upper)),
        *status_facts(status),
    ]
