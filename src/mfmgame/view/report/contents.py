"""Contents of the page, section by section, as text and tables for the template."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mfmgame import __version__
from mfmgame.answers.frontier import Frontier
from mfmgame.answers.plan_evaluation import evaluate, evaluate_levels
from mfmgame.answers.status import first_unproven
from mfmgame.assessment import Assessment
from mfmgame.catalogs.gaps import groups_of
from mfmgame.catalogs.scenario_entries import Entries
from mfmgame.documents.kept_shares import percentage_point
from mfmgame.game.game import DefenseGame
from mfmgame.messages import counted
from mfmgame.view.report.input_rows import (
    bases_table,
    defenses_table,
    pairs_table,
    settings_table,
    steps_table,
    threats_table,
)
from mfmgame.view.report.measured_rows import measured_table
from mfmgame.view.report.payload import Labels
from mfmgame.view.report.table import Table, table
from mfmgame.view.report.wording import (
    attack_sentence,
    bits,
    plan_sentence,
    roles_sentence,
    short,
    threshold_sentence,
    use_heading,
    verdict,
)
from mfmgame.view.text.answer_facts import with_steps_held
from mfmgame.view.text.layout import status_text
from mfmgame.view.text.number_formats import (
    amount_text,
    loss_unit,
    number_text,
    share_text,
)
from mfmgame.view.text.plan_tables import loss_columns

__all__ = ["contents"]

_MOST_NOTES = 20
_LONGEST_NOTE = 500


def contents(
    assessment: Assessment, frontier: Frontier, entries: Entries, labels: Labels
) -> dict[str, Any]:
    """Collect the contents of the page, except the pieces of the frontier.

    Parameters
    ----------
    assessment : Assessment
    frontier : Frontier
        Over the attacker's bandwidth.
    entries : Entries
        Entries of the same scenario.
    labels : Labels
        Labels of the threats and defenses.

    Returns
    -------
    dict
        Variables of the template.
    """
    solution = assessment.solution
    game = solution.game
    said = dict.fromkeys((*frontier.notes, *assessment.notes))
    notes = [short(note, _LONGEST_NOTE) for note in said]
    funded = np.flatnonzero(solution.allocation.array > 0).tolist()
    counts = f"{counted(game.n_threats, 'threat')}, {counted(game.n_defenses, 'defense')}"
    return {
        "name": short(game.name),
        "subtitle": f"{counts}, composition {game.composition}",
        "version": __version__,
        "verdict": verdict(assessment),
        "threshold": threshold_sentence(assessment),
        "facts": _facts(assessment),
        "status": status_text(first_unproven((assessment.status, frontier.status))),
        "plan": plan_sentence(game, (game.use @ solution.allocation.array).tolist(), len(funded)),
        "roles": roles_sentence(game),
        "attack": attack_sentence(game),
        "tables": {
            "plan": _plan(assessment, labels),
            "limits": _limits(assessment),
            "plans": _plans(assessment),
            "attack": _attack(assessment, labels),
            "attack_steps": steps_table(
                game,
                np.flatnonzero(solution.attack.array > 0.0).tolist(),
                labels,
                "Steps of chains in the worst attack",
            ),
            "frontier": _frontier(frontier),
            "index": _index(assessment, labels),
            "techniques": _techniques(assessment, labels),
            "classes": _classes(entries),
            "open": _open(assessment, entries, labels),
            "bases": bases_table(solution),
            "proofs": _proofs(assessment, frontier),
            "settings": settings_table(assessment),
            "threats": threats_table(assessment, entries),
            "steps": steps_table(game, range(game.n_threats), labels, "Steps of chains"),
            "defenses": defenses_table(assessment, entries),
            "pairs": pairs_table(assessment, entries, labels),
            "measured": measured_table(entries, labels),
        },
        "coverage": _coverage(assessment),
        "notes": notes[:_MOST_NOTES],
        "more_notes": max(0, len(notes) - _MOST_NOTES),
    }


def _facts(assessment: Assessment) -> list[tuple[str, str, str]]:
    """List the facts shown in large figures: name, figure and unit."""
    solution, found = assessment.solution, assessment.threshold
    game = solution.game
    facts = [("Worst attack causes", number_text(solution.value), loss_unit(game))]
    if found is not None:
        reach = found.bandwidth
        facts += [
            ("Stopping costs", number_text(game.termination_loss or 0.0), loss_unit(game)),
            ("Threshold", *(("None reachable", "") if reach is None else _bits(reach))),
        ]
    return [*facts, ("Attacker has", *_bits(game.attacker_bandwidth))]


def _bits(amount: float) -> tuple[str, str]:
    figure, _, unit = bits(amount).partition(" ")
    return figure, unit


def _plan(assessment: Assessment, labels: Labels) -> Table:
    solution, found = assessment.solution, assessment.sensitivity
    game, levels = solution.game, solution.allocation.array
    roles = list(found.roles.values())
    least, greatest = found.least.array, found.greatest.array
    rows = (
        (
            labels.defenses[j],
            roles[j],
            number_text(levels[j]),
            number_text(game.max_level[j]),
            *(
                amount_text(game, resource, use)
                for resource, use in zip(
                    game.resources, (game.use[:, j] * levels[j]).tolist(), strict=True
                )
            ),
            number_text(least[j]),
            number_text(greatest[j]),
        )
        for j in range(game.n_defenses)
        if levels[j] > 0 or roles[j] != "useless"
    )
    uses = [use_heading(game, resource) for resource in game.resources]
    headings = ["defense", "role", "level", "greatest possible", *uses]
    headings += ["least in any best plan", "greatest in any best plan"]
    return table("The plan", headings, rows, text_columns=2, noun="defense")


def _unit(game: DefenseGame, resource: str) -> str:
    unit = game.units.resources.get(resource, "")
    return f" [{short(unit)}]" if unit else ""


def _plans(assessment: Assessment) -> Table:
    """Tabulate no defense, the named plans and the best plan; no rows without named plans."""
    game = assessment.solution.game
    named = [evaluate(game, plan) for plan in game.plans]
    best = evaluate_levels(game, assessment.solution.allocation.array, "best plan")
    every = [evaluate_levels(game, np.zeros(game.n_defenses), "no defense"), *named, best]
    rows = []
    for plan in every if named else []:
        reach = "-" if plan.decision is None else "any bandwidth"
        if plan.plan_bandwidth is not None:
            reach = bits(plan.plan_bandwidth)
        uses = [
            amount_text(game, resource, used)
            + (", beyond the limit" if resource in plan.excess else "")
            for resource, used in plan.resource_use.items()
        ]
        running = [name for name, level in plan.allocation.items() if level > 0.0]
        cells = plan.name, plan.decision or "-", ", ".join(running) or "nothing"
        rows.append((*cells, number_text(plan.loss), reach, *uses))
    uses = [use_heading(game, resource) for resource in game.resources]
    headings = ["plan", "decision", "runs", f"loss [{loss_unit(game)}]", "holds up to", *uses]
    return table("Plans side by side", headings, rows, text_columns=3, noun="plan")


def _limits(assessment: Assessment) -> Table:
    solution, found = assessment.solution, assessment.sensitivity
    game = solution.game
    rows = []
    for resource, used, limit in zip(
        game.resources, solution.resource_use.array.tolist(), game.limits.tolist(), strict=True
    ):
        finite = math.isfinite(limit)
        price, end = found.limit_prices[resource].right, amount_text(game, resource, limit)
        saves, name = number_text(price), resource + _unit(game, resource)
        if game.keeps_share(resource):
            saves = f"{number_text(price * percentage_point(limit))} per percentage point given up"
            name, end = f"{resource} [work kept]", f"at least {end}"
        row = amount_text(game, resource, used), end if finite else "none", saves if finite else "-"
        rows.append((name, *row))
    worth = f"{with_steps_held(game)}one more unit saves"
    headings = ["resource", "used", "limit", worth]
    return table("What the plan uses", headings, rows, noun="resource")


def _attack(assessment: Assessment, labels: Labels) -> Table:
    solution = assessment.solution
    game, effort = solution.game, solution.attack.array
    caused, ways = effort * solution.residual.array, loss_columns(game)
    running = sorted(np.flatnonzero(effort > 0).tolist(), key=lambda i: (-caused[i], i))
    rows = (
        (
            labels.threats[i],
            *(game.threat_losses[i] or "-" for _ in ways),
            game.threat_classes[i],
            *(
                number_text(float(number))
                for number in (
                    effort[i],
                    effort[i] * game.bandwidth[i],
                    game.severity[i],
                    solution.coverage.array[i],
                    caused[i],
                )
            ),
        )
        for i in running
    )
    headings = ["threat", *ways, "class", "effort", "bits", "severity", "covered", "loss"]
    caption, n_texts = "Threats in the worst attack", 2 + len(ways)
    return table(caption, headings, rows, text_columns=n_texts, noun="threat")


def _frontier(frontier: Frontier) -> Table:
    columns = (
        frontier.breakpoints.tolist(),
        frontier.values.tolist(),
        [*frontier.slopes.tolist(), None],
        frontier.lower.tolist(),
        frontier.upper.tolist(),
    )
    rows = (
        (repr(at), repr(value), "-" if slope is None else repr(slope), repr(lower), repr(upper))
        for at, value, slope, lower, upper in zip(*columns, strict=True)
    )
    headings = ["attacker bandwidth", "value", "loss per further bit", "proven at least", "at most"]
    caption = "Value at each breakpoint; linear between breakpoints"
    return table(caption, headings, rows, text_columns=0, noun="breakpoint")


def _coverage(assessment: Assessment) -> list[tuple[str, str]]:
    index = assessment.index
    return [
        ("of total severity is stopped by the plan", share_text(index.portfolio)),
        ("is stopped in the least covered class", share_text(index.worst_class)),
        ("of the worst attack's loss is removed", share_text(index.adversarial)),
    ]


def _index(assessment: Assessment, labels: Labels) -> Table:
    index = assessment.index
    shares, found = index.defenses.array, index.techniques
    order = sorted(range(len(shares)), key=lambda j: (-np.nan_to_num(shares[j], nan=-1.0), j))
    rows = (
        (
            labels.defenses[j],
            share_text(shares[j]),
            *([] if found is None else [share_text(found.defenses[j])]),
            share_text(index.consistency.array[j]),
            *(share_text(share) for share in index.by_class[j].tolist()),
        )
        for j in order
    )
    by_technique = [] if found is None else ["by technique"]
    headings = ["defense", "index", *by_technique, "consistency", *index.classes]
    return table("Defense Coverage Index, each defense alone", headings, rows, noun="defense")


def _techniques(assessment: Assessment, labels: Labels) -> Table:
    """List the techniques of chains by weight; no rows where there are no chains."""
    rows: list[tuple[str, ...]] = []
    found, chains = assessment.index.techniques, assessment.solution.game.chains
    if found is not None and chains is not None:
        label_of = dict(zip(chains.technique_ids, labels.techniques, strict=True))
        for technique, weight, j, share in found.strongest_defenses():
            best = labels.defenses[j] if share else "-"
            rows.append((label_of[technique], best, share_text(weight), share_text(share)))
    headings = ["technique", "stopped best by", "weight", "share stopped"]
    return table("Techniques of chains", headings, rows, text_columns=2, noun="technique")


def _classes(entries: Entries) -> Table:
    rows = (
        (
            group.name or "-",
            str(group.threats),
            str(group.threats - group.covered),
            number_text(group.severity),
            share_text(group.share),
        )
        for group in groups_of(entries, "class")
    )
    headings = ["class", "threats", "without any defense", "severity", "share covered"]
    return table("Classes of threats", headings, rows, noun="class")


def _open(assessment: Assessment, entries: Entries, labels: Labels) -> Table:
    """List the threats that no funded defense covers, the most severe first."""
    coverage = assessment.solution.coverage.array
    severity = assessment.solution.game.severity
    coverable = np.asarray((entries.effectiveness > 0).any(axis=1), dtype=bool)
    rows = np.flatnonzero((coverage == 0) & (severity > 0)).tolist()
    rows.sort(key=lambda i: (-severity[i], i))
    reasons = {False: "no defense covers it", True: "the plan funds no defense that covers it"}
    listed = (
        (labels.threats[i], reasons[bool(coverable[i])], number_text(severity[i])) for i in rows
    )
    headings = ["threat", "why", "severity"]
    return table("Threats left open", headings, listed, text_columns=2, noun="threat")


def _proofs(assessment: Assessment, frontier: Frontier) -> Table:
    solution, found = assessment.solution, assessment.threshold
    rows: list[tuple[str, ...]] = [
        ("value at the scenario's attacker bandwidth", repr(solution.lower), repr(solution.upper)),
    ]
    if found is not None and found.bandwidth is not None and found.lower is not None:
        loss = solution.game.termination_loss or 0.0
        rows.append((f"value at the threshold, {bits(found.bandwidth)}", repr(found.lower), "-"))
        rows.append(("cost of stopping, for comparison", repr(loss), repr(loss)))
    end = frontier.breakpoints[-1]
    bracket = float(frontier.lower[-1]), float(frontier.upper[-1])
    rows.append((f"value at {bits(end)}, where the curve ends", *map(repr, bracket)))
    return table("Proven bounds", ["quantity", "at least", "at most"], rows)
