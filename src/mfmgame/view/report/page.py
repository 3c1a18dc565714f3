"""The report as one HTML file: it loads nothing, and runs only its own scripts.

The template escapes every text of a scenario, or puts it into a block of JSON that the script
reads as text. A content security policy names the scripts by their hashes, so that a browser
runs no other script even if an escape were missed.
"""

from __future__ import annotations

import base64
import hashlib
import math
from importlib import resources, util

from mfmgame.answers.interruption import Interrupted
from mfmgame.assessment import assess
from mfmgame.catalogs.scenario_entries import catalog_of, resolve
from mfmgame.documents.float_reading import as_float
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.scenario_game import build_game
from mfmgame.messages import missing_package, shown
from mfmgame.sweeps.frontier_search import sweep
from mfmgame.view.report.contents import contents
from mfmgame.view.report.payload import Labels, frontier_payload
from mfmgame.view.report.wording import labels_of

__all__ = ["LARGEST_PAGE", "report_page"]

LARGEST_PAGE = 5_900_000
"""Greatest size of a page, in bytes; the chart library takes most of it."""


def report_page(
    scenario: Scenario,
    *,
    stop: float | None = None,
) -> str:
    """Solve a scenario and write the answer as a single page that needs no network.

    Parameters
    ----------
    scenario : Scenario
    stop : float, optional
        Greatest attacker bandwidth to trace, in bits, at least the bandwidth of the scenario's
        attacker. Default: the bandwidth that all threats need together.

    Returns
    -------
    str
        HTML in UTF-8, mostly ASCII; the same scenario gives the same page.

    Raises
    ------
    SpecificationError
        If plotly or Jinja2 is not installed, or as for :func:`mfmgame.solve`.
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.
    Interrupted
        On Ctrl-C once the scenario is solved.

    Examples
    --------
    >>> import mfmgame as mg
    >>> page = mg.report_page(mg.load_scenario("examples/llava.json"))
    >>> page.startswith("<!DOCTYPE html>"), len(page.encode()) < 6_000_000
    (True, True)
    """
    catalog = catalog_of(scenario)
    library = _plotly()
    game = build_game(scenario, catalog)
    stop = None if stop is None else as_float(stop, "--to")
    if stop is not None and not game.attacker_bandwidth <= stop < math.inf:
        raise SpecificationError(
            f"found {shown(stop)}, expected a finite number of at least the attacker's bandwidth, "
            f"{game.attacker_bandwidth!r}",
            pointer="--to",
        )
    assessment = assess(game)
    try:
        frontier = sweep(game, stop=stop)
        entries = resolve(scenario, catalog)
        labels = Labels(
            labels_of((threat.id, threat.name) for threat in entries.threats),
            labels_of((defense.id, defense.name) for defense in entries.defenses),
            labels_of((technique.id, technique.name) for technique in entries.techniques),
        )
        parts = contents(assessment, frontier, entries, labels)
        script = _script(shares_losses=game.shared_losses is not None)
        page = _rendered(parts, library, script, "")
        room = LARGEST_PAGE - len(page.encode("utf-8"))
        payload = frontier_payload(assessment, frontier, labels, room)
        page = _rendered(parts, library, script, payload)
    except KeyboardInterrupt:
        raise Interrupted(assessment.solution) from None
    return page


def _plotly() -> str:
    """Read the chart library from the package `plotly`."""
    missing = [name for name in ("plotly", "jinja2") if util.find_spec(name) is None]
    if missing:
        raise missing_package("the report needs", " and ".join(missing), "report")
    file = resources.files("plotly").joinpath("package_data/plotly.min.js")
    # Line ends as browsers read them, so that the hash matches the script that runs.
    return file.read_text("utf-8").replace("\r\n", "\n").replace("\r", "\n").strip()


def _script(*, shares_losses: bool) -> str:
    """Read the page's own script, with the part for shared losses only where a game has some."""
    script = _text("script.js")
    if not shares_losses:
        return script
    functions, start, end = script.rpartition("  start();\n")
    return functions + _text("shared_losses.js") + "\n\n" + start + end


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8").strip()


def _rendered(parts: dict[str, object], library: str, script: str, payload: str) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_text("template.html"))
    return template.render(
        **parts,
        library=Markup(library),
        script=Markup(script),
        style=Markup(_text("style.css")),
        payload=Markup(payload),
        hashes=[_hash(library), _hash(script)],
    )


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
