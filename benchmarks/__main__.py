"""Run all benchmarks and write their page: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import mfmgame
from benchmarks import report
from benchmarks.cases import PEERS, PROOF, Case, all_cases

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
TIMEOUT = -signal.SIGALRM
MARGIN = 900.0
"""Seconds for all but the answers, before a process counts as hanging."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small games, hardly timed")
    parser.add_argument("--large", action="store_true", help="games of 200 million cells as well")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for one answer")
    parser.add_argument("--report", action="store_true", help="only write the page again")
    parser.add_argument("--output", type=Path, help="folder for the results and the page")
    arguments = parser.parse_args()
    results = RESULTS if arguments.output is None else arguments.output / RESULTS.name
    if not arguments.report:
        facts = json.dumps(machine(arguments.budget))
        lines = ",\n".join(json.dumps(result) for result in run_all(arguments))
        results.write_text(f'{{"machine": {facts},\n"results": [\n{lines}\n]}}\n', "utf-8")
    report.write(results, arguments.output or ROOT / "docs")


def machine(budget: float) -> dict[str, Any]:
    """Describe the machine as far as results depend on it, without naming it."""
    packages = {name for members in PEERS.values() for peer in members for name in peer.packages}
    versions = {"mfmgame": mfmgame.__version__}
    for package in sorted({*packages, "numpy"}, key=str.lower):
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()}, {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
        "budget": budget,
    }


def run_all(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Run all cases, each in a process of its own, and return the results in order."""
    if arguments.smoke:
        # Use few processes, but OR-Tools and highspy cannot share one.
        start = "bench_start.py::test_start[mfmgame --version]"
        tests = [
            "bench_peers.py",
            "bench_large.py",
            "bench_endurance.py",
            "bench_ensemble.py",
            "bench_imports.py",
            start,
        ]
        apart = "OR-Tools"
        return [
            *run([*tests, "-k", f"not {apart}"], arguments)[0],
            *run(["bench_peers.py", "-k", apart], arguments)[0],
        ]
    results, slow = [], set()
    for case in all_cases(smoke=False):
        peer = (case.group, case.attacker, case.peer)
        found = {"status": "not tried"} if peer in slow else run_case(case, arguments)
        if found["status"] == "timeout":
            slow.add(peer)
        results.append({"kind": "peer", **asdict(case), **found})
        print(case, *(f"{key} {value!s:.40}" for key, value in found.items()), flush=True)
    for file in (
        "bench_endurance.py",
        "bench_ensemble.py",
        "bench_start.py",
        "bench_imports.py",
    ):
        results += run([file], arguments)[0]
    for form in ("dense", "sparse") if arguments.large else ():
        for composition in ("additive", "best_of", "independent"):
            results += run([f"bench_large.py::test_large[{form}-{composition}]"], arguments)[0]
    return results


def run_case(case: Case, arguments: argparse.Namespace) -> dict[str, Any]:
    results, status = run([f"bench_peers.py::test_peer[{case}]"], arguments)
    if results:
        about = {"kind", *asdict(case)}
        return {key: value for key, value in results[0].items() if key not in about}
    if status == TIMEOUT:
        return {"status": "timeout"}
    return {"status": "unproven" if case.peer == PROOF else "crash"}


def run(tests: list[str], arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], int]:
    """Run benchmarks in one process, and end all processes left behind."""
    tests = [f"benchmarks/{test}" if test.startswith("bench_") else test for test in tests]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "results.json")
        command = [sys.executable, "-m", "pytest", "-q", *tests, f"--results={file}"]
        command += [f"--budget={arguments.budget}"]
        command += [f"--{name}" for name in ("smoke", "large") if getattr(arguments, name)]
        with Path(folder, "printed.txt").open("w+") as printed:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=printed, stderr=printed, start_new_session=True
            )
            try:
                status = process.wait(3 * arguments.budget + MARGIN)
            except subprocess.TimeoutExpired:
                status = TIMEOUT
            finally:
                # Processes started by a peer belong to the same session, and may outlive the peer.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if status not in (0, TIMEOUT):
                printed.seek(0)
                print(printed.read()[-2000:], file=sys.stderr)
                if arguments.smoke:
                    raise SystemExit(f"{' '.join(tests)}: status {status}")
        results = json.loads(file.read_text()) if file.exists() else []
        return results, status


if __name__ == "__main__":
    main()
