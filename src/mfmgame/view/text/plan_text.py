"""Evaluations and comparisons of plans as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.attribution.composition_comparison import CompositionComparison
from mfmgame.attribution.plan_comparison import PlanComparison, ScenarioComparison
from mfmgame.documents.kept_shares import kept_share
from mfmgame.documents.member_pointers import parts_of
from mfmgame.game.game import DefenseGame
from mfmgame.game.input_changes import InputChange
from mfmgame.messages import counted
from mfmgame.view.text.answer_facts import bases_facts, plan_threshold_text, reach_text, title
from mfmgame.view.text.fitting_table import FittingTable, RowsOnDemand, table_of
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
    kept_text,
    loss_heading,
    loss_text,
    measured,
    number_text,
    printable,
    resource_heading,
    resource_text,
    told_apart,
    use_text,
)
from mfmgame.view.text.plan_tables import MOST_ROWS, attack_table

__all__ = ["comparison_text", "compositions_text", "evaluation_text"]

NO_DEFENSE = "(none)"
"""Name of the plan without any defense, beside the names of plans."""


def evaluation_text(*plans: PlanEvaluation) -> Group:
    """Show for each plan of a game its loss, decision, threshold, cost and worst attack."""
    game = plans[0].game
    parts: list[RenderableType] = [title(game)]
    for plan in plans:
        parts += [heading(f"plan {printable(plan.name)}".rstrip()), facts_table(_facts(plan))]
        if plan.attack.array.any():
            effort, coverage = plan.attack.array, plan.coverage.array
            parts += [heading("worst attack on it")]
            parts += [attack_table(game, effort, coverage, plan.residual.array)]
    return Group(*parts, *notes_text(game.notes))


def _facts(plan: PlanEvaluation) -> list[Fact]:
    game, facts = plan.game, list[Fact]()
    if plan.decision is not None:
        stopping = loss_text(game, game.termination_loss or 0.0)
        costs = loss_text(game, plan.loss)
        rest = f": the worst attack on it costs {costs}, stopping costs {stopping}"
        facts.append(("decision for this plan", decision_text(plan.decision, rest)))
        reach = plan_threshold_text(plan.plan_bandwidth, "this plan")
        if plan.margin is not None:
            here = measured(game.attacker_bandwidth, "bit")
            reach += f"; margin {measured(plan.margin, 'bit')} to the attacker's {here}"
        facts.append(("threshold of this plan", reach))
    facts += [
        ("worst-case loss", loss_text(game, plan.loss)),
        ("proven", bracket_text(plan.lower, plan.upper)),
        *status_facts(plan.status),
        ("runs", _levels(game, plan.allocation.array.tolist()) or "nothing"),
    ]
    for row, resource in enumerate(game.resources):
        used, limit = float(plan.resource_use.array[row]), float(game.limits[row])
        text = use_text(game, resource, used, limit)
        if resource in plan.excess and game.keeps_share(resource):
            shares = told_apart(100.0 * kept_share(used), 100.0 * kept_share(limit))
            text = f"keeps {shares[0]} % of the work: LESS than the {shares[1]} % that must be kept"
        elif resource in plan.excess:
            text += f": OVER the limit by {resource_text(game, resource, plan.excess[resource])}"
        facts.append((printable(resource), text))
    facts += [("breaks a rule", printable(rule)) for rule in plan.broken_rules]
    return facts + bases_facts(plan)


def _levels(game: DefenseGame, levels: Sequence[float]) -> str:
    """List the defenses that run; a level other than the greatest stands beside the id."""
    return ", ".join(
        printable(game.defense_ids[j])
        + ("" if level == game.max_level[j] else f" at {number_text(level)}")
        for j, level in enumerate(levels)
        if level > 0.0
    )


def comparison_text(found: PlanComparison | ScenarioComparison) -> Group:
    """Show the plans of one scenario, or of two scenarios, side by side."""
    if isinstance(found, PlanComparison):
        return Group(*_plans(found), *notes_text(found.notes))
    return Group(
        *_plans(found.before),
        Text(),
        *_plans(found.after),
        heading(f"inputs that differ: {len(found.inputs)}"),
        *([_inputs(found.after.game, found.inputs)] if found.inputs else []),
        *notes_text(found.notes),
    )


def _plans(found: PlanComparison) -> list[RenderableType]:
    game, threshold, facts = found.game, found.threshold, list[Fact]()
    if threshold is not None:
        reach = reach_text(threshold.bandwidth)
        facts += [
            ("decision for the best plan", decision_text(threshold.decision)),
            ("stopping costs", loss_text(game, game.termination_loss or 0.0)),
            ("self-destruction threshold", f"{reach}; the plan may change with the attacker"),
        ]
    bracket = bracket_text(found.solution.lower, found.solution.upper)
    facts += [("least loss", f"proven {bracket}"), *status_facts(found.status)]
    return [title(game), facts_table(facts), heading("plans"), _plan_table(found)]


def _plan_table(found: PlanComparison) -> FittingTable:
    game, has_loss = found.game, found.game.termination_loss is not None
    uses = [resource_heading(game, resource) for resource in game.resources]
    told = ["decision", "holds up to\nbits"] if has_loss else []
    change = f"change to {printable(found.baseline.name) if found.plans else NO_DEFENSE}"
    plans = [(NO_DEFENSE, found.undefended), *((p.name, p) for p in found.plans)]
    plans.append(("(best)", found.best))
    is_restricted = any(_faults(plan) for _, plan in plans)
    allowed = ["allowed"] if is_restricted else []
    table = table_of(
        ["plan", loss_heading(game), *told, *allowed, *uses, change],
        texts=("decision", *allowed, change),
        drop=[*reversed(uses), *told[1:]],
    )
    for name, plan in plans:
        cells = [printable(name), number_text(plan.loss)]
        if has_loss:
            reach = plan.plan_bandwidth
            cells += [plan.decision or "-", "any" if reach is None else number_text(reach)]
        if is_restricted:
            faults = _faults(plan)
            cells.append(f"not allowed: {faults}" if faults else "yes")
        for resource, used in plan.resource_use.items():
            mark = " !" if resource in plan.excess else ""
            cells.append(amount_text(game, resource, used) + mark)
        table.add_row(*cells, _change(found.baseline, plan) or "-")
    return table


def _faults(plan: PlanEvaluation) -> str:
    """Say why a plan is not allowed; empty if it is."""
    faults = [f"over {printable(resource)}" for resource in plan.excess]
    return ", ".join(faults + ["breaks a rule"] * bool(plan.broken_rules))


def _change(base: PlanEvaluation, plan: PlanEvaluation) -> str:
    """List what a plan runs more (+), less (-) or at another level than the baseline."""
    game, changes = plan.game, list[str]()
    levels = zip(base.allocation.array.tolist(), plan.allocation.array.tolist(), strict=True)
    for j, (before, after) in enumerate(levels):
        name = printable(game.defense_ids[j])
        if before == after:
            continue
        if after == 0.0:
            changes.append(f"-{name}")
        elif before == 0.0:
            part = "" if after == game.max_level[j] else f" at {number_text(after)}"
            changes.append(f"+{name}{part}")
        else:
            changes.append(f"{name} {' -> '.join(told_apart(before, after))}")
    return ", ".join(changes)


def _inputs(game: DefenseGame, changes: Sequence[InputChange]) -> FittingTable:
    def row_of(k: int) -> tuple[str, ...]:
        pointer, before, after = changes[k]
        if _is_kept_share(game, pointer):
            return printable(pointer), _kept_value(before), _kept_value(after)
        return printable(pointer), _value(before), _value(after)

    return table_of(
        ["input", "first", "second"],
        texts=("first", "second"),
        most=MOST_ROWS,
        rows=RowsOnDemand(len(changes), row_of),
    )


def _is_kept_share(game: DefenseGame, pointer: str) -> bool:
    """Tell whether an input is an amount that stands for a kept share of work."""
    *inside, resource = parts_of(pointer)
    is_amount = inside == ["defender", "limits"] or (inside[:1] == ["defenses"] and "use" in inside)
    return is_amount and game.keeps_share(resource)


def _kept_value(value: float | str | tuple[float, ...] | None) -> str:
    return f"{kept_text(value)} kept" if isinstance(value, float) else _value(value)


def _value(value: float | str | tuple[float, ...] | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return " ".join(map(number_text, value))
    return printable(value) if isinstance(value, str) else number_text(value)


def compositions_text(found: CompositionComparison) -> Group:
    """Show the answer under each composition side by side."""
    game, has_loss = found.game, found.game.termination_loss is not None
    counts = f"{counted(game.n_threats, 'threat')}, {counted(game.n_defenses, 'defense')}"
    told = ["decision", "self-destruction\nthreshold, bits"] if has_loss else []
    headings = ["composition", loss_heading(game, "value"), *told, "runs"]
    table = table_of(headings, texts=("decision", "runs"), drop=["runs"])
    for name, outcome in found.outcomes.items():
        cells, threshold = [printable(name), number_text(outcome.solution.value)], outcome.threshold
        if threshold is not None:
            reach = threshold.bandwidth
            cells += [threshold.decision, "any" if reach is None else number_text(reach)]
        table.add_row(*cells, _levels(game, outcome.solution.allocation.array.tolist()) or "-")
    for name in found.refused:
        table.add_row(printable(name), "refused", *("-" for _ in told), "-")
    return Group(
        Text.assemble((printable(game.name), "bold"), f"  ({counts})"),
        facts_table(status_facts(found.status)),
        table,
        *(Text(f"  {name}: refused, {printable(why)}") for name, why in found.refused.items()),
        *notes_text(found.notes),
    )
