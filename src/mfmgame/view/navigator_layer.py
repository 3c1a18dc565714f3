"""Solutions as layers for the ATT&CK Navigator, in its layer format 4.5.

The format is specified in ``layers/LAYERFORMATv4_5.md`` of mitre-attack/attack-navigator.
The domain of ATLAS has the name that the layers published by MITRE give it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Literal

import numpy as np

from mfmgame.answers.solution import Solution
from mfmgame.catalogs.domains import domain_of
from mfmgame.documents.catalog import Domain, Origin
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.messages import counted, nearest, refuse_other_types, shown
from mfmgame.numerics.arrays import dense
from mfmgame.view.layer_entries import NUMBERS, LayerEntries, layer_entries
from mfmgame.view.text.number_formats import number_text, printable

__all__ = ["Score", "navigator_layer", "navigator_layers"]

Score = Literal["coverage", "residual", "effort"]

_VERSIONS = {"layer": "4.5", "navigator": "5.0.0"}
"""Versions of the format and of the Navigator, as in the example of the specification."""

_DOMAINS: tuple[Domain, ...] = ("atlas-atlas", "enterprise-attack", "mobile-attack", "ics-attack")
_TARGET = re.compile(r"for ATT&CK v?([0-9.]+)")
"""Version of ATT&CK in the version text of a mapping."""
_GREEN, _YELLOW, _RED, _WHITE = "#8ec843", "#ffe766", "#ff6666", "#ffffff"
_MOST_DEFENSES = 5
_DIGITS = 9
"""Decimals of percentages: enough to distinguish any two, too few to show rounding errors."""


def navigator_layer(
    solution: Solution,
    score: Score = "residual",
    origins: Sequence[Origin] = (),
    *,
    domain: Domain | None = None,
    threat_domains: Mapping[str, Domain] | None = None,
    technique_references: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make a layer for the ATT&CK Navigator or the ATLAS Navigator.

    The layer has every threat, and every technique of a chain, whose id is the id of a technique
    (T1059, T1059.001, AML.T0051) of one domain. The layer's description counts the omitted
    threats; :func:`navigator_layers` makes a layer for each domain.

    Parameters
    ----------
    solution : Solution
    score : {"residual", "coverage", "effort"}
        Score of a technique: its residual loss at full effort, in loss units; the share of
        the technique that the allocation stops, in percent; or the effort that the worst
        attack puts into the technique, in percent. The residual loss and the effort of a
        technique of chains are the greatest of the chains that contain the technique. The
        metadata has all numbers in full.
    origins : sequence of Origin, optional
        Sources of the catalog, for the layer's metadata and its version of ATT&CK.
    domain : str, optional
        ``"enterprise-attack"``, ``"mobile-attack"``, ``"ics-attack"`` or
        ``"atlas-atlas"``; by default the domain with the most threats.
    threat_domains : mapping of str to str, optional
        Domains of threats, by id, as their catalog states. If the catalog states none, the id
        determines the domain; an id that fits both enterprise and mobile counts as
        enterprise, unless all origins are of mobile.
    technique_references : mapping of str to str, optional
        Ids of the techniques of chains in ATT&CK or ATLAS, by their own ids.

    Returns
    -------
    dict
        The layer, ready for :func:`json.dump`.

    Raises
    ------
    SpecificationError
        If `score` is another word, no threat has the id of a technique, or no threat is
        of `domain`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0, 1.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=1.0,
    ...                       threat_ids=["AML.T0051", "insider"])
    >>> layer = mg.navigator_layer(mg.solve(game))
    >>> layer["domain"], [(t["techniqueID"], t["score"]) for t in layer["techniques"]]
    ('atlas-atlas', [('AML.T0051', 2.0)])
    """
    _refuse_other_arguments(solution, score, origins, threat_domains, technique_references)
    game, entries = solution.game, layer_entries(solution, technique_references or {})
    columns = {
        "residual": entries.numbers["residual"],
        "coverage": np.round(100.0 * entries.numbers["coverage"], _DIGITS),
        "effort": np.round(100.0 * entries.numbers["effort"], _DIGITS),
    }
    if score not in columns:
        raise SpecificationError(
            f"found {shown(score)}, expected {nearest(score, columns, 'score')}", pointer="score"
        )
    by_domain = _rows_by_domain(entries.ids, origins, threat_domains or {})
    most: Domain = max(by_domain, key=lambda name: len(by_domain[name]))
    chosen = domain or most
    if chosen not in by_domain:
        raise SpecificationError(
            f"found {shown(chosen)}, expected a domain of the threats: {', '.join(by_domain)}",
            pointer="domain",
        )
    rows = by_domain[chosen]
    comments = _comments(solution, entries.alone, rows)
    worst = float(entries.numbers["severity"][rows].max())
    return {
        "name": f"{printable(game.name)}: {score}",
        "versions": {**_attack_version(chosen, origins), **_VERSIONS},
        "domain": chosen,
        "description": _description(solution, score, chosen, rows),
        "sorting": 2 if score == "coverage" else 3,
        "layout": {"layout": "side", "showID": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [
            {
                "techniqueID": entries.ids[row],
                "score": float(columns[score][row]),
                "comment": comment,
                "enabled": True,
                "metadata": _technique_metadata(entries, row),
            }
            for row, comment in zip(rows, comments, strict=True)
        ],
        **_colours(score, worst),
        "metadata": _metadata(solution, origins),
    }


def navigator_layers(
    solution: Solution,
    score: Score = "residual",
    origins: Sequence[Origin] = (),
    *,
    threat_domains: Mapping[str, Domain] | None = None,
    technique_references: Mapping[str, str] | None = None,
) -> dict[Domain, dict[str, Any]]:
    """Make a layer for each domain that has techniques among the threats.

    Parameters
    ----------
    solution : Solution
    score : {"residual", "coverage", "effort"}
        As for :func:`navigator_layer`, like the other parameters.
    origins : sequence of Origin, optional
    threat_domains : mapping of str to str, optional
    technique_references : mapping of str to str, optional

    Returns
    -------
    dict
        Layers by domain.

    Raises
    ------
    SpecificationError
        If `score` is another word, or no threat has the id of a technique.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0, 1.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=1.0,
    ...                       threat_ids=["AML.T0051", "T1059"])
    >>> list(mg.navigator_layers(mg.solve(game)))
    ['atlas-atlas', 'enterprise-attack']
    """
    _refuse_other_arguments(solution, score, origins, threat_domains, technique_references)
    ids = layer_entries(solution, technique_references or {}).ids
    return {
        domain: navigator_layer(
            solution,
            score,
            origins,
            domain=domain,
            threat_domains=threat_domains,
            technique_references=technique_references,
        )
        for domain in _rows_by_domain(ids, origins, threat_domains or {})
    }


def _refuse_other_arguments(
    solution: object,
    score: object,
    origins: Sequence[object],
    threat_domains: object,
    technique_references: object,
) -> None:
    refuse_other_types(solution, "solution", Solution)
    refuse_other_types(score, "score", str)
    refuse_other_types(origins, "origins", list, tuple)
    for origin in origins:
        refuse_other_types(origin, "origins", Origin)
    refuse_other_types(threat_domains, "threat_domains", Mapping, NoneType)
    refuse_other_types(technique_references, "technique_references", Mapping, NoneType)


def _rows_by_domain(
    ids: Sequence[str], origins: Sequence[Origin], stated: Mapping[str, Domain]
) -> dict[Domain, list[int]]:
    """Group the ids that are of techniques by domain; domains without any are omitted."""
    texts = [f"{origin.name} {origin.version}".lower() for origin in origins]
    sources = [text for text in texts if "att&ck" in text]
    mobile = bool(sources) and all("mobile" in of and "enterprise" not in of for of in sources)
    rows: dict[Domain, list[int]] = {domain: [] for domain in _DOMAINS}
    for row, name in enumerate(ids):
        if told := domain_of(name, mobile=mobile):
            rows[stated.get(name, told)].append(row)
    found = {domain: of for domain, of in rows.items() if of}
    if not found:
        raise SpecificationError(
            "found no id of a technique (T1059, T1059.001 or AML.T0051), expected at least one",
            pointer="threats",
        )
    return found


def _attack_version(domain: Domain, origins: Sequence[Origin]) -> dict[str, str]:
    """Find the version of ATT&CK if the origins agree; the format has no field for ATLAS."""
    if domain == "atlas-atlas":
        return {}
    stated = [_version(origin, domain).removeprefix("v").partition(".")[0] for origin in origins]
    versions = {version for version in stated if version.isdecimal()}
    return {"attack": versions.pop()} if len(versions) == 1 else {}


def _version(origin: Origin, domain: Domain) -> str:
    """Find the version that an origin states for a domain, or overall if it names no domains."""
    if origin.domains:
        return origin.domains.get(domain, "")
    if "att&ck" in origin.name.lower():
        return origin.version
    match = _TARGET.search(origin.version)
    return match[1] if match else ""


def _description(solution: Solution, score: Score, domain: str, rows: Sequence[int]) -> str:
    game = solution.game
    n_listed = sum(row < game.n_threats for row in rows)
    n_steps = len(rows) - n_listed
    what = {
        "residual": "residual loss at full effort, in loss units",
        "coverage": "share of the threat that the allocation stops, in percent",
        "effort": "effort that the worst attack puts into the threat, in percent",
    }[score]
    parts = [
        f"Score: {what}, under the optimal allocation of {game.name}.",
        f"{n_listed} of {counted(game.n_threats, 'threat')} shown as techniques of {domain}, "
        f"{game.n_threats - n_listed} left out.",
        *((f"{counted(n_steps, 'technique')} of chains shown.",) if n_steps else ()),
        *(f"Note: {note}." for note in solution.notes),
    ]
    return printable(" ".join(parts))


def _comments(solution: Solution, alone: Any, rows: Sequence[int]) -> list[str]:
    """List for each entry the funded defenses that act on it, the most effective first."""
    game = solution.game
    funded = np.flatnonzero(solution.allocation.array > 0)
    block: Any = alone[rows][:, funded]
    shares = dense(block)
    comments = []
    for row in shares:
        order = [j for j in np.argsort(-row, kind="stable").tolist() if row[j] > 0]
        acting = [
            f"{game.defense_ids[funded[j]]} (stops {number_text(float(row[j]))} at level 1, "
            f"level {number_text(float(solution.allocation.array[funded[j]]))})"
            for j in order[:_MOST_DEFENSES]
        ]
        acting += [f"{len(order) - _MOST_DEFENSES} more"] if len(order) > _MOST_DEFENSES else []
        comments.append(printable(", ".join(acting)) or "no funded defense acts on it")
    return comments


def _technique_metadata(entries: LayerEntries, row: int) -> list[dict[str, str]]:
    numbers = entries.numbers
    return [
        _pair(*entries.about[row]),
        *(_pair(name, repr(float(numbers[name][row]))) for name in NUMBERS),
    ]


def _metadata(solution: Solution, origins: Sequence[Origin]) -> list[dict[str, str]]:
    game = solution.game
    return [
        *(_pair("source", f"{origin.name} {origin.version}".strip()) for origin in origins),
        _pair("scenario", game.name),
        _pair("composition", game.composition),
        _pair("attacker bandwidth", repr(game.attacker_bandwidth)),
        *_limits(game),
        _pair("value", repr(solution.value)),
        _pair("lower bound", repr(solution.lower)),
        _pair("upper bound", repr(solution.upper)),
        _pair("status", solution.status),
    ]


def _limits(game: DefenseGame) -> list[dict[str, str]]:
    limits = zip(game.resources, game.limits.tolist(), strict=True)
    return [_pair(f"limit of {name}", repr(limit)) for name, limit in limits if np.isfinite(limit)]


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": printable(name), "value": printable(value) or "-"}


def _colours(score: Score, worst: float) -> dict[str, Any]:
    """Choose gradient and legend; losses are coloured relative to the greatest severity."""
    top: float = 100
    if score == "residual" and worst > 0:
        top = int(worst) if worst.is_integer() and worst < 2**53 else worst
    colours, low, high = {
        "residual": (
            [_GREEN, _YELLOW, _RED],
            "no loss",
            f"loss of {number_text(top)}" + (", the greatest severity" if worst > 0 else ""),
        ),
        "coverage": ([_RED, _YELLOW, _GREEN], "nothing stopped", "all stopped"),
        "effort": ([_WHITE, _RED], "not attacked", "attacked at full effort"),
    }[score]
    return {
        "gradient": {"colors": colours, "minValue": 0, "maxValue": top},
        "legendItems": [
            {"label": low, "color": colours[0]},
            {"label": high, "color": colours[-1]},
        ],
    }
