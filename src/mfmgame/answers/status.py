"""Statuses and notes of answers that rest on several solves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from mfmgame.documents.result import Status
from mfmgame.game.game import DefenseGame
from mfmgame.messages import counted

__all__ = [
    "STATUSES",
    "AnswerWithStatus",
    "doubts",
    "first_unproven",
    "statuses_of",
    "unproven_note",
]

STATUSES: tuple[Status, ...] = get_args(Status)
"""Every status; in numeric columns its position stands for it, 0 for a proven answer."""


class AnswerWithStatus(Protocol):
    """An answer with a status and notes."""

    @property
    def status(self) -> Status:
        """``proven``, or why a bracket is wider than asked for."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats, the game's notes first."""


def first_unproven(statuses: Iterable[Status]) -> Status:
    """Combine statuses: the first that is not ``proven``.

    Parameters
    ----------
    statuses : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> first_unproven(["proven", "time_limit", "numerical"]), first_unproven([])
    ('time_limit', 'proven')
    """
    return next((status for status in statuses if status != "proven"), "proven")


def doubts(name: str, answer: AnswerWithStatus, game: DefenseGame) -> tuple[str, ...]:
    """List an answer's notes beyond its game's notes, prefixed by a name.

    Parameters
    ----------
    name : str
        Name of the answer.
    answer : Solution, Threshold or other answer
    game : DefenseGame
        Game with whose notes the answer's notes begin.

    Returns
    -------
    tuple of str
    """
    return tuple(f"{name}: {note}" for note in answer.notes[len(game.notes) :])


def statuses_of(positions: NDArray[np.float64]) -> tuple[Status, ...]:
    """Convert positions in a numeric column to statuses.

    Parameters
    ----------
    positions : ndarray of float, shape (n,)
        NaN, which marks a missing answer, is left out.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> statuses_of(np.array([0.0, np.nan, 1.0]))
    ('proven', 'time_limit')
    """
    return tuple(STATUSES[int(place)] for place in positions[~np.isnan(positions)])


def unproven_note(statuses: Sequence[Status], noun: str) -> tuple[str, ...]:
    """Write the note on how many answers are not proven; none if all are.

    Parameters
    ----------
    statuses : sequence of str
    noun : str
        Noun for one answer's subject.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> unproven_note(["proven", "numerical"], "draw")
    ('1 of 2 draws: proven less closely than asked for',)
    """
    wide = sum(status != "proven" for status in statuses)
    if not wide:
        return ()
    return (f"{wide} of {counted(len(statuses), noun)}: proven less closely than asked for",)
