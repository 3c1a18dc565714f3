"""Operate or terminate: the one rule that every answer decides by."""

from __future__ import annotations

from mfmgame.game import DefenseGame
from mfmgame.solution import DEFAULT_TOLERANCE, scale_of
from mfmgame.spec.result import Decision

__all__ = ["decide", "tie"]


def decide(game: DefenseGame, lower: float, upper: float, loss: float) -> Decision:
    """Compare the proven bracket of a value with the loss of stopping.

    Parameters
    ----------
    game : DefenseGame
    lower, upper : float
        Proven bracket of the value, in loss units.
    loss : float
        Termination loss, in loss units.

    Returns
    -------
    {"operate", "terminate", "undecided"}
        Operate if the value is surely at most the loss, a tie included; terminate if the
        value is surely greater; undecided if the bracket holds the loss.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5]],
    ...                       attacker_bandwidth=1.0)
    >>> [decide(game, lower, 4.0, loss=3.5) for lower in (3.0, 4.0)], decide(game, 3.0, 4.0, 4.0)
    (['undecided', 'terminate'], 'operate')
    """
    if upper <= loss + tie(game, loss):
        return "operate"
    return "terminate" if lower > loss else "undecided"


def tie(game: DefenseGame, loss: float) -> float:
    """Excess of a value over a loss, in loss units, that solving to the default tolerance leaves.

    Relative to the loss, or to a small share of the greatest severity if the loss is less.
    """
    return DEFAULT_TOLERANCE[game.composition] * scale_of(game, loss)
