"""Export of the whole linear program to a file that any other solver reads.

The file is not written by a solver: solvers round numbers to 12 or 15 digits. Names use only
characters that both formats and all their readers accept, and at most 96 characters.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.documents.json_reading import path_of
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import counted, shown
from mfmgame.view.output_files import write_text
from mfmgame.whole_programs.program import WholeProgram, whole_program

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["export_program"]

_LONGEST_LABEL = 36
_TERMS_A_LINE = 4


def export_program(problem: Scenario | DefenseGame, file: str | os.PathLike[str]) -> None:
    """Write the whole linear program of a game to an MPS or LP file, for any other solver.

    The program's optimum is the game's value. Every number is written in full, in the units of the
    problem; the same problem gives the same bytes.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        Of composition `additive` or `best_of`.
    file : path
        Its ending, ``.mps`` or ``.lp``, says the format.

    Raises
    ------
    SpecificationError
        If the composition is `independent`, the ending is another, or the file cannot be
        written.

    Examples
    --------
    >>> import mfmgame as mg
    >>> mg.export_program(mg.load_scenario("examples/llava.json"), "llava.txt")
    Traceback (most recent call last):
    mfmgame.errors.SpecificationError: llava.txt: found the ending '.txt', expected .mps or .lp
    """
    target = path_of(file, "file")
    formats = {".mps": _mps, ".lp": _lp}
    if target.suffix.lower() not in formats:
        raise SpecificationError(
            f"found the ending {shown(target.suffix)}, expected .mps or .lp", source=str(file)
        )
    game = game_of(problem)
    program = whole_program(game)
    lines = formats[target.suffix.lower()](program, _names(game, program), _title(game))
    write_text("".join(f"{line}\n" for line in lines), target)


@dataclass(frozen=True)
class _Names:
    columns: list[str]
    rows: list[str]


def _names(game: DefenseGame, program: WholeProgram) -> _Names:
    threats, defenses = _labels(game.threat_ids), _labels(game.defense_ids)
    losses, resources = _labels(game.loss_ids), _labels(game.resources)
    steps, rules = (program.steps.steps, program.steps.rows) if program.steps else ((), ())
    pairs = [
        f"{threats[threat]}.{defenses[defense]}"
        for threat, defense in zip(program.share_threats, program.share_defenses, strict=True)
    ]
    return _Names(
        columns=[
            *(f"level.{defense}" for defense in defenses),
            "bandwidth_price",
            *(f"surplus.{loss}" for loss in losses),
            *(f"share.{pair}" for pair in pairs),
            *(f"step.{defenses[defense]}.{k}" for defense, k in steps),
        ],
        rows=[
            *(f"threat.{threat}" for threat in threats),
            *(f"limit.{resources[resource]}" for resource in program.limited),
            *(f"once.{threats[threat]}" for threat in np.unique(program.share_threats)),
            *(f"within.{pair}" for pair in pairs),
            *(_rule_name(row, defenses) for row in rules),
        ],
    )


def _rule_name(row: tuple[str | int, ...], defenses: Sequence[str]) -> str:
    """Name a row of the step rules by its kind and its defenses or group."""
    kind, *places = row
    grouped = kind in ("at_least", "at_most")
    about = [str(place) if grouped else defenses[int(place)] for place in places]
    return ".".join([str(kind), *about])


def _labels(ids: Sequence[str]) -> list[str]:
    """Convert ids to characters that every format accepts; append positions to equal results."""
    safe = [re.sub(r"[^A-Za-z0-9_]", "_", label)[:_LONGEST_LABEL] for label in ids]
    count = Counter(label.lower() for label in safe)  # some readers ignore case
    return [
        label if count[label.lower()] == 1 else f"{label}.{position}"
        for position, label in enumerate(safe)
    ]


def _title(game: DefenseGame) -> str:
    size = f"{counted(game.n_threats, 'threat')}, {counted(game.n_defenses, 'defense')}"
    name = shown(game.name).encode("ascii", "backslashreplace").decode()  # other solvers read it
    return f"{name} ({size}, {game.composition})"


def _mps(program: WholeProgram, names: _Names, title: str) -> Iterator[str]:
    """Write free MPS: fields separated by spaces, column by column."""
    yield f"* {title}"
    yield "NAME mfmgame"
    yield "ROWS"
    yield " N loss"
    letters = {">=": "G", "<=": "L", "=": "E"}
    for name, sense in zip(names.rows, _senses(program), strict=True):
        yield f" {letters[sense]} {name}"
    yield "COLUMNS"
    columns = zip(
        names.columns, program.cost.tolist(), _lines_of(program.matrix.tocsc()), strict=True
    )
    first_whole = len(names.columns) - int(program.integer.sum())
    for place, (name, cost, entries) in enumerate(columns):
        if place == first_whole:
            yield " MARKER 'MARKER' 'INTORG'"
        if cost or not entries:
            yield f" {name} loss {cost!r}"
        for row, number in entries:
            yield f" {name} {names.rows[row]} {number!r}"
    if first_whole < len(names.columns):
        yield " MARKER 'MARKER' 'INTEND'"
    yield "RHS"
    for name, right in zip(names.rows, _right(program), strict=True):
        if right:
            yield f" RHS {name} {right!r}"
    yield "BOUNDS"
    for name, top in _tops(program, names):
        # Some readers take an upper bound of 0 alone to remove the lower bound.
        yield f" UP BND {name} {top!r}" if top else f" FX BND {name} 0.0"
    yield "ENDATA"


def _lp(program: WholeProgram, names: _Names, title: str) -> Iterator[str]:
    """Write CPLEX's LP format, row by row."""
    yield f"\\ {title}"
    yield "Minimize"
    # Every level is named here, so that readers that number columns keep the order.
    n_first = len(program.cost) - len(program.share_threats) - int(program.integer.sum())
    yield from _sum("loss", enumerate(program.cost[:n_first].tolist()), names)
    yield "Subject To"
    rows = zip(
        names.rows, _lines_of(program.matrix), _senses(program), _right(program), strict=True
    )
    for name, entries, sense, right in rows:
        # A row needs at least one column, even with the coefficient 0.
        yield from _sum(name, entries or [(0, 0.0)], names)
        yield f"  {sense} {right!r}"
    yield "Bounds"
    for name, top in _tops(program, names):
        yield f" {name} <= {top!r}" if top else f" {name} = 0.0"
    whole = [name for name, yes in zip(names.columns, program.integer, strict=True) if yes]
    if whole:
        yield "General"
    for name in whole:
        yield f" {name}"
    yield "End"


