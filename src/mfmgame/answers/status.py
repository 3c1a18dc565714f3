"""What is said of an answer that rests on several solves: which of them are not proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from mfmgame.documents.result import Status
from mfmgame.game.game import DefenseGame
from mfmgame.messages import counted

__all__ = ["STATUSES", "Standing", "doubts", "first_unproven", "statuses_of", "unproven_note"]

STATUSES: tuple[Status, ...] = get_args(Status)
"""Every status; its position stands for it in a row of numbers, 0 for a proven answer."""


class Standing(Protocol):
    """An answer that says how far it is proven."""

    @property
    def status(self) -> Status:
        """``proven``, or why a bracket is wider than asked for."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, the notes of the game first."""


def first_unproven(statuses: Iterable[Status]) -> Status:
    """Status of an answer that rests on several: the first that is not ``proven``.

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


def doubts(name: str, answer: Standing, game: DefenseGame) -> tuple[str, ...]:
    """What an answer says beyond the notes of its game, under a name.

    Parameters
    ----------
    name : str
        Of the answer among others.
    answer : Solution, Threshold or other answer
    game : DefenseGame
        Whose notes its own begin with.

    Returns
    -------
    tuple of str
    """
    return tuple(f"{name}: {note}" for note in answer.notes[len(game.notes) :])


def statuses_of(positions: NDArray[np.float64]) -> tuple[Status, ...]:
    """Statuses from their positions in a column of numbers.

    Parameters
    ----------
    positions : ndarray of float, shape (n,)
        NaN, of what has no answer, is left out.

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
    """Say how many answers are not proven; nothing if all are.

    Parameters
    ----------
    statuses : sequence of str
    noun : str
        What each of them answers.

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
