"""Three findings on the taxonomy of arXiv:2411.11195, and the numbers that each rests on.

The paper states the threats, the information flows that they need and their known forms. Impacts,
strengths, costs, and the strength that a defense keeps against an adaptive attacker, are assumed.
So each result is computed twice: with the numbers of the catalog, and with all defenses
of equal strength and cost, where only flows and axes distinguish them. Below each result are the
measured cells of the shipped evidence that speak for or against it.

Run it from anywhere: ``python examples/paper_findings.py``.
"""

from pathlib import Path

import numpy as np
import scipy.stats

import mfmgame as mg

CATALOG = mg.load_catalog("mfm")
SCENARIO = mg.load_scenario(Path(__file__).parent / "taxonomy.json")
LEVELS = ("model", "system")
NUMBERS = {False: "numbers of the catalog", True: "all defenses with equal strength and cost"}


def variant(*, of=LEVELS, against=LEVELS, adaptive=True, equal=False, without=()):
    """Build the scenario with defenses and threats of the given levels."""
    defenses = {}
    for defense in CATALOG.defenses:
        change = defenses[defense.id] = {}
        if equal:
            change |= {"strength": 0.6, "retention": 0.5, "use": {"budget": 2, "bandwidth": 0.3}}
        if not adaptive:
            change["retention"] = 1.0
        if defense.level not in of or defense.id in without:
            change["max_level"] = 0
    threats = {t.id: {"severity": 0} for t in CATALOG.threats if t.level not in against}
    document = SCENARIO.model_dump(by_alias=True, exclude_unset=True)
    return mg.Scenario(**document | {"overrides": {"threats": threats, "defenses": defenses}})


def loss(**options):
    return mg.solve(variant(**options)).value


def measured(name, defenses=None, **where):
    """List the effectiveness of the cells that counts support, the least first."""
    cells = mg.load_evidence(name).cells
    chosen = [
        cell.effectiveness
        for cell in cells
        if cell.effectiveness is not None
        and (defenses is None or cell.defense in defenses)
        and all(getattr(cell, key) == value for key, value in where.items())
    ]
    return sorted(chosen)


def spread(found):
    """Write the least, the median and the greatest of some numbers."""
    return f"{found[0]:.2f} to {found[-1]:.2f}, median {np.median(found):.2f} ({len(found)} cells)"


print("1. Loss of the worst attack with defenses of a single level and the same budget")
for equal, said in NUMBERS.items():
    print(f"   {said}")
    for against in LEVELS:
        for adaptive in (False, True):
            options = {"against": [against], "adaptive": adaptive, "equal": equal}
            none, *each = (loss(of=of, **options) for of in ([], ["model"], ["system"]))
            print(
                f"     {against:6} threats, {'adaptive' if adaptive else 'naive':8} attacker:"
                f"  none {none:6.3f}   model-centric {each[0]:6.3f}   system-level {each[1]:6.3f}"
            )

print("   measured effectiveness")
ACTIONS = {"tool_filter", "progent", "drift"}
PROMPTS = {"spotlighting_with_delimiting", "repeat_user_prompt"}
DETECTORS = {"prompt_guard_2_detector", "piguard_detector", "transformers_pi_detector"}
for said, found in (
    ("limits on actions, injection that does not adapt", measured("agentdyn", ACTIONS)),
    ("detectors, injection that does not adapt", measured("agentdyn", DETECTORS)),
    ("prompts, injection that does not adapt", measured("agentdyn", PROMPTS)),
    ("robust training, images that adapt", measured("robustbench")),
):
    print(f"     {said:49} {spread(found)}")

print("2. The attacker's bandwidth")
frontier, undefended = mg.sweep(variant()), mg.sweep(variant(of=[]))
for bits in (16.0, 8.0, 4.0, 2.0):
    print(f"     {bits:4.0f} bits: {frontier(bits):6.3f}, with no defense {undefended(bits):6.3f}")
threshold = mg.self_destruction_threshold(variant())
print(f"     the loss reaches 24 at a bandwidth of {threshold.bandwidth:.3f} bits, ", end="")
print(f"with no defense {threshold.undefended:.3f}; at 8 bits: {threshold.decision}")

print("   measured effectiveness of a cap on queries for each goal")
for attack in ("PAIR", "adaptive_random_search"):
    for cap in (1, 5, 10, 30):
        found = measured(
            "query_caps", {f"query-cap-{cap}"}, attack=f"{attack} (black-box jailbreak)"
        )
        print(f"     {attack:22} cap of {cap:2}: {spread(found)}")

print("3. The coverage index as a ranking")
for equal, said in NUMBERS.items():
    index = mg.defense_coverage_index(variant(equal=equal)).to_frame()["index"]
    value = loss(equal=equal)
    missed = [loss(equal=equal, without=[defense]) - value for defense in index.index]
    # A difference from rounding alone is a tie.
    tau = scipy.stats.kendalltau(np.round(index, 9), np.round(missed, 9)).statistic
    ranked = index.sort_values(ascending=False, kind="stable").index
    dearest = sorted(zip(missed, index.index, strict=True), key=lambda pair: -pair[0])
    print(f"   {said}")
    print(f"     highest index: {', '.join(ranked[:3])}")
    print(f"     greatest loss if dropped: {', '.join(name for _, name in dearest[:3])}")
    print(f"     agreement of the two rankings (Kendall's tau): {tau:.2f}")
print("   measured numbers of agentdyn, half of the work to keep")
scenario = mg.load_scenario(Path(__file__).parent / "agentdyn.json")
index = mg.defense_coverage_index(scenario).to_frame()["index"]
print(
    f"     highest index: {', '.join(index.sort_values(ascending=False, kind='stable').index[:3])}"
)
allocation = mg.solve(scenario).allocation
print(f"     run by the best plan: {', '.join(name for name in allocation if allocation[name])}")
