"""Catalogs: the shipped ones, and the rules that turn one into the numbers of a game."""

from mfmgame.catalogs.library import load_catalog, shipped_catalogs
from mfmgame.catalogs.resolution import Entries, resolve, resolve_catalog

__all__ = ["Entries", "load_catalog", "resolve", "resolve_catalog", "shipped_catalogs"]
