"""How text is laid out: rich tables on a terminal, plain ones elsewhere."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mfmgame.answers.solution import REASONS
from mfmgame.documents.result import Status

__all__ = [
    "facts_table",
    "heading",
    "measured",
    "notes_text",
    "number_text",
    "printable",
    "rendered",
    "share_text",
    "status_facts",
    "status_text",
    "table_of",
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


def notes_text(notes: Sequence[str]) -> Iterable[Text]:
    """Each note as a paragraph of its own."""
    return (Text(f"\nnote: {printable(note)}") for note in notes)


def heading(text: str) -> Text:
    """The heading of a part."""
    return Text(f"\n{text}", style="bold")


def facts_table(facts: Sequence[tuple[str, str]]) -> Table:
    """Names and what is to be said of them, side by side."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(name, text)
    return table


def table_of(headings: Sequence[str], text_columns: int = 1) -> Table:
    """An empty table; its first columns hold text, the others numbers."""
    table = Table(box=None, header_style="dim", padding=(0, 2), pad_edge=True)
    for position, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="left" if position < text_columns else "right",
            overflow="fold",
        )
    return table


def number_text(number: float) -> str:
    """Six significant digits: enough to read, with the full number in the JSON."""
    return f"{number + 0.0:.6g}"


def status_text(status: Status) -> str:
    """Whether an answer is proven, or why not."""
    return status if status == "proven" else f"not proven: {REASONS[status]}"


def status_facts(status: Status) -> list[tuple[str, str]]:
    """The status of an answer among its facts, where a reader must know of it."""
    return [] if status == "proven" else [("status", status_text(status))]


def measured(amount: float, unit: str) -> str:
    """An amount in a unit, ``1 bit`` or ``2 bits``."""
    text = number_text(amount)
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def share_text(share: float) -> str:
    """Three digits, or a dash for none."""
    return "-" if math.isnan(share) else f"{share:.3f}"
