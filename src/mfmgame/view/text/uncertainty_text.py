"""Sensitivity, attribution and robustness results as text."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.answers.gradient import Gradient, GradientEntries
from mfmgame.answers.status import first_unproven
from mfmgame.answers.threshold import Threshold
from mfmgame.attribution.shapley import Attribution
from mfmgame.attribution.what_if import Outcome, WhatIf, WithoutEach
from mfmgame.documents.member_pointers import parts_of
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import counted
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.global_sensitivity import Influence
from mfmgame.uncertainty.robust import RobustPlan
from mfmgame.uncertainty.tornado import Tornado
from mfmgame.view.json.uncertainty_documents import gradient_notes, what_if_notes
from mfmgame.view.text.answer_facts import title
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
    loss_heading,
    loss_text,
    measured,
    number_text,
    printable,
)
from mfmgame.view.text.plan_tables import greatest_first

if TYPE_CHECKING:
    import pandas

__all__ = [
    "gradient_text",
    "influence_text",
    "robust_text",
    "shares_text",
    "tornado_text",
    "what_if_text",
    "without_each_text",
]

_MOST_ROWS = 20
_SAME = 1e-9
"""Relative difference below which two numbers count as equal: they are proven no closer."""


def gradient_text(value: Gradient, threshold: Gradient | None = None) -> Group:
    """Show the inputs with the greatest elasticities of a value, and of the threshold beside it.

    A gradient of a threshold may also stand alone.
    """
    sides = [value] if threshold is None else [value, threshold]
    entries = [GradientEntries(one) for one in sides]
    first = entries[0]
    facts = [(one.of, _at(one)) for one in sides]
    headings = ["number", "of", "size"]
    for one in sides:
        headings += [f"{one.of} per unit", "per percent"]
    facts += status_facts(first_unproven(one.status for one in sides))
    n_open = int(np.isnan(first.derivatives).sum())
    facts.append(
        ("derivatives", f"for {counted(len(first), 'number')}; not known to exist for {n_open}")
    )
    effects = np.abs(first.elasticities)
    listed = np.flatnonzero(effects > 0.0)
    order = cache(lambda: listed[greatest_first(_as_shown(effects[listed]))])

    def row_of(place: int) -> tuple[str, ...]:
        at = int(order()[place])
        number, name = first.label(at)
        cells = list[float]()
        for one in entries:
            cells += [float(one.derivatives[at]), float(one.elasticities[at])]
        size = _cell(float(first.sizes[at])) + " kept" * _is_kept_share(value.game, number, name)
        return number.replace("_", " "), printable(name), size, *map(_cell, cells)

    shown = min(len(listed), _MOST_ROWS)
    return Group(
        title(value.game),
        facts_table(facts),
        heading(_first_of(f"greatest relative effect on the {value.of}", len(listed))),
        table_of(headings, text_columns=2, rows=RowsOnDemand(shown, row_of)),
        *notes_text(gradient_notes(value, threshold)),
    )


def _is_kept_share(game: DefenseGame, number: str, name: str) -> bool:
    """Tell whether an entry of a gradient is a kept share of work."""
    resource = parts_of(f"/{name}")[0] if number == "use" else name
    return number in ("use", "limit") and game.keeps_share(resource)


def _as_shown(numbers: FloatArray) -> FloatArray:
    """Round positive numbers to the digits that are shown: numbers that look equal stay tied."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        scale = 10.0 ** (3.0 - np.floor(np.log10(numbers)))
        rounded = np.round(numbers * scale) / scale
    return np.where(np.isfinite(rounded), rounded, numbers)


def _at(found: Gradient) -> str:
    return loss_text(found.game, found.at) if found.of == "value" else measured(found.at, "bit")


def shares_text(found: Attribution) -> Group:
    """Show the defenses by their Shapley share."""
    orders = (
        "exact, over all orders"
        if found.permutations is None
        else f"over {found.permutations} random orders"
    )
    facts = [
        ("worst attack, no defense", loss_text(found.game, found.undefended)),
        ("worst attack, with plan", loss_text(found.game, found.defended)),
        ("loss removed", loss_text(found.game, found.removed)),
        ("shares", orders),
        *status_facts(found.status),
    ]
    table = found.to_frame()
    funded = table[table["level"] > 0.0].sort_values("share", ascending=False, kind="stable")
    is_sampled = found.permutations is not None
    headings = [
        "defense",
        "level",
        loss_heading(found.game, "share"),
        *[loss_heading(found.game, "error")][: int(is_sampled)],
        "of all",
        loss_heading(found.game, "alone"),
        loss_heading(found.game, "last"),
    ]
    rows = table_of(headings)
    for defense, row in funded.iterrows():
        share = row["share"] / found.removed if found.removed > 0.0 else math.nan
        cells = [row["level"], row["share"], *([row["error"]] if is_sampled else [])]
        rows.add_row(
            printable(str(defense)),
            *(_cell(float(one)) for one in cells),
            "-" if math.isnan(share) else f"{share:.1%}",
            _cell(float(row["alone"])),
            _cell(float(row["last"])),
        )
    parts: list[RenderableType] = [title(found.game), facts_table(facts)]
    parts.append(rows if len(funded) else Text("  nothing is funded"))
    return Group(*parts, *notes_text(found.notes))


