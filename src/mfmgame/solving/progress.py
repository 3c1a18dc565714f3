"""How far a search has come, and how far it looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mfmgame.certificates.certificate import Certificate
from mfmgame.certificates.proof import Proof
from mfmgame.documents.result import Status
from mfmgame.game.attacker import BestResponse
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Found", "Progress", "Region"]


FIRST_RADIUS = 0.1
"""Share of the greatest levels to go at first while threats stand in groups."""


class Found(NamedTuple):
    """An allocation, the worst attack on it, and what proves that no other is much better.

    Attributes
    ----------
    game : DefenseGame
        What was solved.
    allocation : ndarray of float, shape (n_defenses,)
    response : BestResponse
        To it; its loss is the value.
    lower : float
        What the certificate proves, in loss units.
    certificate : Certificate or TreeProof
    rounds : int
        Solves of the master program.
    stopped : str
        Why the search went no further (see :attr:`mfmgame.Solution.status`).
    """

    game: DefenseGame
    allocation: FloatArray
    response: BestResponse
    lower: float
    certificate: Proof
    rounds: int
    stopped: Status = "numerical"


class Progress:
    """The best of what a search has found so far.

    Parameters
    ----------
    certificate : Certificate or TreeProof
        Of the bound 0.
    bound : callable
        What a certificate proves, in loss units.

    Attributes
    ----------
    allocation : ndarray of float, shape (n_defenses,)
    response : BestResponse or None
        To the allocation; None before the first.
    rounds : int
    stopped : str
        Why the search goes no further.
    """

    allocation: FloatArray
    response: BestResponse | None = None
    rounds: int = 0
    stopped: Status = "numerical"

    def __init__(self, certificate: Certificate, bound: Callable[[Certificate], float]) -> None:
        self._certificate, self._lower = certificate, 0.0
        self._bound = bound
        self._claim: Callable[[], Certificate] | None = None
        self._expected = 0.0

    @property
    def loss(self) -> float:
        """Loss of the worst attack on the best allocation."""
        return math.inf if self.response is None else self.response.loss

    def see(self, allocation: FloatArray, response: BestResponse, rounds: int) -> None:
        """Take note of an allocation."""
        self.rounds = rounds
        if response.loss < self.loss:
            self.allocation, self.response = allocation, response

    def claim(self, proof: Callable[[], Certificate], expected: float) -> None:
        """Take note of a proof, to be worked out unless one of a greater bound follows."""
        if not self._expected < expected <= self.loss:  # not to be trusted to be better
            self._prove()
        self._claim, self._expected = proof, expected

    def gap(self, resolution: float) -> float:
        """How far the bounds are apart; about how far, if that is more than a resolution."""
        foreseen = self.loss - self._expected
        if self._claim is not None and foreseen > resolution:
            return foreseen
        self._prove()
        return self.loss - self._lower

    def found(self, game: DefenseGame) -> Found:
        """The best of it, once there is an allocation."""
        assert self.response is not None
        self._prove()
        lower = min(self._lower, self.loss)
        return Found(
            game,
            self.allocation,
            self.response,
            lower,
            self._certificate,
            self.rounds,
            self.stopped,
        )

    def _prove(self) -> None:
        """Work out the last claim."""
        if self._claim is not None:
            certificate = self._claim()
            lower = self._bound(certificate)
            if lower > self._lower:
                self._certificate, self._lower = certificate, lower
            self._claim = None


class Region:
    """Levels near the best allocation, where a master of groups is a fair model.

    Far away it would draw the search to and fro, and every group be split for nothing. The
    region grows while the model foretells the loss, and shrinks where it does not.
    """

    def __init__(self) -> None:
        self._radius = FIRST_RADIUS

    def resize(self, gained: float, foretold: float) -> None:
        """Learn from what the last point gained beside what the model foretold."""
        if gained > 0.5 * foretold:
            self._radius *= 2.0
        elif gained < 0.1 * foretold:
            self._radius *= 0.5

    def around(self, allocation: FloatArray, max_level: FloatArray) -> Box | None:
        """Least and greatest levels of the region; None once it holds every level."""
        if self._radius >= 1.0:
            return None
        reach = self._radius * max_level
        return np.maximum(allocation - reach, 0.0), np.minimum(allocation + reach, max_level)
