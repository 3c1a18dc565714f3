"""Several evidence files as a single file."""

from __future__ import annotations

from collections import Counter

from mfmgame.documents.evidence_file import Evidence
from mfmgame.errors import SpecificationError
from mfmgame.messages import refuse_other_types, shown

__all__ = ["merge_evidence"]


def merge_evidence(*files: Evidence, name: str = "evidence") -> Evidence:
    """Join the cells of several evidence files.

    Parameters
    ----------
    *files : Evidence
        Two or more.
    name : str, default "evidence"
        Of the result.

    Returns
    -------
    Evidence
        All cells, in the order of the files. If the files have different sources or licenses,
        each cell has its own.

    Raises
    ------
    SpecificationError
        If a source has the same threat, defense, model, suite and attack twice, or cells of one
        `baseline_id` have different baselines.

    Examples
    --------
    >>> import mfmgame as mg
    >>> counts = {"threat": "t", "trials": 9, "successes": 1, "baseline_trials": 9,
    ...           "baseline_successes": 6}
    >>> files = [mg.Evidence(schema="mfmgame/evidence/1", name=d, cells=[{"defense": d, **counts}])
    ...          for d in ("filter", "guard")]
    >>> [cell.defense for cell in mg.merge_evidence(*files).cells]
    ['filter', 'guard']
    """
    for index, file in enumerate(files):
        refuse_other_types(file, f"files[{index}]", Evidence)
    if len(files) < 2:
        raise SpecificationError("found fewer than two evidence files, expected two or more")
    sources = {file.source for file in files}
    licenses = {file.license for file in files}
    cells = []
    seen: dict[tuple[str, ...], int] = {}
    for index, file in enumerate(files):
        for cell in file.cells:
            source, license_ = cell.source or file.source, cell.license or file.license
            other = seen.setdefault((*cell.key, source), index)
            if other != index:
                parts = ", ".join(shown(part) for part in cell.key if part)
                raise SpecificationError(
                    f"found {parts} from one source in {shown(files[other].name)} and in "
                    f"{shown(file.name)}, expected each cell once"
                )
            own = {
                **({"source": source} if len(sources) > 1 else {}),
                **({"license": license_} if len(licenses) > 1 else {}),
            }
            cells.append(cell.model_copy(update=own))
    return Evidence(
        schema="mfmgame/evidence/1",
        name=name,
        source=sources.pop() if len(sources) == 1 else "",
        license=licenses.pop() if len(licenses) == 1 else "",
        left_out=dict(sum((Counter(file.left_out) for file in files), Counter[str]())),
        notes=list(dict.fromkeys(note for file in files for note in file.notes)),
        cells=cells,
    )
