"""Sentences that give the reason for a defense's funding, each from its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mfmgame.attribution.explanation import ExplainedDefense, Explanation
from mfmgame.attribution.funding_reasons import Why
from mfmgame.documents.explanation_result import Reason
from mfmgame.documents.kept_shares import percentage_point
from mfmgame.game.game import DefenseGame
from mfmgame.view.text.answer_facts import with_steps_held
from mfmgame.view.text.number_formats import (
    kept_text,
    loss_text,
    number_text,
    percent_text,
    printable,
    resource_text,
    told_apart,
)

__all__ = ["sentence_on"]

_MOST_NAMES = 3


def sentence_on(found: Explanation, row: ExplainedDefense) -> str:
    """State in a sentence why a defense is or is not funded.

    Parameters
    ----------
    found : Explanation
    row : ExplainedDefense
        Entry of the explanation.

    Returns
    -------
    str

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5]],
    ...                       attacker_bandwidth=1.0)
    >>> found = mg.explain(game)
    >>> sentence_on(found, found.defenses[0])
    'funded: without it, the loss rises from 4 to 8; it stops 50 % of t0'
    """
    return _SENTENCES[row.why.reason](found, row)


def _shares(row: ExplainedDefense, shares: Mapping[str, float]) -> str:
    """List threats with the share of each that a defense stops, and where it stops chains best."""
    best = {threat: f" (best at {printable(step)})" for threat, step in row.stops_at.items()}
    return _listed(
        [
            f"{percent_text(share)} of {printable(threat)}{best.get(threat, '')}"
            for threat, share in shares.items()
        ]
    )


def _needed(found: Explanation, row: ExplainedDefense) -> str:
    value, without = _losses(found, row.loss_without)
    sentence = f"funded: without it, the loss rises from {value} to {without}"
    if row.keeps_out and not row.stops:
        used = _listed([printable(threat) for threat in row.keeps_out])
        return (
            f"{sentence}, and the worst attack uses {used}; it stops {_shares(row, row.keeps_out)}"
        )
    return sentence + _stops(row)


def _dispensable(found: Explanation, row: ExplainedDefense) -> str:
    value = loss_text(found.game, found.solution.value)
    cost = " at no cost" if not any(row.cost.values()) else ""
    sentence = f"funded{cost}, but an equally good plan does without it: the loss stays {value}"
    return sentence + _stops(row)


def _required(found: Explanation, row: ExplainedDefense) -> str:
    del found
    return "funded: without it, no plan keeps within the limits and rules" + _stops(row)


def _imposed(found: Explanation, row: ExplainedDefense) -> str:
    value, without = _losses(found, row.loss_without)
    sentence = f"funded: it must run; without it, the loss falls from {value} to {without}"
    return sentence + _stops(row)


def _stops(row: ExplainedDefense) -> str:
    return f"; it stops {_shares(row, row.stops)}" if row.stops else ""


def _cannot_run(found: Explanation, row: ExplainedDefense) -> str:
    game, why = found.game, row.why
    if why.resource is None:
        return "not funded: it cannot run, because its greatest level is 0"
    limit = _limit(game, why)
    needed = float(row.cost[why.resource]) if why.needs is None else why.needs
    step = "its greatest level" if why.needs is None else "its least step"
    resource = printable(why.resource)
    if game.keeps_share(why.resource):
        return (
            f"not funded: it cannot run, because {step} keeps {kept_text(needed)} of the work, and "
            f"at least {kept_text(limit)} must be kept ({resource})"
        )
    return (
        f"not funded: it cannot run, because {step} uses {_amount(game, why.resource, needed)} of "
        f"{resource}, and the limit is {_amount(game, why.resource, limit)}"
    )


def _stops_nothing(found: Explanation, row: ExplainedDefense) -> str:
    place = list(found.game.defense_ids).index(row.defense)
    is_continuous = found.game.level_rules.levels[place] is None
    return f"not funded: it stops no threat{' of the worst attack' if is_continuous else ''}"


def _covered(found: Explanation, row: ExplainedDefense) -> str:
    del found
    others = _listed([printable(name) for name in row.why.covered_by])
    if not others:
        return "not funded: beside the plan, it stops nothing more of the worst attack"
    verb = "covers" if len(row.why.covered_by) == 1 else "cover"
    return (
        f"not funded: {others} {verb} the same threats of the worst attack at least as well, and "
        "it adds nothing"
    )


def _tied(found: Explanation, row: ExplainedDefense) -> str:
    value = loss_text(found.game, found.solution.value)
    return f"not funded, but an equally good plan funds it: the loss stays {value}"


def _dear(found: Explanation, row: ExplainedDefense) -> str:
    game, why = found.game, row.why
    loss = printable(game.units.loss)
    is_share = why.resource is not None and game.keeps_share(why.resource)
    unit = percentage_point(_limit(game, why)) if is_share else 1.0
    saves, price = (
        f"{text} {loss}".rstrip()
        for text in told_apart(unit * (why.saves or 0.0), unit * (why.price or 0.0))
    )
    held = with_steps_held(game)
    if why.resource is None:
        return (
            f"not funded: {held}it saves at most {saves}; the resources that it needs save at "
            f"least {price} in the funded defenses"
        )
    if is_share:
        return (
            f"not funded: {held}each percentage point of work given up for it saves at most "
            f"{saves}; the last percentage point of the plan saves at least {price}"
        )
    name = printable(game.units.resources.get(why.resource, "")) or "unit"
    return (
        f"not funded: {held}each {name} of {printable(why.resource)} spent on it saves at most "
        f"{saves}; the last {name} of the plan saves at least {price}"
    )


def _worse(found: Explanation, row: ExplainedDefense) -> str:
    value, loss = _losses(found, row.why.loss_with or 0.0)
    return f"not funded: the best plan that runs it loses {loss}, not {value}"


def _excluded(found: Explanation, row: ExplainedDefense) -> str:
    del found, row
    return "not funded: no plan that runs it keeps within the limits and rules"


_SENTENCES: dict[Reason, Callable[[Explanation, ExplainedDefense], str]] = {
    "needed": _needed,
    "dispensable": _dispensable,
    "required": _required,
    "imposed": _imposed,
    "cannot_run": _cannot_run,
    "stops_nothing": _stops_nothing,
    "covered": _covered,
    "tied": _tied,
    "dear": _dear,
    "worse": _worse,
    "excluded": _excluded,
}


def _losses(found: Explanation, other: float) -> tuple[str, str]:
    """Format the value and another loss, the unit behind the second."""
    value, loss = told_apart(found.solution.value, other)
    return value, loss_text(found.game, other).replace(number_text(other), loss, 1)


def _limit(game: DefenseGame, why: Why) -> float:
    """Return the limit of the resource that decides."""
    return float(game.limits[game.resources.index(why.resource or "")])


def _amount(game: DefenseGame, resource: str, amount: float) -> str:
    return resource_text(game, resource, amount)


def _listed(names: list[str]) -> str:
    """Join a few names with commas and "and", and count the others."""
    kept, more = names[:_MOST_NAMES], len(names) - _MOST_NAMES
    if more > 0:
        return f"{', '.join(kept)} and {number_text(more)} more"
    return " and ".join([", ".join(kept[:-1]), kept[-1]] if len(kept) > 1 else kept)
