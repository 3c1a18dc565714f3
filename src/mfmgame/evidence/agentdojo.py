"""Runs of AgentDojo: a JSON file for each task, attack and injection."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mfmgame.documents.json_reading import read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import members_of, parsed, text_of
from mfmgame.evidence.reading_options import Choice, agreed
from mfmgame.evidence.run_files import naming, with_progress
from mfmgame.evidence.trials import Progress, Task, Trials
from mfmgame.messages import is_encodable, shown

__all__ = ["pipeline_of", "read_agentdojo", "run_of"]

_KEYS = ("suite_name", "user_task_id", "injection_task_id", "attack_type")
_NO_ATTACK = "none"
_SOLO = "injection_task_"
"""How a user task's id begins where the attacker's goal was run as the user's task."""


def read_agentdojo(files: Sequence[Path], choice: Choice, progress: Progress | None) -> Trials:
    """Count the runs of one pipeline.

    ``security: true`` in a run under attack means that the attack succeeded. In a run without an
    attack, the member means nothing and ``utility`` counts.

    Parameters
    ----------
    files : sequence of pathlib.Path
    choice : Choice
    progress : callable, optional

    Returns
    -------
    Trials

    Raises
    ------
    SpecificationError
        If a file is not a run, a run occurs twice, or the runs are of two pipelines.
    """
    trials = Trials()
    pipelines: dict[str, Path] = {}
    models: set[str] = set()
    for file in with_progress(files, progress):
        with naming(file):
            run = run_of(parsed(read_bytes(file)))
            models.add(text_of(run, "pipeline_name", ""))
            pipelines.setdefault(pipeline_of(file, run), file)
            if len(pipelines) > 1:
                first, second = pipelines
                raise SpecificationError(
                    f"found a run of {shown(second)} after runs of {shown(first)}, expected the "
                    "runs of one pipeline: a defense and its baseline are read apart"
                )
            _count(run, trials, choice)
    trials.model = agreed(models)
    return trials


def run_of(value: object) -> dict[str, Any]:
    """Return the members of a run of AgentDojo; refuse any other value."""
    run = members_of(value)
    for key in _KEYS:
        if key not in run:
            raise SpecificationError(
                f"missing, expected a run of AgentDojo with {shown(key)}", pointer=f"/{key}"
            )
    return run


def _count(run: Mapping[str, Any], trials: Trials, choice: Choice) -> None:
    suite, task = text_of(run, "suite_name"), text_of(run, "user_task_id")
    attack = text_of(run, "attack_type", _NO_ATTACK)
    attack = "" if attack == _NO_ATTACK else attack
    if not choice.takes(attack, suite):
        return
    if task.startswith(_SOLO):
        trials.left_out["the attacker's goal was run as the user's task"] += 1
        return
    done, succeeded = run.get("utility"), run.get("security")
    if run.get("error") is not None or not isinstance(done, bool):
        trials.errors[attack, suite] += 1
    elif not attack:
        trials.add_benign(suite, task, done)
    elif isinstance(succeeded, bool):
        injection = text_of(run, "injection_task_id")
        trials.add_attack(Task(attack, suite, task, injection), succeeded)
    else:
        trials.errors[attack, suite] += 1


def pipeline_of(file: Path, run: Mapping[str, Any]) -> str:
    """Name the folder PIPELINE of PIPELINE/SUITE/TASK/ATTACK/INJECTION.json.

    The folder tells defenses apart that the member ``pipeline_name`` does not name.
    """
    parts = os.path.abspath(file).split(os.sep)[-5:-2]
    if parts[1:] == [run["suite_name"], run["user_task_id"]] and is_encodable(parts[0]):
        return parts[0]
    return text_of(run, "pipeline_name", "")
