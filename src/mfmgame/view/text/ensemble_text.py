"""Ensembles as text."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.ensembles.ensemble import Ensemble
from mfmgame.ensembles.estimates import CONFIDENCE, Estimate
from mfmgame.ensembles.plan_regrets import HIGH, NEAR, PlanRegret
from mfmgame.messages import counted
from mfmgame.uncertainty.evaluation import MEASURES
from mfmgame.view.json.ensemble_documents import QUANTILES
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, heading, notes_text, status_facts
from mfmgame.view.text.number_formats import (
    loss_heading,
    loss_text,
    number_text,
    printable,
    share_text,
)
from mfmgame.view.text.plan_tables import MOST_ROWS

__all__ = ["ensemble_text"]

NOMINAL = "(nominal)"
"""Name of the plan at nominal values, beside the names of plans."""
_LOSSES = (0.5, 0.2, 0.1, 0.05, 0.01)
"""Exceedance probabilities whose losses the text lists."""


def ensemble_text(found: Ensemble) -> Group:
    """Show distributions, loss exceedance, funding of defenses, and what the draws recommend."""
    counts = f"{counted(len(found), 'draw')} of {counted(len(found.inputs), 'uncertain number')}"
    title = Text.assemble((printable(found.name), "bold"), f"  ({counts}, seed {found.seed})")
    facts = _termination(found)
    if found.has_threshold:
        facts.append(("threshold unreachable", _probability(found.probability_of_no_reach())))
    if found.n_infeasible:
        facts.append(("no feasible allocation", f"{found.n_infeasible} of {len(found)} draws"))
    facts += status_facts(found.status)
    facts.append(
        ("intervals", f"{CONFIDENCE:.0%} confidence, exact; distribution-free for quantiles")
    )
    return Group(
        title,
        facts_table(facts),
        heading("distribution over the draws"),
        _distributions(found),
        heading("loss exceedance"),
        _exceedance(found),
        heading("defenses"),
        _funding(found),
        heading("recommendation"),
        *_recommendation(found),
        *notes_text(found.notes),
    )


def _distributions(found: Ensemble) -> RenderableType:
    quantiles = [f"{at:.0%}" for at in QUANTILES]
    table = table_of(
        ["", "nominal", "mean", *quantiles],
        drop=[quantiles[1], quantiles[3], quantiles[0], "mean"],
        most=MOST_ROWS,
    )
    own = [name for name in found.columns if name not in MEASURES and "/" not in name]
    threshold = ["threshold"] if found.has_threshold else []
    units = {name: printable(found.game.units.loss) for name in ("value", "regret")}
    units["threshold"] = "bits"
    for name in ("value", *threshold, "adversarial", "portfolio", "regret", *own):
        numbers = [found.at_nominal(name), found.mean(name)]
        numbers += [found.quantile(name, at).estimate for at in QUANTILES]
        unit = f" [{units[name]}]" if units.get(name) else ""
        table.add_row(printable(name) + unit, *map(_number, numbers))
    return table


def _exceedance(found: Ensemble) -> RenderableType:
    headings = ["exceeded with probability", loss_heading(found.game, "value"), "from", "to"]
    table = table_of(headings, text_columns=0)
    for probability in _LOSSES:
        estimate = found.quantile("value", 1.0 - probability)
        table.add_row(number_text(probability), *map(_number, estimate))
    return table


def _funding(found: Ensemble) -> RenderableType:
    table = table_of(
        ["defense", "funded", "from", "to", "mean level", "nominal level"],
        drop=["to", "from", "nominal level"],
        most=MOST_ROWS,
    )
    order = sorted(
        found.funding.items(), key=lambda entry: -_rank(entry[1].funded.estimate)
    )  # the sort is stable: ties keep the catalog's order
    for defense, funding in order:
        shares = map(share_text, funding.funded)
        levels = map(_number, (funding.mean_level, funding.nominal_level))
        table.add_row(printable(defense), *shares, *levels)
    return table


def _termination(found: Ensemble) -> list[tuple[str, str]]:
    """State in which share of the draws stopping is cheaper, if the game can be stopped."""
    if not found.has_threshold:
        return []
    undecided = f"; {found.n_undecided} undecided" if found.n_undecided else ""
    return [("decision to terminate", _probability(found.probability_of_termination()) + undecided)]


def _recommendation(found: Ensemble) -> list[RenderableType]:
    """Show how often stopping is cheaper, and how much each plan costs beyond the best plan."""
    facts = _termination(found)
    parts: list[RenderableType] = [facts_table(facts)] if facts else []
    parts.append(_regrets(found))
    return parts + [Text(f"\n{_least_regret(found)}")] * bool(found.plan_names)


def _regrets(found: Ensemble) -> RenderableType:
    plans = {NOMINAL: found.nominal_regret, **_by_text(found.plan_regrets)}
    is_restricted = any(plan.allowed and plan.allowed.estimate < 1.0 for plan in plans.values())
    means = [loss_heading(found.game, name) for name in ("mean regret", f"{HIGH:.0%} regret")]
    headings = ["plan", f"within {NEAR:.0%}\nof the best", "from", "to", *means]
    table = table_of(headings + ["allowed"] * is_restricted, drop=["to", "from"], most=MOST_ROWS)
    # The sort is stable: of plans with equal means, the nominal plan comes first.
    for name, plan in sorted(plans.items(), key=lambda entry: _regret_rank(entry[1].mean.estimate)):
        cells = [*map(share_text, plan.near_best), *map(_number, (plan.mean[0], plan.high[0]))]
        if is_restricted:
            cells.append("-" if plan.allowed is None else share_text(plan.allowed.estimate))
        table.add_row(name, *cells)
    return table


def _least_regret(found: Ensemble) -> str:
    """Name the plan with the least mean regret, and the plans that may have less."""
    least, tied = found.least_mean_regret()
    plan = found.nominal_regret if least is None else found.plan_regrets[least]
    if not found.n_answered:
        return "no draw has an answer, so that no plan can be recommended"
    text = f"least mean regret: {_plan_name(least)}, {loss_text(found.game, plan.mean.estimate)}"
    level = f"{CONFIDENCE:.0%} confidence"
    if tied:
        text += f"; {level} does not tell it apart from {', '.join(map(_plan_name, tied))}"
    else:
        text += f"; every other plan has more, at {level}"
    if plan.allowed is not None and plan.allowed.estimate < 1.0:
        over = share_text(1.0 - plan.allowed.estimate)
        text += f"; it exceeds a limit or breaks a rule in {over} of the draws"
    return text


def _plan_name(plan: str | None) -> str:
    return NOMINAL if plan is None else printable(plan)


def _by_text(plans: Mapping[str, PlanRegret]) -> dict[str, PlanRegret]:
    return {printable(name): plan for name, plan in plans.items()}


def _regret_rank(mean: float) -> float:
    return math.inf if math.isnan(mean) else mean


def _probability(estimate: Estimate) -> str:
    lower, upper = share_text(estimate.lower), share_text(estimate.upper)
    return f"{share_text(estimate.estimate)} of the draws; interval {lower} to {upper}"


def _number(number: float) -> str:
    return "-" if math.isnan(number) else number_text(number)


def _rank(share: float) -> float:
    return -1.0 if math.isnan(share) else share
