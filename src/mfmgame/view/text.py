"""Answers as text that people read: rich tables on a terminal, plain ones elsewhere."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mfmgame.catalogs.resolution import Entries
from mfmgame.coverage_index import CoverageIndex
from mfmgame.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.game import DefenseGame
from mfmgame.labels import Labelled
from mfmgame.optima import OneSidedPrice, Sensitivity
from mfmgame.solution import Solution
from mfmgame.spec.catalog import Catalog
from mfmgame.spec.wording import counted
from mfmgame.threshold import Threshold
from mfmgame.verification import FrontierVerification, Verification

if TYPE_CHECKING:
    from mfmgame.assessment import Assessment

__all__ = [
    "assessment_text",
    "catalog_text",
    "frontier_text",
    "index_text",
    "printable",
    "rendered",
    "threshold_text",
    "verification_text",
]

PLAIN_WIDTH = 240
"""Columns of text that no terminal limits."""


def rendered(content: RenderableType, *, styled: bool, width: int | None = None) -> str:
    """Text of some content, with terminal styles or without.

    Parameters
    ----------
    content : renderable
    styled : bool
        Whether colours and line drawing may be used.
    width : int, optional
        Columns to fit into.
    """
    stream = io.StringIO()
    Console(
        file=stream,
        force_terminal=styled,
        no_color=not styled,
        width=width or PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    ).print(content)
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def printable(text: str) -> str:
    """Text with every character that could steer a terminal written as an escape."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def assessment_text(assessment: Assessment) -> Group:
    """The whole answer: decision, value, plan, worst attack, coverage."""
    solution, threshold, index = assessment.solution, assessment.threshold, assessment.index
    game = solution.game
    facts = [("value", _value(solution))]
    if threshold is not None:
        facts = [*_threshold_facts(game, threshold, solution.value), *facts]
    facts += [
        _attacker_fact(game, assessment.sensitivity.bandwidth_price),
        *_limit_facts(assessment.sensitivity),
        ("coverage", _portfolio(index)),
    ]
    return Group(
        _title(game),
        _facts(facts),
        _heading("allocation"),
        _allocation(game, solution.allocation, assessment.sensitivity),
        _heading("worst attack"),
        _attack(solution),
        *_notes(solution.notes),
    )


def threshold_text(game: DefenseGame, threshold: Threshold) -> Group:
    """The threshold, the decision, and the allocation at the threshold."""
    parts: list[RenderableType] = [_title(game), _facts(_threshold_facts(game, threshold))]
    if threshold.reachable:
        parts += [_heading("allocation at the threshold")]
        parts += [_allocation(game, threshold.allocation)]
    return Group(*parts, *_notes(game.notes))


def verification_text(game: DefenseGame, proven: Verification | FrontierVerification) -> Group:
    """What an answer proves, once every number of it has been checked."""
    if isinstance(proven, Verification):
        fact = ("value", f"proven within {proven.lower!r} and {proven.upper!r}")
    else:
        ends = f"from {_number(proven.start)} to {_number(proven.stop)}"
        fact = ("frontier", f"proven {ends}, at {len(proven.lower)} breakpoints and between them")
    has_ranges = isinstance(proven, Verification) and proven.has_ranges
    subject = "every number but those of the sensitivity" if has_ranges else "every number"
    checked = ("verified", f"{subject} follows from the scenario and the certificates")
    facts = [checked, fact, ("gap", f"{proven.gap:.1e}")]
    if has_ranges:
        facts.append(("not proven", "the sensitivity; it agrees with the rest and its digest"))
    return Group(_title(game), _facts(facts))


def index_text(game: DefenseGame, index: CoverageIndex) -> Group:
    """The coverage index by defense, greatest first, and by class."""
    order = sorted(
        range(game.n_defenses), key=lambda j: (-_rank(float(index.defenses.array[j])), j)
    )
    # A class's name breaks after its hyphens, so that six of them fit beside each other.
    classes = [printable(name).replace("-", "-\n") for name in index.classes]
    table = _table(["defense", "index", "consistency", *classes])
    for j in order:
        numbers = [index.defenses.array[j], index.consistency.array[j], *index.by_class[j]]
        table.add_row(printable(game.defense_ids[j]), *(_share(number) for number in numbers))
    return Group(
        _title(game),
        _facts([("portfolio", _portfolio(index))]),
        _heading("by defense and class"),
        table,
        *_notes(game.notes),
    )


