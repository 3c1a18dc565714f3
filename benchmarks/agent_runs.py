"""What a limit of bits and unused authority stop on recorded agent runs.

``python -m benchmarks.agent_runs RUNS`` takes the folder ``runs`` of AgentDyn
(github.com/SaFo-Lab/AgentDyn, MIT), or some of its pipelines. Manifests are made of the recorded
calls, since the runs do not name the tools that were offered but never called.
"""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betaincinv

from benchmarks.injected_actions import injected_call
from mfmgame import LoggedCall, authorized_bits, read_calls, unused_authority, used_bits
from mfmgame.evidence.intervals import TaskTable, effective_trials
from mfmgame.evidence.trials import Counts, Task

FREE_TEXT_BITS = 64
SHARES = (0.99, 0.95, 0.90, 0.75, 0.50)
TAIL = 0.025


@dataclass
class Session:
    """A recorded session."""

    pipeline: str
    suite: str
    task: str
    attack: str
    injection: str
    calls: list[LoggedCall]
    succeeded: bool = False

    @property
    def action(self) -> int | None:
        """Number of the call that completes the injected action."""
        calls = [(call.tool, call.arguments) for call in self.calls]
        return injected_call(self.suite, self.injection, calls)


def sessions_of(folder: Path) -> list[Session]:
    """Read the sessions of users' tasks, with their calls and whether the attack succeeded."""
    calls = defaultdict(list)
    for call in read_calls(folder, "agentdojo"):
        calls[call.session].append(call)
    found = []
    for file in sorted(folder.rglob("*.json")):
        pipeline, suite, task, attack, injection = file.with_suffix("").parts[-5:]
        if task.startswith("user_task"):
            security = json.loads(file.read_bytes()).get("security") is True
            name = f"{pipeline}/{suite}/{task}/{attack}/{injection}"
            succeeded = security and attack != "none"
            found.append(Session(pipeline, suite, task, attack, injection, calls[name], succeeded))
    return found


def manifest(sessions: Iterable[Session], *, observed: bool) -> list[dict[str, Any]]:
    """Make a tool manifest of calls: arguments as types, or as lists of the observed values."""
    values: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    times: dict[str, int] = defaultdict(int)
    for session in sessions:
        for call in session.calls:
            times[call.tool] += 1
            for name, value in call.arguments.items():
                values[call.tool][name].append(json.loads(json.dumps(value, default=float)))
    schema = observed_values if observed else types_of
    return [
        {
            "name": tool,
            "input_schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: schema(found) for name, found in values[tool].items()},
                "required": [
                    name for name, found in values[tool].items() if len(found) == times[tool]
                ],
            },
        }
        for tool in sorted(times)
    ]


def observed_values(values: Sequence[Any]) -> dict[str, Any]:
    """Describe an argument by its observed values."""
    return {"enum": list({json.dumps(value): value for value in values}.values())}


def types_of(values: Sequence[Any]) -> dict[str, Any]:
    """Describe an argument by the types of its observed values."""
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    return {"type": sorted({names.get(type(value), "null") for value in values})}


def rate(rows: Sequence[tuple[Session, bool]]) -> str:
    """Write a share with its 95 % interval for clusters of users' tasks and injected goals."""
    stopped = sum(is_stopped for _, is_stopped in rows)
    if not rows:
        return "-"
    counts: dict[Task, Counts] = {}
    for session, is_stopped in rows:
        cell = counts.setdefault(
            Task(session.pipeline, session.suite, session.task, session.injection), Counts()
        )
        cell.trials, cell.successes = cell.trials + 1, cell.successes + int(is_stopped)
    trials = effective_trials(TaskTable.of(counts, {}))[0] or 1.0
    if stopped in (0, len(rows)):  # clusters without a difference do not show that there is none
        trials = min(
            len({(one.suite, one.task) for one, _ in rows}),
            len({(one.suite, one.injection) for one, _ in rows}),
        )
    share = stopped / len(rows)
    hits, misses = share * trials, (1.0 - share) * trials
    low = betaincinv(hits, misses + 1.0, TAIL) if hits else 0.0
    high = betaincinv(hits + 1.0, misses, 1.0 - TAIL) if misses else 1.0
    return f"{stopped} of {len(rows)}, {share:.0%} ({low:.0%} to {high:.0%})"


def most_calls(benign: Sequence[Session], share: float) -> int:
    """Find the least number of calls within which a share of the sessions end."""
    lengths = sorted(len(session.calls) for session in benign)
    return lengths[math.ceil(share * len(lengths)) - 1]


def by_suite(sessions: Sequence[Session]) -> Iterator[tuple[str, list[Session]]]:
    """Group sessions by suite: each suite is an agent with tools of its own."""
    for suite in sorted({session.suite for session in sessions}):
        yield suite, [session for session in sessions if session.suite == suite]


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    print("\n| " + " | ".join(headings) + " |\n|" + " --- |" * len(headings))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


def quantiles(numbers: Sequence[float]) -> str:
    """Write median, 90 % and greatest."""
    return " / ".join(f"{np.quantile(numbers, q):.0f}" for q in (0.5, 0.9, 1.0))


