"""Commands on evidence: reading scanners' files, and measuring a catalog."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfmgame.cli.catalog_commands import write_catalog
from mfmgame.cli.complaints import reported
from mfmgame.cli.options import AsJson, Output
from mfmgame.cli.writing import write, write_json
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

if TYPE_CHECKING:
    from mfmgame.documents.evidence_file import Evidence
    from mfmgame.evidence.reading import ReadingOptions

__all__ = ["evidence_app", "measure", "merge", "read", "show"]

evidence_app = typer.Typer(
    no_args_is_help=True,
    help="Count attacks in scanners' files, with and without a defense.",
)
EvidenceFile = Annotated[
    str,
    typer.Argument(metavar="EVIDENCE", help="Evidence file (JSON), or name of shipped evidence."),
]
ResultName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the evidence.")
]


@dataclass(frozen=True)
class Selection:
    """Options that choose what counts as an attack, and as its success."""

    attack_succeeded: Annotated[
        str | None,
        typer.Option(
            "--attack-succeeded",
            metavar="VALUE",
            help="Score that means that the attack succeeded, such as C or 1 (inspect only).",
        ),
    ] = None
    score: Annotated[
        str | None,
        typer.Option(
            "--score", metavar="NAME[.KEY]", help="Score to read of several (inspect only)."
        ),
    ] = None
    detector: Annotated[
        list[str] | None,
        typer.Option(
            "--detector", metavar="NAME", help="Detector to count (garak only); repeatable."
        ),
    ] = None
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target", metavar="NAME", help="Provider to count (promptfoo only); repeatable."
        ),
    ] = None
    attack: Annotated[
        list[str] | None,
        typer.Option(
            "--attack",
            metavar="NAME",
            help="Attack, probe or plugin to count, or the first part of its name; repeatable.",
        ),
    ] = None
    suite: Annotated[
        list[str] | None,
        typer.Option("--suite", metavar="NAME", help="Suite of tasks to count; repeatable."),
    ] = None

    def options(self) -> ReadingOptions:
        """Gather the options of readers."""
        from mfmgame.evidence.reading import ReadingOptions

        return ReadingOptions(
            attack_succeeded=self.attack_succeeded,
            score=self.score,
            detectors=tuple(self.detector or ()),
            targets=tuple(self.target or ()),
            attacks=tuple(self.attack or ()),
            suites=tuple(self.suite or ()),
        )


def read(
    file_format: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help="agentdojo, garak, promptfoo, inspect, pyrit or csv."
        ),
    ],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Files or folders of the scan with the defense."),
    ],
    baseline: Annotated[
        list[Path] | None,
        typer.Option(
            "--baseline",
            metavar="PATH",
            help="File or folder of the scan of the same system without the defense; repeatable.",
        ),
    ] = None,
    threat: Annotated[
        str | None,
        typer.Option("--threat", metavar="ID", help="Threat that the attacks carry out."),
    ] = None,
    defense: Annotated[
        str | None, typer.Option("--defense", metavar="ID", help="Defense that was on.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="ID", help="Model that was attacked; by default, as the files say."
        ),
    ] = None,
    *,
    selection: Selection,
    by_suite: Annotated[
        bool, typer.Option("--by-suite", help="Count each suite of tasks by itself.")
    ] = False,
    unpaired: Annotated[
        bool,
        typer.Option(
            "--unpaired", help="Compare all trials, even if the two sides ran different tasks."
        ),
    ] = False,
    adaptive: Annotated[
        bool, typer.Option("--adaptive", help="The attacker adapted to the defense.")
    ] = False,
    name: ResultName = None,
    source: Annotated[
        str, typer.Option("--source", metavar="TEXT", help="Where the runs come from.")
    ] = "",
    license_: Annotated[
        str, typer.Option("--license", metavar="TEXT", help="License of the runs.")
    ] = "",
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Count a scan's attacks, with and without the defense.

    Shows the evidence; -o also writes an evidence file.
    """
    with reported(str(paths[0])):
        about = {"name": name or f"{file_format} scan", "source": source, "license": license_}
        if file_format == "csv":
            _refuse_given(
                {
                    "--baseline": baseline,
                    "--threat": threat,
                    "--defense": defense,
                    "--model": model,
                    "--by-suite": by_suite,
                    "--unpaired": unpaired,
                    "--adaptive": adaptive,
                    **dict.fromkeys(selection.options().given(), True),
                }
            )
            evidence = _counted(paths, about)
        else:
            from mfmgame.evidence.counting import evidence_from_trials
            from mfmgame.evidence.reading import read_trials
            from mfmgame.view.progress_bar import progress_bar

            for option, value in (("--threat", threat), ("--defense", defense)):
                if value is None:
                    raise SpecificationError("missing, expected an id", pointer=option)
            for path in baseline or ():
                if path.resolve() in {other.resolve() for other in paths}:
                    raise SpecificationError(
                        f"found {shown(str(path))} with the defense, too, expected the scan "
                        "without it",
                        pointer="--baseline",
                    )
            options = selection.options()
            with _options_named(), progress_bar("reading") as progress:
                defended = read_trials(file_format, paths, options, progress)
                others = read_trials(file_format, baseline, options, progress) if baseline else None
            evidence = evidence_from_trials(
                defended,
                others,
                threat=threat or "",
                defense=defense or "",
                model=model,
                unpaired=unpaired,
                by_suite=by_suite,
                adaptive=adaptive,
                **about,
            )
    _write(evidence, output, as_json=as_json)


