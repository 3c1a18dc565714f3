"""Inputs that are valid and yet likely not what their author meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mfmgame.documents.scenario import Scenario
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import idle_defenses
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import counted, shown
from mfmgame.numerics.arrays import BoolArray, FloatArray, rows_above

__all__ = ["odd_inputs"]

_DEFAULT_COST, _REAL_COST = 1.0, 1000.0
"""What imports assume that a defense uses, and an amount that is no multiple of such a unit."""
_WIDEST_SPREAD = 1e6
_OTHER_ORDER = 100.0
_MOST_NAMED = 3
_SHORTEST_WORD = 4


def odd_inputs(problem: Scenario | DefenseGame) -> list[str]:
    """List what is odd about a game before it is solved, the gravest first.

    Parameters
    ----------
    problem : Scenario or DefenseGame

    Returns
    -------
    list of str
        A line for each finding; empty if nothing is odd.

    Raises
    ------
    SpecificationError
        If the problem is malformed or inconsistent.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[1.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=4.0)
    >>> mg.odd_inputs(game)
    ["no defense acts on 1 threat, 20 % of total severity: 't1'"]
    """
    game = game_of(problem)
    return [line for check in _CHECKS for line in check(game)]


def _out_of_reach(game: DefenseGame) -> Iterator[str]:
    """Threats that no defense touches, and that the attacker needs no others beside."""
    left = np.flatnonzero(~_touched(game) & (game.severity > 0.0))
    bits, budget = game.bandwidth[left], game.attacker_bandwidth
    response = best_response(game.severity[left], bits, budget)
    if len(left) and response.loss > 0.0 and bits.sum() >= budget:
        yield (
            f"threats that no defense acts on fill the attacker's bandwidth, {budget:g}: no plan "
            f"lowers the value below {response.loss:g}"
        )


def _default_costs(game: DefenseGame) -> Iterator[str]:
    """Costs of 1 beside costs of thousands."""
    for resource, use in zip(game.resources, game.use, strict=True):
        n_default = int(np.count_nonzero(use == _DEFAULT_COST))
        greatest = float(use.max(initial=0.0))
        if n_default and greatest >= _REAL_COST:
            yield (
                f"{counted(n_default, 'defense')} with a cost of exactly 1 in {shown(resource)}, "
                f"beside others that use up to {greatest:g}: is 1 the default of an import?"
            )


def _termination(game: DefenseGame) -> Iterator[str]:
    loss, severities = game.termination_loss, game.severity[game.severity > 0.0]
    if loss is None or not len(severities):
        return
    if loss >= severities.sum():
        yield (
            f"the termination loss, {loss:g}, is at least the loss of all threats together, "
            f"{severities.sum():g}: the decision is always to operate"
        )
    elif 0.0 < loss < severities.min() / _OTHER_ORDER:
        yield (
            f"the termination loss, {loss:g}, is less than a hundredth of every severity, at least "
            f"{severities.min():g}: are both in the same unit?"
        )


def _limits(game: DefenseGame) -> Iterator[str]:
    """Limits that no allocation reaches."""
    everything = game.use @ game.max_level
    for resource, total, limit in zip(game.resources, everything, game.limits, strict=True):
        if np.isfinite(limit) and limit >= total:
            yield (
                f"the limit of {shown(resource)}, {limit:g}, never binds: all defenses together "
                f"use {total:g}"
            )


def _untouched(game: DefenseGame) -> Iterator[str]:
    left = np.flatnonzero(~_touched(game) & (game.severity > 0.0))
    if len(left):
        share = 100.0 * game.severity[left].sum() / game.severity.sum()
        names = _listed([game.threat_ids[int(i)] for i in left])
        found = counted(len(left), "threat")
        yield f"no defense acts on {found}, {share:.3g} % of total severity: {names}"


def _useless(game: DefenseGame) -> Iterator[str]:
    effect = compose(game).alone
    acting = np.asarray((effect > 0.0).sum(axis=0)).ravel() > 0
    kinds: Sequence[tuple[str, str, str, BoolArray]] = (
        ("acts", "act", "on no threat", ~acting),
        ("is", "are", "dearer than the limits allow", idle_defenses(game)),
        ("is", "are", "switched off by a greatest level of 0", game.max_level == 0.0),
    )
    for one, several, what, which in kinds:
        names = [game.defense_ids[int(j)] for j in np.flatnonzero(which)]
        if names:
            verb = one if len(names) == 1 else several
            yield f"{counted(len(names), 'defense')} {verb} {what}: {_listed(names)}"


def _misspelled(game: DefenseGame) -> Iterator[str]:
    """Classes that are one typing error apart."""
    classes = sorted(set(game.threat_classes))
    for place, one in enumerate(classes):
        for other in classes[place + 1 :]:
            if _is_typo(one, other):
                yield f"the classes {shown(one)} and {shown(other)} are a typing error apart"


def _alike(game: DefenseGame) -> Iterator[str]:
    """Names that stand twice."""
    for noun, names in (("threats", game.threat_ids), ("defenses", game.defense_ids)):
        plain: dict[str, str] = {}
        for name in names:
            other = plain.setdefault("".join(filter(str.isalnum, name.casefold())), name)
            if other != name:
                yield f"the {noun} {shown(other)} and {shown(name)} have almost the same id"


def _spread(game: DefenseGame) -> Iterator[str]:
    severities = game.severity[game.severity > 0.0]
    if len(severities) and severities.max() > _WIDEST_SPREAD * severities.min():
        yield (
            f"severities run from {severities.min():g} to {severities.max():g}, over more than six "
            "orders of magnitude"
        )


def _bandwidths(game: DefenseGame) -> Iterator[str]:
    if game.n_threats > 2 and len(np.unique(game.bandwidth)) == 1:
        bits = f"{game.bandwidth[0]:g} bit{'' if game.bandwidth[0] == 1.0 else 's'}"
        yield f"every threat needs {bits}: the attacker's bandwidth then only counts threats"


_CHECKS: tuple[Callable[[DefenseGame], Iterator[str]], ...] = (
    _out_of_reach,
    _default_costs,
    _termination,
    _untouched,
    _useless,
    _limits,
    _misspelled,
    _alike,
    _spread,
    _bandwidths,
)
"""In order of gravity."""


def _touched(game: DefenseGame) -> BoolArray:
    nothing: FloatArray = np.zeros(game.n_threats)
    return rows_above(compose(game).alone, nothing)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    listed = ", ".join(shown(name) for name in names[:_MOST_NAMED])
    return listed + (f" and {more} more" if more > 0 else "")


def _is_typo(one: str, other: str) -> bool:
    """Tell whether two words differ by case, or by one letter more, less or other."""
    if one.casefold() == other.casefold():
        return True
    if min(len(one), len(other)) < _SHORTEST_WORD or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rests = {(one[start + 1 :], other[start + 1 :]), (one[start + 1 :], other[start:])}
    rests |= {(one[start:], other[start + 1 :])}
    if any(a == b for a, b in rests):
        return True
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    return swapped and one[start + 2 :] == other[start + 2 :]
