"""Authorized bits as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.authority.counting.authorized_bits import AuthorizedBits
from mfmgame.authority.counting.narrowings import narrowings
from mfmgame.authority.counting.threat_bits import ThreatBits
from mfmgame.messages import counted
from mfmgame.numerics.binary_logarithms import bits_at_most
from mfmgame.view.json.bandwidth_documents import scenario_lines
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import Fact, facts_table, heading, notes_text, verbatim
from mfmgame.view.text.number_formats import count_text, number_text, printable

__all__ = ["bandwidth_text"]


def bandwidth_text(authorized: AuthorizedBits) -> Group:
    """Show authorized bits: by tool and argument, of threats, narrowings, and scenario lines."""
    parts: list[RenderableType] = [
        Text(_title(authorized)),
        facts_table(list(_facts(authorized))),
    ]
    if authorized.unbounded:
        parts += [heading("without a bound"), _remarks(authorized)]
    parts += [heading("calls of a step"), _tools(authorized)]
    if any(tool.arguments for tool in authorized.tools):
        parts += [heading("values of the arguments"), _arguments(authorized)]
    if authorized.threats:
        parts += [heading("bits that threats need"), _threats(authorized)]
    found = narrowings(authorized)
    if found:
        table = table_of(["where", "narrowing", "bits off a step"], 2)
        for narrowing in found:
            table.add_row(printable(narrowing.place), narrowing.change, _bits(narrowing.bits))
        parts += [heading("narrowings that take off most bits"), table]
    if authorized.count is not None:
        lines = json.dumps(scenario_lines(authorized), indent=2)
        parts += [heading("for a scenario"), *map(verbatim, lines.splitlines())]
    return Group(*parts, *notes_text(list(_notes(authorized))))


def _facts(authorized: AuthorizedBits) -> Iterator[Fact]:
    at_most = "" if authorized.is_exact else "at most "
    yield "choices at a step", f"{at_most}{count_text(authorized.count)}: a call, or no call"
    yield "bits of a step", f"{at_most}{_bits(authorized.bits_per_step)}"
    yield (
        f"bits of {counted(authorized.steps, 'step')}",
        f"{at_most}{_bits(authorized.bits)}",
    )
    yield "digest", authorized.digest


def _title(authorized: AuthorizedBits) -> str:
    policy = authorized.policy
    rules = "no policy" if policy is None else f"policy {printable(policy.name)}"
    allowed = f"{len(authorized.tools)} of {counted(len(authorized.manifest.tools), 'tool')}"
    return f"{printable(authorized.manifest.name)}  ({allowed} allowed, {rules})"


def _remarks(authorized: AuthorizedBits) -> RenderableType:
    table = table_of(["argument", "why"], 2)
    for remark in authorized.unbounded:
        table.add_row(printable(remark.place), printable(remark.text))
    return table


def _tools(authorized: AuthorizedBits) -> RenderableType:
    table = table_of(["tool", "calls", "bits", "most calls"])
    for tool in authorized.tools:
        table.add_row(
            printable(tool.name),
            count_text(tool.count),
            _bits(tool.bits),
            "-" if tool.most_calls is None else f"{tool.most_calls:,}",
        )
    return table


def _arguments(authorized: AuthorizedBits) -> RenderableType:
    table = table_of(["tool", "argument", "values", "bits"], 2)
    for tool in authorized.tools:
        for name, count in tool.arguments.items():
            bits = math.inf if count is None else bits_at_most(count) if count else -math.inf
            table.add_row(printable(tool.name), printable(name), count_text(count), _bits(bits))
    return table


def _threats(authorized: AuthorizedBits) -> RenderableType:
    table = table_of(["threat", "harmful calls", "calls", "sequences", "bits"], 2)
    for threat in authorized.threats:
        table.add_row(
            printable(threat.threat),
            printable(threat.calls),
            str(threat.steps),
            count_text(threat.sequences),
            _bits(threat.bits),
        )
    return table


def _bits(bits: float) -> str:
    if math.isnan(bits):
        return "unknown"
    return number_text(bits) if math.isfinite(bits) else "unbounded" if bits > 0 else "-"


def _notes(authorized: AuthorizedBits) -> Iterator[str]:
    for remark in authorized.assumed:
        yield f"assumed size: {remark}; the guard refuses to enforce the count"
    keywords: dict[str, int] = {}
    for remark in authorized.ignored:
        keywords[remark.text] = keywords.get(remark.text, 0) + 1
    for keyword, times in keywords.items():
        yield f"{keyword} ({counted(times, 'place')}) narrows no count: the counts are at most"
    for first, second in authorized.shared_calls:
        yield (
            f"a call can serve both {printable(first)} and {printable(second)}: a limit of bits "
            "bounds no loss unless they are a single threat or ways to one loss, or all but one "
            "have 0 bits"
        )
    for threat in authorized.threats:
        if threat.sequences == 0:
            yield _impossible(threat)


def _impossible(threat: ThreatBits) -> str:
    return f"no allowed call realises {threat.threat}: leave the threat out of the scenario"