def print_bits(sessions: Sequence[Session]) -> None:
    """Print calls and authorized bits a session, benign and attacked."""
    rows = []
    for suite, own in by_suite(sessions):
        sizes = [
            authorized_bits(manifest(own, observed=True)).bits_per_step,
            authorized_bits(
                manifest(own, observed=False), free_text_bits=FREE_TEXT_BITS
            ).bits_per_step,
        ]
        for pipeline in sorted({session.pipeline for session in own}):
            for kind in ("benign", "attacked"):
                lengths = [
                    len(one.calls)
                    for one in own
                    if one.pipeline == pipeline and (one.attack == "none") == (kind == "benign")
                ]
                bits = [quantiles([size * length for length in lengths]) for size in sizes]
                rows.append([suite, pipeline, kind, len(lengths), quantiles(lengths), *bits])
    print(f"bits a call, free text {FREE_TEXT_BITS} bits; median / 90 % / greatest of sessions")
    table(
        ["suite", "pipeline", "kind", "sessions", "calls", "bits (observed)", "bits (free)"], rows
    )


def print_used(sessions: Sequence[Session]) -> None:
    """Print used bits of benign and of attacked sessions, with intervals."""
    rows = []
    for suite, own in by_suite(sessions):
        for kind in ("benign", "attacked"):
            chosen = [one for one in own if (one.attack == "none") == (kind == "benign")]
            used = used_bits([call for one in chosen for call in one.calls])
            rows.append(
                [suite, kind, used.sessions, used.calls, used.distinct_calls]
                + [f"{e.bits:.2f} ({e.low:.2f} to {e.high:.2f})" for e in entropies(used)]
                + [f"{used.own_share:.0%}"]
            )
    headings = ["suite", "kind", "sessions", "calls", "different", "used bits", "tool alone"]
    table([*headings, "by one session"], rows)


def entropies(used: Any) -> tuple[Any, Any]:
    """Return both entropies of used bits."""
    return used.entropy, used.tool_entropy


def print_limits(sessions: Sequence[Session]) -> None:
    """Print how many successful injections a limit stops before the injected action."""
    rows = []
    pipelines = sorted({session.pipeline for session in sessions})
    for share in SHARES:
        cells = []
        for chosen in [*([name] for name in pipelines), pipelines]:
            outcomes = []
            for pipeline in chosen:
                for _, own in by_suite([one for one in sessions if one.pipeline == pipeline]):
                    limit = most_calls([one for one in own if one.attack == "none"], share)
                    outcomes += [
                        (one, one.action > limit)
                        for one in own
                        if one.succeeded and one.action is not None
                    ]
            cells.append(rate(outcomes))
        rows.append([f"{share:.0%}", *cells])
    print("\nsuccessful injections stopped before the injected action, by the share of benign")
    print("sessions that end within the limit (a limit for each pipeline and suite)")
    table(["benign sessions that end", *pipelines, "all"], rows)
    actions = [one.action for one in sessions if one.succeeded]
    located = [action for action in actions if action is not None]
    print(
        f"\n{len(actions)} successful injections, {len(located)} with a located action: "
        f"call {quantiles(located)} (median / 90 % / last)"
    )


def print_unused(sessions: Sequence[Session]) -> None:
    """Print what rules from benign sessions stop, and what they cost on other tasks."""
    first = min({session.pipeline for session in sessions}, key=len)
    rows = []
    every: dict[str, list[list[tuple[Session, bool]]]] = defaultdict(lambda: [[], []])
    for suite, own in by_suite(sessions):
        allowed = authorized_bits(manifest(own, observed=False), free_text_bits=FREE_TEXT_BITS)
        benign = [one for one in own if one.attack == "none" and one.pipeline == first]
        found = unused_authority(allowed, [call for one in benign for call in one.calls])
        denied = sum(1 for one in found.narrowings if "." not in one.place)
        for name, refuses in variants(found).items():
            stopped = [
                (one, refuses(one.calls[one.action - 1]))
                for one in own
                if one.succeeded and one.action is not None and one.pipeline == first
            ]
            lost = [
                (one, any(map(held_out(name, allowed, benign, one), one.calls))) for one in benign
            ]
            every[name][0] += stopped
            every[name][1] += lost
        rows.append(
            [suite, len(allowed.tools), denied, len(found.narrowings) - denied]
            + [f"{bits.bits_per_step:.1f}" for bits in (allowed, found.narrowed)]
        )
    print(f"\nauthority never used in the benign sessions of {first}")
    headings = ["suite", "tools", "never called", "arguments narrowed", "bits a call", "with rules"]
    table(headings, rows)
    table(
        [
            "rules",
            "injected actions refused",
            "benign sessions of a task left out that lose a call",
        ],
        [[name, rate(stopped), rate(lost)] for name, (stopped, lost) in every.items()],
    )


def variants(found: Any) -> dict[str, Callable[[LoggedCall], bool]]:
    """Return what refuses a call: the rules on tools, and all rules."""
    names = {tool.name for tool in found.narrowed.tools}
    return {
        "tools never called": lambda call: call.tool not in names,
        "all rules": lambda call: found.narrowed.refusal(call.tool, call.arguments) is not None,
    }


def held_out(
    name: str, allowed: Any, benign: Sequence[Session], session: Session
) -> Callable[[LoggedCall], bool]:
    """Return what refuses a call by rules from the benign sessions of other tasks."""
    others = [call for one in benign if one.task != session.task for call in one.calls]
    return variants(unused_authority(allowed, others))[name]


def main() -> None:
    """Print all tables."""
    sessions = sessions_of(Path(sys.argv[1]))
    print_bits(sessions)
    print_used(sessions)
    print_limits(sessions)
    print_unused(sessions)


if __name__ == "__main__":
    main()
