"""Measured effectiveness in the report: the counts, and both estimates side by side."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mfmgame.catalogs.scenario_entries import Entries
from mfmgame.documents.measured_distribution import Baseline, Measured
from mfmgame.view.report.payload import Labels
from mfmgame.view.report.table import Table, table
from mfmgame.view.report.wording import labels_of
from mfmgame.view.text.number_formats import number_text

__all__ = ["measured_table"]

_INTERVAL = np.array([0.025, 0.975])


def measured_table(entries: Entries, labels: Labels) -> Table:
    """List every measured effectiveness: counts, estimate as counted, median and interval."""
    threats = [threat.id for threat in entries.threats]
    techniques = [(technique.id, technique.name) for technique in entries.techniques]
    named = dict(zip(threats, labels.threats, strict=True))
    named |= dict(zip((one for one, _ in techniques), labels_of(techniques), strict=True))
    defenses = {defense.id: column for column, defense in enumerate(entries.defenses)}

    def rows() -> Iterable[tuple[str, ...]]:
        for (threat, defense), form in entries.measured.items():
            low, high = form.quantiles(_INTERVAL).tolist()
            yield (
                named[threat],
                labels.defenses[defenses[defense]],
                form.baseline.id,
                _counts(form.baseline),
                _counts(form),
                "-" if form.plug_in is None else number_text(form.plug_in),
                number_text(form.center),
                f"{number_text(low)} to {number_text(high)}",
            )

    headings = [
        "threat or technique" if techniques else "threat",
        "defense",
        "baseline",
        "attacks that succeed without the defense",
        "with it",
        "share stopped, as counted",
        "nominal value",
        "95 % interval",
    ]
    return table("Measured effectiveness", headings, rows(), text_columns=3, noun="value")


def _counts(counts: Baseline | Measured) -> str:
    effective = counts.effective_trials
    worth = "" if effective is None else f" (worth {number_text(effective)} independent trials)"
    return f"{counts.successes} of {counts.trials}{worth}"
