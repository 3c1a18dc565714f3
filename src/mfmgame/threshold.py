"""The self-destruction threshold as an answer, and the rules that make and check it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mfmgame.game import DefenseGame
from mfmgame.labels import Labelled
from mfmgame.tree_proof import Proof

__all__ = ["Threshold", "beside_decision", "is_within"]


@dataclass(frozen=True, eq=False)
class Threshold:
    """At which attacker bandwidth the system must be shut down.

    Attributes
    ----------
    bandwidth : float or None
        The threshold in bits; None if no attacker in the game can reach it.
    undefended : float or None
        The same with no defense at all.
    decision : {"operate", "terminate"}
        Operate while the value at the scenario's bandwidth is at most the termination
        loss, up to the solver's tolerance.
    margin : float or None
        Threshold less the scenario's attacker bandwidth, in bits.
    allocation : Labelled
        Best allocation against an attacker at the threshold: the worst attack on it
        reaches the termination loss there, and not before. Where no attacker can reach
        the threshold, one that all threats together cannot cost more than that loss.
    bandwidth_per_loss : float or None
        What one more loss unit of termination loss adds to the threshold, in bits.
    lower : float or None
        Proven lower bound of the value at the threshold, in loss units; None if no
        attacker can reach it.
    certificate : Certificate, TreeProof or None
        What proves `lower`.
    """

    bandwidth: float | None
    undefended: float | None
    decision: Literal["operate", "terminate"]
    margin: float | None
    allocation: Labelled
    bandwidth_per_loss: float | None
    lower: float | None
    certificate: Proof | None

    @property
    def reachable(self) -> bool:
        """Whether an attacker in the game can force the shutdown."""
        return self.bandwidth is not None


def is_within(value: float, loss: float, tolerance: float) -> bool:
    """Whether a value is at most a loss, up to a tolerance relative to the greater."""
    return value <= loss + tolerance * max(loss, value)


def beside_decision(bandwidth: float, game: DefenseGame, operates: bool) -> float:
    """A crossing that rounding does not let contradict the decision at the game's bandwidth."""
    return (max if operates else min)(bandwidth, game.attacker_bandwidth)
