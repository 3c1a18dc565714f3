"""Where a command writes: never over its inputs, and each output to a file of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfmgame.documents.json_reading import was_read
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = [
    "check_picture",
    "keep_apart",
    "keep_inputs",
    "write",
    "write_json",
    "write_lines",
    "write_plain",
]


def keep_inputs(output: Path | None) -> None:
    """Refuse to write over a file that this command has read."""
    if output is not None and was_read(output):
        raise SpecificationError(
            "found a file that this command reads, expected another to write to", source=str(output)
        )


def keep_apart(outputs: Mapping[str, Path | None]) -> None:
    """Refuse two outputs to one file, by whatever names.

    Parameters
    ----------
    outputs : mapping of str to pathlib.Path or None
        By the option that names them.
    """
    seen: dict[str, str] = {}
    for option, file in outputs.items():
        if file is None:
            continue
        other = seen.setdefault(os.path.realpath(file), option)
        if other != option:
            raise SpecificationError(
                f"found for both {other} and {option}, expected two files", source=str(file)
            )


def check_picture(picture: Path | None, output: Path | None) -> None:
    """Refuse, before any work, a picture that could not be drawn or would be lost."""
    if picture is None:
        return
    from mfmgame.view.output_files import picture_kind

    picture_kind(picture)
    keep_inputs(picture)
    keep_apart({"--plot": picture, "--output": output})
    import mfmgame.view.plots.style  # noqa: F401 - says so where matplotlib is missing


def write_json(document: dict[str, Any], output: Path | None) -> None:
    """Write a JSON document to a file, or to standard output."""
    from mfmgame.view.output_files import as_json, write_text

    keep_inputs(output)
    write_text(as_json(document), output)


def write(content: RenderableType, output: Path | None) -> None:
    """Write tables and text to a file, or to standard output."""
    from mfmgame.view.output_files import write_text
    from mfmgame.view.text.layout import rendered

    keep_inputs(output)
    width = _terminal_width() if output is None else None
    styled = width is not None and not os.environ.get("NO_COLOR")
    write_text(rendered(content, styled=styled, width=width), output)


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output; on a terminal, they wrap between words."""
    from mfmgame.view.text.wrapping import wrapped

    width = _terminal_width()
    told = (wrapped(line, width, "  ") for line in lines) if width else lines
    write_plain("".join(f"{line}\n" for line in told))


def _terminal_width() -> int | None:
    """Return the columns of standard output: 0 if unknown, None if it is no terminal."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return os.get_terminal_size().columns if terminal else None


def write_plain(text: str) -> None:
    """Write text to standard output."""
    from mfmgame.view.output_files import write_text

    write_text(text, None)
