"""Loading of evidence: shipped with the package, or in a user's file."""

from __future__ import annotations

import os
from pathlib import Path

from mfmgame.catalogs.library import models_directory
from mfmgame.documents.evidence_file import Evidence
from mfmgame.documents.json_reading import path_of, read_document
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = ["load_evidence", "shipped_evidence"]


def _folder() -> Path:
    return models_directory() / "evidence"


def shipped_evidence() -> list[str]:
    """List the names of the evidence files that come with the package.

    Returns
    -------
    list of str
        Sorted names, valid for :func:`load_evidence`.

    Examples
    --------
    >>> shipped_evidence()
    ['agentdyn', 'query_caps', 'robustbench']
    """
    return sorted(file.stem for file in _folder().glob("*.json"))


def load_evidence(name: str | os.PathLike[str]) -> Evidence:
    """Load shipped evidence by its name, or an evidence file.

    Parameters
    ----------
    name : str or path-like
        A name of :func:`shipped_evidence`, or a path that ends in ``.json``.

    Returns
    -------
    Evidence

    Raises
    ------
    SpecificationError
        If there is no such evidence, or the file is malformed or inconsistent.

    Examples
    --------
    >>> len(load_evidence("agentdyn").cells)
    191
    """
    file = path_of(name, "name")
    shipped = shipped_evidence()
    if os.fspath(name) in shipped:
        file = _folder() / f"{file}.json"
    elif file.suffix != ".json":
        raise SpecificationError(
            f"unknown evidence {shown(os.fspath(name))}, expected "
            f"{nearest(os.fspath(name), shipped, 'evidence')} (a file's name ends in .json)"
        )
    document = read_document(file)
    try:
        return Evidence(**document)
    except SpecificationError as error:
        raise error.located(str(file)) from None
