"""Layout of text: rich tables on a terminal, plain tables elsewhere."""

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
    "percent_text",
    "printable",
    "rendered",
    "share_text",
    "status_facts",
    "status_text",
    "table_of",
]

PLAIN_WIDTH = 240
"""Width, in columns, of text that is not written to a terminal."""


def rendered(content: RenderableType, *, styled: bool, width: int | None = None) -> str:
    """Render content as text, with or without terminal styles.

    Parameters
    ----------
    content : renderable
    styled : bool
        Whether the text may use colours and line drawing.
    width : int, optional
        Width of the text, in columns.
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
    """Escape every character that could control a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def notes_text(notes: Sequence[str]) -> Iterable[Text]:
    """Make a paragraph of each note."""
    return (Text(f"\nnote: {printable(note)}") for note in notes)


def heading(text: str) -> Text:
    """Make the heading of a section."""
    return Text(f"\n{text}", style="bold")


def facts_table(facts: Sequence[tuple[str, str]]) -> Table:
    """Make a table of names and their facts, side by side."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(name, text)
    return table


def table_of(headings: Sequence[str], text_columns: int = 1) -> Table:
    """Make an empty table whose first columns hold text and whose other columns hold numbers."""
    table = Table(box=None, header_style="dim", padding=(0, 2), pad_edge=True)
    for position, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="left" if position < text_columns else "right",
            overflow="fold",
        )
    return table


def number_text(number: float) -> str:
    """Format a number with six significant digits; the JSON has every digit."""
    return f"{number + 0.0:.6g}"


def status_text(status: Status) -> str:
    """State whether an answer is proven, or why it is not."""
    return status if status == "proven" else f"not proven: {REASONS[status]}"


def status_facts(status: Status) -> list[tuple[str, str]]:
    """List the status among the facts of an answer that is not proven."""
    return [] if status == "proven" else [("status", status_text(status))]


def measured(amount: float, unit: str) -> str:
    """Format an amount with its unit, ``1 bit`` or ``2 bits``."""
    text = number_text(amount)
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def share_text(share: float) -> str:
    """Format a share with three decimals, or NaN as a dash."""
    return "-" if math.isnan(share) else f"{share:.3f}"


def percent_text(share: float) -> str:
    """Format a share in per cent with one decimal, or NaN as a dash."""
    return "-" if math.isnan(share) else f"{100.0 * share:.1f}".removesuffix(".0") + " %"
