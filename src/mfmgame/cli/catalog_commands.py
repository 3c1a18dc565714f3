"""Commands on catalogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from mfmgame.cli.catalog_options import (
    CostOptions,
    IncidentOptions,
    Vulnerabilities,
    WeightTable,
    chosen_weights,
)
from mfmgame.cli.complaints import reported
from mfmgame.cli.options import AsJson, Output
from mfmgame.cli.writing import write, write_json, write_plain
from mfmgame.errors import SpecificationError

if TYPE_CHECKING:
    from pathlib import Path

    from mfmgame.catalogs.gaps import Grouping
    from mfmgame.catalogs.merging import Side
    from mfmgame.catalogs.weighing import Weights
    from mfmgame.documents.catalog import Catalog

__all__ = ["catalog_app", "check", "list_shipped", "merge", "show", "weigh", "write_catalog"]

catalog_app = typer.Typer(
    no_args_is_help=True,
    help="List, show, check, merge, weigh and import catalogs.",
)


def weigh(
    name: Annotated[
        str,
        typer.Argument(metavar="CATALOG", help="Name of a shipped catalog, or a JSON file."),
    ],
    weights: WeightTable = None,
    kev: Vulnerabilities = None,
    *,
    costs: CostOptions,
    incidents: IncidentOptions,
    output: Output = None,
) -> None:
    """Set a catalog's severities and costs from evidence.

    The evidence: recorded incidents, known vulnerabilities or tables.
    """
    with reported(name):
        from mfmgame.catalogs import load_catalog

        evidence = chosen_weights(weights, kev, incidents.selection())
        if evidence is None and costs.costs is None:
            raise SpecificationError(
                "found nothing to weigh by, expected --weights, --incidents, --kev or --costs"
            )
        write_catalog(load_catalog(name), output, evidence, costs)


def list_shipped() -> None:
    """List the catalogs that come with mfmgame."""
    with reported(""):
        from mfmgame.catalogs import load_catalog, shipped_catalogs
        from mfmgame.view.text.number_formats import printable

        for name in shipped_catalogs():
            catalog = load_catalog(name)
            counts = f"{len(catalog.threats)} threats, {len(catalog.defenses)} defenses"
            counts += f", {len(catalog.systems)} systems"
            write_plain(f"{name}: {counts}; {printable(catalog.source)}\n")


def show(
    name: Annotated[
        str, typer.Argument(metavar="CATALOG", help="Name of a shipped catalog, or a JSON file.")
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="class|tactic",
            help="Show coverage by threat class or tactic instead of the entries.",
        ),
    ] = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Show a catalog's entries, and the basis of their numbers.

    The entries are threats, defenses and systems.
    """
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


def check(
    name: Annotated[
        str,
        typer.Argument(metavar="CATALOG", help="Name of a shipped catalog, or a JSON file."),
    ],
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="Print every list in full.")] = False,
    output: Output = None,
) -> None:
    """Show the gaps of a catalog.

    Gaps are threats without a defense, assumed numbers and duplicates.
    """
    with reported(name):
        from mfmgame.catalogs import check_catalog, load_catalog
        from mfmgame.view.json.answer_documents import gaps_document
        from mfmgame.view.text.catalog_text import gaps_text

        gaps = check_catalog(load_catalog(name))
        if as_json:
            write_json(gaps_document(gaps), output)
        else:
            write(gaps_text(gaps, everything), output)


def merge(
    names: Annotated[
        list[str],
        typer.Argument(metavar="CATALOG", help="Names of shipped catalogs, or JSON files."),
    ],
    prefer: Annotated[
        str | None,
        typer.Option(
            "--prefer",
            metavar="first|last",
            help="Catalog whose entry wins in a conflict.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the merged catalog.")
    ] = None,
    output: Output = None,
) -> None:
    """Merge several catalogs.

    Entries in conflict are an error unless --prefer names a side.
    """
    from mfmgame.catalogs import load_catalog, merge_catalogs

    catalogs = []
    for one in names:
        with reported(one):
            catalogs.append(load_catalog(one))
    with reported("merge"):
        if len(catalogs) < 2:
            raise SpecificationError("found one catalog, expected two or more")
        side = cast("Side | None", prefer)
        write_catalog(merge_catalogs(*catalogs, prefer=side, name=name), output)


def write_catalog(
    catalog: Catalog,
    output: Path | None,
    weights: Weights | None = None,
    costs: CostOptions | None = None,
) -> None:
    """Write a catalog with weights and costs, and say what is in it unless it goes to stdout."""
    from mfmgame.catalogs import resolve_catalog
    from mfmgame.view.text.catalog_text import import_text

    if weights is not None:
        from mfmgame.catalogs.weighing import weighed

        catalog = weighed(catalog, weights)
    if costs is not None:
        catalog = costs.applied(catalog)
    write_json(catalog.to_document(without_defaults=True), output)
    if output is not None:
        write(import_text(catalog, resolve_catalog(catalog)), None)
