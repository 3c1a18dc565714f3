"""Interface of all certificates.

A new kind needs a subclass of :class:`Proof`, a check in :mod:`mfmgame.verification.proofs` and a
JSON form in :mod:`mfmgame.view.json.answer_documents`; both modules refuse unknown kinds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from mfmgame.game.attacker import BestResponse
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    from mfmgame.certificates.duality_certificate import Certificate

__all__ = ["Proof"]


class Proof(ABC):
    """Proof of a lower bound on the value of a game."""

    is_by_cases: ClassVar[bool]
    """Whether the proof splits the allocations into boxes, as discrete levels require."""

    @property
    @abstractmethod
    def priced(self) -> Certificate:
        """Certificate whose prices of limits hold at the allocation."""

    @abstractmethod
    def priced_by(self, certificate: Certificate) -> Proof:
        """Return a proof of the same bound with the prices of another certificate.

        A proof that needs its own prices for its bound keeps them.

        Parameters
        ----------
        certificate : Certificate

        Returns
        -------
        Proof
        """

    @abstractmethod
    def bound(self, game: DefenseGame, composition: Composition) -> float:
        """Compute the largest loss that the proof shows to be unavoidable.

        Parameters
        ----------
        game : DefenseGame
        composition : Composition
            Bound to the game's effectiveness.

        Returns
        -------
        float
            In loss units; rounding errors included on the safe side.
        """

    @abstractmethod
    def attack(self, game: DefenseGame, response: BestResponse) -> FloatArray:
        """Return the attack plan of the proof.

        Parameters
        ----------
        game : DefenseGame
        response : BestResponse
            Best response to the allocation; its plan is returned where the proof covers several
            plans.

        Returns
        -------
        ndarray of float, shape (n_threats,)
            Effort on each threat, in [0, 1].
        """
