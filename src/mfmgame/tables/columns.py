"""Which column, key or sheet holds which member of a scenario: for reading and for writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from mfmgame.documents.base import BASES
from mfmgame.documents.catalog import Kind as DefenseKind
from mfmgame.documents.catalog import Level, ShownAs
from mfmgame.documents.composition_names import COMPOSITIONS

__all__ = [
    "DEFENSE_COLUMNS",
    "ENTRY_KEYS",
    "ESTIMATE",
    "SCENARIO_KEYS",
    "THREAT_COLUMNS",
    "USE",
    "Kind",
    "canonical",
    "known_word",
]

Kind = Literal["text", "texts", "number", "numbers", "json"]
"""What a cell holds: one text or number, several between semicolons, or a JSON value."""

ESTIMATE = ("low", "likely", "high")
"""Columns of an uncertain number: ends of its range and, between them, the likeliest value."""
USE = "use: "
"""How the name of a column begins that holds what each defense uses of a resource."""

LOSS_COLUMNS: Mapping[str, Kind] = {
    "id": "text",
    "name": "text",
    "severity": "number",
    "basis": "text",
    "source": "text",
    "description": "text",
}
TECHNIQUE_COLUMNS: Mapping[str, Kind] = {
    "id": "text",
    "name": "text",
    "bandwidth": "number",
    "basis": "text",
    "source": "text",
    "description": "text",
    "tactics": "texts",
}
THREAT_COLUMNS: Mapping[str, Kind] = {
    "id": "text",
    "name": "text",
    "class": "text",
    "level": "text",
    "severity": "number",
    "bandwidth": "number",
    "loss": "text",
    "steps": "texts",
    "basis": "text",
    "source": "text",
    "description": "text",
    "tactics": "texts",
    "parent": "text",
    "maturity": "text",
    "domain": "text",
}
DEFENSE_COLUMNS: Mapping[str, Kind] = {
    "id": "text",
    "name": "text",
    "level": "text",
    "family": "text",
    "kind": "text",
    "levels": "numbers",
    "max_level": "number",
    "basis": "text",
    "source": "text",
    "description": "text",
    "lifecycle": "texts",
    "categories": "texts",
}
ENTRY_KEYS = {
    "losses": LOSS_COLUMNS,
    "techniques": TECHNIQUE_COLUMNS,
    "threats": THREAT_COLUMNS,
    "defenses": DEFENSE_COLUMNS,
}
"""Columns of each sheet of entries; what threats refer to comes before them."""

SCENARIO_KEYS: Mapping[str, Kind] = {
    "name": "text",
    "description": "text",
    "composition": "text",
    "catalog": "text",
    "system": "text",
    "deployment.flows": "texts",
    "attacker.bandwidth": "number",
    "termination.loss": "number",
    "defender.kind": "text",
    "units.loss": "text",
    "units.period": "text",
}
"""Rows of the sheet ``scenario``, in the order in which they are written."""


_WORDS: Mapping[str, tuple[str, ...]] = {
    "basis": BASES,
    "composition": tuple(COMPOSITIONS),
    "kind": get_args(DefenseKind),
    "level": get_args(Level),
    "shown_as": get_args(ShownAs),
}
"""Fixed vocabularies, by the key of the member that holds one of their words."""


def canonical(name: str, known: Mapping[str, Any]) -> str:
    """Name a column or key as this package does, whatever its case, spaces and underscores.

    Examples
    --------
    >>> canonical("Attacker bandwidth", SCENARIO_KEYS), canonical("Max level", DEFENSE_COLUMNS)
    ('attacker.bandwidth', 'max_level')
    """
    plain = {_plain(key): key for key in known}
    return plain.get(_plain(name), name)


def known_word(member: str, text: str) -> str:
    """Write a word of a fixed vocabulary in its own case; return any other text as it is.

    Examples
    --------
    >>> known_word("basis", "Assumed"), known_word("basis", "a guess")
    ('assumed', 'a guess')
    """
    return {word.casefold(): word for word in _WORDS.get(member, ())}.get(text.casefold(), text)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", ".").replace("_", ".")
