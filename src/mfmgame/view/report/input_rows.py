"""Inputs of the report: the scenario's numbers as read, and their basis."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from mfmgame.answers.basis_summary import basis_summary
from mfmgame.answers.solution import Solution
from mfmgame.assessment import Assessment
from mfmgame.catalogs.number_bases import BASIS_NAMES
from mfmgame.catalogs.scenario_entries import Entries
from mfmgame.game.game import DefenseGame
from mfmgame.view.report.payload import Labels
from mfmgame.view.report.table import Table, table
from mfmgame.view.report.wording import short, use_heading
from mfmgame.view.text.number_formats import kept_text, percent_text
from mfmgame.view.text.plan_tables import loss_columns

__all__ = [
    "bases_table",
    "defenses_table",
    "pairs_table",
    "settings_table",
    "steps_table",
    "threats_table",
]


def bases_table(solution: Solution) -> Table:
    """Count the numbers of each basis, with the share of the value that rests on them."""
    found = basis_summary(solution)
    rows = (
        (
            basis,
            *(str(counts[basis]) for counts in found.counts.values()),
            str(total),
            percent_text(found.shares[basis]),
        )
        for basis, total in found.numbers.items()
    )
    headings = ["basis", *found.counts, "all numbers", "share of the value"]
    return table("Basis of the numbers", headings, rows)


def settings_table(assessment: Assessment) -> Table:
    """List the resources of both sides, and the cost of stopping."""
    game = assessment.solution.game
    loss = game.termination_loss
    rows = [
        ("composition", game.composition),
        ("attacker bandwidth", f"{game.attacker_bandwidth!r} bits"),
        ("cost of stopping the system", "not stated" if loss is None else repr(loss)),
    ]
    rows += [
        (f"limit of {short(resource)}", _limit_text(game, resource, limit))
        for resource, limit in zip(game.resources, game.limits.tolist(), strict=True)
    ]
    return table("The scenario", ["setting", "value"], rows, text_columns=2)


def _limit_text(game: DefenseGame, resource: str, limit: float) -> str:
    if not math.isfinite(limit):
        return "none"
    if game.keeps_share(resource):
        return f"at least {kept_text(limit)} of the work must be kept"
    return repr(limit)


def threats_table(assessment: Assessment, entries: Entries) -> Table:
    """List every threat with its source and its full numbers."""
    game = assessment.solution.game
    ways, columns = loss_columns(game), (game.severity.tolist(), game.bandwidth.tolist())
    rows = (
        (
            threat.id,
            threat.name or "-",
            *(loss or "-" for _ in ways),
            threat.threat_class,
            threat.basis or "not stated",
            threat.source or "-",
            repr(severity),
            repr(bandwidth),
        )
        for threat, loss, severity, bandwidth in zip(
            entries.threats, game.threat_losses, *columns, strict=True
        )
    )
    headings = ["id", "name", *ways, "class", "basis", "source", "severity", "bits"]
    return table("Threats", headings, rows, text_columns=5 + len(ways), noun="threat")


def steps_table(game: DefenseGame, threats: Iterable[int], labels: Labels, caption: str) -> Table:
    """List the steps of chains in order; no rows where there are none."""
    chains, rows = game.chains, list[tuple[str, ...]]()
    if chains is not None:
        for i in threats:
            for place, step in enumerate(chains.steps[i].tolist(), start=1):
                bits = repr(float(chains.bandwidth[step]))
                rows.append((labels.threats[i], labels.techniques[step], str(place), bits))
    headings = ["chain", "technique", "step", "bits"]
    return table(caption, headings, rows, text_columns=2, noun="step", most=500)


def defenses_table(assessment: Assessment, entries: Entries) -> Table:
    """List every defense with its source and its full numbers."""
    game = assessment.solution.game
    rows = (
        (
            defense.id,
            defense.name or "-",
            "in steps" if game.level_rules.stepped[j] else "continuous",
            defense.basis or "not stated",
            defense.source or "-",
            repr(float(game.max_level[j])),
            *(
                kept_text(use) if game.keeps_share(resource) else repr(use)
                for resource, use in zip(game.resources, game.use[:, j].tolist(), strict=True)
            ),
        )
        for j, defense in enumerate(entries.defenses)
    )
    uses = [use_heading(game, resource) for resource in game.resources]
    headings = ["id", "name", "levels", "basis", "source", "greatest level", *uses]
    return table("Defenses", headings, rows, text_columns=5, noun="defense")


def pairs_table(assessment: Assessment, entries: Entries, labels: Labels) -> Table:
    """List every effectiveness above 0 with its basis and source, but what follows from steps."""
    chains, shares, codes = (
        assessment.solution.game.chains,
        entries.effectiveness,
        entries.bases.effectiveness,
    )
    if chains is not None:
        shares = np.vstack((chains.without_derived(shares), entries.technique_effectiveness))
        codes = np.vstack((codes, entries.technique_bases))
    acted_on = [*labels.threats, *labels.techniques]

    def rows() -> Iterable[tuple[str, ...]]:
        for i, j in np.argwhere(shares > 0).tolist():
            source = entries.sources.get((i, j), "by the rules") or "-"
            share = repr(float(shares[i, j]))
            yield acted_on[i], labels.defenses[j], BASIS_NAMES[codes[i, j]], source, share

    noun = "threat" if chains is None else "threat or technique"
    headings = [noun, "defense", "basis", "source", "share stopped at level 1"]
    return table("Effectiveness above 0", headings, rows(), text_columns=4, noun="value", most=500)
