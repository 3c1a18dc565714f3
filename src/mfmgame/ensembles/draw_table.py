"""Tables of draws in Parquet, each with a checksum of its numbers.

Numbers are accepted only if they are read exactly as they were written, to the last bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from mfmgame.messages import missing_package
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Chunk", "DrawTables"]

Chunk = tuple[int, int]

RUN = b"mfmgame"
CHECKSUM = b"sha256"
_ROWS_IN_GROUP = 2048


class DrawTables:
    """Format of the draws of one run in a file.

    Parameters
    ----------
    columns : sequence of str
        Names of the numbers in a row.
    inputs : sequence of str
        Names of the uncertain inputs; their columns begin with ``input/``.
    run : bytes
        All that determines the numbers of the run; stored in each file.

    Raises
    ------
    SpecificationError
        If pyarrow is missing.
    """

    def __init__(self, columns: Sequence[str], inputs: Sequence[str], run: bytes) -> None:
        self._arrow, self._parquet = _arrow()
        self._run = run
        self._names = (*(f"input/{name}" for name in inputs), *columns)
        arrow = self._arrow
        kinds = [arrow.int64(), *[arrow.float64()] * len(self._names)]
        self._schema = arrow.schema(list(zip(("draw", *self._names), kinds, strict=True)))

    def write(self, stream: IO[bytes], start: int, numbers: FloatArray) -> bytes:
        """Write one chunk.

        Parameters
        ----------
        stream : binary file
        start : int
            First draw of the chunk.
        numbers : ndarray of float, shape (n_draws, n_inputs + n_columns)

        Returns
        -------
        bytes
            Checksum of the numbers.
        """
        checksum = _checksum(numbers)
        with self._writer(stream, checksum) as writer:
            writer.write_table(self._table(start, numbers))
        return checksum

    def write_all(
        self, stream: IO[bytes], checksums: Sequence[bytes], numbers: Iterator[FloatArray]
    ) -> None:
        """Write chunks, from draw 0 on, as one file with few row groups.

        Parameters
        ----------
        stream : binary file
        checksums : sequence of bytes
            Checksum of each chunk.
        numbers : iterator of ndarray
            Numbers of each chunk, as for :meth:`write`.
        """
        with self._writer(stream, _joint(checksums)) as writer:
            start = 0
            gathered: list[FloatArray] = []
            for left, chunk in zip(range(len(checksums) - 1, -1, -1), numbers, strict=True):
                gathered.append(chunk)
                if sum(map(len, gathered)) >= _ROWS_IN_GROUP or not left:
                    rows = np.concatenate(gathered)
                    writer.write_table(self._table(start, rows), row_group_size=len(rows))
                    start += len(rows)
                    gathered = []

    def read(self, file: Path, chunk: Chunk) -> tuple[FloatArray, bytes] | None:
        """Read the numbers and checksum of one chunk; None if the numbers are damaged.

        Parameters
        ----------
        file : pathlib.Path
        chunk : tuple of int
            First draw of the chunk, and the draw after its last.
        """
        try:
            with file.open("rb") as stream:
                table = self._parquet.ParquetFile(stream).read()
                numbers = self._numbers(table, *chunk)
        except self._failures():
            return None
        checksum = None if numbers is None else _checksum(numbers)
        if checksum is None or self._is_other(table.schema, checksum):
            return None
        assert numbers is not None
        return numbers, checksum

    def read_all(self, file: Path, chunks: Sequence[Chunk]) -> FloatArray | None:
        """Read the numbers of all chunks in one file; None if the numbers are damaged.

        Parameters
        ----------
        file : pathlib.Path
        chunks : sequence of tuple of int
            First draw of each chunk, and the draw after its last.
        """
        found = np.empty((chunks[-1][1], len(self._names)))
        start = 0
        try:
            with file.open("rb") as stream:
                source = self._parquet.ParquetFile(stream)
                for group in range(source.num_row_groups):
                    table = source.read_row_group(group)
                    stop = start + len(table)
                    numbers = self._numbers(table, start, stop)
                    if numbers is None or stop > len(found):
                        return None
                    found[start:stop] = numbers
                    start = stop
                schema = source.schema_arrow
        except self._failures():
            return None
        checksum = _joint([_checksum(found[slice(*chunk)]) for chunk in chunks])
        if start != len(found) or self._is_other(schema, checksum):
            return None
        return found

    def run_in(self, file: Path) -> bytes | None:
        """Read the identity of the run whose draws a file holds; None if it holds no draws."""
        try:
            with file.open("rb") as stream:
                metadata = self._parquet.read_schema(stream).metadata
        except self._failures():
            return None
        run: bytes | None = (metadata or {}).get(RUN)
        return run

    def _table(self, start: int, numbers: FloatArray) -> pyarrow.Table:
        columns = [np.arange(start, start + len(numbers)), *np.ascontiguousarray(numbers.T)]
        arrays = [self._arrow.array(column) for column in columns]
        return self._arrow.Table.from_arrays(arrays, schema=self._schema)

    def _writer(self, stream: IO[bytes], checksum: bytes) -> Any:
        schema = self._schema.with_metadata({RUN: self._run, CHECKSUM: checksum})
        # A dictionary would merge numbers that compare equal but differ in a bit.
        return self._parquet.ParquetWriter(stream, schema, use_dictionary=False)

    def _numbers(self, table: pyarrow.Table, start: int, stop: int) -> FloatArray | None:
        is_this = table.schema.equals(self._schema, check_metadata=False)
        if not is_this or table.column("draw").to_pylist() != list(range(start, stop)):
            return None
        columns = [table.column(name).to_numpy() for name in self._names]
        return np.ascontiguousarray(np.column_stack(columns))

    def _is_other(self, schema: pyarrow.Schema, checksum: bytes) -> bool:
        return bool(schema.metadata != {RUN: self._run, CHECKSUM: checksum})

    def _failures(self) -> tuple[type[Exception], ...]:
        """Exceptions that pyarrow raises for a file that is damaged or not Parquet."""
        return (OSError, ValueError, KeyError, MemoryError, self._arrow.ArrowException)


def _checksum(numbers: FloatArray) -> bytes:
    content = np.ascontiguousarray(numbers, dtype="<f8").tobytes()
    return hashlib.sha256(content).hexdigest().encode()


def _joint(checksums: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(checksums)).hexdigest().encode()


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise missing_package("a file of draws needs", "pyarrow", "ensemble") from None
    return pyarrow, pyarrow.parquet
