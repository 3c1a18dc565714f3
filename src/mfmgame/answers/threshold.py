"""Self-destruction threshold, and the rules that make and check it.

The definition and the search are in ``mfmgame.sweeps.threshold_search``.
"""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.answer_displays import Displayed
from mfmgame.certificates.proof import Proof
from mfmgame.documents.result import Decision, Status
from mfmgame.game.attacker import bandwidth_for_loss
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Threshold", "beside_decision", "one_sided_note", "plan_threshold"]


@dataclass(frozen=True, eq=False, repr=False)
class Threshold(Displayed):
    """Attacker bandwidth at which the system must be shut down.

    Attributes
    ----------
    game : DefenseGame
        The game with the scenario's own attacker.
    bandwidth : float or None
        The threshold in bits, if the defender may change the allocation with the attacker's
        bandwidth; None if no attacker in the game can reach it.
    plan_bandwidth : float or None
        Bandwidth in bits up to which one fixed allocation, the optimal one for the scenario's own
        attacker bandwidth, costs at most the termination loss; never above `bandwidth`, and often
        far below. None if no attacker in the game can make that allocation cost more.
    undefended : float or None
        The threshold without any defense.
    decision : {"operate", "terminate", "undecided"}
        Operate if the value at the scenario's bandwidth is at most the termination loss;
        undecided if its proven bracket contains that loss.
    margin : float or None
        Threshold less the scenario's attacker bandwidth, in bits.
    allocation : Labelled
        Best allocation against an attacker at the threshold: the worst attack on it reaches the
        termination loss there, and not before. If no attacker can reach the threshold, an
        allocation under which all threats together cost at most that loss.
    bandwidth_per_loss : float or None
        Bits that one more unit of termination loss adds to the threshold.
    lower : float or None
        Proven lower bound of the value at the threshold, in loss units; None if no
        attacker can reach it.
    certificate : Certificate, TreeProof or None
        Proof of `lower`.
    notes : tuple of str
        Caveats about the numbers, and which of them are not fully proven.
    status : str
        ``proven``, or why an underlying search ended with a bracket wider than asked for, as for
        a solution.
    """

    game: DefenseGame
    bandwidth: float | None
    plan_bandwidth: float | None
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
    """Move a crossing that rounding put on the wrong side of the game's bandwidth."""
    if decision == "operate":
        return max(bandwidth, game.attacker_bandwidth)
    return min(bandwidth, game.attacker_bandwidth)


def plan_threshold(
    game: DefenseGame, residual: FloatArray, loss: float, decision: Decision
) -> float | None:
    """Find the bandwidth up to which one fixed allocation costs at most a loss.

    Parameters
    ----------
    game : DefenseGame
    residual : ndarray of float, shape (n_threats,)
        Residual losses under the allocation.
    loss : float
        Termination loss, in loss units.
    decision : {"operate", "terminate", "undecided"}
        Decision for the allocation at the game's own bandwidth.

    Returns
    -------
    float or None
        In bits; None if all threats together cost no more.
    """
    reached = bandwidth_for_loss(residual, game.ways, loss)
    if reached is None or decision == "undecided":
        return reached
    return beside_decision(reached, game, decision)


def one_sided_note(lower: float) -> str:
    """Write the note on a threshold that is proven only from below."""
    return (
        "the threshold is proven only from below: the value at the threshold is at least "
        f"{lower!r}, and another allocation may withstand more bandwidth"
    )
