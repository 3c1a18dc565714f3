"""MITRE ATLAS from its YAML, in formats 5 and 6."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any

from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.atlas_entries import atlas_knowledge
from mfmgame.catalogs.importing.atlas_format_5 import AtlasFormat5
from mfmgame.catalogs.importing.atlas_format_6 import AtlasFormat6
from mfmgame.catalogs.importing.knowledge_base import KnowledgeBase
from mfmgame.catalogs.importing.technique_selection import with_techniques_of
from mfmgame.catalogs.importing.untrusted_files import checked, read_yaml
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import refuse_other_types, shown

__all__ = ["import_atlas", "read_atlas"]

_FORMATS: dict[str, type[AtlasFormat5 | AtlasFormat6]] = {"5": AtlasFormat5, "6": AtlasFormat6}
_PATH = re.compile(r"\S+\.ya?ml")


def import_atlas(
    path: str | os.PathLike[str],
    numbers: AssumedNumbers | None = None,
    *,
    platforms: Sequence[str] = (),
    maturities: Sequence[str] = (),
    chains: bool = False,
    as_steps: bool = False,
) -> Catalog:
    """Make a catalog of MITRE ATLAS.

    Techniques and sub-techniques become threats, mitigations defenses. The class of a
    threat is its first tactic; a sub-technique without tactics has those of its parent.

    Parameters
    ----------
    path : str or path-like
        YAML of ATLAS in format 5 (``ATLAS.yaml``, to release 5.6.0) or 6 (such as
        ``ATLAS-2026.06.yaml``).
    numbers : AssumedNumbers, optional
        What ATLAS does not say: severities, bandwidths, effectiveness, costs.
    platforms : sequence of str, optional
        Platforms whose techniques to include, such as ``"Agentic AI"``; format 6 only.
    maturities : sequence of str, optional
        Maturities whose techniques to include: ``"feasible"``, ``"demonstrated"``,
        ``"realized"``.
    chains : bool, default False
        Whether the case studies become the threats, each a chain of techniques. The class of
        such a threat is ``"incident"`` or ``"exercise"``.
    as_steps : bool, default False
        Whether techniques become steps of chains instead of threats, as with `chains`, and
        without the case studies.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If the file is not ATLAS in one of these formats, a number is out of its range, a
        platform or maturity is unknown or leaves no technique, or no case study is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> text = '''
    ... id: ATLAS
    ... version: 1.0.0
    ... matrices:
    ... - id: ATLAS
    ...   tactics: [{id: TA1, name: Access}]
    ...   techniques: [{id: T1, name: Guess the password, tactics: [TA1]}]
    ...   mitigations: [{id: M1, name: Longer passwords, techniques: [{id: T1}]}]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "ATLAS.yaml")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     catalog = mg.import_atlas(file, mg.AssumedNumbers(effectiveness=0.25))
    >>> [(pair.threat, pair.defense, pair.value) for pair in catalog.effectiveness]
    [('T1', 'M1', 0.25)]
    """
    refuse_other_types(numbers, "numbers", AssumedNumbers, NoneType)
    for name, chosen in (("platforms", platforms), ("maturities", maturities)):
        refuse_other_types(chosen, name, list, tuple)
        for value in chosen:
            refuse_other_types(value, name, str)
    refuse_other_types(chains, "chains", bool)
    refuse_other_types(as_steps, "as_steps", bool)
    file = path_of(path)
    base = read_atlas(file)
    try:
        base = with_techniques_of(base, platforms, maturities)
        if chains and not base.chains:
            raise SpecificationError("found no case study with steps, expected at least one")
    except SpecificationError as error:
        raise error.located(str(file)) from None
    if not chains:
        base = replace(base, chains=())
    return as_catalog(base, numbers or AssumedNumbers(), as_steps=chains or as_steps)


def read_atlas(path: Path) -> KnowledgeBase:
    """Read the techniques, mitigations and links of a file of ATLAS.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    KnowledgeBase

    Raises
    ------
    SpecificationError
        If the file is not ATLAS in format 5 or 6, or has no techniques.
    """
    document = read_yaml(path)
    try:
        file = checked(document, path, _format_of(document))
        return atlas_knowledge(file.entries())
    except SpecificationError as error:
        raise error.located(str(path)) from None


def _format_of(document: Any) -> type[AtlasFormat5 | AtlasFormat6]:
    """Choose the format by its version, which format 5 does not state."""
    if isinstance(document, str) and _PATH.fullmatch(document.strip()):
        raise SpecificationError(
            f"found only a path to another file, {shown(document.strip())}, expected the YAML of "
            "ATLAS: import the file at that path"
        )
    if not isinstance(document, dict) or "format-version" not in document:
        return AtlasFormat5
    stated = document["format-version"]
    major = str(stated).partition(".")[0] if isinstance(stated, (str, int)) else ""
    if major not in _FORMATS:
        raise SpecificationError(
            f"found {shown(stated)}, expected format {' or '.join(_FORMATS)}",
            pointer="/format-version",
        )
    return _FORMATS[major]
