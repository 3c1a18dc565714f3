"""Solutions of matrix games as text."""

from __future__ import annotations

import numpy as np
from rich.console import Group
from rich.text import Text

from mfmgame.matrix_games.matrix_solution import MatrixSolution
from mfmgame.numerics.arrays import FloatArray
from mfmgame.view.text.fitting_table import FittingTable, RowsOnDemand, table_of
from mfmgame.view.text.layout import Fact, facts_table, heading, status_text
from mfmgame.view.text.number_formats import bracket_text, number_text
from mfmgame.view.text.plan_tables import MOST_ROWS, greatest_first

__all__ = ["matrix_text"]


def matrix_text(solution: MatrixSolution) -> Group:
    """Show the value of a matrix game, and the lines that each side plays."""
    size = f"{len(solution.row_strategy):,} rows, {len(solution.column_strategy):,} columns"
    facts: list[Fact] = [
        ("value", number_text(solution.value)),
        ("proven", bracket_text(solution.lower, solution.upper)),
        ("gap", f"{solution.gap:.1e}"),
    ]
    if not solution.is_proven:
        facts.append(("status", status_text("numerical")))
    return Group(
        Text.assemble(("matrix game", "bold"), f"  ({size})"),
        facts_table(facts),
        heading("rows that the defender plays"),
        _strategy(solution.row_strategy, "row"),
        heading("columns that the attacker plays"),
        _strategy(solution.column_strategy, "column"),
    )


def _strategy(shares: FloatArray, line: str) -> FittingTable:
    """Show the lines of a strategy, the likeliest first, numbered from 0 as in the matrix."""
    played = np.flatnonzero(shares)
    played = played[greatest_first(shares[played])]

    def row_of(place: int) -> tuple[str, ...]:
        at = int(played[place])
        return str(at), number_text(float(shares[at]))

    rows = RowsOnDemand(len(played), row_of)
    return table_of([line, "probability"], 0, most=MOST_ROWS, rows=rows)
