"""Atomic file writes: a file is written beside its target, then renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mfmgame.errors import SpecificationError

__all__ = ["replacing", "reported_writing"]


@contextlib.contextmanager
def reported_writing(source: str) -> Iterator[None]:
    """Report a file that cannot be written, and the reason.

    Raises
    ------
    SpecificationError
        For an error of the operating system other than a broken pipe.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpecificationError(f"cannot be written: {reason}", source=source) from None


@contextlib.contextmanager
def replacing(file: Path) -> Iterator[IO[bytes]]:
    """Open a stream whose content replaces a file once it is complete.

    Parameters
    ----------
    file : pathlib.Path
        A symbolic link is followed; an existing file keeps its permissions.
    """
    # Follow symbolic links, and set the permissions that a plain open would give.
    target = Path(os.path.realpath(file))
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
