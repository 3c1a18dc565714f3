"""Trials of attacks, and of tasks without an attack, as a reader counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["Counts", "Progress", "Task", "Trials"]

Progress = Callable[[int, int], None]
"""Called with the number of finished files, or bytes, and the number of all."""


class Task(NamedTuple):
    """A task that attacks were tried on.

    Attributes
    ----------
    attack : str
        Name of the attack or probe.
    suite : str
        Empty if the format has no suites.
    task : str
        What the user or the prompt asked for: the first kind of cluster.
    injection : str
        What the attacker wanted: the second kind of cluster; empty if the format has none.
    """

    attack: str
    suite: str
    task: str
    injection: str = ""


@dataclass(slots=True)
class Counts:
    """Trials, and the successes among them."""

    trials: int = 0
    successes: int = 0


@dataclass(eq=False)
class Trials:
    """Counts of the trials in some files, by task.

    Attributes
    ----------
    model : str
        Model that the files name; empty if they name none.
    attacks : dict of Task to Counts
        Attacks, and how many succeeded.
    benign : dict of (suite, task) to Counts
        Runs without an attack, and in how many the task was done.
    errors : Counter of (str, str)
        Runs left out because they ended in an error, by attack and suite; a run without an attack
        has an empty name of the attack.
    left_out : Counter of str
        Other runs left out, by the reason.
    notes : list of str
        What a reader of the counts must know.
    has_tasks : bool
        Whether tasks are known; otherwise trials count as independent.
    """

    model: str = ""
    attacks: dict[Task, Counts] = field(default_factory=dict)
    benign: dict[tuple[str, str], Counts] = field(default_factory=dict)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    has_tasks: bool = True
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def add_attack(self, task: Task, succeeded: bool, repeat: object = 0) -> None:
        """Count an attack on a task.

        Parameters
        ----------
        task : Task
        succeeded : bool
            Whether the attack succeeded.
        repeat : hashable
            Names the trial among others of the same task.

        Raises
        ------
        SpecificationError
            If the same trial was counted before.
        """
        self._count_once(task, repeat)
        _count(self.attacks.setdefault(task, Counts()), succeeded)

    def add_benign(self, suite: str, task: str, done: bool, repeat: object = 0) -> None:
        """Count a run of a task without an attack.

        Parameters
        ----------
        suite, task : str
        done : bool
            Whether the task was done.
        repeat : hashable
            Names the run among others of the same task.

        Raises
        ------
        SpecificationError
            If the same run was counted before.
        """
        self._count_once((suite, task), repeat)
        _count(self.benign.setdefault((suite, task), Counts()), done)

    def _count_once(self, task: tuple[str, ...], repeat: object) -> None:
        key = (*task, repeat)
        if key in self._seen:
            named = ", ".join(shown(part) for part in task if part)
            raise SpecificationError(f"found the run of {named} twice, expected it once")
        self._seen.add(key)


def _count(counts: Counts, success: bool) -> None:
    counts.trials += 1
    counts.successes += success
