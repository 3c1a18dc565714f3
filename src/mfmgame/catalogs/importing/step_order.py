"""Order of steps by which of them lead to others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeVar

__all__ = ["sorted_after"]

Name = TypeVar("Name", bound=Hashable)


def sorted_after(
    names: Sequence[Name], parents: Mapping[Name, Iterable[Name]]
) -> tuple[list[Name], list[Name]]:
    """Sort names so that each comes after its parents, otherwise in the order given.

    Parameters
    ----------
    names : sequence
        Each once.
    parents : mapping
        Parents of each name; parents that are no names do not count.

    Returns
    -------
    order : list
        All names, or those before a circle.
    circle : list
        Names of a circle, each a parent of the next; empty if there is none.
    """
    place = {name: index for index, name in enumerate(names)}
    waiting = {name: sum(one in place for one in parents[name]) for name in names}
    children: dict[Name, list[Name]] = {name: [] for name in names}
    for name in names:
        for one in parents[name]:
            if one in place:
                children[one].append(name)
    ready = [place[name] for name in names if not waiting[name]]
    heapify(ready)
    order = []
    while ready:
        name = names[heappop(ready)]
        order.append(name)
        for child in children[name]:
            waiting[child] -= 1
            if not waiting[child]:
                heappush(ready, place[child])
    return order, _circle([name for name in names if waiting[name]], parents)


def _circle(left: Sequence[Name], parents: Mapping[Name, Iterable[Name]]) -> list[Name]:
    """Find a circle among names that each have a parent among them."""
    if not left:
        return []
    among = set(left)
    path: dict[Name, None] = {}
    name = left[0]
    while name not in path:
        path[name] = None
        name = next(one for one in parents[name] if one in among)
    walked = list(path)
    return walked[walked.index(name) :][::-1]
