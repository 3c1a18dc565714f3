"""Catalogs from public knowledge bases, one file for each format."""

from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers
from mfmgame.catalogs.importing.atlas import import_atlas
from mfmgame.catalogs.importing.attack import import_attack
from mfmgame.catalogs.importing.attack_flow import import_flow
from mfmgame.catalogs.importing.cosai import import_cosai
from mfmgame.catalogs.importing.ctid import import_ctid, kev_weights
from mfmgame.catalogs.importing.scores import MappingScores

__all__ = [
    "AssumedNumbers",
    "MappingScores",
    "import_atlas",
    "import_attack",
    "import_cosai",
    "import_ctid",
    "import_flow",
    "kev_weights",
]