def what_if_text(found: WhatIf, each: WithoutEach | None = None) -> Group:
    """Show both answers and plans side by side, and the cost of removing each defense."""
    before, after = found.before, found.after
    facts = []
    if found.dropped:
        facts.append(("dropped", ", ".join(map(printable, found.dropped))))
    if found.added:
        facts.append(("added", ", ".join(map(printable, found.added))))
    is_changed = bool(facts)
    statuses = [found.status] if each is None else [found.status, each.status]
    facts += status_facts(first_unproven(statuses))
    parts: list[RenderableType] = [title(after.solution.game)]
    if facts:
        parts.append(facts_table(facts))
    if is_changed:
        sides = table_of(["", "before", "after", "change"])
        _add_outcomes(sides, before, after)
        parts += [
            sides,
            heading("allocation"),
            _plans(
                after.solution.game,
                ("before", "after"),
                before.solution.allocation,
                after.solution.allocation,
            ),
        ]
    if each is not None:
        game, value = each.before.solution.game, each.before.solution.value
        told = ["status"] if each.status != "proven" else []
        losses = [loss_heading(game, "value"), loss_heading(game, "change")]
        rows = table_of(["defense", *losses, "threshold\nbits", "decision", *told])
        for one in each.ranked:
            rows.add_row(
                printable(one.defense),
                _cell(one.value) if math.isfinite(one.value) else "infeasible",
                _change(value, one.value),
                _bits(one.threshold),
                one.decision or "-",
                *(one.status or "-" for _ in told),
            )
        parts += [heading("without each defense in turn"), rows]
    return Group(*parts, *notes_text(what_if_notes(found, each)))


def without_each_text(each: WithoutEach) -> Group:
    """Show the cost of removing each defense, in a scenario that does not change otherwise."""
    return what_if_text(WhatIf(each.before, each.before, dropped=(), added=()), each)


def robust_text(plan: RobustPlan) -> Group:
    """Show the robust plan beside the nominal plan, and the worst value of each number."""
    facts, game = list[Fact](), plan.solution.game
    if plan.threshold is not None and plan.nominal_threshold is not None:
        facts = [
            ("decision in the worst case", decision_text(plan.threshold.decision)),
            ("decision at nominal values", decision_text(plan.nominal_threshold.decision)),
        ]
    how = "exact" if plan.is_exact else f"an upper bound; at least {number_text(plan.reached)}"
    price, saved = loss_text(game, plan.price), loss_text(game, plan.saved)
    facts += [
        ("least worst-case loss", f"{loss_text(game, plan.solution.value)}  ({how})"),
        ("price of robustness", f"{price} more if all numbers are nominal"),
        ("benefit of robustness", f"{saved} less in the worst case"),
        *status_facts(plan.status),
    ]
    sides = table_of(["plan", loss_heading(game, "worst case"), loss_heading(game, "nominal")])
    sides.add_row("robust", _cell(plan.solution.value), _cell(plan.robust_nominal))
    sides.add_row("nominal", _cell(plan.nominal_worst), _cell(plan.nominal.value))
    if plan.threshold is not None and plan.nominal_threshold is not None:
        sides.add_row(
            "threshold (bits)",
            _bits(_threshold(plan.threshold)),
            _bits(_threshold(plan.nominal_threshold)),
        )
    estimate = ["measured"] if plan.measured else []
    inputs = table_of(["number", *estimate, "nominal", "from", "to", "worst"])
    columns = (plan.nominal_values, plan.lower, plan.upper, plan.worst_values)
    for row, name in enumerate(plan.names):
        cells = [_cell(float(column[row])) for column in columns]
        cells[-1] = "either" if name in plan.mixed else cells[-1]
        cells[:0] = [_cell(plan.measured.get(name, math.nan)) for _ in estimate]
        inputs.add_row(printable(name), *cells)
    return Group(
        title(game),
        facts_table(facts),
        sides,
        heading("allocation"),
        _plans(game, ("robust", "nominal"), plan.allocation, plan.nominal.allocation),
        heading("uncertain numbers"),
        inputs,
        *notes_text(plan.notes),
    )


