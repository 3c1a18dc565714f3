"""Evidence files as text."""

from __future__ import annotations

from collections import Counter

from rich.console import Group

from mfmgame.documents.evidence_file import Evidence, EvidenceCell
from mfmgame.messages import counted
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, notes_text
from mfmgame.view.text.number_formats import number_text, percent_text, printable

__all__ = ["evidence_text"]

_NAMES = ("threat", "defense", "model", "suite", "attack")
_DROPPED = ("effective trials", "suite", "attack", "model")
"""Columns that leave a narrow table, the first one first."""


def evidence_text(evidence: Evidence) -> Group:
    """Show the cells of an evidence file: counts, effectiveness with its interval, work kept."""
    named = [name for name in _NAMES if any(getattr(cell, name) for cell in evidence.cells)]
    headings = [
        *named,
        "attacks succeed",
        "without defense",
        "effective trials",
        "effectiveness",
        "95 % interval",
        "work kept",
    ]
    table = table_of(headings, texts=named, text_columns=0, drop=_DROPPED)
    for cell in evidence.cells:
        table.add_row(
            *(printable(getattr(cell, name)) for name in named),
            f"{cell.successes} of {cell.trials}",
            f"{cell.baseline_successes} of {cell.baseline_trials}",
            _effective(cell),
            _share(cell.effectiveness),
            "-" if cell.interval is None else " to ".join(f"{end:.2f}" for end in cell.interval),
            "-" if cell.work_kept is None else percent_text(cell.work_kept),
        )
    facts = [
        ("evidence", printable(evidence.name)),
        *([("source", printable(evidence.source))] if evidence.source else ()),
        *([("license", printable(evidence.license))] if evidence.license else ()),
        ("cells", counted(len(evidence.cells), "cell")),
    ]
    return Group(facts_table(facts), "", table, *notes_text(_notes(evidence)))


def _share(effectiveness: float | None) -> str:
    return "-" if effectiveness is None else f"{effectiveness:.3f}"


def _effective(cell: EvidenceCell) -> str:
    numbers = (cell.effective_trials, cell.baseline_effective_trials)
    told = ["-" if number is None else number_text(number) for number in numbers]
    return " and ".join(told)


def _notes(evidence: Evidence) -> list[str]:
    """State what was not estimated, what was left out, and what the numbers take for granted."""
    cells = evidence.cells
    reasons: dict[str, list[str]] = {}
    left_out = Counter(evidence.left_out)
    for cell in cells:
        if cell.why_not_estimated:
            reasons.setdefault(cell.why_not_estimated, []).append(_name(cell))
        left_out.update(cell.left_out)
        left_out["run that ended in an error"] += cell.errors + cell.baseline_errors
    negative = [
        _name(cell) for cell in cells if cell.effectiveness is not None and cell.effectiveness < 0.0
    ]
    independent = [_name(cell) for cell in cells if cell.interval_from == "independent trials"]
    static = sum(cell.adaptive is False for cell in cells)
    notes = [f"no effectiveness of {_listed(names)}: {reason}" for reason, names in reasons.items()]
    notes += [f"left out: {reason} ({count})" for reason, count in left_out.items() if count]
    if negative:
        notes.append(f"attacks succeed more often with the defense: {_listed(negative)}")
    if independent:
        notes.append(
            f"the interval assumes independent trials, and is too narrow if tasks repeat: "
            f"{_listed(independent)}"
        )
    if static:
        notes.append(
            f"the attacks of {counted(static, 'cell')} did not adapt to the defense: the "
            "effectiveness is an upper bound"
        )
    return notes + list(dict.fromkeys([*evidence.notes, *(one.note for one in cells if one.note)]))


def _name(cell: EvidenceCell) -> str:
    return f"{cell.defense} on {cell.threat}"


def _listed(names: list[str], most: int = 5) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - most
    return ", ".join(distinct[:most]) + (f" and {more} more" if more > 0 else "")
