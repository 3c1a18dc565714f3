"""What every kind of certificate can do.

A new kind is a subclass of :class:`Proof`, a check beside those of
:mod:`mfmgame.verification.trees`, and its JSON beside that of
:mod:`mfmgame.view.json.answer_documents`; both refuse a kind that they do not know.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from mfmgame.game.attacker import BestResponse
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    from mfmgame.certificates.certificate import Certificate

__all__ = ["Proof"]


class Proof(ABC):
    """Proof of a lower bound on the value of a game."""

    is_by_cases: ClassVar[bool]
    """Whether the proof splits the allocations into boxes, as discrete levels need."""

    @property
    @abstractmethod
    def priced(self) -> Certificate:
        """The certificate whose prices of limits hold at the allocation."""

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
        """Return the attack plan that the proof stands for.

        Parameters
        ----------
        game : DefenseGame
        response : BestResponse
            To the allocation; its plan is returned where the proof stands for several.

        Returns
        -------
        ndarray of float, shape (n_threats,)
            Effort on each threat, in [0, 1].
        """
