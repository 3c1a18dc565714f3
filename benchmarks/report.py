"""Page of the benchmarks, written from their results alone: no number is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.cases import PEERS, PROOF
from mfmgame.view.output_files import write_figure, write_text

Result = dict[str, Any]
Results = dict[tuple[str, str, int, int], dict[str, Result]]
"""Results by group, attacker and size, then by peer."""

PAGE, PICTURE = "benchmarks.md", "benchmarks.svg"
OURS = "mfmgame"
WRONG = 1e-6
LEAST_MEMORY = 2**20
TITLES = {
    "additive": "Composition `additive`",
    "best_of": "Composition `best_of`",
    "independent": "Composition `independent`",
    "matrix": "Matrix games",
    "sweep additive": "Sweep of an `additive` game",
    "sweep best_of": "Sweep of a `best_of` game",
    "stepped additive": "All-or-nothing defenses, `additive`",
    "stepped best_of": "All-or-nothing defenses, `best_of`",
}
INTRODUCTION = f"""\
# Benchmarks

`{OURS}` compared with other solvers: the same games, in the same run, on the same machine.
`python -m benchmarks` writes this whole page, including every number, from its measurements; [its
page](../benchmarks/README.md) explains how to run it.

## How to read the tables

- **A ratio is the peer's number divided by `{OURS}`'s number.** Above 1 the peer takes more,
  below 1 it takes less.
- **Time** is the time of one warm answer, the best of several: on the wall clock, and of the
  processor, child processes included. The problem is first stated in the peer's own terms, which
  is not counted: a peer that takes a linear program gets it ready-made. `{OURS}` starts from the
  arrays of the game.
- **Memory** is the growth of the peak memory of the process from the game's arrays to the answer,
  as the operating system counts it, child processes included, each case in its own process.
  Growth of less than 1 MB counts as 1 MB.
- **Error** is the distance of a value from a bracket that is proven in exact arithmetic, relative
  to the value; 0 means inside. The column `{PROOF}` is the width of the bracket itself. Bold
  means more than {WRONG:g}: the solver is wrong, at its own settings.
- **timeout** means more than {{budget:g}} s for one answer; **not tried** means a larger game
  after a timeout; **error** means a refused answer, with the name of the error.
- A game of 73 x 15 has 73 threats and 15 defenses, and 30 % of the pairs have an effect. The
  attacker can run about a tenth of the threats, but at most about 80 threats; in a *broad* game,
  a tenth of any number of threats.
