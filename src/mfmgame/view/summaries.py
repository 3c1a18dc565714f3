"""Answers as text in Python: a whole summary, and the few lines that a prompt shows."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from mfmgame.view.contents import content_of, parts_of
from mfmgame.view.text.fitting_table import FittingTable, every_row
from mfmgame.view.text.layout import FactsTable, is_heading, rendered
from mfmgame.view.text.number_formats import full_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["brief_of", "summary_of"]

_MOST_LINES = 9
_WIDTH = 100
_MOST_ROWS = 5
"""Rows of a table that stand among the first lines of an answer."""


def summary_of(answer: object, *, digits: bool = False, rows: bool = False) -> str:
    """Write an answer as its command prints it.

    Parameters
    ----------
    answer : object
        An answer with a content (see :func:`mfmgame.view.contents.content_of`).
    digits : bool
        Whether to write every digit of each number.
    rows : bool
        Whether to write every row of each table.
    """
    with full_digits(on=digits), every_row(on=rows):
        return rendered(content_of(answer), styled=False)


def brief_of(answer: object) -> str:
    """Write the kind of an answer, its title and its first facts, in at most nine lines."""
    lines = islice(_first_lines(answer), _MOST_LINES)
    return "\n".join(_cut(line) for line in lines)


def _first_lines(answer: object) -> Iterator[str]:
    """Yield the title and the lines before the first section, or those of the first section."""
    parts = parts_of(content_of(answer))
    first = next(parts)
    yield f"{type(answer).__name__}: {first.plain if isinstance(first, Text) else ''}"
    has_facts = False
    for part in parts:
        if isinstance(part, Text):
            if has_facts and is_heading(part):
                return
            yield part.plain.strip()
        elif isinstance(part, FactsTable):
            has_facts = has_facts or bool(part.rows)
            width = max((cell_len(name) for name, _ in part.rows), default=0)
            for name, fact in part.rows:
                padding = " " * (width - cell_len(name))
                yield f"  {name}{padding}  {fact.plain if isinstance(fact, Text) else fact}"
        elif isinstance(part, FittingTable):
            has_facts = True
            shown = rendered(part.first_rows(_MOST_ROWS), styled=False, width=_WIDTH)
            yield from shown.splitlines()


def _cut(line: str) -> str:
    text = Text(line)
    text.truncate(_WIDTH, overflow="ellipsis")
    return text.plain.rstrip()