def frontier_text(frontier: Frontier, at: Sequence[float] = ()) -> Group:
    """The pieces of a frontier, where it crosses the termination loss, and points of it."""
    game, over_bandwidth = frontier.game, frontier.parameter == ATTACKER_BANDWIDTH
    name = "attacker bandwidth" if over_bandwidth else f"limit of {printable(frontier.parameter)}"
    facts = [("over", name), ("pieces", f"{frontier.n_pieces}, gap {frontier.gap:.1e}")]
    if game.termination_loss is not None:
        crossing = frontier.crossing(game.termination_loss)
        where = "not reached" if crossing is None else f"reached at {_number(crossing)}"
        facts.append((f"a loss of {_number(game.termination_loss)}", where))
    parts: list[RenderableType] = [_title(game), _facts(facts)]
    if at:
        points = _table(["at", "value"], text_columns=0)
        for point in at:
            points.add_row(_number(point), _number(float(frontier(point))))
        parts += [_heading("points"), points]
    pieces = _table(["from", "to", "value from", "value to", "slope"], text_columns=0)
    for k in range(frontier.n_pieces):
        ends = (*frontier.breakpoints[k : k + 2], *frontier.values[k : k + 2], frontier.slopes[k])
        pieces.add_row(*(_number(float(number)) for number in ends))
    return Group(*parts, _heading("pieces"), pieces, *_notes(frontier.notes))


def catalog_text(catalog: Catalog, entries: Entries) -> Group:
    """A catalog's systems, threats and defenses with the basis of their numbers."""
    threats = _table(["threat", "name", "class", "severity", "bits", "basis"], text_columns=3)
    for threat in entries.threats:
        threats.add_row(
            *(printable(text) for text in (threat.id, threat.name, threat.threat_class)),
            *(_number(number or 0.0) for number in (threat.severity, threat.bandwidth)),
            threat.basis or "-",
        )
    resources = list(dict.fromkeys(name for d in entries.defenses for name in d.use))
    defenses = _table(
        ["defense", "name", *map(printable, resources), "covers", "basis"], text_columns=2
    )
    for column, defense in enumerate(entries.defenses):
        covered = int((entries.effectiveness[:, column] > 0).sum())
        defenses.add_row(
            *(printable(text) for text in (defense.id, defense.name)),
            *(_number(defense.use.get(name, 0.0)) for name in resources),
            counted(covered, "threat"),
            defense.basis or "-",
        )
    systems = _table(["system", "name", "inputs", "type"], text_columns=4)
    for system in catalog.systems:
        texts = (system.id, system.name, " ".join(system.inputs), system.target_type)
        systems.add_row(*(printable(text) for text in texts))
    parts: list[RenderableType] = [
        Text(printable(catalog.name), style="bold"),
        *([Text(printable(catalog.source))] if catalog.source else []),
    ]
    for noun, table in (("system", systems), ("threat", threats), ("defense", defenses)):
        if table.row_count:
            parts += [_heading(counted(table.row_count, noun)), table]
    return Group(*parts, *(Text(f"\nnote: {note}") for note in entries.notes))


def _title(game: DefenseGame) -> Text:
    counts = f"{counted(game.n_threats, 'threat')}, {counted(game.n_defenses, 'defense')}"
    counts += f", {game.composition}"
    return Text.assemble((printable(game.name), "bold"), f"  ({counts})")


def _value(solution: Solution) -> str:
    bracket = f"proven within {solution.lower!r} and {solution.upper!r}"
    return f"{_number(solution.value)}  ({bracket})"


def _threshold_facts(
    game: DefenseGame, threshold: Threshold, value: float | None = None
) -> list[tuple[str, str]]:
    worst = "the worst attack" if value is None else f"the worst attack costs {_number(value)}"
    stopping = f"stopping costs {_number(game.termination_loss or 0.0)}"
    if threshold.bandwidth is None:
        reach = "unreachable: no attacker in the game can make stopping the cheaper choice"
    else:
        reach = (
            f"{_number(threshold.bandwidth)} bits, {_number(threshold.margin or 0.0)} from "
            f"the attacker's {_number(game.attacker_bandwidth)}"
        )
    undefended = threshold.undefended
    bare = "unreachable" if undefended is None else f"{_number(undefended)} bits"
    decision = f"{threshold.decision.upper()}: {worst}, {stopping}"
    if value is None:
        relation = "at most" if threshold.decision == "operate" else "more than"
        decision = f"{threshold.decision.upper()}: {worst} costs {relation} stopping"
        decision += f" ({_number(game.termination_loss or 0.0)})"
    return [
        ("decision", decision),
        ("self-destruction threshold", reach),
        ("with no defense", bare),
    ]


