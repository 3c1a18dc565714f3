"""Solutions as layers of the ATT&CK Navigator, in its layer format 4.5.

The format is specified in ``layers/LAYERFORMATv4_5.md`` of mitre-attack/attack-navigator.
The domain of ATLAS is named as in the layers that MITRE publishes with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from mfmgame.errors import SpecificationError
from mfmgame.game import DefenseGame
from mfmgame.solution import Solution
from mfmgame.spec.catalog import Origin
from mfmgame.spec.document import refuse_other_types
from mfmgame.spec.wording import counted, nearest, shown
from mfmgame.view.layout import number_text, printable

__all__ = ["Score", "navigator_layer"]

Score = Literal["coverage", "residual", "effort"]

_VERSIONS = {"layer": "4.5", "navigator": "5.0.0"}
"""The format, and the Navigator, as in the specification's example."""

_DOMAINS = {
    "atlas-atlas": re.compile(r"AML\.T[0-9]{4}(\.[0-9]{3})?"),
    "enterprise-attack": re.compile(r"T[1-9][0-9]{3}(\.[0-9]{3})?"),
    "mobile-attack": re.compile(r"T[1-9][0-9]{3}(\.[0-9]{3})?"),
    "ics-attack": re.compile(r"T0[0-9]{3}(\.[0-9]{3})?"),
}
"""The ids of each; those of enterprise and mobile look alike."""

_GREEN, _YELLOW, _RED, _WHITE = "#8ec843", "#ffe766", "#ff6666", "#ffffff"
_MOST_DEFENSES = 5
_DIGITS = 9
"""Of per cent: enough to tell any two, and no trace of the conversion."""


def navigator_layer(
    solution: Solution, score: Score = "residual", origins: Sequence[Origin] = ()
) -> dict[str, Any]:
    """Make a layer for the ATT&CK Navigator, or for that of ATLAS.

    The layer has every threat whose id is that of a technique (T1059, T1059.001,
    AML.T0051) of one domain, the one that most of the ids belong to. The others are left
    out and counted in the layer's description. Where ids may be of the enterprise or of
    the mobile domain, it is enterprise, unless an origin's name says otherwise.

    Parameters
    ----------
    solution : Solution
    score : {"residual", "coverage", "effort"}
        What the score of a technique is: its residual loss at full effort, in loss units;
        the share of it that the allocation stops, in per cent; or the effort that the
        worst attack puts into it, in per cent. The metadata has all numbers in full.
    origins : sequence of Origin, optional
        What the catalog was made from, for the layer's metadata and its version of ATT&CK.

    Returns
    -------
    dict
        The layer, ready for :func:`json.dump`.

    Raises
    ------
    SpecificationError
        If `score` is none of these, or no threat's id is that of a technique.

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
    refuse_other_types(solution, "solution", Solution)
    refuse_other_types(score, "score", str)
    refuse_other_types(origins, "origins", list, tuple)
    for origin in origins:
        refuse_other_types(origin, "origins", Origin)
    game = solution.game
    columns = {
        "residual": solution.residual.array,
        "coverage": np.round(100.0 * solution.coverage.array, _DIGITS),
        "effort": np.round(100.0 * solution.attack.array, _DIGITS),
    }
    if score not in columns:
        raise SpecificationError(
            f"found {shown(score)}, expected {nearest(score, columns, 'score')}", pointer="score"
        )
    domain = _domain_of(game.threat_ids, origins)
    pattern = _DOMAINS[domain]
    rows = [row for row, name in enumerate(game.threat_ids) if pattern.fullmatch(name)]
    comments = _comments(solution, rows)
    worst = float(game.severity[rows].max())
    return {
        "name": f"{printable(game.name)}: {score}",
        "versions": {**_attack_version(domain, origins), **_VERSIONS},
        "domain": domain,
        "description": _description(solution, score, domain, len(rows)),
        "sorting": 2 if score == "coverage" else 3,
        "layout": {"layout": "side", "showID": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [
            {
                "techniqueID": game.threat_ids[row],
                "score": float(columns[score][row]),
                "comment": comment,
                "enabled": True,
                "metadata": _technique_metadata(solution, row),
            }
            for row, comment in zip(rows, comments, strict=True)
        ],
        **_colours(score, worst),
        "metadata": _metadata(solution, origins),
    }


def _domain_of(ids: Sequence[str], origins: Sequence[Origin]) -> str:
    """The domain of most ids; the first of those that have as many."""
    counts = {
        domain: sum(pattern.fullmatch(name) is not None for name in ids)
        for domain, pattern in _DOMAINS.items()
    }
    best = max(counts, key=lambda domain: counts[domain])
    if not counts[best]:
        raise SpecificationError(
            "found no id of a technique (T1059, T1059.001 or AML.T0051), expected at least one",
            pointer="threats",
        )
    names = [re.findall(r"[a-z]+", origin.name.lower()) for origin in origins]
    is_mobile = any("mobile" in words for words in names)
    if best == "enterprise-attack" and is_mobile and not any("enterprise" in w for w in names):
        return "mobile-attack"
    return best


def _attack_version(domain: str, origins: Sequence[Origin]) -> dict[str, str]:
    """The version of ATT&CK, if one origin says it; ATLAS has no place for its own."""
    versions = {
        origin.version.removeprefix("v").partition(".")[0]
        for origin in origins
        if domain != "atlas-atlas" and "att&ck" in origin.name.lower()
    }
    version = versions.pop() if len(versions) == 1 else ""
    return {"attack": version} if version.isdecimal() else {}


def _description(solution: Solution, score: Score, domain: str, n_listed: int) -> str:
    game = solution.game
    what = {
        "residual": "residual loss at full effort, in loss units",
        "coverage": "share of the threat that the allocation stops, in per cent",
        "effort": "effort that the worst attack puts into the threat, in per cent",
    }[score]
    parts = [
        f"Score: {what}, under the optimal allocation of {game.name}.",
        f"{n_listed} of {counted(game.n_threats, 'threat')} shown as techniques of {domain}, "
        f"{game.n_threats - n_listed} left out.",
        *(f"Note: {note}." for note in solution.notes),
    ]
    return printable(" ".join(parts))


def _comments(solution: Solution, rows: Sequence[int]) -> list[str]:
    """For each threat, the funded defenses that act on it, the most effective first."""
    game = solution.game
    funded = np.flatnonzero(solution.allocation.array > 0)
    block: Any = game.effectiveness[rows][:, funded]
    shares = block if isinstance(block, np.ndarray) else block.toarray()
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


def _technique_metadata(solution: Solution, row: int) -> list[dict[str, str]]:
    game = solution.game
    numbers = {
        "severity": game.severity[row],
        "bandwidth": game.bandwidth[row],
        "coverage": solution.coverage.array[row],
        "residual": solution.residual.array[row],
        "effort": solution.attack.array[row],
    }
    return [
        _pair("class", game.threat_classes[row]),
        *(_pair(name, repr(float(number))) for name, number in numbers.items()),
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
    ]


def _limits(game: DefenseGame) -> list[dict[str, str]]:
    limits = zip(game.resources, game.limits.tolist(), strict=True)
    return [_pair(f"limit of {name}", repr(limit)) for name, limit in limits if np.isfinite(limit)]


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": printable(name), "value": printable(value) or "-"}


def _colours(score: Score, worst: float) -> dict[str, Any]:
    """Gradient and legend; losses are coloured relative to the greatest severity."""
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
