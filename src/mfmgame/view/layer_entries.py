"""Entries of a Navigator layer: the threats of a game, and the techniques of its chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from mfmgame.answers.solution import Solution
from mfmgame.catalogs.domains import domain_of
from mfmgame.documents.losses_and_techniques import Technique
from mfmgame.game.chains import Chains
from mfmgame.game.compositions import compose, composition_class
from mfmgame.numerics.arrays import FloatArray, dense

__all__ = ["NUMBERS", "LayerEntries", "layer_entries", "technique_references"]

NUMBERS = ("severity", "bandwidth", "coverage", "residual", "effort")
"""Numbers of each entry, in the order of an entry's metadata."""


class LayerEntries(NamedTuple):
    """Candidates for the techniques of a layer.

    Attributes
    ----------
    ids : list of str, length n_entries
        Threats by id, then techniques of chains, by the id of their reference if it has one.
    numbers : dict of str to ndarray of float, shape (n_entries,)
        Severity, bandwidth, coverage, residual and effort. The severity, residual and effort of a
        technique are the greatest of the chains that contain the technique.
    alone : ndarray of float or sparse matrix, shape (n_entries, n_defenses)
        Share that each defense stops at level 1.
    about : list of tuple of str, length n_entries
        Name and value of a further fact: the class of a threat, the chains of a technique.
    """

    ids: list[str]
    numbers: dict[str, FloatArray]
    alone: Any
    about: list[tuple[str, str]]


def technique_references(techniques: Iterable[Technique]) -> dict[str, str]:
    """Find the id in ATT&CK or ATLAS that the references of each technique state.

    Parameters
    ----------
    techniques : iterable of Technique

    Returns
    -------
    dict of str to str
        The first of these ids by the technique's own id, unless this is of ATT&CK or ATLAS itself.
    """
    found: dict[str, str] = {}
    for technique in techniques:
        for reference in technique.references if domain_of(technique.id) is None else ():
            if domain_of(reference.id) is not None:
                found.setdefault(technique.id, reference.id)
    return found


def layer_entries(solution: Solution, references: Mapping[str, str]) -> LayerEntries:
    """Collect the threats of a solution's game, and the techniques of its chains.

    Parameters
    ----------
    solution : Solution
    references : mapping of str to str
        Id of a technique in another knowledge base, by its own id.

    Returns
    -------
    LayerEntries
        Techniques with the id of an earlier entry are omitted.
    """
    game = solution.game
    numbers = {
        "severity": game.severity,
        "bandwidth": game.bandwidth,
        "coverage": solution.coverage.array,
        "residual": solution.residual.array,
        "effort": solution.attack.array,
    }
    about = [("class", name) for name in game.threat_classes]
    threats = LayerEntries(list(game.threat_ids), numbers, compose(game).alone, about)
    if game.chains is None:
        return threats
    return _with_techniques(threats, solution, game.chains, references)


def _with_techniques(
    threats: LayerEntries, solution: Solution, chains: Chains, references: Mapping[str, str]
) -> LayerEntries:
    """Add the techniques of chains below the threats."""
    members: dict[int, list[int]] = {}
    for threat, used in enumerate(chains.steps):
        for step in used.tolist():
            members.setdefault(step, []).append(threat)
    first = dict.fromkeys(threats.ids, -1)
    for step in sorted(members):
        own = chains.technique_ids[step]
        first.setdefault(references.get(own, own), step)
    shown = {name: step for name, step in first.items() if step >= 0}
    steps = list(shown.values())
    composition = composition_class(solution.game.composition)(chains.effectiveness[steps])
    techniques = {
        name: np.array([threats.numbers[name][members[step]].max() for step in steps])
        for name in NUMBERS
    }
    techniques["bandwidth"] = chains.bandwidth[steps]
    techniques["coverage"] = composition.coverage(solution.allocation.array)
    ids = solution.game.threat_ids
    return LayerEntries(
        ids=[*threats.ids, *shown],
        numbers={
            name: np.concatenate((threats.numbers[name], techniques[name])) for name in NUMBERS
        },
        alone=np.vstack((dense(threats.alone), composition.alone)),
        about=[
            *threats.about,
            *(("chains", ", ".join(ids[threat] for threat in members[step])) for step in steps),
        ],
    )
