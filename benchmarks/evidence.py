"""Time and memory of reading the runs of a large benchmark.

``python -m benchmarks.evidence`` writes 50,000 runs in AgentDojo's format to a temporary folder,
small and large ones, and reads them. ``python -m benchmarks.evidence 1000`` takes 1000.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from mfmgame.evidence.reading import read_trials

COUNT = 50_000
KILOBYTES = (4, 15)
N_SUITES, N_INJECTIONS = 5, 20


def write_runs(folder: Path, count: int, kilobytes: int) -> None:
    """Write runs of so many KB: messages of a paragraph each, as in a real conversation."""
    message = {"role": "assistant", "content": [{"type": "text", "content": "word " * 80}]}
    messages = [message] * (kilobytes * 1024 // len(json.dumps(message)))
    for number in range(count):
        cell, injection = divmod(number, N_INJECTIONS)
        user, suite = divmod(cell, N_SUITES)
        run = {
            "suite_name": f"suite_{suite}",
            "pipeline_name": "model",
            "user_task_id": f"user_task_{user}",
            "injection_task_id": f"injection_task_{injection}",
            "attack_type": "important_instructions",
            "messages": messages,
            "error": None,
            "utility": number % 2 == 0,
            "security": number % 3 == 0,
        }
        parent = (
            folder / "model" / f"suite_{suite}" / f"user_task_{user}" / "important_instructions"
        )
        parent.mkdir(parents=True, exist_ok=True)
        (parent / f"injection_task_{injection}.json").write_text(json.dumps(run), encoding="utf-8")


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KB on Linux


def main(count: int) -> None:
    for kilobytes in KILOBYTES:
        with tempfile.TemporaryDirectory() as folder:
            write_runs(Path(folder), count, kilobytes)
            before, start = peak_megabytes(), time.perf_counter()
            trials = read_trials("agentdojo", [folder])
            seconds, after = time.perf_counter() - start, peak_megabytes()
        assert sum(counts.trials for counts in trials.attacks.values()) == count
        print(
            f"{count} runs of about {kilobytes:2} KB: {seconds:6.1f} s, "
            f"peak {after:.0f} MB, {after - before:.0f} MB more than before"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
