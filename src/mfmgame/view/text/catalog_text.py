"""Catalogs as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.catalogs.gaps import CatalogGaps
from mfmgame.catalogs.gaps import Group as ThreatGroup
from mfmgame.catalogs.scenario_entries import Entries
from mfmgame.catalogs.weighing import cited
from mfmgame.documents.catalog import Catalog, Origin
from mfmgame.messages import counted
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, heading, notes_text
from mfmgame.view.text.number_formats import kept_text, number_text, printable, share_text

__all__ = ["catalog_text", "gaps_text", "groups_text", "import_text"]

_MOST_LISTED = 20


def catalog_text(catalog: Catalog, entries: Entries) -> Group:
    """Show a catalog's systems, threats and defenses with the basis of their numbers.

    A catalog made from other sources also shows their licences, and the further fields of
    its threats and defenses.
    """
    more = {
        "tactics": [", ".join(threat.tactics) for threat in entries.threats],
        "maturity": [threat.maturity for threat in entries.threats],
        "form of": [threat.parent or "" for threat in entries.threats],
    }
    more = {name: texts for name, texts in more.items() if catalog.origins and any(texts)}
    threats = table_of(
        ["threat", "name", "class", *more, "severity", "bits", "basis"], text_columns=3 + len(more)
    )
    for row, threat in enumerate(entries.threats):
        texts = threat.id, threat.name, threat.threat_class, *(own[row] for own in more.values())
        threats.add_row(
            *map(printable, texts),
            *(number_text(number or 0.0) for number in (threat.severity, threat.bandwidth)),
            threat.basis or "-",
        )
    resources = list(dict.fromkeys(name for d in entries.defenses for name in d.use))
    kept = [name for name in resources if entries.shown_as.get(name) == "kept_share"]
    headings = [printable(name) + (" kept" if name in kept else "") for name in resources]
    has_families = bool(catalog.origins) and any(d.family for d in entries.defenses)
    family = ["family"] if has_families else []
    defenses = table_of(
        ["defense", "name", *family, *headings, "covers", "basis"],
        text_columns=2 + len(family),
    )
    for column, defense in enumerate(entries.defenses):
        covered = int((entries.effectiveness[:, column] > 0).sum())
        named = (defense.id, defense.name, *([defense.family] if has_families else []))
        defenses.add_row(
            *map(printable, named),
            *(
                (kept_text if name in kept else number_text)(defense.use.get(name, 0.0))
                for name in resources
            ),
            counted(covered, "threat"),
            defense.basis or "-",
        )
    systems = table_of(["system", "name", "inputs", "type"], text_columns=4)
    for system in catalog.systems:
        about = (system.id, system.name, " ".join(system.inputs), system.target_type)
        systems.add_row(*map(printable, about))
    parts = _head(catalog)
    for noun, table in (("system", systems), ("threat", threats), ("defense", defenses)):
        if len(table.rows):
            parts += [heading(counted(len(table.rows), noun)), table]
    return Group(*parts, *notes_text(entries.notes))


def import_text(catalog: Catalog, entries: Entries) -> Group:
    """Summarize an imported catalog in a few lines."""
    covered = int((entries.effectiveness > 0).any(axis=1).sum())
    facts = [
        ("catalog", catalog.name),
        *(("from", _described(origin)) for origin in catalog.origins),
        ("threats", f"{len(entries.threats)}, {covered} of them covered by a defense"),
        ("defenses", str(len(entries.defenses))),
        ("pairs", str(len(catalog.effectiveness))),
    ]
    rows = [(name, printable(text)) for name, text in facts]
    return Group(facts_table(rows), *notes_text(entries.notes))


def groups_text(
    catalog: Catalog, entries: Entries, groups: Sequence[ThreatGroup], by: str
) -> Group:
    """Show the coverage of a catalog's threats by class or by tactic, with the best defenses."""
    parts = _head(catalog)
    if groups:
        parts += [heading(f"by {by}"), _groups_table(groups, by)]
    else:
        parts += [Text(f"\nno threat has a {by}")]
    return Group(*parts, *notes_text(entries.notes))


