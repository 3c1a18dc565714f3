"""Write an answer out: whole or not at all, to a file or to standard output."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from mfmgame.errors import SpecificationError

__all__ = ["as_json", "write_text"]


def as_json(document: dict[str, Any]) -> str:
    """A document as indented JSON text, ASCII only; a number not finite is an error."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def write_text(text: str, file: Path | None) -> None:
    """Write text to a file, or to standard output for None.

    The file is written beside its target and renamed, so that an interrupted run leaves
    the old one whole.

    Raises
    ------
    SpecificationError
        If the file cannot be written.
    """
    try:
        if file is None:
            _write_to_standard_output(text)
            return
        if file.exists() and not file.is_file():  # a device or pipe has nothing to keep
            with file.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            return
        # Through a symbolic link, and with the permissions that a plain open would give.
        target = Path(os.path.realpath(file))
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, mode)
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        source = "<stdout>" if file is None else str(file)
        raise SpecificationError(f"cannot be written: {reason}", source=source) from None


def _write_to_standard_output(text: str) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # What Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
