"""Ensembles as text."""

from __future__ import annotations

import math

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.ensembles.ensemble import Ensemble
from mfmgame.ensembles.estimates import CONFIDENCE, Estimate
from mfmgame.messages import counted
from mfmgame.uncertainty.evaluation import MEASURES
from mfmgame.view.json.ensemble_documents import QUANTILES
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, heading, notes_text, status_facts
from mfmgame.view.text.number_formats import number_text, printable, share_text

__all__ = ["ensemble_text"]

_LOSSES = (0.5, 0.2, 0.1, 0.05, 0.01)
"""Exceedance probabilities whose losses the text lists."""


def ensemble_text(found: Ensemble) -> Group:
    """Show the decision, distributions, loss exceedance and funding rate of each defense."""
    counts = f"{counted(len(found), 'draw')} of {counted(len(found.inputs), 'uncertain number')}"
    title = Text.assemble((printable(found.name), "bold"), f"  ({counts}, seed {found.seed})")
    facts: list[tuple[str, str]] = []
    if found.has_threshold:
        undecided = f"; {found.n_undecided} undecided" if found.n_undecided else ""
        estimate = _probability(found.probability_of_termination())
        facts.append(("decision to terminate", estimate + undecided))
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
        *notes_text(found.notes),
    )


def _distributions(found: Ensemble) -> RenderableType:
    table = table_of(["", "nominal", "mean", *(f"{at:.0%}" for at in QUANTILES)])
    own = [name for name in found.columns if name not in MEASURES and "/" not in name]
    threshold = ["threshold"] if found.has_threshold else []
    for name in ("value", *threshold, "adversarial", "portfolio", "regret", *own):
        numbers = [found.at_nominal(name), found.mean(name)]
        numbers += [found.quantile(name, at).estimate for at in QUANTILES]
        table.add_row(printable(name), *map(_number, numbers))
    return table


def _exceedance(found: Ensemble) -> RenderableType:
    table = table_of(["exceeded with probability", "value", "from", "to"], text_columns=0)
    for probability in _LOSSES:
        estimate = found.quantile("value", 1.0 - probability)
        table.add_row(number_text(probability), *map(_number, estimate))
    return table


def _funding(found: Ensemble) -> RenderableType:
    table = table_of(["defense", "funded", "from", "to", "mean level", "nominal level"])
    order = sorted(
        found.funding.items(), key=lambda entry: -_rank(entry[1].funded.estimate)
    )  # the sort is stable: ties keep the catalog's order
    for defense, funding in order:
        shares = map(share_text, funding.funded)
        levels = map(_number, (funding.mean_level, funding.nominal_level))
        table.add_row(printable(defense), *shares, *levels)
    return table


def _probability(estimate: Estimate) -> str:
    lower, upper = share_text(estimate.lower), share_text(estimate.upper)
    return f"{share_text(estimate.estimate)} of the draws; interval {lower} to {upper}"


def _number(number: float) -> str:
    return "-" if math.isnan(number) else number_text(number)


def _rank(share: float) -> float:
    return -1.0 if math.isnan(share) else share
