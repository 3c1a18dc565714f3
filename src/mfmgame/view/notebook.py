"""Answers as HTML for a notebook: small tables with every name escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import pairwise

from rich.console import RenderableType
from rich.text import Text

from mfmgame.view.contents import content_of, parts_of
from mfmgame.view.text.fitting_table import FittingTable
from mfmgame.view.text.layout import HINT, FactsTable

__all__ = ["html_of"]

_MOST_ROWS = 12
_LONGEST_NAME = 60
_LONGEST_FACT = 240


def html_of(answer: object) -> str:
    """Write an answer as HTML: its facts as a table, and the first rows of its tables."""
    # These CSS classes stop a notebook from reading dollar signs in names as formulas.
    parts = "".join(_part(part) for part in parts_of(content_of(answer)))
    return f'<div class="tex2jax_ignore mathjax_ignore">{parts}</div>'


def _part(part: RenderableType) -> str:
    if isinstance(part, Text):
        return _paragraph(part)
    if isinstance(part, FactsTable):
        return _facts(part)
    if isinstance(part, FittingTable):
        return _table(part)
    raise TypeError(f"found a part of kind {type(part).__name__}, which has no HTML")


def _paragraph(text: Text) -> str:
    """Make a paragraph; bold text, such as a name in a title, is short and strong."""
    written = ""
    # A text that is built of pieces keeps them as spans, in order and apart.
    ends = sorted({0, len(text), *(end for span in text.spans for end in span[:2])})
    for start, end in pairwise(ends):
        piece = text.plain[start:end]
        styles = [text.style, *(s.style for s in text.spans if s.start <= start and end <= s.end)]
        if HINT in styles:
            continue
        if any(str(style).startswith("bold") for style in styles):
            written += f"<strong>{_escaped(piece.strip(), _LONGEST_NAME)}</strong>"
        else:
            written += _escaped(piece)
    return f"<p>{written.strip()}</p>" if written.strip() else ""


def _facts(table: FactsTable) -> str:
    rows = "".join(
        f"<tr>{_cell('th', name)}{_cell('td', _plain(fact), longest=_LONGEST_FACT)}</tr>"
        for name, fact in table.rows
    )
    return f"<table>{rows}</table>" if rows else ""


def _table(table: FittingTable) -> str:
    """Make a table of the first rows, with a line that counts the others."""
    columns, rows = table.content(_MOST_ROWS)
    sides = ["left" if table.is_text(k) else "right" for k in columns]
    body = "".join(_row("td", [row[k] for k in columns], sides) for row in rows)
    head = _row("th", [_one_line(table.headings[k]) for k in columns], sides)
    rest = f"<p>{_escaped(table.rest(len(rows)))}</p>" if len(table.rows) > len(rows) else ""
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{rest}"


def _row(tag: str, cells: Iterable[str], sides: list[str]) -> str:
    return f"<tr>{''.join(_cell(tag, *one) for one in zip(cells, sides, strict=True))}</tr>"


def _cell(tag: str, text: str, side: str = "left", *, longest: int = _LONGEST_NAME) -> str:
    return f'<{tag} style="text-align:{side}">{_escaped(text, longest)}</{tag}>'


def _one_line(heading: str) -> str:
    """Join the lines of a heading; a name that breaks after its hyphens is whole again."""
    return heading.replace("-\n", "-").replace("\n", " ")


def _plain(fact: str | Text) -> str:
    return fact.plain if isinstance(fact, Text) else fact


def _escaped(text: str, longest: int | None = None) -> str:
    """Escape text for HTML; a text that is too long is cut."""
    if longest is not None and len(text) > longest:
        text = text[: longest - 1] + "…"
    return html.escape(text)
