"""Frontiers at several limits, as text."""

from __future__ import annotations

from rich.console import Group

from mfmgame.sweeps.frontier_map import FrontierMap
from mfmgame.view.text.answer_facts import regions_text, title
from mfmgame.view.text.fitting_table import RowsOnDemand, table_of
from mfmgame.view.text.layout import Fact, facts_table, heading, notes_text, status_facts
from mfmgame.view.text.number_formats import (
    amount_text,
    loss_heading,
    loss_text,
    measured,
    number_text,
    printable,
    resource_heading,
)

__all__ = ["map_text"]


def map_text(found: FrontierMap) -> Group:
    """Show for each limit the value and the decisions over the attacker's bandwidth."""
    game = found.frontiers[0].game
    stopping = game.termination_loss
    # A sweep may end before the attacker's own bandwidth.
    at = min(game.attacker_bandwidth, *(float(one.breakpoints[-1]) for one in found.frontiers))
    at = max(at, *(float(one.breakpoints[0]) for one in found.frontiers))
    facts: list[Fact] = [
        ("over", f"attacker bandwidth, and limit of {printable(found.limit)}"),
        ("limits", f"{len(found.limits)}, from {_ends(found)}"),
        *status_facts(found.status),
    ]
    if stopping is not None:
        facts.append(("stopping costs", loss_text(game, stopping)))
    decided = [] if stopping is None else ["decision over the bandwidth"]

    def row_of(k: int) -> tuple[str, ...]:
        frontier = found.frontiers[k]
        cells = amount_text(game, found.limit, found.limits[k]), number_text(float(frontier(at)))
        told = [regions_text(frontier.regions())] if stopping is not None else []
        return *cells, str(frontier.n_pieces), *told

    table = table_of(
        [resource_heading(game, found.limit), loss_heading(game, "value"), "pieces", *decided],
        text_columns=0,
        texts=decided,
        drop=["pieces"],
        rows=RowsOnDemand(len(found.limits), row_of),
    )
    return Group(
        title(game),
        facts_table(facts),
        heading(f"value at a bandwidth of {measured(at, 'bit')}"),
        table,
        *notes_text(found.notes),
    )


def _ends(found: FrontierMap) -> str:
    game = found.frontiers[0].game
    ends = (amount_text(game, found.limit, found.limits[end]) for end in (0, -1))
    return " to ".join(ends)
