"""Write an answer out: whole or not at all, to a file or to standard output."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from mfmgame.errors import SpecificationError

__all__ = ["as_json", "write_text"]


def as_json(document: dict[str, Any]) -> str:
    """A document as indented JSON text; a number that is not finite is an error."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(text: str, file: Path | None) -> None:
    """Write text to a file, or to standard output for None.

    The file is written beside its target and renamed, so that an interrupted run leaves
    the old one whole.

    Raises
    ------
    SpecificationError
        If the file cannot be written.
    """
    if file is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
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
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpecificationError(f"cannot be written: {reason}", source=str(file)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
