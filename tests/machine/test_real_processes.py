"""Real processes print the answer alone, and do not mind what else is in the current folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from specifications import SCENARIO, changed

ROOT = Path(__file__).resolve().parents[2]
UNCERTAIN = changed(SCENARIO, "/threats/0/severity", {"range": [1, 5]})
ENSEMBLE = ("ensemble", "scenario.json", "-n", "8", "--seed", "1", "--json")
COMMAND = str(Path(sys.executable).with_name("mfmgame"))
STARTS = ([COMMAND], [sys.executable, "-m", "mfmgame"])
FOREIGN = (
    *("ast", "enum", "inspect", "json", "lazy_loader", "logging", "multiprocessing", "pickle"),
    *("queue", "random", "re", "select", "shutil", "signal", "socket", "string", "subprocess"),
    *("tempfile", "threading", "typing", "yaml", "joblib", "cloudpickle", "numpy", "pydantic"),
)
"""Names of Python's modules and of libraries, for files of the user that are something else."""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scenario.json").write_text(json.dumps(UNCERTAIN))
    return tmp_path


@pytest.fixture
def crowded(folder):
    for name in FOREIGN:
        (folder / f"{name}.py").write_text(f"raise ImportError('the {name}.py of the user')\n")
    return folder


def run(command, folder, **environment) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def printed(command, folder) -> str:
    """What is written to the real standard output, with nothing on standard error."""
    finished = run(command, folder)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


def script(folder, code, name="script.py") -> list[str]:
    """The command that runs a script beside the scenario."""
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(code)
    return [sys.executable, str(file)]


def test_an_import_prints_nothing(folder):
    names = "mfmgame.solve, mfmgame.ensemble, mfmgame.solve_matrix_game"
    assert printed([sys.executable, "-c", f"import mfmgame; {names}"], folder) == ""


def test_a_solution_is_all_that_is_printed(folder):
    answer = json.loads(printed([COMMAND, "solve", "scenario.json", "--json"], folder))
    assert answer["schema"] == "mfmgame/result/1"


def test_a_matrix_game_prints_nothing(folder):
    code = "import mfmgame as mg; print(mg.solve_matrix_game([[0, 1], [1, 0]]).value)"
    assert printed(script(folder, code), folder) == "0.5\n"


def test_two_processes_print_the_same_as_none(folder):
    alone = printed([COMMAND, *ENSEMBLE], folder)
    assert json.loads(alone)["draws"] == 8
    assert printed([COMMAND, *ENSEMBLE, "--jobs", "2"], folder) == alone


CLUSTER = """
import distributed
import mfmgame as mg

if __name__ == "__main__":
    scenario = mg.load_scenario("scenario.json")
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        workers = mg.Workers(dask=cluster.scheduler_address)
        print(len(mg.ensemble(scenario, n=8, seed=1, workers=workers)["value"]))
"""


def test_the_processes_of_a_cluster_print_nothing(folder):
    pytest.importorskip("distributed")
    finished = run(script(folder, CLUSTER), folder)
    assert (finished.returncode, finished.stdout) == (0, "8\n"), finished.stderr


@pytest.mark.parametrize("start", STARTS, ids=["command", "module"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_files_that_are_named_as_modules_do_no_harm(crowded, start, jobs):
    answer = printed([*start, *ENSEMBLE, "--jobs", jobs], crowded)
    assert json.loads(answer)["draws"] == 8


OWN_MEASURES = """
def double(game, solution):
    return 2 * solution.value
"""
OWN_SCRIPT = """
import os
import mfmgame as mg
from own_measures import double

def is_safe(game, solution):
    return float("PYTHONSAFEPATH" in os.environ)

if __name__ == "__main__":
    found = mg.ensemble(
        mg.load_scenario("scenario.json"),
        n=8,
        seed=1,
        measures={"double": double, "safe": is_safe},
        workers=mg.Workers(jobs=2),
    )
    assert (found["double"] == 2 * found["value"]).all()
    print(found["safe"].sum(), "PYTHONSAFEPATH" in os.environ)
"""


@pytest.mark.parametrize("place", ["scripts", "."])
def test_own_measures_stand_in_files_beside_their_script(place, folder, crowded):
    if place == ".":  # Python itself would take these for its own
        for name in FOREIGN:
            (folder / f"{name}.py").unlink()
    command = script(folder / place, OWN_SCRIPT)
    (folder / place / "own_measures.py").write_text(OWN_MEASURES)
    # What these processes start in turn has the environment of the user.
    assert printed(command, folder) == "0.0 False\n"


def test_a_checkout_that_is_not_installed_runs():
    # Python reads no .pth file, and so finds no package that is installed as a link.
    command = [sys.executable, "-S", "-m", "mfmgame", "schema", "threshold"]
    finished = run(command, ROOT / "src", PYTHONPATH=str(Path(pytest.__file__).parents[1]))
    assert finished.returncode == 0, finished.stderr


def test_a_package_that_runs_as_a_module_keeps_its_folder(folder):
    (folder / "tool").mkdir()
    (folder / "tool" / "__init__.py").write_text("import mfmgame\n")
    (folder / "tool" / "__main__.py").write_text("import beside\n")
    (folder / "beside.py").write_text("print('found')\n")
    assert printed([sys.executable, "-m", "tool"], folder) == "found\n"