def _attacker_fact(game: DefenseGame, price: OneSidedPrice) -> tuple[str, str]:
    worth = f"bandwidth {_number(game.attacker_bandwidth)} bits; one more bit adds "
    return "attacker", worth + _sides(price)


def _limit_facts(found: Sensitivity) -> Iterable[tuple[str, str]]:
    solution = found.solution
    game = solution.game
    for row, resource in enumerate(game.resources):
        used, limit = solution.resource_use.array[row], game.limits[row]
        if math.isfinite(limit):
            text = f"{_number(used)} of {_number(limit)} used; one more unit takes off "
            yield printable(resource), text + _sides(found.limit_prices[resource])
        else:
            yield printable(resource), f"{_number(used)} used, no limit"


def _sides(price: OneSidedPrice) -> str:
    """What one more is worth, and the last one if that is another number."""
    more, last = _number(price.right), price.left
    return (
        more if last is None or _number(last) == more else f"{more}, the last was {_number(last)}"
    )


def _portfolio(index: CoverageIndex) -> str:
    return (
        f"{_share(index.portfolio)} of the weight, {_share(index.worst_class)} in the worst "
        f"class, {_share(index.adversarial)} of the worst attack"
    )


def _allocation(
    game: DefenseGame, allocation: Labelled, found: Sensitivity | None = None
) -> RenderableType:
    """The funded defenses, and those that another optimal allocation funds."""
    roles = {} if found is None else found.roles
    listed = [
        j
        for j, defense in enumerate(game.defense_ids)
        if allocation.array[j] > 0 or roles.get(defense, "useless") != "useless"
    ]
    if not listed:
        return Text("  nothing is funded")
    ranges = [] if found is None else ["least", "greatest", "role"]
    table = _table(["defense", "level", "of", *map(printable, game.resources), *ranges])
    for j in listed:
        level = float(allocation.array[j])
        cells = [_number(level), _number(game.max_level[j])]
        cells += [_number(use * level) for use in game.use[:, j]]
        if found is not None:
            defense = game.defense_ids[j]
            cells += [_number(found.least[defense]), _number(found.greatest[defense])]
            cells.append(roles[defense])
        table.add_row(printable(game.defense_ids[j]), *cells)
    return table


def _attack(solution: Solution) -> RenderableType:
    game, effort = solution.game, solution.attack.array
    caused = effort * solution.residual.array
    running = [i for i in range(game.n_threats) if effort[i] > 0]
    if not running:
        return Text("  no attack causes a loss")
    running.sort(key=lambda i: (-float(_number(float(caused[i]))), i))  # rounding breaks no ties
    table = _table(
        ["threat", "class", "effort", "bits", "severity", "coverage", "loss"], text_columns=2
    )
    for i in running:
        numbers = (
            effort[i],
            effort[i] * game.bandwidth[i],
            game.severity[i],
            solution.coverage.array[i],
            caused[i],
        )
        names = printable(game.threat_ids[i]), printable(game.threat_classes[i])
        table.add_row(*names, *(_number(float(number)) for number in numbers))
    return table


def _notes(notes: Sequence[str]) -> Iterable[Text]:
    return (Text(f"\nnote: {printable(note)}") for note in notes)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _facts(facts: Sequence[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(name, text)
    return table


def _table(headings: Sequence[str], text_columns: int = 1) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2), pad_edge=True)
    for position, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="left" if position < text_columns else "right",
            overflow="fold",
        )
    return table


def _number(number: float) -> str:
    """Six significant digits: enough to read, with the full number in the JSON."""
    return f"{number + 0.0:.6g}"


def _share(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.3f}"


def _rank(share: float) -> float:
    return -1.0 if math.isnan(share) else share
