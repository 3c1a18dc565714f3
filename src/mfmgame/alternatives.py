"""What if: the same question with a defense less, or with a threat more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mfmgame.catalogs.resolution import catalog_of
from mfmgame.crossing import self_destruction_threshold
from mfmgame.errors import InfeasibleError, SpecificationError
from mfmgame.game import build_game
from mfmgame.solution import Solution
from mfmgame.solver import solve
from mfmgame.spec.addition import Addition
from mfmgame.spec.catalog import Catalog, Defense, Threat
from mfmgame.spec.document import refuse, refuse_unknown
from mfmgame.spec.scenario import Overrides, Scenario
from mfmgame.spec.wording import shown
from mfmgame.threshold import Threshold

if TYPE_CHECKING:
    import pandas

__all__ = ["Outcome", "WhatIf", "Without", "altered", "what_if", "without_each"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The answer to one scenario.

    Attributes
    ----------
    solution : Solution
    threshold : Threshold or None
        None where the scenario has no termination loss.
    """

    solution: Solution
    threshold: Threshold | None


@dataclass(frozen=True, eq=False)
class WhatIf:
    """The answers to a scenario as it is and as it would be.

    Attributes
    ----------
    before, after : Outcome
    dropped : tuple of str
        Defenses that it would do without.
    added : tuple of str
        Threats and defenses that would come to it.
    """

    before: Outcome
    after: Outcome
    dropped: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def change(self) -> float:
        """What it adds to the value, in loss units."""
        return self.after.solution.value - self.before.solution.value


@dataclass(frozen=True, eq=False)
class Without:
    """The answer to a scenario without one of its defenses.

    Attributes
    ----------
    defense : str
    outcome : Outcome or None
        None if no allocation is feasible without it.
    change : float
        What it would cost to do without it, in loss units: what it adds to the value.
    """

    defense: str
    outcome: Outcome | None
    change: float


def what_if(
    scenario: Scenario,
    *,
    drop: Sequence[str] = (),
    add: Addition | Sequence[Addition] = (),
    catalog: Catalog | None = None,
    tolerance: float | None = None,
) -> WhatIf:
    """Answer a scenario as it is, and with defenses dropped and entries added.

    Parameters
    ----------
    scenario : Scenario
    drop : sequence of str, optional
        Ids of defenses to do without.
    add : Addition or sequence of Addition, optional
        Threats and defenses to add.
    catalog : Catalog, optional
        What to build on, whatever catalog the scenario names.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    WhatIf
        The plan is optimal on both sides: the defender may answer the change.

    Raises
    ------
    SpecificationError
        If there is no such defense, or what is added contradicts what is there.
    InfeasibleError
        If no allocation keeps within the limits and rules, before or after.
    SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.load_scenario("examples/llava_agent.json")
    >>> found = mg.what_if(scenario, drop=["guardt2i"])
    >>> found.before.threshold.decision, round(found.change, 3)
    ('terminate', 0.235)
    """
    additions = [add] if isinstance(add, Addition) else list(add)
    changed = altered(scenario, drop, additions, catalog)
    return WhatIf(
        before=_outcome(scenario, catalog, tolerance),
        after=_outcome(*changed, tolerance),
        dropped=tuple(dict.fromkeys(drop)),
        added=tuple(
            name for one in additions for name in (*_ids(one.threats), *_ids(one.defenses))
        ),
    )


def without_each(
    scenario: Scenario, *, catalog: Catalog | None = None, tolerance: float | None = None
) -> list[Without]:
    """Answer a scenario without each of its defenses in turn.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog, optional
        What to build on, whatever catalog the scenario names.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    list of Without
        What costs most first; the catalog's order among those that cost the same.

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`what_if`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> ranked = mg.without_each(mg.load_scenario("examples/llava_agent.json"))
    >>> ranked[0].defense
    'diffusion-purification'
    """
    game = build_game(scenario, catalog)
    value = solve(game, tolerance=tolerance).value
    ranked = []
    for defense in game.defense_ids:
        try:
            outcome = _outcome(*altered(scenario, [defense], [], catalog), tolerance)
        except InfeasibleError:
            ranked.append(Without(defense, None, float("inf")))
        else:
            ranked.append(Without(defense, outcome, outcome.solution.value - value))
    return sorted(ranked, key=lambda one: -one.change)


