"""Data for the page's script: the pieces of the frontier, with full numbers."""

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
from mfmgame.view.text.number_formats import loss_unit

__all__ = ["Labels", "decisions_of", "embedded_json", "frontier_payload"]

_MOST_NAMED: tuple[int | None, ...] = (None, 200, 50, 20, 5)
"""Numbers of threats of an attack to name, in order of preference; None names all."""
MOST_PIECES = 5000
"""Greatest number of pieces; beyond it, only the pieces nearest the scenario's attacker stay."""
_LONGEST_NAME = 80


class Labels(NamedTuple):
    """Labels of the threats, defenses and techniques of a game, in the game's order."""

    threats: Sequence[str]
    defenses: Sequence[str]
    techniques: Sequence[str] = ()


def frontier_payload(assessment: Assessment, frontier: Frontier, labels: Labels, room: int) -> str:
    """Write the frontier as JSON for the page, with the plan and the attack of every piece.

    Parameters
    ----------
    assessment : Assessment
    frontier : Frontier
        Over the attacker's bandwidth, of the same game.
    labels : Labels
    room : int
        Greatest number of characters. If the full JSON is longer, attacks name fewer threats
        and give the sums of the others. If it is still too long, the pieces far from the
        scenario's attacker have neither plan nor attack. No number is ever rounded.

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
        raise SpecificationError(f"found a frontier too long for {room} characters of the page")
    return text


def decisions_of(assessment: Assessment, frontier: Frontier) -> list[tuple[Decision, float | None]]:
    """Find the decision at every bandwidth, as decisions and the bandwidths where each ends.

    A proven threshold determines every decision. Otherwise the brackets of the frontier do,
    but the decision at the scenario's own attacker bandwidth is kept.

    Parameters
    ----------
    assessment : Assessment
    frontier : Frontier
        Over the attacker's bandwidth, of the same game.

    Returns
    -------
    list of tuple
        By rising bandwidth; the last decision has no end. Empty without a termination loss.
    """
    game, found = frontier.game, assessment.threshold
    if found is None or game.termination_loss is None:
        return []
    here, (until, beyond) = game.attacker_bandwidth, frontier.turns(game.termination_loss)
    if found.status == "proven" and found.decision != "undecided":
        reached = math.inf if found.bandwidth is None else found.bandwidth
        # Threats that need no bandwidth may exceed the termination loss by themselves.
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
    """Write compact ASCII JSON in which nothing starts or ends an HTML element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Pieces:
    """Pieces around the scenario's attacker, as many as there is room for."""

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
        """Write the whole payload; None if it is longer than the room."""
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
            "unit": loss_unit(game),
            "threshold": None if found is None else found.bandwidth,
            "decisions": decisions_of(self._assessment, frontier),
            "points": frontier.breakpoints[ends].tolist(),
            "values": frontier.values[ends].tolist(),
            "lower": frontier.lower[ends].tolist(),
            "upper": frontier.upper[ends].tolist(),
            # Nothing changes beyond the last point, unless the frontier continues there.
            "ends": bool(frontier.is_cut_off or window.stop < frontier.n_pieces),
            "all": len(window) == frontier.n_pieces,
            "partly": partly,
            "named": named,
            "resources": [short(name, _LONGEST_NAME) for name in game.resources],
            "kept": [game.keeps_share(name) for name in game.resources],
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
        """List the plan and the attack of a piece; threats are numbered as they appear."""
        game, frontier = self._game, self._frontier
        levels = frontier.allocations[k]
        residual = game.severity * self._composition.exposure(levels)
        start, stop = frontier.breakpoints[k : k + 2].tolist()
        steps = attack_steps(residual, game.ways, start, stop, most)
        plan = [[j, float(levels[j])] for j in np.flatnonzero(levels).tolist()]
        return [plan, [self._step(step, threats) for step in steps]]

    @staticmethod
    def _step(step: Step, threats: dict[int, int]) -> list[float]:
        if step.threat is None:
            return [step.n_threats, step.bits, step.loss]
        threat = threats.setdefault(step.threat, len(threats))
        if step.replaces is None:
            return [threat, step.loss]
        return [threat, step.loss, threats[step.replaces], step.bits]

    def _threat(self, i: int) -> str:
        game = self._game
        label = short(self._labels.threats[i], _LONGEST_NAME)
        return embedded_json([label, float(game.bandwidth[i]), float(game.severity[i])])
