"""Verbal scores of mappings, and the effectiveness that each counts as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from mfmgame.documents.base import refuse_unknown
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["CATEGORIES", "VALUES", "MappingScores"]

CATEGORIES = ("protect", "detect", "respond")
VALUES = ("minimal", "partial", "significant")
_PAIRS = tuple(f"{category}/{value}" for category in CATEGORIES for value in VALUES)
_RULES = ("best", "independent")


@dataclass(frozen=True)
class MappingScores:
    """Effectiveness that verbal scores count as; every number is assumed.

    A score counts as the factor of its category times its value. Detection and response act after
    the attack has begun, and stop it only if someone acts in time: by default they count half as
    much as protection.

    Attributes
    ----------
    minimal, partial, significant : float
        Share of a threat that a protecting defense of this score stops at level 1.
    protect, detect, respond : float
        Factor of scores in this category.
    pairs : mapping of str to float
        Effectiveness to use instead, by category and score: ``"detect/partial"``.
    combine : {"best", "independent"}
        Combination of several scores of one defense on one threat: the greatest, or the share
        stopped if each acts independently.

    Raises
    ------
    SpecificationError
        If a number is not from 0 to 1, or a name is unknown.
    """

    minimal: float = 0.2
    partial: float = 0.5
    significant: float = 0.8
    protect: float = 1.0
    detect: float = 0.5
    respond: float = 0.5
    pairs: Mapping[str, float] = field(default_factory=dict)
    combine: Literal["best", "independent"] = "best"

    def __post_init__(self) -> None:
        refuse_unknown(self.combine, _RULES, "rule", "combine")
        for name in self.pairs:
            refuse_unknown(name, _PAIRS, "score", "score")
        plain = [(name, getattr(self, name)) for name in (*CATEGORIES, *VALUES)]
        for name, number in (*plain, *self.pairs.items()):
            if not 0.0 <= number <= 1.0:
                raise SpecificationError(
                    f"found {shown(number)} for {shown(name)}, expected 0 to 1", pointer="score"
                )

    @classmethod
    def named(cls, numbers: Mapping[str, float], combine: str = "best") -> Self:
        """Return the defaults with some numbers replaced.

        Parameters
        ----------
        numbers : mapping of str to float
            Numbers by ``"partial"``, ``"detect"`` or ``"detect/partial"``.
        combine : str

        Returns
        -------
        MappingScores

        Raises
        ------
        SpecificationError
            If a number is not from 0 to 1, or a name is unknown.
        """
        for name in numbers:
            refuse_unknown(name, (*VALUES, *CATEGORIES, *_PAIRS), "score", "score")
        plain: dict[str, Any] = {key: n for key, n in numbers.items() if key not in _PAIRS}
        pairs = {key: n for key, n in numbers.items() if key in _PAIRS}
        return cls(**plain, pairs=pairs, combine=combine)  # type: ignore[arg-type]

    def value_of(self, category: str, value: str) -> float:
        """Compute the effectiveness that one score counts as.

        Parameters
        ----------
        category : {"protect", "detect", "respond"}
        value : {"minimal", "partial", "significant"}

        Returns
        -------
        float
        """
        product: float = getattr(self, category) * getattr(self, value)
        return self.pairs.get(f"{category}/{value}", product)

    def combined(self, values: Iterable[float]) -> float:
        """Combine several scores of one defense on one threat.

        Parameters
        ----------
        values : iterable of float
            One or more.

        Returns
        -------
        float
        """
        if self.combine == "best":
            return max(values)
        stopped = 0.0
        for value in values:
            stopped += value * (1.0 - stopped)  # exact for one value, as 1 - (1 - value) is not
        return stopped

    def note(self) -> str:
        """Describe the assumption in one sentence.

        Returns
        -------
        str
        """
        factors = ", ".join(f"{name} {getattr(self, name):g}" for name in CATEGORIES)
        values = ", ".join(f"{name} {getattr(self, name):g}" for name in VALUES)
        instead = ", ".join(f"{name} {self.pairs[name]:g}" for name in _PAIRS if name in self.pairs)
        rule = {
            "best": "the best of several counts",
            "independent": "several act independently of each other",
        }[self.combine]
        return (
            f"weights of scores, assumed: {factors}; times {values}"
            + (f"; but {instead}" if instead else "")
            + f"; {rule}"
        )
