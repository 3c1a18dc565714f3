"""Test whether three findings on the taxonomy of arXiv:2411.11195 survive uncertain numbers.

``paper_findings.py`` uses one set of assumed numbers. This script draws every assumed number of the
shipped catalog from a PERT distribution around the assumed value. Impacts, bits, the channel, the
effects of axes, and costs range from half to twice the assumed value; strengths and retentions
range from 0.2 less to 0.2 more. The output is the share of draws in which each finding holds, with
its exact 95 % interval.

Run it from anywhere: ``python examples/findings_under_uncertainty.py [DRAWS]``.
"""

import sys
from pathlib import Path

import numpy as np
import scipy.stats

import mfmgame as mg

DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
SEED = 2411
SCENARIO = mg.load_scenario(Path(__file__).parent / "taxonomy.json")
LEVELS = ("model", "system")
FINDINGS = (
    "system-level defenses keep more of their savings if the attacker adapts",
    "halving the attacker's bandwidth saves more than the whole budget",
    "the defense with the highest coverage index is not the costliest to drop",
)


def pert(number, low, high):
    return {"distribution": "pert", "low": low, "mode": number, "high": high}


def scaled(number):
    return pert(number, number / 2, number * 2) if number else number


def shifted(share):
    return pert(share, max(0.0, share - 0.2), min(1.0, share + 0.2))


def uncertain(catalog):
    """Return the catalog with a distribution for every assumed number."""
    document = catalog.to_document()
    rules = document["assumptions"]
    entries = [rules["channel"], *rules["goals"], *rules["classes"], *rules["axes"]]
    entries = [entry for entry in entries if entry["basis"] == "assumed"]
    for entry in entries:
        for key, number in entry.items():
            # A factor of 1 says that an axis has no such effect: that is not a guess.
            if isinstance(number, (int, float)) and not (key.endswith("_factor") and number == 1):
                entry[key] = scaled(number)
    for defense in document["defenses"]:
        if defense["basis"] == "assumed":
            defense["use"] = {name: scaled(number) for name, number in defense["use"].items()}
            traits = defense["traits"]
            traits |= {key: shifted(traits[key]) for key in ("strength", "retention")}
    return mg.Catalog(**document)


CATALOG = uncertain(mg.load_catalog("mfm"))


def variant(*, of=LEVELS, against=LEVELS, adaptive=True, without=None):
    """The games with defenses and threats of some levels, for every draw."""
    defenses = {d.id: {} for d in CATALOG.defenses}
    for defense in CATALOG.defenses:
        if not adaptive:
            defenses[defense.id]["retention"] = 1.0
        if defense.level not in of or defense.id == without:
            defenses[defense.id]["max_level"] = 0
    threats = {t.id: {"severity": 0} for t in CATALOG.threats if t.level not in against}
    document = SCENARIO.model_dump(by_alias=True, exclude_unset=True)
    overrides = {"threats": threats, "defenses": defenses}
    return mg.GameFamily(mg.Scenario(**document | {"overrides": overrides}), CATALOG)


WHOLE = variant()
WITHOUT = {defense.id: variant(without=defense.id) for defense in CATALOG.defenses}
OF_ONE_LEVEL = {
    (level, adaptive): variant(of=[level], against=[level], adaptive=adaptive)
    for level in LEVELS
    for adaptive in (True, False)
}
NO_DEFENSE = {level: variant(of=[], against=[level]) for level in LEVELS}


def kept(level, numbers):
    """Compute the share of the savings that defenses of a level keep if the attacker adapts."""
    bare = mg.solve(NO_DEFENSE[level].game_at(numbers)).value
    adaptive, naive = (
        bare - mg.solve(OF_ONE_LEVEL[level, adapts].game_at(numbers)).value
        for adapts in (True, False)
    )
    return adaptive / naive


def findings(numbers):
    game = WHOLE.game_at(numbers)
    solver = mg.Solver(game)
    solution = solver.solve()
    undefended = mg.solve(game.with_limits({"budget": 0.0})).value
    halved = solver.solve(game.attacker_bandwidth / 2).value

    index = mg.defense_coverage_index(game).defenses
    missed = {
        name: mg.solve(family.game_at(numbers)).value - solution.value
        for name, family in WITHOUT.items()
        if solution.allocation[name] > 0.0
    }
    return (
        kept("system", numbers) > kept("model", numbers),
        solution.value - halved > undefended - solution.value,
        max(index, key=index.get) != max(missed, key=missed.get),
    )


inputs = WHOLE.inputs
print(f"{len(inputs.names)} assumed numbers, {DRAWS} draws of them, seed {SEED}")
held = np.array([findings(numbers) for numbers in inputs.draws(SEED, 0, DRAWS)]).sum(axis=0)
for number, (finding, count) in enumerate(zip(FINDINGS, held.tolist(), strict=True), start=1):
    low, high = scipy.stats.binomtest(count, DRAWS).proportion_ci(method="exact")
    print(f"{number}. {finding}:")
    print(f"   in {count / DRAWS:.1%} of the draws (95 % interval: {low:.1%} to {high:.1%})")
