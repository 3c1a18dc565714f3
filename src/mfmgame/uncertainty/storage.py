"""Draws in a Parquet file: finished chunks are kept, and a run that was cut off goes on.

While a run lasts, its chunks stand as files of their own in a folder beside the target,
with a manifest that says whose they are. At its end they become one file, which is the
same to the last byte whoever computed them and however often the run was cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.files import replacing, reported_writing
from mfmgame.spec.wording import shown

if TYPE_CHECKING:
    import pyarrow

__all__ = ["DrawFile"]

FloatArray = NDArray[np.float64]
Chunk = tuple[int, int]

_MANIFEST = "manifest.json"
_ROWS_IN_GROUP = 2048


class DrawFile:
    """A Parquet file of draws in the making.

    Parameters
    ----------
    target : pathlib.Path
    columns : sequence of str
        Names of the numbers in a row.
    inputs : sequence of str
        Names of the uncertain inputs; their columns begin with ``input/``.
    drawn : callable
        The inputs of the draws from one to before another.
    run : dict
        What determines every number of the run, for the manifest and the file.

    Raises
    ------
    SpecificationError
        If pyarrow is missing, the target cannot be written, or chunks of another run
        stand beside it.
    """

    def __init__(
        self,
        target: Path,
        columns: Sequence[str],
        inputs: Sequence[str],
        drawn: Callable[[int, int], FloatArray],
        run: dict[str, Any],
    ) -> None:
        self._arrow = _arrow()
        self._target = Path(os.path.realpath(target))
        self._named = target
        self._columns = tuple(columns)
        self._drawn = drawn
        self._run = json.dumps(run, sort_keys=True, indent=2) + "\n"
        arrow, _ = self._arrow
        names = ("draw", *(f"input/{name}" for name in inputs), *self._columns)
        kinds = [arrow.int64(), *[arrow.float64()] * (len(names) - 1)]
        self._schema = arrow.schema(
            list(zip(names, kinds, strict=True)), metadata={"mfmgame": self._run}
        )
        self.folder = self._target.with_name(self._target.name + ".parts")
        self._claim()

    def _claim(self) -> None:
        """Make the folder of chunks, or go on with that of the same run."""
        if self._target.exists() and not self._target.is_file():
            raise SpecificationError("found no regular file", source=str(self._named))
        manifest = self.folder / _MANIFEST
        with reported_writing(str(self.folder)):
            self.folder.mkdir(exist_ok=True)
            if manifest.exists():
                if manifest.read_bytes() != self._run.encode():
                    raise SpecificationError(
                        "found draws of another run, expected those of this scenario, seed, "
                        "number and version; remove the folder, or name another file",
                        source=str(self.folder),
                    )
                return
            if any(self.folder.iterdir()):
                raise SpecificationError(
                    "found files that no run has left, expected a folder of draws or none",
                    source=str(self.folder),
                )
            with replacing(manifest) as stream:
                stream.write(self._run.encode())

    def read(self, chunk: Chunk) -> FloatArray | None:
        """The rows of a finished chunk, shape (n_draws, n_columns); None if it is not."""
        table = self._table(chunk)
        if table is None:
            return None
        return np.column_stack([table.column(name).to_numpy() for name in self._columns])

    def write(self, chunk: Chunk, rows: FloatArray) -> None:
        """Keep the rows of a chunk."""
        arrow, parquet = self._arrow
        start, stop = chunk
        numbers = np.concatenate([self._drawn(start, stop), rows], axis=1)
        columns = [np.arange(start, stop), *np.ascontiguousarray(numbers.T)]
        arrays = [arrow.array(column) for column in columns]
        table = arrow.Table.from_arrays(arrays, schema=self._schema)
        part = self._part(chunk)
        with reported_writing(str(part)), replacing(part) as stream:
            parquet.write_table(table, stream)

    def finish(self, chunks: Sequence[Chunk]) -> None:
        """Make one file of all chunks, and remove theirs."""
        _, parquet = self._arrow
        with reported_writing(str(self._named)):
            # Within the folder first: what a kill leaves there goes with it.
            whole = self.folder / "whole.parquet"
            with (
                replacing(whole) as stream,
                parquet.ParquetWriter(stream, self._schema) as writer,
            ):
                for table in self._grouped(chunks):
                    writer.write_table(table, row_group_size=_ROWS_IN_GROUP)
            os.replace(whole, self._target)
            for file in self.folder.iterdir():
                if file.name == _MANIFEST or file.suffix == ".parquet" or file.name[0] == ".":
                    file.unlink()
            with contextlib.suppress(OSError):  # something else stands there
                self.folder.rmdir()

    def _grouped(self, chunks: Sequence[Chunk]) -> Iterator[pyarrow.Table]:
        """The tables of some chunks together, so that a group has many rows."""
        arrow, _ = self._arrow
        gathered: list[pyarrow.Table] = []
        for chunk in chunks:
            table = self._table(chunk)
            if table is None:
                raise SpecificationError("a chunk is gone", source=str(self._part(chunk)))
            gathered.append(table)
            if sum(len(one) for one in gathered) >= _ROWS_IN_GROUP or chunk == chunks[-1]:
                yield arrow.concat_tables(gathered).combine_chunks()
                gathered = []

    def _part(self, chunk: Chunk) -> Path:
        return self.folder / f"{chunk[0]:012d}.parquet"

    def _table(self, chunk: Chunk) -> pyarrow.Table | None:
        """The table of a finished chunk; None for one that is not there or not whole."""
        arrow, parquet = self._arrow
        try:
            with self._part(chunk).open("rb") as stream:
                table = parquet.ParquetFile(stream).read()
        except (OSError, arrow.ArrowException):
            return None
        start, stop = chunk
        is_this = table.schema.equals(self._schema, check_metadata=True)
        if not is_this or table.column("draw").to_pylist() != list(range(start, stop)):
            return None
        return table


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise SpecificationError(
            f"{shown('pyarrow')} is not installed, expected the extra mfmgame[ensemble]",
            pointer="--draws",
        ) from None
    return pyarrow, pyarrow.parquet
