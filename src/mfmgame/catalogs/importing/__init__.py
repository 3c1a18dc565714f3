"""Catalogs from public knowledge bases: one file for each format that is read."""

from mfmgame.catalogs.importing.atlas import import_atlas
from mfmgame.catalogs.importing.attack import import_attack
from mfmgame.catalogs.importing.numbers import Numbers

__all__ = ["Numbers", "import_atlas", "import_attack"]
