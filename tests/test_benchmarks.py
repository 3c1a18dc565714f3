"""The benchmarks run, and their page is what their results say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments):
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    # pytest-benchmark would not measure anything in what it takes for a part of this run.
    alone = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_all_of_them_run(tmp_path):
    pytest.importorskip("pytest_benchmark", reason="needs the extra mfmgame[benchmark]")
    run("--smoke", "--output", tmp_path)
    page = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "benchmarks.md",
        "benchmarks.svg",
        "results.json",
    ]
    assert "nothing proven" not in page
    for failure in ("error:", "crash", "timeout |", "**0", "**1"):
        assert failure not in page.partition("## Time as games grow")[2]


def test_the_page_is_written_from_the_results(tmp_path):
    results = ROOT / "benchmarks" / "results.json"
    (tmp_path / results.name).write_bytes(results.read_bytes())
    run("--report", "--output", tmp_path)
    expected = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert (tmp_path / "benchmarks.md").read_text("utf-8") == expected
