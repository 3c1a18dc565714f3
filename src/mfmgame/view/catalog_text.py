"""Catalogs as text that people read."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from mfmgame.catalogs.resolution import Entries
from mfmgame.spec.catalog import Catalog
from mfmgame.spec.wording import counted
from mfmgame.view.layout import facts_table, heading, notes_text, number_text, printable, table_of

__all__ = ["catalog_text", "import_text"]


def catalog_text(catalog: Catalog, entries: Entries) -> Group:
    """A catalog's systems, threats and defenses with the basis of their numbers."""
    threats = table_of(["threat", "name", "class", "severity", "bits", "basis"], text_columns=3)
    for threat in entries.threats:
        threats.add_row(
            *(printable(text) for text in (threat.id, threat.name, threat.threat_class)),
            *(number_text(number or 0.0) for number in (threat.severity, threat.bandwidth)),
            threat.basis or "-",
        )
    resources = list(dict.fromkeys(name for d in entries.defenses for name in d.use))
    defenses = table_of(
        ["defense", "name", *map(printable, resources), "covers", "basis"], text_columns=2
    )
    for column, defense in enumerate(entries.defenses):
        covered = int((entries.effectiveness[:, column] > 0).sum())
        defenses.add_row(
            *(printable(text) for text in (defense.id, defense.name)),
            *(number_text(defense.use.get(name, 0.0)) for name in resources),
            counted(covered, "threat"),
            defense.basis or "-",
        )
    systems = table_of(["system", "name", "inputs", "type"], text_columns=4)
    for system in catalog.systems:
        texts = (system.id, system.name, " ".join(system.inputs), system.target_type)
        systems.add_row(*(printable(text) for text in texts))
    parts: list[RenderableType] = [
        Text(printable(catalog.name), style="bold"),
        *([Text(printable(catalog.source))] if catalog.source else []),
    ]
    for noun, table in (("system", systems), ("threat", threats), ("defense", defenses)):
        if table.row_count:
            parts += [heading(counted(table.row_count, noun)), table]
    return Group(*parts, *notes_text(entries.notes))


def import_text(catalog: Catalog, entries: Entries) -> Group:
    """What an imported catalog holds, in a few lines."""
    covered = int((entries.effectiveness > 0).any(axis=1).sum())
    origins = [
        " ".join(text for text in (origin.name, origin.version, f"({origin.date})") if text)
        + (f", {origin.licence}" if origin.licence else "")
        for origin in catalog.origins
    ]
    facts = [
        ("catalog", catalog.name),
        *(("from", origin) for origin in origins),
        ("threats", f"{len(entries.threats)}, {covered} of them with a defense that acts on them"),
        ("defenses", str(len(entries.defenses))),
        ("pairs", str(len(catalog.effectiveness))),
    ]
    rows = [(name, printable(text)) for name, text in facts]
    return Group(facts_table(rows), *notes_text(entries.notes))
