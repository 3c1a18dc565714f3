"""Chains of an attack flow: the minimal sets of actions that reach each of its leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mfmgame.catalogs.importing.attack_flow_graph import AttackFlow, in_order
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["MOST_CHAINS", "LeafChains", "chains_of"]

MOST_CHAINS = 10_000
_MOST_UNIONS = 2 * MOST_CHAINS
"""Most sets of actions at one node before supersets are removed."""
_MOST_SETS = 100 * MOST_CHAINS
"""Most sets of actions at all nodes of a flow together."""


@dataclass(frozen=True)
class LeafChains:
    """Chains that reach one leaf.

    Attributes
    ----------
    leaf : str
        Id of the node.
    chains : tuple of tuple of str
        Technique of each action of a chain, in the order of the flow; shorter chains first.
    """

    leaf: str
    chains: tuple[tuple[str, ...], ...]


def chains_of(flow: AttackFlow, techniques: Mapping[str, str]) -> list[LeafChains]:
    """List the minimal sets of actions that reach each leaf of a flow.

    A leaf is a step that leads to no other step. An action needs one of the steps that lead to
    it, and every material; a condition passes on what leads to it on both branches; AND needs
    everything that leads to it, OR any of it. A node that nothing leads to needs nothing.

    Parameters
    ----------
    flow : AttackFlow
    techniques : mapping of str to str
        Technique of each action, by the id of its node.

    Returns
    -------
    list of LeafChains
        In the order of the flow. A leaf that no action leads to has no chains.

    Raises
    ------
    SpecificationError
        If there are too many sets.
    """
    order = in_order(flow)
    actions = [node for node in order if node in techniques]
    numbers = {node: number for number, node in enumerate(actions)}
    reached: dict[str, list[int]] = {}
    n_sets = 0
    for node in order:
        try:
            sets = _reaching(flow, node, reached)
            if node in numbers:
                sets = [one | 1 << numbers[node] for one in sets]
            n_sets += len(sets)
            if n_sets > _MOST_SETS:
                raise _TooManyError(_MOST_SETS)
        except _TooManyError as error:
            name = flow.nodes[node].name or flow.nodes[node].kind
            raise SpecificationError(
                f"found more than {error} sets of actions on the way to {shown(name)}, expected "
                f"at most {MOST_CHAINS} chains"
            ) from None
        reached[node] = sets
    before = {parent for node in order for parent in flow.parents[node]}
    return [
        LeafChains(
            node,
            tuple(tuple(techniques[actions[bit]] for bit in one) for one in _listed(reached[node])),
        )
        for node in order
        if node not in before
    ]


class _TooManyError(Exception):
    """More sets than a limit, which is the argument."""


def _reaching(flow: AttackFlow, node: str, reached: Mapping[str, list[int]]) -> list[int]:
    """Minimal sets of actions with which a node can begin, each as the bits of an integer."""
    kind = flow.nodes[node].kind
    parents = flow.parents[node]
    steps = [reached[one] for one in parents if flow.nodes[one].is_step]
    materials = [reached[one] for one in parents if not flow.nodes[one].is_step]
    if kind == "AND":
        return _all_of([*steps, *materials])
    if kind in ("OR", "material"):
        return _any_of([*steps, *materials])
    return _all_of([_any_of(steps), *materials])


def _any_of(alternatives: Sequence[list[int]]) -> list[int]:
    """Minimal sets with which any of several can begin; the empty set if there is none."""
    if len(alternatives) < 2:
        return alternatives[0] if alternatives else [0]
    return _minimal(_distinct(alternatives))


def _all_of(requirements: Iterable[list[int]]) -> list[int]:
    """Minimal sets with which all of several can begin."""
    unions = [0]
    for sets in requirements:
        if unions == [0]:
            unions = sets
            continue
        unions = _minimal(_distinct([one | other for other in sets] for one in unions))
    return unions


def _distinct(lists: Iterable[list[int]]) -> set[int]:
    """Collect the sets of several lists, each once."""
    found: set[int] = set()
    for sets in lists:
        found.update(sets)
        if len(found) > _MOST_UNIONS:
            raise _TooManyError(_MOST_UNIONS)
    return found


def _minimal(sets: Collection[int]) -> list[int]:
    """Remove supersets of other sets."""
    ordered = sorted(set(sets), key=lambda one: (one.bit_count(), one))
    if len(ordered) < 2:
        return ordered
    n_bytes = 8 * (max(ordered).bit_length() // 64 + 1)
    data = b"".join(one.to_bytes(n_bytes, "little") for one in ordered)
    words = np.frombuffer(data, dtype="<u8").reshape(len(ordered), -1)
    kept: list[int] = []
    rows = np.empty_like(words)
    for one, row in zip(ordered, words, strict=True):
        smaller = rows[: len(kept)]
        if ((smaller & ~row) == 0).all(axis=1).any():
            continue
        if len(kept) == MOST_CHAINS:
            raise _TooManyError(MOST_CHAINS)
        rows[len(kept)] = row
        kept.append(one)
    return kept


def _listed(sets: Iterable[int]) -> list[tuple[int, ...]]:
    """List the bits of each set but the empty set; small sets first."""
    listed = [
        tuple(place for place in range(one.bit_length()) if one >> place & 1) for one in sets if one
    ]
    return sorted(listed, key=lambda one: (len(one), one))
