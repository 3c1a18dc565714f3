"""Time to import a package, and to start the command line."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from benchmarks.measure import best_time

COMMANDS = {
    "python, nothing else": ["-c", "pass"],
    "import mfmgame": ["-c", "import mfmgame"],
    "import mfmgame and its solver": ["-c", "import mfmgame; mfmgame.solve"],
    "mfmgame --version": ["-m", "mfmgame", "--version"],
    "mfmgame solve, an example": ["-m", "mfmgame", "solve", "examples/llava_agent.json"],
    **{
        f"import {name}": ["-c", f"import {name}"]
        for name in ("highspy", "scipy.optimize", "cvxpy", "pulp", "nashpy", "pygambit")
    },
    "import quantecon.optimize": ["-c", "import quantecon.optimize"],
    "import ortools.pdlp": ["-c", "import ortools.pdlp.python.pdlp"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_start(name, benchmark, results, smoke):
    package = name.removeprefix("import ").partition(".")[0]
    if name.startswith("import ") and " and " not in name and not find_spec(package):
        pytest.skip("not installed")
    command = [sys.executable, *COMMANDS[name]]

    def start():
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    wall = best_time(start, benchmark, 1 if smoke else 10)
    results.append({"kind": "start", "name": name, "wall": wall})