def to_frame(ranked: Sequence[Without]) -> pandas.DataFrame:
    """What :func:`without_each` finds, as a table by defense.

    Parameters
    ----------
    ranked : sequence of Without

    Returns
    -------
    pandas.DataFrame
        Columns `value`, `change`, `threshold` (bits; NaN if unreachable) and `decision`.
    """
    import pandas

    rows = []
    for one in ranked:
        threshold = one.outcome.threshold if one.outcome else None
        rows.append(
            {
                "value": one.outcome.solution.value if one.outcome else float("inf"),
                "change": one.change,
                "threshold": threshold.bandwidth if threshold else None,
                "decision": threshold.decision if threshold else None,
            }
        )
    return pandas.DataFrame(
        rows, index=pandas.Index([one.defense for one in ranked], name="defense")
    )


def _outcome(scenario: Scenario, catalog: Catalog | None, tolerance: float | None) -> Outcome:
    game = build_game(scenario, catalog)
    return Outcome(
        solution=solve(game, tolerance=tolerance),
        threshold=None
        if game.termination_loss is None
        else self_destruction_threshold(game, tolerance=tolerance),
    )


def altered(
    scenario: Scenario,
    drop: Sequence[str],
    additions: Sequence[Addition],
    catalog: Catalog | None = None,
) -> tuple[Scenario, Catalog]:
    """A scenario, and the catalog that it builds on, without defenses and with additions.

    A defense that is dropped stays, at a greatest level of 0: what refers to it still does.

    Parameters
    ----------
    scenario : Scenario
    drop : sequence of str
        Ids of defenses.
    additions : sequence of Addition
    catalog : Catalog, optional
        What the scenario builds on; the one that it names by default.

    Returns
    -------
    scenario : Scenario
    catalog : Catalog

    Raises
    ------
    SpecificationError
        If there is no such defense, or what is added contradicts what is there.
    """
    try:
        catalog = catalog or catalog_of(scenario)
        scenario.check_references(catalog)
    except SpecificationError as error:
        raise error if error.source else error.located(scenario.source) from None
    for addition in additions:
        try:
            scenario = _with_entries(scenario, catalog, addition)
        except SpecificationError as error:
            raise error.located(addition.source) from None
    known = _ids([*catalog.defenses, *scenario.defenses])
    for name in drop:
        refuse_unknown(name, known, "defense", "drop")
    return _without(scenario, catalog, frozenset(drop))


def _with_entries(scenario: Scenario, catalog: Catalog, addition: Addition) -> Scenario:
    threats = _ids([*catalog.threats, *(scenario.threats or ())])
    defenses = _ids([*catalog.defenses, *scenario.defenses])
    for key, names, known in (
        ("threats", _ids(addition.threats), set(threats)),
        ("defenses", _ids(addition.defenses), set(defenses)),
    ):
        for index, name in enumerate(names):
            if name in known:
                raise refuse(
                    (key, index, "id"),
                    f"found {shown(name)}, which the scenario has, expected a new id",
                )
    threats += _ids(addition.threats)
    defenses += _ids(addition.defenses)
    stated = {(one.threat, one.defense) for one in scenario.effectiveness}
    for index, one in enumerate(addition.effectiveness):
        refuse_unknown(
            one.threat, dict.fromkeys(threats), "threat", "effectiveness", index, "threat"
        )
        refuse_unknown(
            one.defense, dict.fromkeys(defenses), "defense", "effectiveness", index, "defense"
        )
        if (one.threat, one.defense) in stated:
            raise refuse(
                ("effectiveness", index),
                f"found {shown(one.threat)} with {shown(one.defense)}, of which the scenario "
                "has a value, expected another pair",
            )
    return scenario.model_copy(
        update={
            "threats": [*(scenario.threats or ()), *addition.threats],
            "defenses": [*scenario.defenses, *addition.defenses],
            "effectiveness": [*scenario.effectiveness, *addition.effectiveness],
        }
    )


def _ids(entries: Sequence[Threat] | Sequence[Defense]) -> list[str]:
    return [entry.id for entry in entries]


def _without(
    scenario: Scenario, catalog: Catalog, drop: frozenset[str]
) -> tuple[Scenario, Catalog]:
    changes = scenario.overrides or Overrides()
    kept = {
        name: change.model_copy(update={"max_level": None}) if name in drop else change
        for name, change in changes.defenses.items()
    }
    update: dict[str, object] = {"defenses": [_idle(one, drop) for one in scenario.defenses]}
    if scenario.overrides is not None:
        update["overrides"] = changes.model_copy(update={"defenses": kept})
    idle = [_idle(one, drop) for one in catalog.defenses]
    return scenario.model_copy(update=update), catalog.model_copy(update={"defenses": idle})


def _idle(defense: Defense, drop: frozenset[str]) -> Defense:
    """The defense, at level 0 if it is one to drop."""
    if defense.id not in drop:
        return defense
    stepped = {} if defense.levels is None else {"levels": [0.0]}
    return defense.model_copy(update={"max_level": 0.0, **stepped})
