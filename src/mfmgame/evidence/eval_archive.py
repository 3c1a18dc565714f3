"""Inspect's archives: ZIP files with Zstandard entries, read in memory and within limits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from mfmgame.documents.json_reading import opened
from mfmgame.errors import SpecificationError
from mfmgame.messages import missing_package, shown

__all__ = ["archived_log"]

HEADER = "header.json"
_SAMPLES = "samples/"
_ZSTANDARD = 93
_MOST_ENTRIES = 200_000
_MOST_ENTRY_BYTES = 128 * 2**20
_MOST_BYTES = 8 * 2**30


def archived_log(file: Path) -> Iterator[tuple[str, bytes]]:
    """Read a log's header and its samples.

    Nothing is written to disk. Sizes that the archive states are not believed.

    Parameters
    ----------
    file : pathlib.Path

    Yields
    ------
    str
        Name of the entry: first ``header.json``, then ``samples/*.json``.
    bytes

    Raises
    ------
    SpecificationError
        If the file is damaged, no such archive, or beyond the limits.
    """
    reads_zstandard, zipfile = _zipfile()
    with opened(file) as stream:
        try:
            archive = zipfile.ZipFile(stream)
            entries = _entries(archive.infolist())
        except SpecificationError:
            raise
        except Exception as error:  # zipfile and its decompressors raise errors of many types
            raise _damaged(error) from None
        left = _MOST_BYTES
        for entry in entries:
            if entry.compress_type == _ZSTANDARD and not reads_zstandard:
                raise missing_package("reading this log needs", "backports.zstd", "evidence")
            most = min(_MOST_ENTRY_BYTES, left)
            try:
                with archive.open(entry) as content:
                    data = content.read(most + 1)
            except Exception as error:
                raise _damaged(error, entry.filename) from None
            if len(data) > most:
                raise SpecificationError(
                    f"{shown(entry.filename)} is larger than the limit of {_MOST_ENTRY_BYTES} "
                    f"bytes, or the samples are larger than {_MOST_BYTES}"
                )
            left -= len(data)
            yield entry.filename, data


def _entries(listed: list[Any]) -> list[Any]:
    """Choose the header and the samples among an archive's entries."""
    if len(listed) > _MOST_ENTRIES:
        raise SpecificationError(f"found {len(listed)} entries, expected at most {_MOST_ENTRIES}")
    entries: dict[str, Any] = {}
    for entry in listed:
        name: str = entry.filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise SpecificationError(f"found the entry {shown(name)}, expected names within")
        if name in entries:
            raise SpecificationError(f"found the entry {shown(name)} twice, expected it once")
        entries[name] = entry
    if HEADER not in entries:
        raise SpecificationError(
            f"has no {HEADER}, expected a log of Inspect that has ended (.eval)"
        )
    samples = [
        entry
        for name, entry in entries.items()
        if name.startswith(_SAMPLES) and name.endswith(".json")
    ]
    return [entries[HEADER], *samples]


def _zipfile() -> tuple[bool, Any]:
    """Import the newest zipfile that there is, and tell whether it reads Zstandard."""
    import zipfile

    if sys.version_info >= (3, 14):
        return True, zipfile
    try:
        from backports.zstd import zipfile as newer
    except ImportError:
        return False, zipfile
    return True, newer


def _damaged(error: Exception, name: str = "") -> SpecificationError:
    where = f" at {shown(name)}" if name else ""
    reason = str(error).partition("\n")[0] or type(error).__name__
    return SpecificationError(f"cannot be read as a ZIP file{where}: {reason}")
