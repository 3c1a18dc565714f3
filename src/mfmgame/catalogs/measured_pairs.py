"""Effectiveness that is measured by counts of attacks, pair by pair."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mfmgame.documents.catalog import Catalog
from mfmgame.documents.measured_distribution import Measured
from mfmgame.documents.scenario import Scenario
from mfmgame.messages import counted, shown

__all__ = ["MeasuredPairs", "measured_pairs", "note_on_harm"]

MeasuredPairs = Mapping[tuple[str, str], Measured]
"""Measured effectiveness by the ids of threat or technique, and defense."""
_MOST_NAMED = 3


def measured_pairs(scenario: Scenario, catalog: Catalog, ids: Collection[str]) -> MeasuredPairs:
    """Collect the measured effectiveness of a game.

    Parameters
    ----------
    scenario : Scenario
        Its effectiveness entries replace those of the catalog.
    catalog : Catalog
    ids : collection of str
        Threats and techniques of the game; entries of others do not count.

    Returns
    -------
    mapping of (str, str) to Measured
        By threat or technique, and defense.
    """
    forms = {
        (entry.acts_on, entry.defense): document.uncertain.get(("effectiveness", index, "value"))
        for document in (catalog, scenario)
        for index, entry in enumerate(document.effectiveness)
        if entry.acts_on in ids
    }
    return {pair: form for pair, form in forms.items() if isinstance(form, Measured)}


def note_on_harm(measured: MeasuredPairs) -> tuple[str, ...]:
    """Write the note on defenses that made attacks easier, if there are any.

    Parameters
    ----------
    measured : mapping of (str, str) to Measured

    Returns
    -------
    tuple of str
        One note or none.
    """
    harmful = {
        pair: form
        for pair, form in measured.items()
        if form.plug_in is not None and form.plug_in < 0
    }
    if not harmful:
        return ()
    named = [
        f"{shown(defense)} makes {shown(threat)} easier (E = {form.plug_in:.2g})"
        for (threat, defense), form in list(harmful.items())[:_MOST_NAMED]
    ]
    n_more = len(harmful) - len(named)
    more = f", and the same of {counted(n_more, 'other pair')}" if n_more else ""
    most = max(form.center for form in harmful.values())
    taken = f"at most {most:.2g}" if most > 0.0 else "0"
    return (f"the measurements say that {', '.join(named)}{more}; the game takes {taken}",)
