"""Inputs that are valid and yet probably mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from mfmgame.documents.kept_shares import KeptShare, kept_share
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import idle_defenses
from mfmgame.game.game import GRANTED, DefenseGame
from mfmgame.game.plans import plan_levels
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import counted, shown
from mfmgame.numerics.arrays import BoolArray, FloatArray, rows_above

__all__ = ["odd_inputs"]

_DEFAULT_COST, _REAL_COST = 1.0, 1000.0
"""Default cost of an import, and the least cost that looks like an amount of money."""
_WIDEST_SPREAD = 1e6
_OTHER_ORDER = 100.0
_SMALL_PART = 0.1
"""Part of a continuous defense that is too small to be what a limit is meant to buy."""
_MOST_NAMED = 3
_SHORTEST_WORD = 4


def odd_inputs(problem: Scenario | DefenseGame) -> list[str]:
    """List probable mistakes in a valid problem, the most serious first.

    Parameters
    ----------
    problem : Scenario or DefenseGame

    Returns
    -------
    list of str
        A line for each finding; empty if there is none.

    Raises
    ------
    SpecificationError
        If the problem is malformed or inconsistent.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[1.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=4.0,
    ...                       termination_loss=9.0)
    >>> mg.odd_inputs(game)
    ["no defense acts on 1 threat, 20 % of total severity: 't1'"]
    """
    game = game_of(problem)
    found = [line for check in _CHECKS for line in check(game)]
    if isinstance(problem, Scenario):
        found += [*_plain_shares(problem, game), *_without_basis(problem)]
    return found


def _plain_shares(scenario: Scenario, game: DefenseGame) -> Iterator[str]:
    """Limits on kept shares of work that are written as plain numbers."""
    for resource, limit in scenario.defender.limits.items():
        stated = scenario.stated.get(("defender", "limits", resource))
        if game.keeps_share(resource) and not isinstance(stated, KeptShare):
            yield (
                f"the limit of {shown(resource)}, the plain number {_amount(limit)}, demands that "
                f'{_kept(limit)} of the work be kept: write {{"kept_share": ...}} to state a share'
            )


def _without_basis(scenario: Scenario) -> list[str]:
    """Name the scenario's own entries that do not state what their numbers rest on."""
    entries = (
        ("threat", scenario.threats or ()),
        ("defense", scenario.defenses),
        ("effectiveness value", scenario.effectiveness),
    )
    counts = [(noun, sum(one.basis is None for one in some)) for noun, some in entries]
    listed = ", ".join(counted(count, noun) for noun, count in counts if count)
    return [f"no basis is stated for the numbers of {listed}"] if listed else []


def _out_of_reach(game: DefenseGame) -> Iterator[str]:
    """Threats that no defense touches, and that the attacker needs no others beside."""
    left, budget = np.where(_touched(game), 0.0, game.severity), game.attacker_bandwidth
    response = best_response(left, game.ways, budget)
    if response.loss > 0.0 and game.bandwidth[left > 0.0].sum() >= budget:
        yield (
            f"threats that no defense acts on fill the attacker's bandwidth, {_amount(budget)}: no "
            f"plan lowers the value below {_amount(response.loss)}"
        )


def _unlimited(game: DefenseGame) -> Iterator[str]:
    """Resources that defenses use and that no limit bounds."""
    for resource, use, limit in zip(game.resources, game.use, game.limits, strict=True):
        if np.isposinf(limit) and use.any():
            is_share = game.keeps_share(resource)
            any_use = "any share of the work may be lost" if is_share else "its use is unlimited"
            yield f"no limit on {shown(resource)}: {any_use}"


def _limits_in_other_units(game: DefenseGame) -> Iterator[str]:
    """Limits below the cost of every defense, as when costs are in thousandths of their unit.

    A continuous defense can run in part, so only a small fraction of its cost counts.
    """
    least, counted_share = game.max_level.copy(), np.full(game.n_defenses, _SMALL_PART)
    for j, steps in enumerate(game.level_rules.levels if game.is_discrete else ()):
        if steps is not None and (steps > 0.0).any():
            least[j], counted_share[j] = steps[steps > 0.0].min(), 1.0
    for resource, use, limit in zip(game.resources, game.use, game.limits, strict=True):
        if game.keeps_share(resource):
            continue
        using = (use > 0.0) & (least > 0.0)
        costs = (use * np.minimum(least, 1.0))[using]
        if len(costs) and 0.0 < limit < (costs * counted_share[using]).min() * (1.0 - GRANTED):
            yield (
                f"the limit of {shown(resource)}, {_amount(limit)}, is below the cost of every "
                f"defense that uses it (least: {_amount(costs.min())}): is the limit in another "
                "unit?"
            )


