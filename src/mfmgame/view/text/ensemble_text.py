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
    percent_range,
    percent_text,
    printable,
)
from mfmgame.view.text.plan_tables import MOST_ROWS

__all__ = ["ensemble_text"]

NOMINAL = "(nominal)"
"""Name of the plan at nominal values, beside the names of plans."""
REGRET = "regret: loss of the nominal plan less the least possible loss in the same draw"
"""What the row of regrets is."""
INTERVAL = f"{CONFIDENCE:.0%} interval".replace("%", " %")
"""Heading of the columns of intervals."""
_SHARES = {
    "adversarial": "share of the worst attack's loss removed",
    "portfolio": "share of severity stopped",
}
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
        (
            "intervals",
            f"{percent_text(CONFIDENCE)} confidence, exact; distribution-free for quantiles",
        )
    )
    return Group(
        title,
        facts_table(facts),
        heading("distribution over the draws"),
        _distributions(found),
        Text(f"  {REGRET}"),
        heading("loss exceedance"),
        _exceedance(found),
        heading("defenses"),
        _funding(found),
        heading("recommendation"),
        _regrets(found),
        *([Text(f"\n{_least_regret(found)}")] if found.plan_names else []),
        *notes_text(found.notes),
    )


def _distributions(found: Ensemble) -> RenderableType:
    quantiles = [percent_text(at) for at in QUANTILES]
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
        numbers = [found.quantile(name, at).estimate for at in QUANTILES]
        unit = f" [{units[name]}]" if units.get(name) else ""
        cells = [_cell(name, found.at_nominal(name)), _mean(name, found.mean(name))]
        cells += [_cell(name, number) for number in numbers]
        table.add_row(printable(_SHARES.get(name, name)) + unit, *cells)
    return table


def _exceedance(found: Ensemble) -> RenderableType:
    headings = ["exceeded with probability", loss_heading(found.game, "value"), INTERVAL]
    table = table_of(headings, text_columns=0)
    for probability in _LOSSES:
        estimate = found.quantile("value", 1.0 - probability)
        cells = _number(estimate.estimate), _range(estimate.lower, estimate.upper)
        table.add_row(percent_text(probability), *cells)
    return table


def _funding(found: Ensemble) -> RenderableType:
    table = table_of(
        ["defense", "funded", INTERVAL, "mean level", "nominal level"],
        drop=[INTERVAL, "nominal level"],
        most=MOST_ROWS,
    )
    order = sorted(
        found.funding.items(), key=lambda entry: -_rank(entry[1].funded.estimate)
    )  # the sort is stable: ties keep the catalog's order
    for defense, funding in order:
        shares = _shares(funding.funded)
        levels = map(_number, (funding.mean_level, funding.nominal_level))
        table.add_row(printable(defense), *shares, *levels)
    return table


def _termination(found: Ensemble) -> list[tuple[str, str]]:
    """State in which share of the draws stopping is cheaper, if the game can be stopped."""
    if not found.has_threshold:
        return []
    undecided = f"; {found.n_undecided} undecided" if found.n_undecided else ""
    return [("decision to terminate", _probability(found.probability_of_termination()) + undecided)]


def _regrets(found: Ensemble) -> RenderableType:
    plans = {NOMINAL: found.nominal_regret, **_by_text(found.plan_regrets)}
    is_restricted = any(plan.allowed and plan.allowed.estimate < 1.0 for plan in plans.values())
    means = [
        loss_heading(found.game, name) for name in ("mean regret", f"{percent_text(HIGH)} regret")
    ]
    headings = ["plan", f"within {percent_text(NEAR)}\nof the best", INTERVAL, *means]
    table = table_of(headings + ["allowed"] * is_restricted, drop=[INTERVAL], most=MOST_ROWS)
    # The sort is stable: of plans with equal means, the nominal plan comes first.
    for name, plan in sorted(plans.items(), key=lambda entry: _regret_rank(entry[1].mean.estimate)):
        cells = [*_shares(plan.near_best), *map(_number, (plan.mean[0], plan.high[0]))]
        if is_restricted:
            cells.append("-" if plan.allowed is None else percent_text(plan.allowed.estimate))
        table.add_row(name, *cells)
    return table


def _least_regret(found: Ensemble) -> str:
    """Name the plan with the least mean regret, and the plans that may have less."""
    least, tied = found.least_mean_regret()
    plan = found.nominal_regret if least is None else found.plan_regrets[least]
    if not found.n_answered:
        return "no draw has an answer, so that no plan can be recommended"
    text = f"least mean regret: {_plan_name(least)}, {loss_text(found.game, plan.mean.estimate)}"
    level = f"{percent_text(CONFIDENCE)} confidence"
    if tied:
        text += f"; {level} does not tell it apart from {', '.join(map(_plan_name, tied))}"
    else:
        text += f"; every other plan has more, at {level}"
    if plan.allowed is not None and plan.allowed.estimate < 1.0:
        over = percent_text(1.0 - plan.allowed.estimate)
        text += f"; it exceeds a limit or breaks a rule in {over} of the draws"
    return text


def _plan_name(plan: str | None) -> str:
    return NOMINAL if plan is None else printable(plan)


def _by_text(plans: Mapping[str, PlanRegret]) -> dict[str, PlanRegret]:
    return {printable(name): plan for name, plan in plans.items()}


def _regret_rank(mean: float) -> float:
    return math.inf if math.isnan(mean) else mean


def _probability(estimate: Estimate) -> str:
    share, interval = _shares(estimate)
    return f"{share} of the draws; {INTERVAL} {interval}"


def _shares(estimate: Estimate) -> tuple[str, str]:
    """Format a share of the draws, and its interval."""
    return percent_text(estimate.estimate), percent_range(estimate.lower, estimate.upper)


def _range(lower: float, upper: float) -> str:
    """Format an interval; few draws may not give it both ends."""
    if math.isfinite(lower) and math.isfinite(upper):
        return f"{number_text(lower)} to {number_text(upper)}"
    if math.isfinite(lower):
        return f"at least {number_text(lower)}"
    return f"at most {number_text(upper)}" if math.isfinite(upper) else "-"


def _cell(name: str, number: float) -> str:
    """Format a number of a column: a share in per cent, a threshold that may be unreachable."""
    if name in _SHARES:
        return percent_text(number)
    return "unreachable" if name == "threshold" and number == math.inf else _number(number)


def _mean(name: str, number: float) -> str:
    """Format a mean; there is none where a number is infinite in some draws."""
    return "-" if math.isinf(number) else _cell(name, number)


def _number(number: float) -> str:
    return "-" if math.isnan(number) else number_text(number)


def _rank(share: float) -> float:
    return -1.0 if math.isnan(share) else share
