"""Answers as HTML for a notebook: small tables with every name escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import numpy as np

from mfmgame.answers.coverage_index import CoverageIndex
from mfmgame.answers.decision import decide
from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.solution import Solution
from mfmgame.view.text.answer_text import loss_fact
from mfmgame.view.text.layout import status_facts
from mfmgame.view.text.number_formats import measured, number_text, printable, share_text

__all__ = ["frontier_html", "index_html", "solution_html"]

_MOST_ROWS = 12
_LONGEST = 60


def solution_html(solution: Solution) -> str:
    """Render a solution as HTML: value, allocation and worst attack."""
    game = solution.game
    levels, efforts = solution.allocation.array, solution.attack.array
    losses = efforts * solution.residual.array
    funded = np.flatnonzero(levels > 0.0)
    attacked = np.flatnonzero(losses > 0.0)
    attacked = attacked[np.argsort(-losses[attacked], kind="stable")]
    facts = [
        ("value", measured(solution.value, "loss unit")),
        ("proven", f"between {solution.lower!r} and {solution.upper!r}"),
        ("attacker", measured(game.attacker_bandwidth, "bit")),
    ]
    facts += status_facts(solution.status)
    if game.termination_loss is not None:
        facts.append(("termination loss", number_text(game.termination_loss)))
        ends = solution.lower, solution.upper
        facts.append(("decision", decide(game, *ends, game.termination_loss)))
    return _wrapped(
        _title(game.name),
        _facts(facts),
        _table(
            ("defense", "level", *(f"use of {resource}" for resource in game.resources)),
            (
                (
                    game.defense_ids[defense],
                    number_text(levels[defense]),
                    *(number_text(used) for used in game.use[:, defense] * levels[defense]),
                )
                for defense in funded[:_MOST_ROWS].tolist()
            ),
            len(funded),
            "funded defenses",
        ),
        _table(
            ("threat", "class", "effort", "coverage", "loss"),
            (
                (
                    game.threat_ids[threat],
                    game.threat_classes[threat],
                    number_text(efforts[threat]),
                    share_text(solution.coverage.array[threat]),
                    number_text(losses[threat]),
                )
                for threat in attacked[:_MOST_ROWS].tolist()
            ),
            len(attacked),
            "threats in the attack",
            text_columns=2,
        ),
        _notes(solution.notes),
    )


def frontier_html(frontier: Frontier) -> str:
    """Render a frontier as HTML: the swept parameter, and a table of the pieces."""
    over_bandwidth = frontier.parameter == ATTACKER_BANDWIDTH
    over = "attacker bandwidth [bits]" if over_bandwidth else f"limit of {frontier.parameter}"
    facts = [("over", over), ("pieces", f"{frontier.n_pieces}, gap {frontier.gap:.1e}")]
    facts += status_facts(frontier.status)
    if frontier.game.termination_loss is not None:
        facts.append(loss_fact(frontier.game.termination_loss, frontier.regions()))
    pieces = zip(
        frontier.breakpoints[:-1],
        frontier.breakpoints[1:],
        frontier.values[:-1],
        frontier.values[1:],
        frontier.slopes,
        strict=True,
    )
    return _wrapped(
        _title(frontier.game.name),
        _facts(facts),
        _table(
            ("from", "to", "value from", "value to", "slope"),
            ([number_text(number) for number in piece] for piece in pieces),
            frontier.n_pieces,
            "pieces",
            text_columns=0,
        ),
        _notes(frontier.notes),
    )


def index_html(index: CoverageIndex) -> str:
    """Render a coverage index as HTML: shares of the allocation, and a table by class."""
    facts = [
        ("share of total weight", share_text(index.portfolio)),
        ("in the least covered class", share_text(index.worst_class)),
        ("of the worst attack", share_text(index.adversarial)),
        *status_facts(index.status),
    ]
    everything = index.defenses.array
    order = np.argsort(-np.nan_to_num(everything), kind="stable")
    ids = list(index.defenses)
    classes = index.classes[:_MOST_ROWS]
    return _wrapped(
        _title("Defense Coverage Index"),
        _facts(facts),
        _table(
            ("defense", "index", "consistency", *classes),
            (
                (
                    ids[defense],
                    share_text(everything[defense]),
                    share_text(index.consistency.array[defense]),
                    *(share_text(share) for share in index.by_class[defense, : len(classes)]),
                )
                for defense in order[:_MOST_ROWS].tolist()
            ),
            len(ids),
            "defenses",
        ),
        "" if len(classes) == len(index.classes) else _paragraph("and more classes"),
        _notes(index.notes),
    )


def _wrapped(*parts: str) -> str:
    # These CSS classes stop a notebook from reading dollar signs in names as formulas.
    return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def _text(text: str) -> str:
    """Escape text for HTML: short, on one line, and free of markup."""
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return html.escape(printable(cut))


def _title(name: str) -> str:
    return f"<p><strong>{_text(name)}</strong></p>"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(printable(text))}</p>"


def _notes(notes: Sequence[str]) -> str:
    return "".join(_paragraph(f"note: {note}") for note in notes)


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left">{_text(name)}</th>'
        f'<td style="text-align:left">{_text(text)}</td></tr>'
        for name, text in facts
    )
    return f"<table>{rows}</table>"


def _table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    total: int,
    noun: str,
    text_columns: int = 1,
) -> str:
    """Make a table whose first columns hold text, with a line that counts the omitted rows."""
    sides = ["left"] * text_columns + ["right"] * (len(headings) - text_columns)
    head = "".join(
        f'<th style="text-align:{side}">{_text(heading)}</th>'
        for side, heading in zip(sides, headings, strict=True)
    )
    body, count = "", 0
    for row in rows:
        if count == _MOST_ROWS:
            break
        count += 1
        cells = "".join(
            f'<td style="text-align:{side}">{_text(cell)}</td>'
            for side, cell in zip(sides, row, strict=True)
        )
        body += f"<tr>{cells}</tr>"
    if not count:
        return _paragraph(f"no {noun}")
    more = _paragraph(f"and {total - count:,} more {noun}") if total > count else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
