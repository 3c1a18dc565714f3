"""Show the benefit of raising each limit.

Run it from anywhere: ``python examples/rank_upgrades.py``.
"""

from pathlib import Path

import mfmgame as mg

scenario = mg.load_scenario(Path(__file__).parent / "llava_agent.json")
solution = mg.solve(scenario)
threshold = mg.self_destruction_threshold(scenario)
print(f"{scenario.name}: the worst attack costs {solution.value:.4f} (gap {solution.gap:.0e})")
print(f"decision: {threshold.decision}, margin {threshold.margin:+.3f} bits")

# The price of a limit is the loss that a little more of the resource would remove.
for resource, price in solution.limit_prices.items():
    print(f"  marginal value of one more unit of {resource}: {price:.4f}")

# The exact benefit of raising each limit: solve again, which takes a few milliseconds.
for resource, limit in scenario.defender.limits.items():
    raised = scenario.model_dump(by_alias=True, exclude_unset=True)
    raised["defender"]["limits"][resource] = limit * 1.25
    better = mg.self_destruction_threshold(mg.Scenario(**raised))
    print(f"25 % more {resource}: {better.decision}, margin {better.margin:+.3f} bits")

funded = solution.to_frame().query("level > 0").round(3)
print(funded.to_string())
