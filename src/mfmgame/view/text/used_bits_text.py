"""Used bits and unused authority as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.authority.logs.clustered_entropy import Entropy
from mfmgame.authority.logs.unused_authority import UnusedAuthority
from mfmgame.authority.logs.used_bits import UsedBits
from mfmgame.messages import counted
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import Fact, facts_table, heading, notes_text, verbatim
from mfmgame.view.text.number_formats import number_text, percent_text, printable

__all__ = ["unused_text", "used_text"]

_MUCH_UNSEEN = 0.2
"""Share of calls by a single session from which the intervals no longer cover as they say."""
_HONEST = "used bits describe the logged agent, not an attacker: they never raise a limit"


def used_text(used: UsedBits) -> Group:
    """Show used bits: of calls and of tools, with their intervals."""
    facts: list[Fact] = [
        (
            "log",
            f"{counted(used.calls, 'call')} in {counted(used.sessions, 'session')}; "
            f"{used.distinct_calls} different, of {counted(used.distinct_tools, 'tool')}",
        ),
        ("used bits a call", _interval(used.entropy)),
        ("tool alone", _interval(used.tool_entropy)),
        ("made by one session", f"{percent_text(used.own_share)} of the calls"),
    ]
    notes = [_HONEST]
    if used.own_share > _MUCH_UNSEEN:
        notes.append(
            f"{percent_text(used.own_share)} of the calls were made by no other session: most "
            "possible calls have not been seen, and the used bits of a call are too low"
        )
    return Group(Text("used bits"), facts_table(facts), *notes_text(notes))


def unused_text(unused: UnusedAuthority) -> Group:
    """Show authority that no call used, the bits that each rule takes off, and the rules."""
    title = Text("authority that no logged call used")
    parts: list[RenderableType] = [title, facts_table(list(_facts(unused)))]
    if unused.narrowings:
        table = table_of(["where", "rule", "bits off a step"], 2)
        for found in unused.narrowings:
            table.add_row(printable(found.place), found.change, _bits(found.bits))
        rules = json.dumps(_rules(unused), indent=2, ensure_ascii=True)
        parts += [
            heading("rules that take authority away"),
            table,
            heading("to merge into the policy"),
            *map(verbatim, rules.splitlines()),
        ]
    return Group(*parts, *notes_text([_HONEST, *_notes(unused)]))


def _facts(unused: UnusedAuthority) -> Iterator[Fact]:
    before, after = unused.authorized.bits_per_step, unused.narrowed.bits_per_step
    yield "calls within the policy", f"{unused.calls:,}"
    if unused.outside:
        yield "calls outside", f"{unused.outside:,}, left out"
    yield "bits of a step", _bits(before)
    yield "with all rules", _bits(after)


def _notes(unused: UnusedAuthority) -> Iterator[str]:
    if unused.narrowings:
        yield (
            "a rule may refuse calls that the agent needs later: check each before use; bits of "
            "threats change with the policy and must be counted again"
        )


def _rules(unused: UnusedAuthority) -> dict[str, object]:
    """Return what the policy says of the tools that the rules name."""
    named = {name for found in unused.narrowings for name in (found.rule or {}).get("tools", {})}
    document = unused.policy.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"tools": {name: rule for name, rule in document["tools"].items() if name in named}}


def _interval(entropy: Entropy) -> str:
    bits = number_text(entropy.bits)
    if entropy.low is None or entropy.high is None:
        return f"{bits}; no interval with a single session"
    return f"{bits} (95 %: {number_text(entropy.low)} to {number_text(entropy.high)})"


def _bits(bits: float) -> str:
    return number_text(bits) if math.isfinite(bits) else "unbounded" if bits > 0 else "-"
