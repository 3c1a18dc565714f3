"""Tables of an allocation and of the worst attack on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.answers.sensitivity import Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import counted
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.view.text.fitting_table import RowsOnDemand, shows_every_row, table_of
from mfmgame.view.text.layout import HINT, Fact, facts_table, heading
from mfmgame.view.text.number_formats import (
    amount_text,
    loss_heading,
    number_text,
    printable,
    resource_heading,
)

__all__ = [
    "MOST_ROWS",
    "allocation_part",
    "attack_part",
    "attack_table",
    "greatest_first",
    "loss_columns",
    "name_heading",
]

MOST_ROWS = 20
"""Number of rows of a long table that are shown unless every row is asked for."""

_TIE_BITS = 30
"""Leading bits to which numbers are compared when rows are sorted."""


def allocation_part(
    game: DefenseGame, allocation: Labelled, found: Sensitivity | None = None
) -> RenderableType:
    """Show the funded defenses by level, and count the others unless every row is asked for."""
    roles = {} if found is None else found.roles
    levels = allocation.array
    order = greatest_first(levels)
    funded, others = order[levels[order] > 0.0], order[levels[order] <= 0.0]
    listed = order if shows_every_row() else funded
    parts: list[RenderableType] = []
    if len(listed):
        uses = [resource_heading(game, resource) for resource in game.resources]
        names, ranges = name_heading(game.defense_names), ["least", "greatest", "role"]

        def row_of(place: int) -> tuple[str, ...]:
            j = int(listed[place])
            level, defense = float(levels[j]), game.defense_ids[j]
            cells = [printable(defense), *(printable(game.defense_names[j]) for _ in names)]
            cells += [number_text(level), number_text(game.max_level[j])]
            cells += [
                amount_text(game, resource, float(use * level))
                for resource, use in zip(game.resources, game.use[:, j], strict=True)
            ]
            if found is not None:
                cells += [number_text(found.least[defense]), number_text(found.greatest[defense])]
                cells.append(roles[defense])
            return tuple(cells)

        parts.append(
            table_of(
                ["defense", *names, "level", "of", *uses, *(ranges if found is not None else [])],
                texts=(*names, "role"),
                drop=["of", ("least", "greatest"), *names, "role", *reversed(uses), "level"],
                rows=RowsOnDemand(len(listed), row_of),
            )
        )
    if len(others) and not shows_every_row():
        optional = sum(roles[game.defense_ids[j]] == "optional" for j in others) if roles else 0
        which = f" ({optional} of them run in other optimal plans)" if optional else ""
        told = f"  not funded: {counted(len(others), 'defense')}{which}"
        parts.append(Text.assemble(told, ("; --all lists them", HINT)))
    return Group(*parts) if parts else Text("  there is no defense")


def attack_part(solution: Solution) -> RenderableType:
    """Show the worst attack of a solution, or state that no attack causes a loss."""
    if not solution.attack.array.any():
        is_sure = solution.is_proven or solution.upper == 0.0
        cause = "causes a loss" if is_sure else "is proven to cause a loss"
        return Text(f"  no attack {cause}")
    return attack_table(
        solution.game, solution.attack.array, solution.coverage.array, solution.residual.array
    )


def attack_table(
    game: DefenseGame, effort: FloatArray, coverage: FloatArray, residual: FloatArray
) -> RenderableType:
    """Show the threats of an attack, the greatest loss first, and the steps of its chains."""
    caused, running = effort * residual, np.flatnonzero(effort > 0.0)
    running = running[greatest_first(caused[running])]
    names, ways, loss, severity = (
        name_heading(game.threat_names),
        loss_columns(game),
        loss_heading(game),
        loss_heading(game, "severity"),
    )

    def row_of(place: int) -> tuple[str, ...]:
        i = int(running[place])
        texts = (
            game.threat_ids[i],
            *(game.threat_names[i] for _ in names),
            *(game.threat_losses[i] or "-" for _ in ways),
            game.threat_classes[i],
        )
        numbers = effort[i], effort[i] * game.bandwidth[i], game.severity[i], coverage[i], caused[i]
        return *map(printable, texts), *(number_text(float(one)) for one in numbers)

    table = table_of(
        ["threat", *names, *ways, "class", "effort", "bits", severity, "coverage", loss],
        texts=(*names, *ways, "class"),
        drop=["class", "bits", severity, *names, *ways, "coverage", "effort"],
        most=MOST_ROWS,
        rows=RowsOnDemand(len(running), row_of),
    )
    shown = running if shows_every_row() else running[:MOST_ROWS]
    steps = [fact for i in shown.tolist() for fact in _steps_facts(game, i)]
    return Group(table, heading("steps"), facts_table(steps)) if steps else table


def _steps_facts(game: DefenseGame, threat: int) -> Iterator[Fact]:
    """List the steps of a threat in order, if it is a chain."""
    steps = () if game.chains is None else game.chains.steps_of(threat)
    if steps:
        yield printable(game.threat_ids[threat]), " > ".join(map(printable, steps))


def loss_columns(game: DefenseGame) -> list[str]:
    """Return the heading of a column of the losses of threats; none where no loss is shared."""
    return [] if game.shared_losses is None else ["leads to"]


def greatest_first(numbers: FloatArray) -> IntArray:
    """Order positions by their numbers, greatest first.

    Numbers that agree to about nine digits keep their order: rounding breaks no ties.
    """
    fraction, exponent = np.frexp(numbers)
    rounded = np.ldexp(np.round(np.ldexp(fraction, _TIE_BITS)), exponent - _TIE_BITS)
    return np.argsort(-rounded, kind="stable")


def name_heading(names: Sequence[str]) -> list[str]:
    """Return the heading of a column of names; none where no entry has a name."""
    return ["name"] if any(names) else []