def _free(game: DefenseGame) -> Iterator[str]:
    """Defenses that use nothing beside defenses that have a cost."""
    running = game.max_level > 0.0
    amounts = [not game.keeps_share(resource) for resource in game.resources]
    priced = (game.use[amounts] > 0.0).any(axis=0)
    names = [game.defense_ids[int(j)] for j in np.flatnonzero(running & ~priced)]
    if names and (running & priced).any():
        resources = [
            name
            for name, use in zip(game.resources, game.use, strict=True)
            if use[running].any() and not game.keeps_share(name)
        ]
        what = shown(resources[0]) if len(resources) == 1 else "any resource"
        verb = "uses" if len(names) == 1 else "use"
        yield (
            f"{counted(len(names), 'defense')} {verb} nothing of {what} while the others do: "
            f"{_listed(names)}"
        )


def _plans(game: DefenseGame) -> Iterator[str]:
    """Levels of plans that their defenses cannot take."""
    for plan, levels in game.plans.items():
        if not _refusal(game, levels):
            continue
        for defense, level in levels.items():
            if refused := _refusal(game, {defense: level}):
                found = _amount(level) if isinstance(level, (int, float)) else shown(level)
                reason = refused.removeprefix(f"found {shown(level)}, ")
                yield f"the plan {shown(plan)} runs {shown(defense)} at {found}, {reason}"


def _refusal(game: DefenseGame, plan: Mapping[str, float]) -> str:
    """Return why a plan cannot run; empty if it can."""
    try:
        plan_levels(game, plan)
    except SpecificationError as error:
        return error.message
    return ""


def _no_termination(game: DefenseGame) -> Iterator[str]:
    if game.termination_loss is None:
        yield "no termination loss: no decision and no threshold follow"


def _default_costs(game: DefenseGame) -> Iterator[str]:
    """Costs of 1 beside costs of thousands."""
    for resource, use in zip(game.resources, game.use, strict=True):
        n_default = int(np.count_nonzero(use == _DEFAULT_COST))
        greatest = float(use.max(initial=0.0))
        if n_default and greatest >= _REAL_COST:
            yield (
                f"{counted(n_default, 'defense')} with a cost of exactly 1 in {shown(resource)}, "
                f"beside others that use up to {_amount(greatest)}: is 1 the default of an import?"
            )


def _termination(game: DefenseGame) -> Iterator[str]:
    loss, severities = game.termination_loss, game.severity[game.severity > 0.0]
    if loss is None or not len(severities):
        return
    if loss >= severities.sum():
        yield (
            f"the termination loss, {_amount(loss)}, is at least the loss of all threats together, "
            f"{_amount(severities.sum())}: the decision is always to operate"
        )
    elif 0.0 < loss < severities.min() / _OTHER_ORDER:
        yield (
            f"the termination loss, {_amount(loss)}, is less than a hundredth of every severity, "
            f"at least {_amount(severities.min())}: are both in the same unit?"
        )


def _limits(game: DefenseGame) -> Iterator[str]:
    """Limits that no allocation reaches."""
    everything = game.use @ game.max_level
    for resource, total, limit in zip(game.resources, everything, game.limits, strict=True):
        if np.isfinite(limit) and limit >= total and game.keeps_share(resource):
            yield (
                f"the limit of {shown(resource)}, at least {_kept(limit)} of the work, never "
                f"binds: all defenses together keep {_kept(total)}"
            )
        elif np.isfinite(limit) and limit >= total:
            yield (
                f"the limit of {shown(resource)}, {_amount(limit)}, never binds: all defenses "
                f"together use {_amount(total)}"
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
        ends = f"{_amount(severities.min())} to {_amount(severities.max())}"
        yield f"severities run from {ends}, over more than six orders of magnitude"


def _bandwidths(game: DefenseGame) -> Iterator[str]:
    if game.n_threats > 2 and len(np.unique(game.bandwidth)) == 1:
        bits = f"{_amount(game.bandwidth[0])} bit{'' if game.bandwidth[0] == 1.0 else 's'}"
        yield f"every threat needs {bits}: the attacker's bandwidth then only counts threats"


_CHECKS: tuple[Callable[[DefenseGame], Iterator[str]], ...] = (
    _out_of_reach,
    _unlimited,
    _limits_in_other_units,
    _default_costs,
    _termination,
    _plans,
    _untouched,
    _useless,
    _free,
    _limits,
    _misspelled,
    _alike,
    _spread,
    _bandwidths,
    _no_termination,
)
"""In order of gravity."""


def _amount(number: float) -> str:
    """Format an amount with its thousands separated."""
    return f"{number:,.12g}"


def _kept(amount: float) -> str:
    """Format in per cent the kept share that an amount stands for."""
    return f"{100.0 * kept_share(amount):.4g} %"


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
