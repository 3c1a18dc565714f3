"""Loading of catalogs: shipped with the package, or in a user's file."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Any

from mfmgame.documents.catalog import Catalog
from mfmgame.documents.json_reading import read_document
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, refuse_other_types, shown

__all__ = ["load_catalog", "models_directory", "shipped_catalogs", "shipped_scenario"]


def models_directory() -> Path:
    """Find the folder of the shipped catalogs, in an install or a source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent.parent / "models"


def shipped_catalogs() -> list[str]:
    """List the names of the catalogs that come with the package.

    Returns
    -------
    list of str
        Sorted names, valid for :func:`load_catalog` and a scenario's ``"catalog"``.

    Examples
    --------
    >>> shipped_catalogs()
    ['agentdyn', 'mfm']
    """
    return sorted(file.stem for file in models_directory().glob("*.json"))


def load_catalog(name: str, folder: Path | None = None) -> Catalog:
    """Load a shipped catalog by its name, or a catalog from a JSON file.

    Parameters
    ----------
    name : str
        A name of :func:`shipped_catalogs`, or a path that ends in ``.json``.
    folder : pathlib.Path, optional
        Folder of a relative path; the working directory by default.

    Returns
    -------
    Catalog
        The validated catalog.

    Raises
    ------
    SpecificationError
        If there is no such catalog, or the file is malformed or inconsistent.

    Examples
    --------
    >>> len(load_catalog("mfm").threats)
    73
    """
    refuse_other_types(name, "name", str)
    refuse_other_types(folder, "folder", Path, NoneType)
    shipped = shipped_catalogs()
    if name in shipped:
        file = models_directory() / f"{name}.json"
    elif name.endswith(".json"):
        file = (folder or Path()) / name
    else:
        raise SpecificationError(
            f"unknown catalog {shown(name)}, expected {nearest(name, shipped, 'catalog')}"
            " (a file's name ends in .json)"
        )
    document = read_document(file)
    try:
        return Catalog(**document)
    except SpecificationError as error:
        raise error.located(str(file)) from None


def shipped_scenario(name: str) -> dict[str, Any]:
    """Read the document of a scenario that comes with the package.

    Parameters
    ----------
    name : str
        Of a file in the folder ``scenarios`` of the shipped models.

    Returns
    -------
    dict
    """
    return read_document(models_directory() / "scenarios" / f"{name}.json")
