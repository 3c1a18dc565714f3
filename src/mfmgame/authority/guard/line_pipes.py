"""Lines through pipes: read as they come, written whole."""

from __future__ import annotations

import os
from collections.abc import Iterator

__all__ = ["MOST_LINE_BYTES", "read_lines", "write_all"]

MOST_LINE_BYTES = 256 * 2**20
_CHUNK = 2**18


def read_lines(handle: int, most: int = MOST_LINE_BYTES) -> Iterator[bytes]:
    """Read lines from a file descriptor until its end.

    Parameters
    ----------
    handle : int
    most : int
        A longer line comes in parts longer than this, of which only the last may be shorter.

    Yields
    ------
    bytes
        With the line break; the last line may have none.
    """
    parts: list[bytes] = []
    size = 0
    while chunk := os.read(handle, _CHUNK):
        start = 0
        while end := chunk.find(b"\n", start) + 1:
            yield b"".join((*parts, chunk[start:end]))
            parts, size, start = [], 0, end
        if start < len(chunk):
            parts.append(chunk[start:])
            size += len(chunk) - start
        if size > most:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def write_all(handle: int, data: bytes) -> None:
    """Write all of the data to a file descriptor.

    Raises
    ------
    BrokenPipeError
        If nobody reads.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
