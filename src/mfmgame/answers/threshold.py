"""The self-destruction threshold as an answer, and the rules that make and check it."""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.certificates.proof import Proof
from mfmgame.documents.result import Decision, Status
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled

__all__ = ["Threshold", "beside_decision", "one_sided_note"]


@dataclass(frozen=True, eq=False)
class Threshold:
    """At which attacker bandwidth the system must be shut down.

    Attributes
    ----------
    bandwidth : float or None
        The threshold in bits; None if no attacker in the game can reach it.
    undefended : float or None
        The same with no defense at all.
    decision : {"operate", "terminate", "undecided"}
        Operate while the value at the scenario's bandwidth is at most the termination
        loss; undecided where its proven bracket holds that loss.
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
    notes : tuple of str
        What a reader must know of the numbers, and which of them are not fully proven.
    status : str
        ``proven``; or why a search that it rests on ended with a bracket wider than asked
        for, as of a solution.
    """

    bandwidth: float | None
    undefended: float | None
    decision: Decision
    margin: float | None
    allocation: Labelled
    bandwidth_per_loss: float | None
    lower: float | None
    certificate: Proof | None
    notes: tuple[str, ...] = ()
    status: Status = "proven"

    @property
    def reachable(self) -> bool:
        """Whether an attacker in the game can force the shutdown."""
        return self.bandwidth is not None


def beside_decision(bandwidth: float, game: DefenseGame, decision: Decision) -> float:
    """Move a crossing that rounding has put on the wrong side of the game's bandwidth."""
    if decision == "operate":
        return max(bandwidth, game.attacker_bandwidth)
    return min(bandwidth, game.attacker_bandwidth)


def one_sided_note(lower: float) -> str:
    """Say that a threshold is proven only from below: with the value proven at it."""
    return (
        "the threshold is proven only from below: at it the value is proven to be at least "
        f"{lower!r}, and another allocation may hold out beyond it"
    )
