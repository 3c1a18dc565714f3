"""Options of the readers, and which of the trials they choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, refuse_other_types, shown

__all__ = ["Choice", "ReadingOptions", "agreed"]

_PARTS = ("/", ".", ":")
"""Characters that end a part of an attack's name, as in ``pii:direct/jailbreak``."""


@dataclass(frozen=True)
class ReadingOptions:
    """Options of :func:`read_trials`.

    Parameters
    ----------
    attack_succeeded : str, optional
        Score of an attack that succeeded (inspect): a grade such as ``"C"``, ``"true"``, a number,
        or a bound such as ``">=0.5"``.
    score : str, optional
        Score that judges the attack (inspect): ``"NAME"``, or ``"NAME.KEY"`` of a score with
        several values.
    detectors : tuple of str
        Detectors whose scores count (garak); all by default.
    targets : tuple of str
        Providers whose results count (promptfoo).
    attacks : tuple of str
        Attacks, probes or plugins that count, by their whole names or first parts; all by default.
    suites : tuple of str
        Suites that count; all by default.

    Raises
    ------
    SpecificationError
        If an option is of another type.

    Examples
    --------
    >>> ReadingOptions(attack_succeeded="C").attack_succeeded
    'C'
    """

    attack_succeeded: str | None = None
    score: str | None = None
    detectors: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    attacks: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if option.default is None:
                refuse_other_types(value, option.name, str, type(None))
            else:
                refuse_other_types(value, option.name, tuple)
                for name in value:
                    refuse_other_types(name, option.name, str)

    def given(self) -> list[str]:
        """Return the names of the options that differ from their defaults."""
        return [
            option.name for option in fields(self) if getattr(self, option.name) != option.default
        ]


@dataclass
class Choice:
    """Trials that the options choose, and the names that were there to choose from."""

    options: ReadingOptions
    _found: dict[str, dict[str, None]] = field(default_factory=dict)

    def takes(self, attack: str, suite: str = "") -> bool:
        """Tell whether a trial counts; `attack` is empty for a run without an attack."""
        by_suite = self.takes_name("suites", suite)
        return (not attack or self.takes_name("attacks", attack)) and by_suite

    def takes_name(self, option: str, name: str) -> bool:
        """Tell whether an option that lists names lists this name, or lists none.

        Parameters
        ----------
        option : str
            Name of the option.
        name : str

        Returns
        -------
        bool
        """
        listed: tuple[str, ...] = getattr(self.options, option)
        self._found.setdefault(option, {})[name] = None
        return not listed or any(_begins(name, part) for part in listed)

    def found(self, option: str) -> list[str]:
        """Return the names in the files that the option could list."""
        return sorted(name for name in self._found.get(option, {}) if name)

    def refuse_absent(self) -> None:
        """Refuse options that list a name that no trial has."""
        for option in ("attacks", "suites", "detectors", "targets"):
            found = self.found(option)
            for name in getattr(self.options, option):
                if not any(_begins(other, name) for other in found):
                    noun = option[:-1]
                    raise SpecificationError(
                        f"found no {noun} {shown(name)} in the files, expected "
                        f"{nearest(name, found, noun)}",
                        pointer=option,
                    )


def agreed(names: Iterable[str]) -> str:
    """Return the name if all names are the same, else an empty text."""
    different = set(names) - {""}
    return different.pop() if len(different) == 1 else ""


def _begins(name: str, part: str) -> bool:
    return name == part or name.startswith(tuple(part + end for end in _PARTS))
