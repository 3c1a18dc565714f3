"""Domains of techniques, as far as their ids determine them."""

from __future__ import annotations

import re

from mfmgame.documents.catalog import Domain

__all__ = ["domain_of"]

_ATLAS = re.compile(r"AML\.T[0-9]{4}(\.[0-9]{3})?")
_ATTACK = re.compile(r"T([0-9]{4})(\.[0-9]{3})?")
_FIRST_ENTERPRISE = 1000
_FIRST_MOBILE = 1398
"""First mobile id: ATT&CK numbers all domains in one sequence, ICS first."""


def domain_of(name: str, *, mobile: bool = False) -> Domain | None:
    """Tell the domain of a technique by its id.

    Parameters
    ----------
    name : str
    mobile : bool, default False
        Whether an id that fits both the enterprise and the mobile domain is mobile.

    Returns
    -------
    str or None
        None if the id is not a technique's.
    """
    if _ATLAS.fullmatch(name):
        return "atlas-atlas"
    match = _ATTACK.fullmatch(name)
    if match is None:
        return None
    number = int(match[1])
    if number < _FIRST_ENTERPRISE:
        return "ics-attack"
    return "mobile-attack" if mobile and number >= _FIRST_MOBILE else "enterprise-attack"
