"""What the page's script knows: the pieces of the frontier, every number in full."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mfmgame.answers.decision import regions_of
from mfmgame.answers.frontier import Frontier
from mfmgame.assessment import Assessment
from mfmgame.documents.result import Decision
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import compose
from mfmgame.view.report.attack_steps import Step, attack_steps
from mfmgame.view.report.wording import short

__all__ = ["Labels", "decisions_of", "embedded_json", "frontier_payload"]

_MOST_NAMED: tuple[int | None, ...] = (None, 200, 50, 20, 5)
"""How many threats of an attack to name at first, and how many where that is too long."""
MOST_PIECES = 5000
"""More pieces are cut to those around the scenario's attacker."""
_LONGEST_NAME = 80


class Labels(NamedTuple):
    """What a page calls the threats and the defenses of a game, in its order."""

    threats: Sequence[str]
    defenses: Sequence[str]


def frontier_payload(assessment: Assessment, frontier: Frontier, labels: Labels, room: int) -> str:
    """The frontier as JSON for the page, with the plan and the attack of every piece.

    Parameters
    ----------
    assessment : Assessment
    frontier : Frontier
        Over the attacker's bandwidth, of the same game.
    labels : Labels
    room : int
        Characters that it may take. Where all of it is longer, attacks name fewer threats
        and give the sums of the others; then the pieces far from the scenario's attacker
        have neither plan nor attack. No number is ever rounded.

    Returns
    -------
    str
        Safe within a ``<script>`` element.

    Raises
    ------
    SpecificationError
        If not even the values fit.
    """
    pieces = _Pieces(assessment, frontier, labels)
    for most in _MOST_NAMED:
        text = pieces.written(most, room)
        if text is not None:
            return text
    text = pieces.written(_MOST_NAMED[-1], room, partly=True)
    if text is None:
        raise SpecificationError(f"found a frontier too long for a page of {room} characters")
    return text


def decisions_of(assessment: Assessment, frontier: Frontier) -> list[tuple[Decision, float | None]]:
    """The decision at every bandwidth: each with the last one at which it is right.

    A threshold that is proven says all of it. Else the frontier does, by its brackets, but
    what is decided at the scenario's own attacker stays so.

    Parameters
    ----------
    assessment : Assessment
    frontier : Frontier
        Over the attacker's bandwidth, of the same game.

    Returns
    -------
    list of tuple
        In order; the last one has no end. Empty without a termination loss.
    """
    game, found = frontier.game, assessment.threshold
    if found is None or game.termination_loss is None:
        return []
    here, (until, beyond) = game.attacker_bandwidth, frontier.turns(game.termination_loss)
    if found.status == "proven" and found.decision != "undecided":
        reached = math.inf if found.bandwidth is None else found.bandwidth
        # Threats that need no bandwidth may exceed the loss alone.
        until = beyond = reached if reached or until >= 0.0 else -math.inf
    else:
        if found.decision == "operate":
            until = max(until, here)
        else:
            until = min(until, math.nextafter(here, -math.inf))
        if found.decision == "terminate":
            beyond = min(beyond, math.nextafter(here, -math.inf))
        else:
            beyond = max(beyond, here)
    *before, last = regions_of((until, max(until, beyond)), (0.0, math.inf))
    return [*((region.decision, region.stop) for region in before), (last.decision, None)]


def embedded_json(value: Any) -> str:
    """Compact JSON, ASCII only, in which nothing ends or starts an HTML element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Pieces:
    """The pieces around the scenario's attacker, written as far as there is room."""

    def __init__(self, assessment: Assessment, frontier: Frontier, labels: Labels) -> None:
        self._game = game = frontier.game
        self._frontier, self._assessment = frontier, assessment
        self._labels = labels
        self._composition = compose(game)
        self._focus = min(
            int(np.searchsorted(frontier.breakpoints[1:-1], game.attacker_bandwidth, "right")),
            frontier.n_pieces - 1,
        )
        begin = min(max(self._focus - MOST_PIECES // 2, 0), max(frontier.n_pieces - MOST_PIECES, 0))
        self._window = range(begin, min(begin + MOST_PIECES, frontier.n_pieces))

    def written(self, most: int | None, room: int, *, partly: bool = False) -> str | None:
        """The whole payload; None if that is longer than the room."""
        threats: dict[int, int] = {}
        written: dict[int, str] = {}
        around = self._head(threats, partly=False) + ',"threats":[],"pieces":[]'
        rest = room - len(around) - len("null,") * len(self._window)
        for k in sorted(self._window, key=lambda k: (abs(k - self._focus), k)):
            n_before = len(threats)
            piece = embedded_json(self._piece(k, threats, most))
            rest -= len(piece) + sum(len(self._threat(i)) + 1 for i in list(threats)[n_before:])
            if rest < 0:
                if not partly or not written:
                    return None
                for i in list(threats)[n_before:]:
                    del threats[i]
                break
            written[k] = piece
        whole = len(written) == len(self._window)
        head = self._head(threats, partly=not whole, named=most)
        pieces = ",".join(written.get(k, "null") for k in self._window)
        listed = ",".join(map(self._threat, threats))
        return f'{head[:-1]},"threats":[{listed}],"pieces":[{pieces}]}}'

    def _head(self, threats: dict[int, int], *, partly: bool, named: int | None = None) -> str:
        game, frontier, window = self._game, self._frontier, self._window
        ends = slice(window.start, window.stop + 1)
        found = self._assessment.threshold
        head = {
            "composition": game.composition,
            "isBracket": not self._composition.is_polyhedral,
            "bandwidth": game.attacker_bandwidth,
            "loss": game.termination_loss,
            "threshold": None if found is None else found.bandwidth,
            "decisions": decisions_of(self._assessment, frontier),
            "points": frontier.breakpoints[ends].tolist(),
            "values": frontier.values[ends].tolist(),
            "lower": frontier.lower[ends].tolist(),
            "upper": frontier.upper[ends].tolist(),
            # Beyond the last point nothing changes, unless the frontier goes on there.
            "ends": bool(frontier.is_cut_off or window.stop < frontier.n_pieces),
            "all": len(window) == frontier.n_pieces,
            "partly": partly,
            "named": named,
            "resources": [short(name, _LONGEST_NAME) for name in game.resources],
            "defenses": [
                [short(label, _LONGEST_NAME), most, use]
                for label, most, use in zip(
                    self._labels.defenses,
                    game.max_level.tolist(),
                    game.use.T.tolist(),
                    strict=True,
                )
            ],
        }
        return embedded_json(head)

    def _piece(self, k: int, threats: dict[int, int], most: int | None) -> list[Any]:
        """Plan and attack of a piece; threats are numbered as they appear."""
        game, frontier = self._game, self._frontier
        levels = frontier.allocations[k]
        residual = game.severity * self._composition.exposure(levels)
        start, stop = frontier.breakpoints[k : k + 2].tolist()
        steps = attack_steps(residual, game.bandwidth, start, stop, most)
        plan = [[j, float(levels[j])] for j in np.flatnonzero(levels).tolist()]
        return [plan, [self._step(step, threats) for step in steps]]

    @staticmethod
    def _step(step: Step, threats: dict[int, int]) -> list[float]:
        if step.threat is None:
            return [step.n_threats, step.bits, step.loss]
        return [threats.setdefault(step.threat, len(threats)), step.loss]

    def _threat(self, i: int) -> str:
        game = self._game
        label = short(self._labels.threats[i], _LONGEST_NAME)
        return embedded_json([label, float(game.bandwidth[i]), float(game.severity[i])])
