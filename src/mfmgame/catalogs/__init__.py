"""Catalogs: the shipped ones, and the rules that turn one into the numbers of a game."""

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
