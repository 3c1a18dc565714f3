"""Which ATLAS mitigations first, when techniques weigh what incidents say?

``python examples/knowledge_bases/atlas_priorities.py ATLAS.yaml``, with MITRE ATLAS in format 5 or
6 and the extra ``mfmgame[evidence]``, which brings the incidents.
"""

import sys
from pathlib import Path

import mfmgame as mg

SCENARIO = mg.load_scenario(Path(__file__).with_name("atlas_priorities.json"))
SELECTIONS = {
    "all incidents": mg.IncidentSelection(),
    "curated incidents": mg.IncidentSelection(quality=["curated"]),
}

atlas = mg.import_atlas(sys.argv[1], mg.AssumedNumbers(effectiveness=0.5))
for said, selection in SELECTIONS.items():
    catalog = mg.weighed(atlas, mg.incident_weights(selection))
    game = mg.build_game(SCENARIO, catalog)
    names = {entry.id: entry.name for entry in (*catalog.threats, *catalog.defenses)}
    total = game.severity.sum()
    gaps = mg.check_catalog(catalog)
    print(f"{said}: weight {total:.0f} on {(game.severity > 0).sum()} techniques")

    for budget in (0.0, 1.0, 2.0, 4.0, 8.0):
        solution = mg.solve(game.with_limits({"budget": budget}))
        print(
            f"  budget {budget:.0f}: loss of the worst attack {solution.value / total:.3f} of total"
        )
        plan = sorted(solution.allocation.items(), key=lambda item: -item[1])
        for defense, level in plan[:3] if budget in (1.0, 4.0) else ():
            if level > 0:
                print(f"    {level:.3f} of {names[defense]}")

    open_weight = sum(gap.severity for gap in gaps.uncovered)
    print(f"  no mitigation covers {open_weight / total:.3f} of total:")
    for gap in sorted(gaps.uncovered, key=lambda gap: -gap.severity)[:4]:
        print(f"    {gap.severity / total:.3f} {names[gap.id]}")
    for note in catalog.notes:
        if "unknown" in note:
            print(f"  {note.partition(': ')[2]}")
