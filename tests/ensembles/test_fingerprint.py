"""A fingerprint tells functions apart by what they do, or says that it cannot."""

import math
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.ensembles.fingerprint import fingerprint

FACTOR = 2.0


def powered(power):
    return lambda game, solution: solution.value**power


def recursive(n):
    return 1 if n < 1 else n * recursive(n - 1)


def with_global(game, solution):
    return FACTOR * solution.value


def by_way_of_another(game, solution):
    return with_global(game, solution) + recursive(3)


def counting(game, solution):
    global FACTOR
    FACTOR += 1
    return FACTOR


class Own:
    def __call__(self, game, solution):
        return 1.0


def test_the_same_code_is_the_same_wherever_it_stands():
    one = lambda game, solution: solution.value + 1  # noqa: E731
    other = lambda game, solution: solution.value + 1  # noqa: E731
    assert fingerprint(one) == fingerprint(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda game, solution: 1, lambda game, solution: 1.0),
        (lambda game, solution: 0.0, lambda game, solution: -0.0),
        (lambda game, solution: solution.value, lambda game, solution: solution.upper),
        (lambda game, solution: solution.value + 1, lambda game, solution: solution.value - 1),
        (lambda game, solution, k=1: k, lambda game, solution, k=2: k),
        (lambda game, solution, *, k=1: k, lambda game, solution, *, k=2: k),
        (powered(1), powered(2)),
        (powered(np.array([1.0, 2.0])), powered(np.array([1.0, 3.0]))),
        (powered(np.array([[1.0]])), powered(np.array([1.0]))),
        (powered({"a": 1}), powered({"a": 2})),
        (powered(partial(recursive, 1)), powered(partial(recursive, 2))),
        (
            lambda game, solution: [k + 1 for k in (1,)],
            lambda game, solution: [k - 1 for k in (1,)],
        ),
        (lambda game, solution: math.sin(1), lambda game, solution: math.cos(1)),
        (powered(np.median), powered(np.mean)),
    ],
)
def test_other_workings_are_another_fingerprint(one, other):
    assert None not in (fingerprint(one), fingerprint(other))
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("function", [with_global, by_way_of_another])
def test_what_is_found_among_the_globals_counts(function, monkeypatch):
    before = fingerprint(function)
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert None not in (before, fingerprint(function))
    assert fingerprint(function) != before


@pytest.mark.parametrize(
    "function",
    [
        Own(),
        powered(Own()),
        powered(Own),
        powered(np.array([Own()], dtype=object)),
        powered(np.ma.masked_array([1.0, 2.0], mask=[True, False])),
        counting,
        lambda game, solution: eval("1"),
        lambda game, solution: open("numbers"),  # noqa: SIM115
        lambda game, solution: pytest,
        "solution.value",
        "a list in itself",
    ],
)
def test_what_cannot_be_told_has_none(function, monkeypatch):
    if function == "a list in itself":
        endless = []
        endless.append(endless)
        function = powered(endless)
    elif isinstance(function, str):
        function = Own().__call__
    elif getattr(function, "__code__", None) and "pytest" in function.__code__.co_names:
        monkeypatch.setitem(sys.modules, "pytest", type(sys)("pytest"))  # one of one's own
    assert fingerprint(function) is None


def test_installed_functions_are_told_by_name_and_version():
    found = {fingerprint(powered(one)) for one in (mg.solve, np.median, np.mean, len, math.sin)}
    assert len(found) == 5
    assert None not in found


def test_another_process_finds_the_same():
    script = (
        "from mfmgame.ensembles.fingerprint import fingerprint\n"
        "print(fingerprint(lambda game: game in {'a', 'b', 'c'} and max(k for k in game)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
    assert b"None" not in found.pop()
