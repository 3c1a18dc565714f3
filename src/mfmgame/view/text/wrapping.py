"""Lines that break between words, then between the parts of an id, and last within a part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

__all__ = ["line_spans", "wrapped"]

Span = tuple[int, int]

_WORD = re.compile(r"[^ \n]+(?: %[^ \n]*)?")  # a per cent sign stays with its number
_BREAK = re.compile(
    r"(?<=[^-][-/,_.])"  # after a mark that does not begin the word
    r"(?<!\d[-/,_.](?=\d))"  # but not within a number or a date,
    r"(?<!\d[eE]-)"  # nor within its power of ten,
    r"(?![-/,_.;:!?)\]}])"  # nor before another mark: no line holds a mark alone
)


def wrapped(text: str, width: int, indent: str = "") -> str:
    """Break a text into lines of at most `width` columns.

    Parameters
    ----------
    text : str
    width : int
    indent : str
        What each line but the first begins with.

    Examples
    --------
    >>> print(wrapped("photo-forensics, rate-limit at 0.25", 16))
    photo-forensics,
    rate-limit at
    0.25
    >>> print(wrapped("under-triage-by-adversarial-photo", 16))
    under-triage-by-
    adversarial-
    photo
    """
    if cell_len(text) <= width and "\n" not in text:
        return text
    spans = line_spans(text, max(1, width - cell_len(indent)) if indent else width)
    return f"\n{indent}".join(text[start:stop] for start, stop in spans)


def line_spans(text: str, width: int) -> list[Span]:
    """Return where each line of a text starts and stops; its own line breaks are kept."""
    spans, offset = list[Span](), 0
    for line in text.split("\n"):
        if cell_len(line) <= width:
            spans.append((offset, offset + len(line)))
        else:
            spans += _filled(text, offset, offset + len(line), width)
        offset += len(line) + 1
    return spans


def _filled(text: str, start: int, stop: int, width: int) -> Iterator[Span]:
    """Fill lines with as many pieces as each of them holds."""
    begin = end = -1
    for first, last in _pieces(text, start, stop, width):
        if begin < 0:
            begin = first
        elif cell_len(text[begin:last]) > width:
            yield begin, end
            begin = first
        end = last
    yield (begin, end) if begin >= 0 else (start, start)


def _pieces(text: str, start: int, stop: int, width: int) -> Iterator[Span]:
    """Split a text at its spaces; a word longer than a line, also within itself."""
    for word in _WORD.finditer(text, start, stop):
        if cell_len(word[0]) <= width:
            yield word.span()
            continue
        ends = [word.start() + found.start() for found in _BREAK.finditer(word[0])]
        begin = word.start()
        for end in (*ends, word.end()):
            yield from _cut(text, begin, end, width)
            begin = end


def _cut(text: str, start: int, stop: int, width: int) -> Iterator[Span]:
    """Cut a part that is longer than a line; no mark is cut off alone."""
    while cell_len(text[start:stop]) > width:
        end = start + 1
        while end < stop and cell_len(text[start : end + 1]) <= width:
            end += 1
        if end == stop - 1 and end > start + 1 and not text[end].isalnum():
            end -= 1
        yield start, end
        start = end
    if start < stop:
        yield start, stop
