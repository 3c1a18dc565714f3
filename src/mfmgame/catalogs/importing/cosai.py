"""The CoSAI Risk Map: risks, controls, and which control addresses which risk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import NoneType

from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.cosai_files import Control, Risk, RiskMap, read_risk_map
from mfmgame.catalogs.importing.knowledge_base import KnowledgeBase, Link, Mitigation, Technique
from mfmgame.documents.catalog import Catalog, Origin
from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, joined, refuse_other_types, shown

__all__ = ["import_cosai", "read_cosai"]

_ORIGIN = Origin(
    name="CoSAI Risk Map",
    licence="Apache-2.0",
    url="https://github.com/cosai-oasis/secure-ai-tooling",
)
_Pair = tuple[str, str]


def import_cosai(
    path: str | os.PathLike[str],
    numbers: AssumedNumbers | None = None,
    *,
    universal: float | None = None,
) -> Catalog:
    """Make a catalog of the CoSAI Risk Map.

    Risks become threats, with their category as class; controls become defenses. A control and
    a risk are a pair if either names the other; notes name the pairs that only one side has.
    Controls of all risks are defenses without a pair, unless `universal` sets their
    effectiveness.

    Parameters
    ----------
    path : str or path-like
        Folder with ``risks.yaml`` and ``controls.yaml``; ``frameworks.yaml``, if present, names
        the frameworks of references.
    numbers : AssumedNumbers, optional
        Numbers that the risk map lacks: severities, bandwidths, effectiveness, costs.
    universal : float, optional
        Effectiveness of each control of all risks on every risk.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If a file is missing or not of this format, or a number is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> risks = "risks: [{id: poisoning, title: Data poisoning, controls: [filter]}]"
    >>> controls = "controls: [{id: filter, title: Filter of the data, risks: [poisoning]}]"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "risks.yaml").write_text(risks, encoding="utf-8")
    ...     _ = Path(folder, "controls.yaml").write_text(controls, encoding="utf-8")
    ...     catalog = mg.import_cosai(folder)
    >>> [(pair.threat, pair.defense, pair.value) for pair in catalog.effectiveness]
    [('poisoning', 'filter', 0.5)]
    """
    refuse_other_types(numbers, "numbers", AssumedNumbers, NoneType)
    refuse_other_types(universal, "universal", float, int, NoneType)
    if isinstance(universal, bool) or not 0.0 <= (universal or 0.0) <= 1.0:
        raise SpecificationError(f"found {shown(universal)}, expected 0 to 1", pointer="universal")
    return as_catalog(read_cosai(path_of(path), universal), numbers or AssumedNumbers())


def read_cosai(folder: Path, universal: float | None = None) -> KnowledgeBase:
    """Read the risks, the controls and their links from the folder of a risk map.

    Parameters
    ----------
    folder : pathlib.Path
    universal : float, optional
        Effectiveness of each control of all risks on every risk.

    Returns
    -------
    KnowledgeBase

    Raises
    ------
    SpecificationError
        If a file is missing or not of this format.
    """
    return _knowledge(read_risk_map(folder), universal)


def _knowledge(risk_map: RiskMap, universal: float | None) -> KnowledgeBase:
    """Put together what both files state of risks, controls and their pairs."""
    everywhere = [control for control in risk_map.controls if control.addresses_all]
    pairs, notes = _pairs(risk_map)
    return KnowledgeBase(
        name="cosai",
        origin=_ORIGIN,
        techniques=tuple(
            Technique(
                risk.id,
                risk.title,
                category=risk_map.category_of(risk),
                references=risk_map.references_of(risk),
            )
            for risk in risk_map.risks
        ),
        mitigations=tuple(
            Mitigation(
                control.id,
                control.title,
                lifecycle=tuple(control.stages),
                categories=(risk_map.category_of(control),) if control.category else (),
                references=risk_map.references_of(control),
            )
            for control in risk_map.controls
        ),
        links=(
            *(Link(*pair) for pair in pairs),
            *_universal_links(risk_map.risks, everywhere, pairs, universal),
        ),
        notes=(*notes, *_note_on_universal(everywhere, universal)),
    )


def _pairs(risk_map: RiskMap) -> tuple[list[_Pair], list[str]]:
    """List the pairs of a risk and a control that either file states, with notes.

    Both files state every pair of the published map, so a pair of one file alone is more
    probably forgotten in the other than wrong.
    """
    of_all = {control.id for control in risk_map.controls if control.addresses_all}
    by_risk = [(risk.id, control) for risk in risk_map.risks for control in risk.controls]
    by_control = [
        (risk, control.id)
        for control in risk_map.controls
        if control.id not in of_all
        for risk in control.risks
    ]
    risks = {risk.id for risk in risk_map.risks}
    controls = {control.id for control in risk_map.controls}
    stated = dict.fromkeys((*by_risk, *by_control))
    pairs = [pair for pair in stated if pair[0] in risks and pair[1] in controls]
    known, in_risks, in_controls = set(pairs), set(by_risk), set(by_control)
    groups = {
        "kept: {} that only risks.yaml states": [
            pair for pair in pairs if pair not in in_controls and pair[1] not in of_all
        ],
        "kept: {} that only controls.yaml states": [pair for pair in pairs if pair not in in_risks],
        "left out: {} with an id that is not in the files": [
            pair for pair in stated if pair not in known
        ],
    }
    notes = [
        f"{text.format(counted(len(group), 'pair'))}: "
        + joined([f"{shown(risk)} with {shown(control)}" for risk, control in group])
        for text, group in groups.items()
        if group
    ]
    return pairs, notes


def _universal_links(
    risks: Sequence[Risk],
    everywhere: Sequence[Control],
    pairs: Iterable[_Pair],
    share: float | None,
) -> Iterator[Link]:
    """Link each control of all risks to the risks that do not name the control themselves."""
    if share is None:
        return
    explicit = set(pairs)
    reason = "assumed on import, for a control of all risks"
    for control in everywhere:
        for risk in risks:
            if (risk.id, control.id) not in explicit:
                yield Link(risk.id, control.id, value=share, reason=reason)


def _note_on_universal(everywhere: Sequence[Control], share: float | None) -> list[str]:
    if not everywhere:
        return []
    names = joined([shown(control.title or control.id) for control in everywhere])
    does = "left out of coverage" if share is None else f"assumed to stop {share:g} of each"
    return [f"{counted(len(everywhere), 'control')} of all risks, {does}: {names}"]