def gaps_text(gaps: CatalogGaps, everything: bool = False) -> Group:
    """Show the gaps of a catalog: totals first; long lists are cut unless `everything` is set."""
    idle = f", {len(gaps.idle_defenses)} without a threat to cover" if gaps.idle_defenses else ""
    facts = [
        ("catalog", printable(gaps.catalog)),
        ("threats", f"{gaps.threats}, {gaps.covered} of them covered by a defense"),
        ("severity", f"{number_text(gaps.severity)}, {share_text(gaps.covered_share)} covered"),
        ("defenses", f"{gaps.defenses}{idle}"),
    ]
    names = list(next(iter(gaps.bases.values())))
    bases = table_of(["numbers", *names])
    for kind, counts in gaps.bases.items():
        bases.add_row(kind, *map(str, counts.values()))
    parts: list[RenderableType] = [facts_table(facts), heading("basis of the numbers"), bases]
    for by, groups in (("class", gaps.classes), ("tactic", gaps.tactics)):
        if groups:
            parts += [heading(f"by {by}"), _groups_table(groups, by)]
    lists: list[tuple[str, list[str], list[tuple[str, ...]]]] = [
        (
            "covered by no defense",
            ["threat", "name", "severity", "share"],
            [
                (one.id, one.name, number_text(one.severity), share_text(one.share))
                for one in gaps.uncovered
            ],
        ),
        ("cover no threat", ["defense"], [(name,) for name in gaps.idle_defenses]),
        ("of severity 0", ["threat"], [(name,) for name in gaps.harmless]),
        (
            "have the same name",
            ["kind", "name", "ids"],
            [(found.kind, found.name, ", ".join(found.ids)) for found in gaps.duplicates],
        ),
        (
            "not covered, although a form of the threat is",
            ["threat"],
            [(name,) for name in gaps.uncovered_parents],
        ),
        (
            "not covered, although the parent threat is",
            ["threat"],
            [(name,) for name in gaps.uncovered_forms],
        ),
    ]
    for title, headings, rows in lists:
        if rows:
            parts += [heading(f"{title}: {len(rows)}"), _cut_table(headings, rows, everything)]
    return Group(*parts, *notes_text(gaps.notes))


def _cut_table(
    headings: list[str], rows: list[tuple[str, ...]], everything: bool
) -> RenderableType:
    n_texts = sum(name not in ("severity", "share") for name in headings)
    table = table_of(headings, text_columns=n_texts)
    for row in rows if everything else rows[:_MOST_LISTED]:
        table.add_row(*map(printable, row))
    more = len(rows) - len(table.rows)
    return Group(table, Text(f"  and {more} more (--all lists them)")) if more else table


def _groups_table(groups: Sequence[ThreatGroup], by: str) -> RenderableType:
    headings = [by, "threats", "covered", "severity", "share covered", "best defenses"]
    table = table_of(headings, texts=("best defenses",))
    for group in groups:
        best = ", ".join(f"{name} {share_text(share)}" for name, share in group.best.items())
        table.add_row(
            "-" if group.name is None else printable(group.name),
            str(group.threats),
            str(group.covered),
            number_text(group.severity),
            share_text(group.share),
            printable(best) or "-",
        )
    return table


def _head(catalog: Catalog) -> list[RenderableType]:
    """Show the name, source and origins of a catalog."""
    return [
        Text(printable(catalog.name), style="bold"),
        *([Text(printable(catalog.source))] if catalog.source else []),
        *(Text(printable(f"from {_described(origin)}")) for origin in catalog.origins),
    ]


def _described(origin: Origin) -> str:
    """Describe an origin: name, version, date, licence and attribution."""
    terms = (cited(origin), origin.licence, origin.attribution)
    return ", ".join(text for text in terms if text)
