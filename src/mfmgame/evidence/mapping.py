"""Tables that map threats and defenses of evidence to those of a catalog."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from mfmgame.documents.base import Basis
from mfmgame.documents.csv_reading import Row, csv_rows, line_refusal
from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = ["MappedPair", "read_mapping"]

_COLUMNS = ("evidence_threat", "evidence_defense", "threat", "defense")
_OTHERS = ("basis", "reason")


@dataclass(frozen=True)
class MappedPair:
    """A threat and defense of evidence, and the pair of a catalog that they stand for.

    Attributes
    ----------
    evidence_threat, evidence_defense : str
    threat, defense : str
        Ids in the catalog.
    basis : {"measured", "proxy", "paper", "derived", "assumed"}
        "proxy" if another mechanism of the same family was measured.
    reason : str
        Why the one stands for the other.
    """

    evidence_threat: str
    evidence_defense: str
    threat: str
    defense: str
    basis: Basis = "proxy"
    reason: str = ""


def read_mapping(path: str | os.PathLike[str]) -> Sequence[MappedPair]:
    """Read which pairs of a catalog the pairs of evidence stand for.

    Parameters
    ----------
    path : str or path-like
        A CSV file with the columns ``evidence_threat``, ``evidence_defense``, ``threat`` and
        ``defense``; ``basis`` ("proxy" unless stated) and ``reason`` are optional.

    Returns
    -------
    sequence of MappedPair

    Raises
    ------
    SpecificationError
        If the file is not such a table, or maps to a pair of the catalog twice.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> text = '''evidence_threat,evidence_defense,threat,defense
    ... injection,piguard,prompt-injection,injection-guard
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "map.csv")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     mg.read_mapping(file)[0].basis
    'proxy'
    """
    file = path_of(path)
    try:
        return _pairs(*csv_rows(file, _COLUMNS))
    except SpecificationError as error:
        raise error.located(str(file)) from None


def _pairs(columns: Sequence[str], rows: Sequence[Row]) -> list[MappedPair]:
    known = (*_COLUMNS, *_OTHERS)
    for column in columns:
        if column not in known:
            raise line_refusal(
                1, f"found the column {shown(column)}, expected {nearest(column, known, 'column')}"
            )
    bases: dict[str, Basis] = {basis: basis for basis in get_args(Basis)}
    seen: dict[tuple[str, ...], int] = {}
    pairs = []
    for row in rows:
        named = {column: row.fields[column].strip() for column in columns}
        for column in _COLUMNS:
            if not named[column]:
                raise line_refusal(row.line, f"found an empty {column}, expected an id")
        basis = named.get("basis") or "proxy"
        if basis not in bases:
            raise line_refusal(
                row.line, f"found {shown(basis)}, expected one of {', '.join(bases)}"
            )
        key = tuple(named[column] for column in _COLUMNS)
        if key in seen:
            raise line_refusal(
                row.line, f"found the pairs of line {seen[key]} again, expected once"
            )
        seen[key] = row.line
        reason = named.get("reason", "")
        pairs.append(MappedPair(key[0], key[1], key[2], key[3], bases[basis], reason))
    return pairs
