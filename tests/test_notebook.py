"""In a notebook: tables with every name escaped, and a tutorial that runs."""

import html.parser
import json
import re
from pathlib import Path

import pytest

import mfmgame as mg
from view.plots.answers import HOSTILE, hostile_game, small_game

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial.ipynb"


class Reader(html.parser.HTMLParser):
    """What of some HTML is markup, and what text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.cells.append("")

    def handle_data(self, data):
        self.cells[-1] += data

    def handle_endtag(self, tag):
        self.tags.append(f"/{tag}")


def answers(game):
    solution = mg.solve(game)
    return [
        solution,
        mg.sweep(game),
        mg.sweep(game, limit=game.resources[0]),
        mg.defense_coverage_index(solution),
    ]


class TestTables:
    @pytest.mark.parametrize("place", range(4))
    def test_no_name_becomes_markup(self, place):
        read = Reader(answers(hostile_game())[place]._repr_html_())
        assert set(read.tags) <= {
            f"{slash}{tag}"
            for slash in ("", "/")
            for tag in ("div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td")
        }
        assert read.attributes == {"class", "style"}
        assert sorted(tag for tag in read.tags if tag[0] != "/") == sorted(
            tag[1:] for tag in read.tags if tag[0] == "/"
        )
        assert all(cell.isprintable() for cell in read.cells)
        assert max(map(len, read.cells[1:])) < 300

    def test_hostile_names_are_shown(self):
        index = mg.defense_coverage_index(hostile_game())._repr_html_()
        assert HOSTILE[5] in Reader(index).cells
        assert "<b" not in index.replace("<body", "")

    def test_a_solution_shows_its_value_allocation_and_attack(self):
        solution = mg.solve(small_game())
        cells = Reader(solution._repr_html_()).cells
        assert f"{solution.value:.6g}" in cells
        funded = {name for name, level in solution.allocation.items() if level}
        assert funded <= set(cells)
        assert "placebo" not in cells
        assert {name for name, effort in solution.attack.items() if effort} <= set(cells)

    def test_a_frontier_shows_its_pieces(self):
        frontier = mg.sweep(small_game())
        document = frontier._repr_html_()
        assert document.count("<tr>") == frontier.n_pieces + 1 + 3
        told = f"operate up to {frontier.crossing(7.0):.4g}, then terminate; stopping costs 7"
        assert any(cell.startswith(told) for cell in Reader(document).cells)

    def test_long_tables_are_cut_and_say_so(self):
        n = 40
        game = mg.DefenseGame(
            severity=range(1, n + 1),
            bandwidth=[1.0] * n,
            effectiveness=[[0.5]] * n,
            attacker_bandwidth=30.0,
        )
        assert "and 18 more rows" in mg.solve(game)._repr_html_()
        assert f"and {n - 12} more rows" in mg.sweep(game)._repr_html_()

    def test_the_same_answer_gives_the_same_table(self):
        first, second = (mg.solve(small_game())._repr_html_() for _ in range(2))
        assert first == second


class TestTutorial:
    def test_it_runs_from_top_to_bottom_and_shows_tables_and_pictures(self):
        import nbclient
        import nbformat

        notebook = nbformat.read(TUTORIAL, as_version=4)
        nbformat.validate(notebook)
        client = nbclient.NotebookClient(
            notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}
        )
        client.execute()
        shown = [
            (kind, content)
            for cell in notebook.cells
            if cell.cell_type == "code"
            for output in cell.outputs
            for kind, content in output.get("data", {}).items()
        ]
        kinds = [kind for kind, _ in shown]
        assert kinds.count("image/png") >= 5
        assert kinds.count("text/html") >= 4
        value = mg.solve(mg.load_scenario(ROOT / "examples/llava_agent.json")).value
        assert any(kind == "text/html" and f"{value:.4g}" in content for kind, content in shown)

    def test_it_is_kept_without_outputs(self):
        notebook = json.loads(TUTORIAL.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                assert cell["execution_count"] is None

    def test_its_links_lead_somewhere(self):
        text = TUTORIAL.read_text("utf-8")
        links = re.findall(r"\]\(([\w./]+\.md)", text)
        assert links
        assert all((TUTORIAL.parent / link).exists() for link in links)
