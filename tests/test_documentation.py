"""Every block of the documentation runs, and prints what its page says it prints.

On a page, blocks run from top to bottom in one temporary folder that holds `examples`:

- `python`: executed, in one namespace a page;
- `sh`: each line a command. `mfmgame`, `python -m mfmgame` and scripts of `examples` run;
  set-up commands do not. A line may end in `# exit status 4`; without it, the status is 0.
  A page that needs a public knowledge base is skipped where its file is not at hand;
- `json`: after a line with "Save this as `name.json`:" it is written to that file, for the
  blocks below to use; elsewhere it must parse, and be valid if it names its schema;
- `text`: what the block directly above prints. `...` stands for anything.

Blocks with a name in braces are directives to the site's builder.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md"))]
LINKED_PAGES = [*PAGES, "CONTRIBUTING.md", "CHANGELOG.md"]
SETUP = [
    "python -m pip install -c constraints.txt -e . && "
    "python -m mfmgame solve examples/claims_agent.json",
    'python -m pip install -c constraints.txt -e ".[test]" && python -m pytest',
    'python -m pip install -c constraints.txt -e ".[docs]" && '
    "python -m sphinx --fail-on-warning docs docs/_build",
]
NOT_RUN = ("python -m pip ", "python -m pytest", "python -m sphinx ")
KNOWLEDGE_BASES = {
    file.name: file
    for pattern in (
        "atlas/*.yaml",
        "attack/*.json",
        "attack-flow/*.afb",
        "ctid/*.json",
        "cosai",
    )
    for file in (ROOT.parent / "shared" / "data").glob(pattern)
}
"""Public files beside the project, which are not part of it."""
SCHEMAS = {
    "mfmgame/scenario/1": mg.Scenario,
    "mfmgame/catalog/1": mg.Catalog,
    "mfmgame/result/1": mg.Result,
}


@dataclass(frozen=True)
class Block:
    """A fenced block; `lead` is the last line of text before it, `expected` its output."""

    page: str
    line: int
    language: str
    code: str
    lead: str
    expected: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}-{self.language}"


def fenced_blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, those of expected output included, in order."""
    lead, start, code = "", 0, list[str]()
    language: str | None = None
    for number, line in enumerate((ROOT / page).read_text("utf-8").splitlines(), start=1):
        fence = re.fullmatch(r"```(\w*|\{[\w-]+\})", line)
        if language is None and fence:
            language, start, code = fence[1], number, []
        elif language is None:
            assert "```" not in line, f"{page}:{number}: not a fence that this test understands"
            lead = line if line.strip() else lead
        elif line == "```":
            yield Block(page, start, language, "".join(code), lead)
            language, lead = None, ""
        else:
            code.append(f"{line}\n")
    assert language is None, f"{page}:{start}: the block is never closed"


@cache
def blocks_of(page: str) -> list[Block]:
    """The blocks of a page, each with the output that a text block directly below states."""
    blocks: list[Block] = []
    for block in fenced_blocks(page):
        above = blocks[-1] if blocks else None
        follows = block.language == "text" and not block.lead
        if block.language.startswith("{"):
            continue
        if follows and above and above.expected is None and above.language in ("python", "sh"):
            blocks[-1] = Block(**{**vars(above), "expected": block.code})
        else:
            blocks.append(block)
    return blocks


def knowledge_bases_of(page: str) -> set[str]:
    """Public files that the commands of a page read."""
    code = "".join(block.code for block in blocks_of(page) if block.language == "sh")
    names = r"ATLAS\.yaml|\b[\w-]+attack-[\d.]+\.json|\b\w+\.afb|(?<=import cosai )cosai"
    return set(re.findall(names, code))


