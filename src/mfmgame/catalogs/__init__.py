"""Catalogs: shipped catalogs, and the rules that derive a game's numbers."""

from mfmgame.catalogs.gaps import CatalogGaps, check_catalog
from mfmgame.catalogs.library import load_catalog, shipped_catalogs
from mfmgame.catalogs.merging import merge_catalogs
from mfmgame.catalogs.scenario_entries import Entries, resolve, resolve_catalog

__all__ = [
    "CatalogGaps",
    "Entries",
    "check_catalog",
    "load_catalog",
    "merge_catalogs",
    "resolve",
    "resolve_catalog",
    "shipped_catalogs",
]
