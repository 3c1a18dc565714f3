"""Which AWS controls first, by the scores that the Center for Threat-Informed Defense gives them?

``python examples/knowledge_bases/aws_controls.py aws_attack-16.1.json``, with the mapping of AWS
from Mappings Explorer. What its scores count as is the analyst's to say: asked three ways.
"""

import sys
from pathlib import Path

import mfmgame as mg

SCENARIO = mg.load_scenario(Path(__file__).with_name("aws_controls.json"))
WAYS = {
    "protect 1, detect and respond 0.5": mg.MappingScores(),
    "detect and respond count in full": mg.MappingScores(detect=1.0, respond=1.0),
    "only protect counts": mg.MappingScores(detect=0.0, respond=0.0),
}

for said, scores in WAYS.items():
    catalog = mg.import_ctid(sys.argv[1], scores=scores)
    game = mg.build_game(SCENARIO, catalog)
    names = {defense.id: defense.name for defense in catalog.defenses}
    frontier = mg.sweep(game, limit="budget")
    print(f"{said}: {game.n_threats} techniques, {game.n_defenses} controls")
    for budget in (0.0, 2.0, 4.0, 6.0):
        print(f"  budget for {budget:.0f} controls: the worst attack costs {frontier(budget):6.3f}")
    solution = mg.solve(game)
    funded = sorted(solution.allocation.items(), key=lambda item: -item[1])
    for defense, level in funded[:6]:
        if level > 0:
            print(f"    {level:5.3f} of {names[defense]}")
    threshold = mg.self_destruction_threshold(game)
    print(f"  at {game.attacker_bandwidth:.0f} techniques at once: {threshold.decision}")