class PageRun:
    """A page whose blocks run in order, each once, in a folder of their own."""

    def __init__(self, page: str, folder: Path) -> None:
        self.blocks = blocks_of(page)
        self.folder = folder
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.outcomes: list[str | BaseException] = []

    def output(self, index: int) -> str:
        """What a block prints, once those above it have run."""
        while len(self.outcomes) <= index:
            block = self.blocks[len(self.outcomes)]
            try:
                self.outcomes.append(self.run(block))
            except Exception as error:
                self.outcomes.append(error)
        outcome = self.outcomes[index]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def run(self, block: Block) -> str:
        ways = {"python": self.run_python, "sh": self.run_sh, "json": self.run_json}
        assert block.language != "text", "directly above stands no block that prints this"
        assert block.language in ways, f"expected one of {[*ways]}, found {block.language!r}"
        return ways[block.language](block)

    def run_python(self, block: Block) -> str:
        # Empty lines above, so that a traceback names the line of the page.
        source = "\n" * block.line + block.code
        code = compile(source, str(ROOT / block.page), "exec")
        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(code, self.namespace)
        return printed.getvalue()

    def run_sh(self, block: Block) -> str:
        return "".join(self.run_line(line) for line in block.code.splitlines())

    def run_line(self, line: str) -> str:
        stated = re.search(r"# exit status (\d+)$", line)
        status = int(stated[1]) if stated else 0
        printed = ""
        for command in line.removesuffix(stated[0] if stated else "").split(" && "):
            if command.startswith(NOT_RUN):
                continue
            words = shlex.split(command.removeprefix("python -m ").removeprefix("python "))
            assert words[0] == "mfmgame" or words[0].startswith("examples/"), (
                f"the test knows no way to run {command!r}"
            )
            run = subprocess.run(
                [sys.executable, *(["-m"] if words[0] == "mfmgame" else []), *words],
                cwd=self.folder,
                env={**os.environ, "PYTHONUTF8": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
            assert run.returncode == status, f"{command!r}: {run.returncode}\n{run.stdout}"
            printed += run.stdout
        return printed

    def run_json(self, block: Block) -> str:
        document = json.loads(block.code)
        named = re.search(r"Save this as `([\w.-]+\.json)`:$", block.lead)
        if named:
            (self.folder / named[1]).write_text(block.code, encoding="utf-8")
        elif "schema" in document:
            SCHEMAS[document["schema"]](**document)
        return ""


@pytest.fixture(scope="module")
def page_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PageRun]:
    runs = {}
    for page in PAGES:
        folder = tmp_path_factory.mktemp(Path(page).stem)
        shutil.copytree(ROOT / "examples", folder / "examples")
        for name, file in KNOWLEDGE_BASES.items():
            (folder / name).symlink_to(file)
        runs[page] = PageRun(page, folder)
    return runs


@pytest.mark.parametrize(
    ("page", "index"),
    [
        pytest.param(page, index, id=str(block))
        for page in PAGES
        for index, block in enumerate(blocks_of(page))
    ],
)
def test_a_block_does_what_its_page_says(page, index, page_runs):
    block = blocks_of(page)[index]
    absent = knowledge_bases_of(page) - KNOWLEDGE_BASES.keys()
    if absent:
        pytest.skip(f"the page needs {', '.join(sorted(absent))}, not at hand here")
    printed = page_runs[page].output(index)
    if block.expected is None:
        assert block.language == "sh" or not printed, f"{block}: the page does not show {printed!r}"
        return
    expected, printed = without_trailing_spaces(block.expected), without_trailing_spaces(printed)
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS
    if not checker.check_output(expected, printed, flags):
        example = doctest.Example(block.code, expected)
        pytest.fail(f"{block}\n{checker.output_difference(example, printed, flags)}")


def without_trailing_spaces(text: str) -> str:
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def test_the_readme_sets_up_with_commands_of_one_line_each():
    blocks = [block.code for block in blocks_of("README.md") if "pip install" in block.code]
    assert blocks == [f"{command}\n" for command in SETUP]


def test_the_picture_of_the_readme_is_what_its_command_draws(page_runs):
    index = next(i for i, block in enumerate(blocks_of("README.md")) if "--plot" in block.code)
    page_runs["README.md"].output(index)
    drawn = curves(page_runs["README.md"].folder / "frontier.svg")
    kept = curves(ROOT / "docs/frontier.svg")
    assert len(kept) == 2  # with no defense, and with the best
    for one, other in zip(kept, drawn, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def curves(picture: Path) -> list[np.ndarray]:
    """The longer lines of an SVG file, each within its own frame: shapes (n_points, 2).

    The rest, letters and where the axes stand, differs between versions of matplotlib.
    """
    paths = re.findall(r'<g id="line2d_\d+">\s*<path d="([^"]*)"', picture.read_text("utf-8"))
    lines = [np.array(re.findall(r"[ML] (\S+) (\S+)", path), dtype=float) for path in paths]
    lines = [line for line in lines if len(line) >= 5]
    return [(line - line[0]) / (line[-1] - line[0]) for line in lines]


def test_the_page_of_commands_lists_the_commands_that_exist():
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    command = r"^\| `mfmgame ((?:catalog (?:import )?|evidence |guard )?[a-z-]+)"
    listed = set(re.findall(command, text, flags=re.MULTILINE))
    assert listed == set(COMMANDS)


@pytest.mark.parametrize("page", LINKED_PAGES)
def test_every_relative_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(file), f"{page} links to {target}, which has no such heading"


def anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def directives(page: str, name: str) -> list[str]:
    """Lines of the directives of that name on a page."""
    blocks = (block for block in fenced_blocks(page) if block.language == f"{{{name}}}")
    return [line.strip() for block in blocks for line in block.code.splitlines()]


def test_every_page_has_its_place_on_the_site_and_in_the_list():
    places = directives("docs/index.md", "toctree")
    text = (ROOT / "docs/index.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        if page.name != "index.md":
            assert page.stem in places
            assert f"]({page.name})" in text


def test_the_reference_has_every_public_name_once():
    listed, module = list[str](), ""
    for line in directives("docs/api.md", "eval-rst"):
        module = line.split()[-1] if "currentmodule::" in line else module
        listed += [line] * (module == "mfmgame" and bool(re.fullmatch(r"\w+", line)))
    assert sorted(listed) == sorted(mg.__all__)


def keys_of(schema: dict[str, Any]) -> set[str]:
    parts = (schema, *schema["$defs"].values())
    return {key for part in parts for key in part.get("properties", ())}


def without_names(keys: set[str], *pages: str) -> list[str]:
    """Keys that no page names, that on uncertain numbers included."""
    described = (*pages, "docs/uncertainty.md", "docs/evidence.md")
    text = "".join((ROOT / page).read_text("utf-8") for page in described)
    return [key for key in sorted(keys) if f"`{key}`" not in text]


@pytest.mark.parametrize("name", ["scenario", "result", "frontier", "portfolio"])
def test_the_reference_names_every_key(name):
    keys = keys_of(mg.json_schema(name))
    # A catalog's own keys, which stand on its own page.
    keys -= set(mg.json_schema("catalog")["$defs"]["ThreatTraits"]["properties"])
    keys -= set(mg.json_schema("catalog")["$defs"]["DefenseTraits"]["properties"])
    pages = ["docs/result.md"]
    if name == "scenario":
        pages = ["docs/scenario.md", "docs/losses_and_chains.md", "docs/paths.md"]
    assert without_names(keys, *pages) == []


def test_the_catalog_page_names_every_key():
    keys = keys_of(mg.json_schema("catalog"))
    pages = ["docs/catalog.md", "docs/scenario.md", "docs/losses_and_chains.md"]
    assert without_names(keys, *pages) == []


def test_the_tables_of_assumed_numbers_are_those_of_the_catalog():
    mfm = mg.load_catalog("mfm")
    rules = mfm.assumptions
    rows = [(entry.goal, entry.impact) for entry in rules.goals]
    rows += [
        (entry.threat_class, entry.bits, entry.black_box_only_extra_bits) for entry in rules.classes
    ]
    rows += [
        (entry.axis, entry.signal_factor, entry.noise_factor, entry.bandwidth_factor)
        for entry in rules.axes
    ]
    rows += [("signal", rules.channel.signal), ("noise", rules.channel.noise)]
    for defense in mfm.defenses:
        traits, use = defense.traits, defense.use
        spent = (use["budget"], use["bandwidth"])
        rows.append((defense.id, defense.name, traits.strength, traits.retention, *spent))
        reach = (traits.acts, traits.guards, traits.modalities)
        rows.append((defense.id, *(weights(shares) for shares in reach)))
    assert [row for row in map(as_table_row, rows) if row not in catalog_page_rows()] == []


def weights(shares: dict[str, float]) -> str:
    """Shares as the page writes them, where 1 goes without saying."""
    return ", ".join(name if share == 1 else f"{name} {share:g}" for name, share in shares.items())


def as_table_row(cells: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(cell if isinstance(cell, str) else f"{cell:g}" for cell in cells)


@cache
def catalog_page_rows() -> set[tuple[str, ...]]:
    lines = (ROOT / "docs/catalog.md").read_text("utf-8").splitlines()
    rows = (line.strip("|").split("|") for line in lines if line.startswith("|"))
    return {tuple(cell.strip().strip("`") for cell in row) for row in rows}


def test_the_citation_file_is_complete():
    yaml = pytest.importorskip("yaml", reason="no YAML parser here")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == "mfmgame"
    assert citation["version"] == mg.__version__
    assert citation["license"] == "Apache-2.0"
    assert citation["authors"]
    assert "arXiv:2411.11195" in str(citation["references"])
    assert str(citation["date-released"]) in (ROOT / "CHANGELOG.md").read_text("utf-8")
