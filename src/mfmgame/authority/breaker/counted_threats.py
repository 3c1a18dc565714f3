"""Whether the bits of threats were counted from the policy that charges the calls."""

from __future__ import annotations

import re

from mfmgame.documents.catalog import Catalog
from mfmgame.documents.kept_shares import KeptShare
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import Overrides
from mfmgame.documents.sourced_entries import Sourced
from mfmgame.documents.stated_numbers import StatedNumber
from mfmgame.documents.uncertain_numbers import Place
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.messages import shown

__all__ = ["refuse_uncounted_threats"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def refuse_uncounted_threats(
    scenario: Scenario, catalog: Catalog, game: DefenseGame, digest: str, allow_assumed: bool
) -> tuple[str, ...]:
    """Refuse threats whose bits were counted from another policy, or not at all.

    A threat without bits is free to the attacker already, and needs no count.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog
        The catalog of the scenario.
    game : DefenseGame
        The game of the scenario.
    digest : str
        Digest of manifest and policy.
    allow_assumed : bool
        Whether bits may be assumed: their basis says so, or their source names no digest.

    Returns
    -------
    tuple of str
        Threats whose bits are assumed.

    Raises
    ------
    SpecificationError
        At the first threat that is refused.
    """
    assumed = []
    needed = zip(game.threat_ids, game.bandwidth.tolist(), strict=True)
    for threat in (threat for threat, bits in needed if bits):
        named = _DIGEST.findall(_source_of_bits(scenario, catalog, threat))
        if digest in named:
            continue
        if named:
            raise scenario.located(
                SpecificationError(
                    f"the bits of threat {shown(threat)} were counted from {named[0]}, expected "
                    f"the manifest and policy in force, {digest}"
                )
            )
        assumed.append(threat)
    if assumed and not allow_assumed:
        more = f" (and {len(assumed) - 1} more)" if len(assumed) > 1 else ""
        raise scenario.located(
            SpecificationError(
                f"found assumed bits of threat {shown(assumed[0])}{more}, expected bits counted "
                "from this policy: count them with mfmgame bandwidth --harmful, or allow them "
                "with --allow-assumed-bits (allow_assumed_bits)"
            )
        )
    return tuple(assumed)


def _source_of_bits(scenario: Scenario, catalog: Catalog, threat_id: str) -> str:
    """Find the source of the bits of a threat; empty if uncertain, or from rules."""
    change = (scenario.overrides or Overrides()).threats.get(threat_id)
    if change is not None and change.bandwidth is not None:
        place: Place = ("overrides", "threats", threat_id, "bandwidth")
        return _source_of(scenario.stated.get(place))
    for document in (scenario, catalog):
        for index, threat in enumerate(document.threats or ()):
            place = ("threats", index, "bandwidth")
            if threat.id != threat_id or place in document.uncertain or threat.bandwidth is None:
                continue
            form = document.stated.get(place)
            if form is not None and (form.source is not None or form.basis == "assumed"):
                return _source_of(form)
            return _source_of(threat.provenance.get("bandwidth", threat))
    return ""


def _source_of(stated: Sourced | StatedNumber | KeptShare | None) -> str:
    """Return the source of a number; empty if the number is assumed, whatever the source names."""
    return "" if stated is None or stated.basis == "assumed" else stated.source or ""
