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
from mfmgame.numerics.arrays import dense
from mfmgame.view.report.payload import Labels
from mfmgame.view.report.table import Table, table
from mfmgame.view.report.wording import short, use_heading
from mfmgame.view.text.number_formats import kept_text, percent_text

__all__ = ["bases_table", "defenses_table", "pairs_table", "settings_table", "threats_table"]


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
    numbers = zip(game.severity.tolist(), game.bandwidth.tolist(), strict=True)
    rows = (
        (
            threat.id,
            threat.name or "-",
            threat.threat_class,
            threat.basis or "not stated",
            threat.source or "-",
            repr(severity),
            repr(bandwidth),
        )
        for threat, (severity, bandwidth) in zip(entries.threats, numbers, strict=True)
    )
    headings = ["id", "name", "class", "basis", "source", "severity", "bits"]
    return table("Threats", headings, rows, text_columns=5, noun="threat")


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
    """List every effectiveness above 0 with its basis and source."""
    effectiveness = dense(assessment.solution.game.effectiveness)

    def rows() -> Iterable[tuple[str, ...]]:
        for i, j in np.argwhere(effectiveness > 0).tolist():
            basis = BASIS_NAMES[entries.bases.effectiveness[i, j]]
            share = repr(float(effectiveness[i, j]))
            source = entries.sources.get((i, j), "by the rules") or "-"
            yield labels.threats[i], labels.defenses[j], basis, source, share

    headings = ["threat", "defense", "basis", "source", "share stopped at level 1"]
    return table("Effectiveness above 0", headings, rows(), text_columns=4, noun="value", most=500)
