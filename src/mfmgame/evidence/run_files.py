"""Files of a scan: named one by one, or all files of a format below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from mfmgame.errors import SpecificationError
from mfmgame.evidence.trials import Progress

__all__ = ["files_below", "naming", "with_progress"]


def files_below(paths: Sequence[Path], endings: tuple[str, ...]) -> list[Path]:
    """List files, and for each folder the files below it that have one of the endings.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    endings : tuple of str
        Such as ``".json"``.

    Returns
    -------
    list of pathlib.Path
        Folders in sorted order. Links to folders are not followed, hidden files are ignored.

    Raises
    ------
    SpecificationError
        If a folder cannot be read or has no such file, or if such a name is no regular file.
    """
    files: list[Path] = []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        below = list(_walk(path, endings))
        if not below:
            raise SpecificationError(
                f"found no file *{' or *'.join(endings)} in the folder", source=str(path)
            )
        files.extend(below)
    return files


def with_progress(files: Sequence[Path], progress: Progress | None) -> Iterator[Path]:
    """Yield files and report after each how many are finished."""
    for index, file in enumerate(files):
        yield file
        if progress is not None:
            progress(index + 1, len(files))


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Name the file in errors.

    Parameters
    ----------
    file : pathlib.Path

    Raises
    ------
    SpecificationError
        As raised within, with the file.
    """
    try:
        yield
    except SpecificationError as error:
        raise error.located(str(file)) from None


def _walk(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or not name.lower().endswith(endings):
                continue
            file = os.path.join(parent, name)
            if not os.path.isfile(file):
                raise SpecificationError(
                    "found a pipe, device or broken link, expected a file", source=file
                )
            yield Path(file)


def _refuse(error: OSError) -> NoReturn:
    raise SpecificationError(
        f"cannot be read: {error.strerror or error}", source=str(error.filename)
    ) from None
