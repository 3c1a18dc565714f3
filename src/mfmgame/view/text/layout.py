"""Layout of text: rich tables on a terminal, plain tables elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from mfmgame.answers.solution import REASONS
from mfmgame.documents.result import Decision, Status
from mfmgame.view.text.number_formats import printable
from mfmgame.view.text.wrapping import line_spans

__all__ = [
    "HINT",
    "Fact",
    "FactsTable",
    "Later",
    "decision_text",
    "facts_table",
    "heading",
    "is_heading",
    "notes_text",
    "rendered",
    "status_facts",
    "status_text",
    "verbatim",
]

Fact = tuple[str, str | Text]
"""A name, and the fact beside it."""
HINT = "dim"
"""Style of a text that names an option of the command line; only terminal output shows it."""
_HEADING = "bold"
_COLOURS: dict[Decision, str] = {
    "operate": "bold green",
    "terminate": "bold red",
    "undecided": "bold yellow",
}
_LEAST_FACT, _FACT_GAP = 16, 4
"""Least width of the facts' column, and the space before it."""
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
    ).print(content, crop=False)
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def notes_text(notes: Sequence[str]) -> Iterable[Text]:
    """Make a paragraph of each note."""
    return (Text(f"\nnote: {printable(note)}") for note in notes)


def verbatim(text: str) -> Text:
    """Make text to copy, such as JSON: no line is broken, however narrow the terminal is."""
    return Text(text, no_wrap=True, overflow="ignore")


def heading(text: str) -> Text:
    """Make the heading of a section."""
    return Text(f"\n{text}", style=_HEADING)


def is_heading(text: Text) -> bool:
    """Tell whether a text is the heading of a section."""
    return text.style == _HEADING


class FactsTable:
    """Names and their facts, side by side.

    Parameters
    ----------
    rows : sequence of tuple
        Pairs of a name and the fact beside it.
    """

    def __init__(self, rows: Sequence[Fact]) -> None:
        self.rows = list(rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        names = max((cell_len(name) for name, _ in self.rows), default=0)
        room = max(_LEAST_FACT, options.max_width - names - _FACT_GAP)
        for name, fact in self.rows:
            text = Text(fact) if isinstance(fact, str) else fact
            lines = [text[start:stop] for start, stop in line_spans(text.plain, room)]
            table.add_row(name, Text("\n").join(lines))
        yield table


class Later:
    """Content that is built only when it is shown: a short display may end before it.

    Parameters
    ----------
    build : callable
        Builds the content.
    """

    def __init__(self, build: Callable[[], RenderableType]) -> None:
        self.build = build

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.build()


def facts_table(facts: Sequence[Fact]) -> FactsTable:
    """Make a table of names and their facts, side by side."""
    return FactsTable(facts)


def status_text(status: Status) -> str:
    """State whether an answer is proven, or why it is not."""
    return status if status == "proven" else f"not proven: {REASONS[status]}"


def status_facts(status: Status) -> list[tuple[str, str]]:
    """List the status among the facts of an answer that is not proven."""
    return [] if status == "proven" else [("status", status_text(status))]


def decision_text(decision: Decision, rest: str = "") -> Text:
    """Write a decision in capitals and in its colour."""
    return Text.assemble((decision.upper(), _COLOURS[decision]), rest)
