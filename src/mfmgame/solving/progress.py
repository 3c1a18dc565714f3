"""Progress of a search, and the region of levels that it searches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.certificates.proof import Proof
from mfmgame.documents.result import Status
from mfmgame.game.attacker import BestResponse
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Found", "Progress", "Region"]


FIRST_RADIUS = 0.1
"""First radius of the region while threats are grouped, relative to the greatest levels."""


class Found(NamedTuple):
    """An allocation, the worst attack on it, and a proof of its lower bound.

    Attributes
    ----------
    game : DefenseGame
        The game that was solved.
    allocation : ndarray of float, shape (n_defenses,)
    response : BestResponse
        Best response to the allocation; its loss is the value.
    lower : float
        Lower bound that the certificate proves, in loss units.
    certificate : Certificate or TreeProof
    rounds : int
        Solves of the master program.
    stopped : str
        Reason why the search stopped (see :attr:`mfmgame.Solution.status`).
    """

    game: DefenseGame
    allocation: FloatArray
    response: BestResponse
    lower: float
    certificate: Proof
    rounds: int
    stopped: Status = "numerical"


class Progress:
    """The best allocation and bound of a search so far.

    Parameters
    ----------
    certificate : Certificate or TreeProof
        Certificate of the bound 0.
    bound : callable
        Computes the bound that a certificate proves, in loss units.

    Attributes
    ----------
    allocation : ndarray of float, shape (n_defenses,)
    response : BestResponse or None
        Best response to the allocation; None before the first allocation.
    rounds : int
    stopped : str
        Reason why the search stopped.
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
        """Record an allocation if it is the best so far."""
        self.rounds = rounds
        if response.loss < self.loss:
            self.allocation, self.response = allocation, response

    def claim(self, proof: Callable[[], Certificate], expected: float) -> None:
        """Record a proof, to be computed later unless a proof of a greater bound follows."""
        if not self._expected < expected <= self.loss:  # perhaps no better: compute the old one
            self._prove()
        self._claim, self._expected = proof, expected

    def gap(self, resolution: float) -> float:
        """Compute the gap between the bounds; an estimate suffices while above `resolution`."""
        foreseen = self.loss - self._expected
        if self._claim is not None and foreseen > resolution:
            return foreseen
        self._prove()
        return self.loss - self._lower

    def found(self, game: DefenseGame) -> Found:
        """Build the result of the search, once there is an allocation."""
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
        """Compute the last recorded proof."""
        if self._claim is not None:
            certificate = self._claim()
            lower = self._bound(certificate)
            if lower > self._lower:
                self._certificate, self._lower = certificate, lower
            self._claim = None


class Region:
    """Levels near the best allocation, where a master of grouped threats is a good model.

    Far away the model would make the search oscillate and split every group for nothing. The
    region grows where the model predicts the loss well, and shrinks where it does not.
    """

    def __init__(self) -> None:
        self._radius = FIRST_RADIUS

    def resize(self, gained: float, foretold: float) -> None:
        """Resize by comparing the last point's actual gain with the predicted gain."""
        if gained > 0.5 * foretold:
            self._radius *= 2.0
        elif gained < 0.1 * foretold:
            self._radius *= 0.5

    def around(self, allocation: FloatArray, max_level: FloatArray) -> Box | None:
        """Return least and greatest levels of the region; None once it holds every level."""
        if self._radius >= 1.0:
            return None
        reach = self._radius * max_level
        return np.maximum(allocation - reach, 0.0), np.minimum(allocation + reach, max_level)
