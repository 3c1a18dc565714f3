"""Output of an answer to a file or to standard output; a file is written whole or not at all."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from mfmgame.errors import SpecificationError
from mfmgame.machine.atomic_files import replacing, reported_writing

__all__ = ["as_json", "picture_kind", "write_figure", "write_text"]

_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Metadata to omit from a picture, by file type."""


def as_json(document: dict[str, Any]) -> str:
    """Convert a document to indented ASCII JSON; a number that is not finite is an error."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def write_figure(figure: Any, file: Path) -> None:
    """Write a matplotlib figure to a file, whole or not at all; the file's ending sets the format.

    Raises
    ------
    SpecificationError
        If the ending is not .png, .svg or .pdf, or the file cannot be written.
    """
    kind = picture_kind(file)
    import matplotlib

    from mfmgame.view.plots.style import STYLE

    picture = io.BytesIO()
    # No date, no version and no random identifiers: the same figure gives the same bytes.
    with matplotlib.rc_context(STYLE):
        figure.savefig(picture, format=kind, metadata=_METADATA[kind])
    with reported_writing(str(file)):
        _write_beside(picture.getvalue(), file)


def picture_kind(file: Path) -> str:
    """Find the format of a picture from the file's ending: ``"png"``, ``"svg"`` or ``"pdf"``.

    Raises
    ------
    SpecificationError
        If the ending is another.
    """
    kind = file.suffix.removeprefix(".").lower()
    if kind not in _METADATA:
        raise SpecificationError(
            f"found the ending {file.suffix!r}, expected .png, .svg or .pdf", source=str(file)
        )
    return kind


def write_text(text: str, file: Path | None) -> None:
    """Write text to a file, or to standard output for None.

    The text goes to a temporary file beside the target, which is then renamed, so that an
    interrupted run leaves the old file whole.

    Raises
    ------
    SpecificationError
        If the file cannot be written.
    """
    with reported_writing("<stdout>" if file is None else str(file)):
        if file is None:
            _write_to_standard_output(text)
        else:
            _write_beside(text.encode("utf-8"), file)


def _write_beside(data: bytes, file: Path) -> None:
    """Write to a temporary file and rename it; write directly to a device or pipe."""
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return
    with replacing(file) as stream:
        stream.write(data)


def _write_to_standard_output(text: str) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # Python flushes the remaining buffer when it exits; discard that output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
