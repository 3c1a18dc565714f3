"""A folder of CSV files is written as a whole, or read by nobody."""

import os
import subprocess
import sys

import pytest

import mfmgame as mg
from specifications import SCENARIO, changed

OTHER = changed(SCENARIO, "/threats/0/severity", 800)


def scenario(document: dict) -> mg.Scenario:
    return mg.Scenario(**document)


@pytest.mark.parametrize("kept", range(6))
def test_an_interruption_leaves_the_old_scenario(tmp_path, monkeypatch, kept):
    folder = tmp_path / "plan"
    mg.save_scenario(scenario(SCENARIO), folder)
    n_files = len(list(folder.glob("*.csv")))
    before = mg.load_scenario(folder).to_document()
    real, done = os.replace, []

    def replace(source, target):
        if len(done) == kept:
            raise KeyboardInterrupt
        done.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    if kept < n_files:
        with pytest.raises(KeyboardInterrupt):
            mg.save_scenario(scenario(OTHER), folder)
        assert mg.load_scenario(folder).to_document() == before
    else:
        mg.save_scenario(scenario(OTHER), folder)
    monkeypatch.undo()
    mg.save_scenario(scenario(OTHER), folder)
    assert mg.load_scenario(folder).threats[0].severity == 800.0
    assert not list(folder.glob(".*"))


def test_a_killed_process_leaves_no_mixture_that_can_be_read(tmp_path):
    folder, other = tmp_path / "plan", tmp_path / "other.json"
    mg.save_scenario(scenario(SCENARIO), folder)
    mg.save_scenario(scenario(OTHER), other)
    code = (
        "import os, signal, mfmgame as mg\n"
        "real, done = os.replace, []\n"
        "def replace(*names):\n"
        "    done.append(names)\n"
        "    real(*names)\n"
        "    if len(done) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.replace = replace\n"
        f"mg.save_scenario(mg.load_scenario({str(other)!r}), {str(folder)!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with pytest.raises(mg.SpecificationError, match="expected a sheet 'scenario'"):
        mg.load_scenario(folder)


def test_a_file_that_cannot_be_replaced_leaves_the_folder_as_it_was(tmp_path):
    folder = tmp_path / "plan"
    mg.save_scenario(scenario(SCENARIO), folder)
    (folder / "effectiveness.csv").unlink()
    (folder / "effectiveness.csv").mkdir()
    before = {file.name: file.read_bytes() for file in folder.glob("*.csv") if file.is_file()}
    with pytest.raises(mg.SpecificationError, match=r"effectiveness\.csv: found a folder"):
        mg.save_scenario(scenario(OTHER), folder)
    after = {file.name: file.read_bytes() for file in folder.glob("*.csv") if file.is_file()}
    assert before == after


@pytest.mark.parametrize("kind", ["plan.xlsx", "plan"])
def test_a_plan_without_levels_is_kept(tmp_path, kind):
    defense = SCENARIO["defenses"][0]["id"]
    document = {**SCENARIO, "plans": {"today": {}, "next": {defense: 1.0}}}
    mg.save_scenario(scenario(document), tmp_path / kind)
    assert mg.load_scenario(tmp_path / kind).plans == {"today": {}, "next": {defense: 1.0}}
    only = {**SCENARIO, "plans": {"today": {}}}
    mg.save_scenario(scenario(only), tmp_path / kind)
    assert mg.load_scenario(tmp_path / kind).plans == {"today": {}}