"""


def write(results: Path, folder: Path) -> None:
    """Write the page and its picture into a folder."""
    document = json.loads(results.read_text(encoding="utf-8"))
    write_text(page(document), folder / PAGE)
    write_figure(picture(by_problem(document["results"])), folder / PICTURE)


def page(document: dict[str, Any]) -> str:
    """Build the page as Markdown."""
    machine, results = document["machine"], document["results"]
    problems = by_problem(results)
    parts = [
        INTRODUCTION.format(budget=machine["budget"]),
        "## Time as games grow",
        f"![Seconds for one answer over the number of cells of the game]({PICTURE})",
    ]
    for group, title in TITLES.items():
        rows = {key[1:]: found for key, found in problems.items() if key[0] == group}
        if rows:
            parts += [f"## {title}", *peer_tables(group, rows)]
    parts += [
        *endurance(results),
        *large(results),
        *ensembles(results),
        *start(results),
        *reading(results),
        *conditions(machine),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def by_problem(results: list[Result]) -> Results:
    problems: Results = {}
    for result in results:
        if result["kind"] == "peer":
            key = (result["group"], result["attacker"], result["n"], result["m"])
            problems.setdefault(key, {})[result["peer"]] = result
    return problems


def peer_tables(group: str, rows: dict[Any, dict[str, Result]]) -> list[str]:
    names = [peer.name for peer in PEERS[group]]
    others = names[1:]

    def table(head: str, columns: list[str], cell: Callable[[dict[str, Result], str], str]) -> str:
        body = [
            [label(*problem), *(cell(found, name) for name in columns)]
            for problem, found in rows.items()
        ]
        return markdown([head, *columns], body)

    def compared(quantity: str, shown: Callable[[float], str]) -> str:
        def cell(found: dict[str, Result], name: str) -> str:
            result, ours = found[name], found[OURS]
            if result["status"] != "done":
                return failure(result)
            if name == OURS or ours["status"] != "done":
                return shown(result[quantity])
            return ratio(amount(result, quantity) / amount(ours, quantity))

        return table(f"{quantity} ratio", [OURS, *others], cell)

    proofs = [found[PROOF] for found in rows.values()]
    pieces = [str(proof["pieces"]) for proof in proofs if "pieces" in proof]
    exact = f"`{OURS}` finds the exact frontier, here of {', '.join(pieces)} linear pieces; "
    exact += "the others, and `mfmgame`'s single solves, solve at equally spaced points."
    return [
        *([exact] if pieces else []),
        f"Wall-clock time:\n\n{compared('wall', duration)}",
        f"Processor time:\n\n{compared('cpu', duration)}",
        f"Peak memory:\n\n{compared('memory', megabytes)}",
        f"Error:\n\n{table('error', [PROOF, *names], error)}",
    ]


def label(attacker: str, n: int, m: int) -> str:
    return f"{size(n, m)}{', broad' if attacker == 'broad' else ''}"


def size(n: int, m: int) -> str:
    return f"{n:,} x {m}".replace(",", " ")


def amount(result: Result, quantity: str) -> float:
    least = LEAST_MEMORY if quantity == "memory" else 0.0
    return max(float(result[quantity]), least)


def failure(result: Result) -> str:
    return f"error: {result['error']}" if result["status"] == "error" else str(result["status"])


def error(found: dict[str, Result], name: str) -> str:
    """Describe how far values lie outside the proven bracket, or the width of the bracket."""
    result, proven = found[name], found[PROOF]
    if result["status"] != "done":
        return failure(result)
    if proven["status"] != "done":
        return "nothing proven"
    worst = 0.0
    brackets = list(zip(proven["lower"], proven["upper"], strict=True))
    for index, (lower, upper) in enumerate(brackets):
        if name == PROOF:
            distance = upper - lower
        else:
            value = result["value"][index]
            distance = max(lower - value, value - upper, 0.0)
        worst = max(worst, distance / (max(abs(lower), abs(upper)) or 1.0))
    shown = f"{worst:.0e}" if worst else "0"
    return f"**{shown}**" if worst > WRONG and name != PROOF else shown


def endurance(results: list[Result]) -> list[str]:
    rows = [
        [
            f"{found['count']:,}".replace(",", " "),
            duration(found["first"]),
            duration(found["last"]),
            megabytes(found["grown"]),
        ]
        for found in results
        if found["kind"] == "endurance"
    ]
    head = ["solves", "each of the first tenth", "each of the last tenth", "memory gained between"]
    text = "Repeated solves of a 73 x 15 game, `best_of`, from arrays, in one process:"
    return ["## Many solves", f"{text}\n\n{markdown(head, rows)}"] if rows else []


def large(results: list[Result]) -> list[str]:
    rows = [
        [
            f"{size(found['n'], found['m'])}, {'CSR' if found['sparse'] else 'dense'}",
            f"`{found['composition']}`",
            duration(found["wall"]),
            f"{found['gap']:.0e}",
            str(found["rounds"]),
            megabytes(found["matrix"]),
            f"{found['memory'] / found['matrix']:.2f}",
        ]
        for found in results
        if found["kind"] == "large"
    ]
    head = ["game", "composition", "wall", "proven gap", "rounds", "matrix", "memory / matrix"]
    text = (
        "One solve each. The last column is the growth of the peak memory during the solve, in "
        "multiples of the effectiveness matrix, which is in memory before:"
    )
    return ["## Large games", f"{text}\n\n{markdown(head, rows)}"] if rows else []


def ensembles(results: list[Result]) -> list[str]:
    found = [result for result in results if result["kind"] == "ensemble"]
    rows = [
        [
            f"{one['draws']:,}".replace(",", " "),
            str(one["jobs"]),
            duration(one["wall"]),
            duration(one["wall"] / one["draws"]),
            megabytes(one["memory"]),
            megabytes(one["file"]),
        ]
        for one in found
    ]
    head = ["draws", "workers", "wall", "each", "memory", "file"]
    text = (
        "Draws of the shipped catalog, 73 x 15, `best_of`, with its assumed numbers uncertain: "
        "value, threshold, indices, allocation and regret of each, saved in a Parquet file. Memory "
        "is the growth of the peak, and for workers the whole peak:"
    )
    return ["## Ensembles", f"{text}\n\n{markdown(head, rows)}"] if rows else []


def start(results: list[Result]) -> list[str]:
    rows = [
        [f"`{found['name']}`", duration(found["wall"])]
        for found in results
        if found["kind"] == "start"
    ]
    text = "Best of several runs, from the start of the process to its end:"
    return ["## Imports and start", f"{text}\n\n{markdown(['what', 'wall'], rows)}"] if rows else []


def reading(results: list[Result]) -> list[str]:
    rows = [
        [f"`{found['name']}`", f"{found['megabytes']:.0f} MB", duration(found["wall"])]
        for found in results
        if found["kind"] == "reading"
    ]
    head = ["reader", "size", "wall"]
    text = "A STIX bundle with the proportions of ATT&CK, best of several runs:"
    return ["## Reading a knowledge base", f"{text}\n\n{markdown(head, rows)}"] if rows else []


def conditions(machine: dict[str, Any]) -> list[str]:
    rows = [
        ["cores", str(machine["cores"])],
        ["load when it began", f"{machine['load']:g}"],
        *([["measured again later", machine["again"]]] if "again" in machine else []),
        ["system", machine["system"]],
        ["Python", machine["python"]],
        *([name, number] for name, number in machine["versions"].items()),
    ]
    return ["## Conditions", markdown(["what", "which"], rows)]


def markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def ratio(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def duration(seconds: float) -> str:
    if seconds >= 1.0:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def megabytes(number: float) -> str:
    size = number / 2**20
    return "< 1 MB" if size < 1 else f"{size:.0f} MB"


def picture(problems: Results) -> Any:
    """Plot seconds over cells on logarithmic axes, one panel for each composition."""
    from matplotlib.figure import Figure

    groups = ["additive", "best_of", "independent"]
    colors = {peer.name: f"C{number}" for number, peer in enumerate(PEERS["additive"])}
    styles = {name: {"color": color} for name, color in colors.items()}
    styles[OURS] = {"color": "black", "linewidth": 2.5}
    figure = Figure(figsize=(12.0, 4.5), layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True)
    for group, panel in zip(groups, panels, strict=True):
        for peer in PEERS[group]:
            points = [
                (n * m, found[peer.name]["wall"])
                for (member, attacker, n, m), found in problems.items()
                if (member, attacker) == (group, "narrow") and found[peer.name]["status"] == "done"
            ]
            if points:
                line = {"marker": "o", "ms": 4, "label": peer.name, **styles[peer.name]}
                panel.loglog(*zip(*points, strict=True), **line)
        panel.set_title(group)
        panel.set_xlabel("threats x defenses")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("seconds for one answer")
    panels[0].legend(fontsize="small")
    return figure
