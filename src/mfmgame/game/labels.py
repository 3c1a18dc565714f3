"""Labelled vectors and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, pointer_to, shown

__all__ = ["Labelled", "NumberedLabels"]


class Labelled(Mapping[str, float]):
    """Read-only mapping from label to number that NumPy takes as an array.

    Parameters
    ----------
    labels : sequence of str, length n
    array : ndarray of float, shape (n,)

    Examples
    --------
    >>> levels = Labelled(("filter", "monitor"), np.array([0.25, 1.0]))
    >>> levels["monitor"], dict(levels), float(np.sum(levels))
    (1.0, {'filter': 0.25, 'monitor': 1.0}, 1.25)
    """

    def __init__(self, labels: Sequence[str], array: NDArray[np.float64]) -> None:
        self._labels = labels
        self._array = array.view()
        self._array.flags.writeable = False
        self._positions: dict[str, int] | None = None

    def __getitem__(self, label: str) -> float:
        if self._positions is None:
            self._positions = {name: index for index, name in enumerate(self._labels)}
        try:
            return float(self._array[self._positions[label]])
        except KeyError:
            hint = nearest(label, self._labels, "label")
            raise KeyError(f"unknown label {shown(label)}, expected {hint}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self._array, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        shown_entries = ", ".join(
            f"{name!r}: {float(value)!r}"
            for name, value in zip(self._labels[:8], self._array[:8], strict=True)
        )
        more = f", ... {len(self) - 8} more" if len(self) > 8 else ""
        return f"Labelled({{{shown_entries}{more}}})"

    @property
    def array(self) -> NDArray[np.float64]:
        """Numbers without labels, read-only, shape (n,)."""
        return self._array


class NumberedLabels(Sequence[str]):
    """Labels ``prefix0, prefix1, ...``, not held in memory.

    Examples
    --------
    >>> NumberedLabels("t", 1_000_000)[-1]
    't999999'
    """

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix = prefix
        self._range = range(count)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [f"{self._prefix}{number}" for number in self._range[index]]
        return f"{self._prefix}{self._range[index]}"

    def __len__(self) -> int:
        return len(self._range)


def checked_labels(
    labels: Sequence[str] | None, count: int, prefix: str, name: str
) -> Sequence[str]:
    """Check that `count` unique labels are given; number them if None."""
    if labels is None:
        return NumberedLabels(prefix, count)
    kept = tuple(labels)
    if len(kept) != count or len(set(kept)) != count:
        raise SpecificationError(
            f"found {len(kept)} labels, {len(set(kept))} of them distinct, "
            f"expected {count} distinct ones",
            pointer=name,
        )
    return kept


def texts_beside(
    texts: Sequence[str] | None, count: int, default: str, name: str
) -> tuple[str, ...]:
    """Check that `count` texts are given; repeat the default if None."""
    kept = (default,) * count if texts is None else tuple(texts)
    if len(kept) != count:
        raise SpecificationError(f"found {len(kept)} entries, expected {count}", pointer=name)
    return kept


def checked_plan_name(name: str) -> str:
    """Refuse a name of a plan that answers give to plans of their own, such as ``(best)``."""
    if name.startswith("("):
        raise SpecificationError(
            f"found the name {shown(name)}, expected a name that does not begin with '('",
            pointer=pointer_to(("plans", name)),
        )
    return name