def tornado_text(found: Tornado) -> Group:
    """Show the numbers by how far each moves the value."""
    facts = [("value", loss_text(found.game, found.value)), *status_facts(found.status)]
    values = [loss_heading(found.game, heading) for heading in ("value from", "value to")]
    has_threshold = found.game.termination_loss is not None
    thresholds = ["threshold from\nbits", "threshold to\nbits"] if has_threshold else []
    if has_threshold:
        facts.append(("threshold", _bits(found.threshold, unit=True)))
    # A half of a pair says little.
    drop = [tuple(thresholds), ("from", "to"), tuple(values)]
    rows = table_of(["number", "from", "to", *values, *thresholds], drop=drop)
    for row, name in enumerate(found.names):
        cells = [_cell(float(found.lower[row])), _cell(float(found.upper[row]))]
        cells += [_cell(one) for one in found.values[row].tolist()]
        if has_threshold:
            cells += [_bits(one) for one in found.thresholds[row].tolist()]
        rows.add_row(printable(name), *cells)
    return Group(
        title(found.game),
        facts_table(facts),
        heading("each number at its two ends, all others nominal"),
        rows,
        *notes_text(found.notes),
    )


def influence_text(found: Influence) -> Group:
    """Show the numbers by total index or mean size of effect, for each measure."""
    solved = f"{found.method}, {counted(found.n_solved, 'game')} solved"
    facts = [("method", solved), ("seed", str(found.seed))]
    facts += status_facts(found.status)
    if "threshold" in found.indices and found.n_unreached:
        text = f"unreachable in {found.n_unreached} games; the bandwidth of all threats replaces it"
        facts.append(("threshold", text))
    parts: list[RenderableType] = [title(found.game), facts_table(facts)]
    key = "total" if found.method == "sobol" else "mean_size"
    for measure, columns in found.indices.items():
        table = found.to_frame(measure)
        rows = table_of(["number", *(name.replace("_", " ") for name in columns)])
        for name, row in _sorted(table, key).iterrows():
            rows.add_row(printable(str(name)), *(_cell(float(one)) for one in row))
        parts += [heading(f"indices of the {measure}"), rows]
    return Group(*parts, *notes_text(found.notes))


def _sorted(table: pandas.DataFrame, column: str) -> pandas.DataFrame:
    """Sort rows, greatest first; ties keep the scenario's order."""
    return table.sort_values(column, ascending=False, kind="stable")


def _first_of(text: str, count: int) -> str:
    return f"{text} (first {_MOST_ROWS} of {count})" if count > _MOST_ROWS else text


def _add_outcomes(table: FittingTable, before: Outcome, after: Outcome) -> None:
    values = before.solution.value, after.solution.value
    unit = loss_heading(before.solution.game, "value").replace("\n", " (")
    table.add_row(unit + ")" * ("(" in unit), *map(_cell, values), _change(*values))
    if before.threshold is None or after.threshold is None:
        return
    ends = _threshold(before.threshold), _threshold(after.threshold)
    change = _change(*ends) if all(map(math.isfinite, ends)) else "-"
    table.add_row("threshold (bits)", *map(_bits, ends), change)
    table.add_row("decision", before.threshold.decision, after.threshold.decision, "")


def _plans(
    game: DefenseGame, names: tuple[str, str], first: Labelled, second: Labelled
) -> RenderableType:
    """Show the levels of the defenses that either plan funds."""
    levels = {name: (first.get(name, 0.0), second.get(name, 0.0)) for name in game.defense_ids}
    if not any(max(pair) > 0.0 for pair in levels.values()):
        return Text("  nothing is funded")
    table = table_of(["defense", *names])
    for name, pair in levels.items():
        if max(pair) > 0.0:
            table.add_row(printable(name), *map(_cell, pair))
    return table


def _threshold(threshold: Threshold) -> float:
    return math.inf if threshold.bandwidth is None else threshold.bandwidth


def _bits(bandwidth: float, *, unit: bool = False) -> str:
    if math.isnan(bandwidth):
        return "-"
    if math.isinf(bandwidth):
        return "unreachable"
    return measured(bandwidth, "bit") if unit else number_text(bandwidth)


def _change(before: float, after: float) -> str:
    """Format a difference; a difference within rounding is 0."""
    change = after - before
    return "0" if abs(change) <= _SAME * max(before, after) else _cell(change)


def _cell(number: float) -> str:
    return number_text(number) if math.isfinite(number) else "-"