def _sum(name: str, entries: Iterable[tuple[int, float]], names: _Names) -> Iterator[str]:
    """Write a named sum in lines short enough for every reader."""
    terms = [
        f"{'-' if number < 0 else '+'} {abs(number)!r} {names.columns[column]}"
        for column, number in entries
    ]
    yield f" {name}:"
    for start in range(0, len(terms), _TERMS_A_LINE):
        yield "  " + " ".join(terms[start : start + _TERMS_A_LINE])


def _senses(program: WholeProgram) -> list[str]:
    """Find the relation of each row to its right-hand side; no row has two different bounds."""
    at_least = np.where(np.isfinite(program.lower), ">=", "<=")
    senses: list[str] = np.where(program.lower == program.upper, "=", at_least).tolist()
    return senses


def _right(program: WholeProgram) -> list[float]:
    right: list[float] = np.where(np.isfinite(program.lower), program.lower, program.upper).tolist()
    return right


def _tops(program: WholeProgram, names: _Names) -> list[tuple[str, float]]:
    tops = zip(names.columns, program.top.tolist(), strict=True)
    return [(name, top) for name, top in tops if np.isfinite(top)]


def _lines_of(
    matrix: scipy.sparse.csr_array | scipy.sparse.csc_array,
) -> Iterator[list[tuple[int, float]]]:
    """List the entries of each row of a CSR array, or of each column of a CSC array."""
    ends = matrix.indptr.tolist()
    for start, end in pairwise(ends):
        indices = matrix.indices[start:end].tolist()
        yield list(zip(indices, matrix.data[start:end].tolist(), strict=True))
