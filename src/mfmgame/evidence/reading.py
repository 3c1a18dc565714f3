"""Trials from the files of scanners and benchmarks, by the name of the format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType

from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.evidence.agentdojo import read_agentdojo
from mfmgame.evidence.garak import read_garak
from mfmgame.evidence.inspect_logs import read_inspect
from mfmgame.evidence.promptfoo import read_promptfoo
from mfmgame.evidence.pyrit import read_pyrit
from mfmgame.evidence.reading_options import Choice, ReadingOptions
from mfmgame.evidence.run_files import files_below
from mfmgame.evidence.trials import Progress, Trials
from mfmgame.messages import nearest, refuse_other_types, shown

__all__ = ["FORMATS", "ReadingOptions", "read_trials"]


@dataclass(frozen=True)
class _Format:
    """A format of reports.

    Attributes
    ----------
    read : callable
    endings : tuple of str
        How the names of its files end, below a folder.
    options : tuple of str
        Options that mean something for this format.
    """

    read: Callable[[Sequence[Path], Choice, Progress | None], Trials]
    endings: tuple[str, ...]
    options: tuple[str, ...]


_FORMATS: Mapping[str, _Format] = {
    "agentdojo": _Format(read_agentdojo, (".json",), ("attacks", "suites")),
    "garak": _Format(read_garak, (".report.jsonl",), ("attacks", "detectors")),
    "promptfoo": _Format(read_promptfoo, (".json", ".jsonl"), ("attacks", "targets")),
    "inspect": _Format(
        read_inspect,
        (".eval", ".json"),
        ("attack_succeeded", "score", "attacks", "suites"),
    ),
    "pyrit": _Format(read_pyrit, (".db", ".sqlite", ".sqlite3", ".json"), ("attacks",)),
}

FORMATS = tuple(_FORMATS)
"""Names of the formats that :func:`read_trials` reads."""


def read_trials(
    format: str,  # noqa: A002 - the word for it
    paths: Iterable[str | os.PathLike[str]],
    options: ReadingOptions | None = None,
    progress: Progress | None = None,
) -> Trials:
    """Count the trials in the files of a scan or benchmark.

    Parameters
    ----------
    format : str
        One of `FORMATS`.
    paths : iterable of str or path-like
        Files, or folders with such files below.
    options : ReadingOptions, optional
    progress : callable, optional
        Called with the number of finished files, or bytes, and the number of all.

    Returns
    -------
    Trials

    Raises
    ------
    SpecificationError
        If a file is not of the format, a trial occurs twice, nothing counts, or an option is
        missing or means nothing for the format.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> run = {"suite_name": "banking", "user_task_id": "user_task_0",
    ...        "injection_task_id": "injection_task_0", "attack_type": "important_instructions",
    ...        "pipeline_name": "gpt-4o", "utility": True, "security": False}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "run.json").write_text(json.dumps(run), encoding="utf-8")
    ...     trials = read_trials("agentdojo", [folder])
    >>> list(trials.attacks.values())
    [Counts(trials=1, successes=0)]
    """
    refuse_other_types(format, "format", str)
    refuse_other_types(options, "options", ReadingOptions, NoneType)
    refuse_other_types(progress, "progress", Callable, NoneType)
    options = options or ReadingOptions()
    if format not in _FORMATS:
        raise SpecificationError(
            f"found {shown(format)}, expected {nearest(format, FORMATS, 'format')}",
            pointer="format",
        )
    reader = _FORMATS[format]
    for name in options.given():
        if name not in reader.options:
            raise SpecificationError(
                f"means nothing for {format}, expected only {', '.join(reader.options)}",
                pointer=name,
            )
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    refuse_other_types(listed, "paths", Iterable)
    files = files_below([path_of(path, "paths") for path in listed], reader.endings)
    if not files:
        raise SpecificationError("found none, expected one or more", pointer="paths")
    choice = Choice(options)
    trials = reader.read(files, choice, progress)
    choice.refuse_absent()
    if not (trials.attacks or trials.benign or trials.errors):
        reasons = ", ".join(f"{count} because {why}" for why, count in trials.left_out.items())
        left_out = f"; left out: {reasons}" if reasons else ""
        raise SpecificationError(f"found no trial that counts{left_out}", source=str(files[0]))
    return trials
