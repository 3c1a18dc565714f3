"""Summaries of bases as text."""

from __future__ import annotations

from rich.console import Group

from mfmgame.answers.basis_summary import BasisSummary
from mfmgame.view.text.answer_facts import title
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import heading, notes_text
from mfmgame.view.text.number_formats import percent_text

__all__ = ["basis_text"]


def basis_text(found: BasisSummary) -> Group:
    """Show for each basis how many numbers have it, and the share of the value that rests on it."""
    rows = table_of(["basis", *found.counts, "numbers", "of the value"])
    for basis, total in found.numbers.items():
        counts = (str(kind[basis]) for kind in found.counts.values())
        rows.add_row(basis, *counts, str(total), percent_text(found.shares[basis]))
    return Group(title(found.game), heading("basis of the numbers"), rows, *notes_text(found.notes))
