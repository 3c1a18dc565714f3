"""Layout of text: rich tables on a terminal, plain tables elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mfmgame.answers.solution import REASONS
from mfmgame.documents.result import Decision, Status
from mfmgame.view.text.number_formats import printable

__all__ = [
    "decision_text",
    "facts_table",
    "heading",
    "notes_text",
    "rendered",
    "status_facts",
    "status_text",
]

_COLOURS: dict[Decision, str] = {
    "operate": "bold green",
    "terminate": "bold red",
    "undecided": "bold yellow",
}
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


def notes_text(notes: Sequence[str]) -> Iterable[Text]:
    """Make a paragraph of each note."""
    return (Text(f"\nnote: {printable(note)}") for note in notes)


def heading(text: str) -> Text:
    """Make the heading of a section."""
    return Text(f"\n{text}", style="bold")


def facts_table(facts: Sequence[tuple[str, str | Text]]) -> Table:
    """Make a table of names and their facts, side by side."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(name, text)
    return table


def status_text(status: Status) -> str:
    """State whether an answer is proven, or why it is not."""
    return status if status == "proven" else f"not proven: {REASONS[status]}"


def status_facts(status: Status) -> list[tuple[str, str]]:
    """List the status among the facts of an answer that is not proven."""
    return [] if status == "proven" else [("status", status_text(status))]


def decision_text(decision: Decision, rest: str = "") -> Text:
    """Write a decision in capitals and in its colour."""
    return Text.assemble((decision.upper(), _COLOURS[decision]), rest)
