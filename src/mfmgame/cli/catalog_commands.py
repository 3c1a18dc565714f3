"""The commands on catalogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from mfmgame.cli.import_commands import finish, import_app, weigh_catalog
from mfmgame.cli.support import AsJson, Output, reported, write, write_json, write_plain
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from mfmgame.catalogs.gaps import Grouping
    from mfmgame.catalogs.merging import Side

__all__ = ["catalog_app"]

catalog_app = typer.Typer(
    no_args_is_help=True, help="Shipped catalogs, and those of public knowledge bases."
)
catalog_app.add_typer(import_app, name="import")
catalog_app.command("weigh")(weigh_catalog)


@catalog_app.command("list")
def list_catalogs() -> None:
    """List the catalogs that come with mfmgame."""
    with reported(""):
        from mfmgame.catalogs import load_catalog, shipped_catalogs
        from mfmgame.view.text.layout import printable

        for name in shipped_catalogs():
            catalog = load_catalog(name)
            counts = f"{len(catalog.threats)} threats, {len(catalog.defenses)} defenses"
            counts += f", {len(catalog.systems)} systems"
            write_plain(f"{name}: {counts}; {printable(catalog.source)}\n")


@catalog_app.command("show")
def show_catalog(
    name: Annotated[str, typer.Argument(help="A shipped catalog's name, or a JSON file.")],
    by: Annotated[
        str | None, typer.Option("--by", help="Coverage by class or by tactic instead.")
    ] = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Show a catalog's threats, defenses and systems, and what their numbers rest on."""
    with reported(name):
        from mfmgame.catalogs import load_catalog, resolve_catalog
        from mfmgame.catalogs.gaps import groups_of
        from mfmgame.view.text.catalog_text import catalog_text, groups_text

        if by is not None and as_json:
            raise SpecificationError("found with --json, expected one of the two", pointer="--by")
        catalog = load_catalog(name)
        if as_json:
            document = catalog.to_document()
            write_json(document, output)
            return
        entries = resolve_catalog(catalog)
        if by is None:
            write(catalog_text(catalog, entries), output)
        else:
            groups = groups_of(entries, cast("Grouping", by))
            write(groups_text(catalog, entries, groups, by), output)


@catalog_app.command("check")
def check(
    name: Annotated[str, typer.Argument(metavar="FILE", help="A catalog's file, or its name.")],
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="Cut no list.")] = False,
    output: Output = None,
) -> None:
    """Show what a catalog leaves open: what nothing covers, and what numbers rest on."""
    with reported(name):
        from mfmgame.catalogs import check_catalog, load_catalog
        from mfmgame.view.json.answer_documents import gaps_document
        from mfmgame.view.text.catalog_text import gaps_text

        gaps = check_catalog(load_catalog(name))
        if as_json:
            write_json(gaps_document(gaps), output)
        else:
            write(gaps_text(gaps, everything), output)


@catalog_app.command("merge")
def merge(
    names: Annotated[
        list[str], typer.Argument(metavar="A B...", help="Shipped catalogs, or JSON files.")
    ],
    prefer: Annotated[
        str | None, typer.Option("--prefer", help="Whose entry to take in a conflict: first, last.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the merged catalog.")] = None,
    output: Output = None,
) -> None:
    """Make one catalog of several; conflicts are an error, unless one side is preferred."""
    from mfmgame.catalogs import load_catalog, merge_catalogs

    catalogs = []
    for one in names:
        with reported(one):
            catalogs.append(load_catalog(one))
    with reported("merge"):
        if len(catalogs) < 2:
            raise SpecificationError("found one catalog, expected two or more")
        side = cast("Side | None", prefer)
        finish(merge_catalogs(*catalogs, prefer=side, name=name), output)