def show(file: EvidenceFile, as_json: AsJson = False, output: Output = None) -> None:
    """Show an evidence file: counts, effectiveness, intervals, work kept."""
    with reported(file):
        from mfmgame.evidence.library import load_evidence
        from mfmgame.view.text.evidence_text import evidence_text

        evidence = load_evidence(file)
        if as_json:
            write_json(evidence.to_document(), output)
        else:
            write(evidence_text(evidence), output)


def merge(
    files: Annotated[list[str], typer.Argument(metavar="EVIDENCE", help="Evidence files (JSON).")],
    name: ResultName = None,
    as_json: AsJson = False,
    output: Output = None,
) -> None:
    """Join evidence files, refusing anything counted twice."""
    from mfmgame.evidence.library import load_evidence
    from mfmgame.evidence.merging import merge_evidence

    loaded = []
    for file in files:
        with reported(file):
            loaded.append(load_evidence(file))
    with reported("merge"):
        merged = merge_evidence(*loaded, name=name or " and ".join(one.name for one in loaded))
    _write(merged, output, as_json=as_json)


def measure(
    catalog: Annotated[
        str, typer.Argument(metavar="CATALOG", help="Name of a shipped catalog, or a JSON file.")
    ],
    evidence: Annotated[
        list[str],
        typer.Option(
            "--evidence",
            metavar="FILE",
            help="Evidence file (JSON), or name of shipped evidence; repeatable.",
        ),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="CSV table that maps a threat and defense of the evidence to a threat and defense "
            "of the catalog: evidence_threat, evidence_defense, threat, defense, basis, reason.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="ID", help="Model to take counts of; repeatable."),
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option("--suite", metavar="NAME", help="Suite to take counts of; repeatable."),
    ] = None,
    utility: Annotated[
        str,
        typer.Option(
            "--utility",
            metavar="RESOURCE",
            help="Resource that stands for the work kept; an empty name leaves it out.",
        ),
    ] = "utility",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the catalog.")
    ] = None,
    output: Output = None,
) -> None:
    """Set a catalog's effectiveness and kept work from evidence."""
    from mfmgame.evidence.library import load_evidence
    from mfmgame.evidence.mapping import read_mapping
    from mfmgame.evidence.measuring import measured_catalog
    from mfmgame.evidence.merging import merge_evidence

    files = []
    for file in evidence:
        with reported(file):
            files.append(load_evidence(file))
    with reported(catalog):
        from mfmgame.catalogs import load_catalog

        measured = measured_catalog(
            load_catalog(catalog),
            merge_evidence(*files) if len(files) > 1 else files[0],
            () if mapping is None else read_mapping(mapping),
            models=tuple(model or ()),
            suites=tuple(suite or ()),
            utility=utility or None,
        )
        if name is not None:
            measured = measured.model_copy(update={"name": name})
        write_catalog(measured, output)


def _refuse_given(options: dict[str, Any]) -> None:
    """Refuse options about trials, where each line of a table is a whole cell."""
    for option, value in options.items():
        if value:
            raise SpecificationError(
                "means nothing for csv, expected a column of the table", pointer=option
            )


@contextlib.contextmanager
def _options_named() -> Iterator[None]:
    """Name options of readers in errors as the command line does."""
    names = {f"{name}s": f"--{name}" for name in ("attack", "suite", "detector", "target")}
    names |= {"attack_succeeded": "--attack-succeeded", "score": "--score"}
    try:
        yield
    except SpecificationError as error:
        pointer = names.get(error.pointer, error.pointer)
        raise SpecificationError(error.message, pointer=pointer, source=error.source) from None


def _counted(paths: list[Path], about: dict[str, str]) -> Evidence:
    """Read tables of counts."""
    from mfmgame.documents.evidence_file import Evidence
    from mfmgame.evidence.counts_table import read_counts

    cells = [cell for path in paths for cell in read_counts(path)]
    document: dict[str, Any] = {"schema": "mfmgame/evidence/1", "cells": cells, **about}
    return Evidence(**document)


def _write(evidence: Evidence, output: Path | None, *, as_json: bool) -> None:
    """Write an evidence file, and show it unless it goes to standard output as JSON."""
    from mfmgame.view.text.evidence_text import evidence_text

    with reported("" if output is None else str(output)):
        if as_json or output is not None:
            write_json(evidence.to_document(), output)
        if not as_json:
            write(evidence_text(evidence), None)
