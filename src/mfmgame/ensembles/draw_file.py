"""Draws in a file: finished chunks are kept, and an interrupted run can resume.

During a run, each finished chunk is a file of its own in a folder beside the target, with a
manifest that identifies the run. At the end the chunks become one file, which is the same to
the last byte with any workers and after any interruptions.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mfmgame.ensembles.draw_table import Chunk, DrawTables
from mfmgame.errors import SpecificationError
from mfmgame.machine.atomic_files import replacing, reported_writing
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["DrawFile"]


SUFFIX = ".parquet"
_MANIFEST = "manifest.json"
_ANOTHER = (
    "found draws of another run, expected draws of this scenario, seed, number and version; "
    "remove the {}, or name another file"
)


class DrawFile:
    """A Parquet file of draws, in progress or finished by an earlier run.

    Parameters
    ----------
    target : pathlib.Path
    columns : sequence of str
        Names of the numbers in a row.
    inputs : sequence of str
        Names of the uncertain inputs; their columns begin with ``input/``.
    drawn : callable
        Computes the inputs of the draws from start to before stop.
    run : dict
        All that determines the numbers of the run, for the manifest and the file.
    chunks : sequence of tuple of int
        First draw of each chunk, and the draw after its last.
    resumes : bool, default True
        Whether `run` determines every number; if not, no draws of earlier runs are used.

    Attributes
    ----------
    folder : pathlib.Path
        Folder of the chunks.
    damaged : list of pathlib.Path
        Files whose numbers have changed since they were written.
    is_whole : bool
        Whether the target holds all draws.

    Raises
    ------
    SpecificationError
        If pyarrow is missing, or the target is a file of another kind or another run.
    """

    def __init__(
        self,
        target: Path,
        columns: Sequence[str],
        inputs: Sequence[str],
        drawn: Callable[[int, int], FloatArray],
        run: dict[str, Any],
        chunks: Sequence[Chunk],
        *,
        resumes: bool = True,
    ) -> None:
        if target.exists() and not target.is_file():
            raise SpecificationError("found no regular file", source=str(target))
        if target.suffix != SUFFIX:
            raise SpecificationError(
                f"found the ending {shown(target.suffix)}, expected {SUFFIX}", source=str(target)
            )
        self._run = (json.dumps(run, sort_keys=True, indent=2) + "\n").encode()
        self._tables = DrawTables(columns, inputs, self._run)
        self._target = Path(os.path.realpath(target))
        self._named = target
        self._n_inputs = len(inputs)
        self._drawn = drawn
        self._chunks = chunks
        self._checksums: dict[Chunk, bytes] = {}
        self.folder = self._target.with_name(self._target.name + ".parts")
        self.damaged: list[Path] = []
        self.is_whole = False
        self.resumes = resumes
        self._is_claimed = False
        self._refuse_another()

    def _refuse_another(self) -> None:
        """Refuse to overwrite a file that does not hold the draws of this run."""
        if not self._target.exists():
            return
        run = self._tables.run_in(self._target)
        if run is None:
            raise SpecificationError(
                "found a file that holds no draws; remove it, or name another file",
                source=str(self._named),
            )
        if run != self._run:
            raise SpecificationError(_ANOTHER.format("file"), source=str(self._named))
        if not self.resumes:
            raise SpecificationError(
                "found draws whose own measures may differ from those of this run; remove the "
                "file, or name another",
                source=str(self._named),
            )

    def _claim(self) -> None:
        """Create the folder of chunks, or resume with the folder of the same run."""
        manifest = self.folder / _MANIFEST
        with reported_writing(str(self.folder)):
            self.folder.mkdir(exist_ok=True)
            if manifest.exists():
                if manifest.read_bytes() != self._run:
                    raise SpecificationError(_ANOTHER.format("folder"), source=str(self.folder))
                self._is_claimed = True
                if not self.resumes:
                    self._remove_parts()
                return
            # A killed process may have left part of a manifest.
            if any(not file.name.startswith(f".{_MANIFEST}.") for file in self.folder.iterdir()):
                raise SpecificationError(
                    "found files that are not from a run, expected a folder of draws or none",
                    source=str(self.folder),
                )
            with replacing(manifest) as stream:
                stream.write(self._run)
        self._is_claimed = True

    def read_all(self) -> FloatArray | None:
        """Read the rows of all draws if the target holds them; otherwise claim the folder.

        Returns
        -------
        ndarray of float, shape (n_draws, n_columns), or None

        Raises
        ------
        SpecificationError
            If the folder is not writable or has chunks of another run.
        """
        if self._target.exists():
            found = self._tables.read_all(self._target, self._chunks)
            if found is not None:
                self.is_whole = True
                self._remove_remains()
                return found[:, self._n_inputs :]
            self.damaged.append(self._named)
        self._claim()
        return None

    def read(self, chunk: Chunk) -> FloatArray | None:
        """Read the rows of a chunk, shape (n_draws, n_columns); None if not finished or damaged."""
        part = self._part(chunk)
        if not part.exists():
            return None
        found = self._tables.read(part, chunk)
        if found is None:
            self.damaged.append(part)
            return None
        numbers, self._checksums[chunk] = found
        return numbers[:, self._n_inputs :]

    def write(self, chunk: Chunk, rows: FloatArray) -> None:
        """Write the rows of a chunk."""
        numbers = np.concatenate([self._drawn(*chunk), rows], axis=1)
        part = self._part(chunk)
        with reported_writing(str(part)), replacing(part) as stream:
            self._checksums[chunk] = self._tables.write(stream, chunk[0], numbers)

    def finish(self) -> None:
        """Merge all chunks into one file, and remove their files."""
        with reported_writing(str(self._named)):
            # Write within the folder first: remains of a killed process are removed with it.
            whole = self.folder / f"whole{SUFFIX}"
            with replacing(whole) as stream:
                checksums = [self._checksums[chunk] for chunk in self._chunks]
                self._tables.write_all(stream, checksums, self._parts())
            os.replace(whole, self._target)
        self.is_whole = True
        self._remove_folder()

    def has_parts(self) -> bool:
        """Check whether any chunk is kept."""
        return any(file.name[0].isdigit() for file in self.folder.glob(f"*{SUFFIX}"))

    def leave(self) -> None:
        """Remove the folder if no chunk is finished."""
        is_worth_keeping = self.resumes and self.has_parts()
        if self._is_claimed and not self.is_whole and not is_worth_keeping:
            with contextlib.suppress(SpecificationError):
                self._remove_folder()

    def _remove_remains(self) -> None:
        """Remove the folder of this run if a killed process left it beside the whole file."""
        with contextlib.suppress(OSError, SpecificationError):
            if (self.folder / _MANIFEST).read_bytes() == self._run:
                self._remove_folder()

    def _parts(self) -> Iterator[FloatArray]:
        for chunk in self._chunks:
            found = self._tables.read(self._part(chunk), chunk)
            if found is None or found[1] != self._checksums[chunk]:
                raise SpecificationError(
                    "found changed or removed draws; the same command computes them again",
                    source=str(self._part(chunk)),
                )
            yield found[0]

    def _remove_folder(self) -> None:
        """Remove the files of this run; the manifest, which identifies the folder, last."""
        with reported_writing(str(self.folder)):
            self._remove_parts()
            (self.folder / _MANIFEST).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # the folder has other files
                self.folder.rmdir()

    def _remove_parts(self) -> None:
        for file in self.folder.iterdir():
            if file.suffix == SUFFIX or file.name.startswith("."):
                file.unlink()

    def _part(self, chunk: Chunk) -> Path:
        return self.folder / f"{chunk[0]:012d}{SUFFIX}"
