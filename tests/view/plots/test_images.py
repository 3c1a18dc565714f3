"""Pictures look as they did when someone last looked at them.

Letters are left out, and axes stand where no letter moves them: how letters are drawn, and
how large they are, differs between versions of matplotlib by a root mean square of 30 to 50
of 255, more than most mistakes. What is written is tested beside (see ``test_plots.py``).
Without letters, matplotlib 3.9 and 3.11 differ by 0.1 at most; what a reader would see
differs by more than the tolerance, and that a test here shows.
Draw the baselines anew, and look at them, by ``python tests/view/plots/test_images.py``.
"""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

import mfmgame as mg
from mfmgame.view.plots.style import STYLE
from view.plots.answers import project_game, small_game, uncertain_scenario

BASELINE = Path(__file__).parent / "baseline"
TOLERANCE = 2.0
BUDGETS = [0.0, 1.0, 2.0, 3.0]

PICTURES = {
    "assessment": lambda: mg.assess(small_game()).figure(),
    "loss": lambda: mg.solve(small_game()).plot.loss().figure,
    "allocation": lambda: mg.solve(small_game()).plot.allocation().figure,
    "attack": lambda: mg.solve(small_game()).plot.attack().figure,
    "payoff": lambda: mg.solve(small_game()).plot.payoff().figure,
    "coverage": lambda: mg.solve(small_game()).plot.coverage().figure,
    "index": lambda: mg.defense_coverage_index(small_game()).plot().figure,
    "frontier": lambda: mg.sweep(small_game()).plot().figure,
    "frontier-allocation": lambda: mg.sweep(small_game()).plot.allocation().figure,
    "budget": lambda: mg.sweep(small_game(), limit="budget").plot().figure,
    "map": lambda: mg.sweep_map(small_game(), "budget", BUDGETS).plot().figure,
    "portfolios": lambda: mg.best_portfolios(project_game()).plot().figure,
    "exceedance": lambda: mg.ensemble(uncertain_scenario(), n=64, seed=1).plot().figure,
    "tornado": lambda: mg.tornado(uncertain_scenario()).plot().figure,
}


def draw(figure, file: Path) -> Path:
    """Write what a picture shows beside its letters."""
    figure.set_layout_engine("none")
    with matplotlib.rc_context(STYLE):
        for ax in figure.axes:
            if ax.get_legend() is not None:
                ax.get_legend().remove()
            for axis in (ax.xaxis, ax.yaxis):
                axis.set_major_formatter(NullFormatter())
        for text in figure.findobj(Text):
            text.set_visible(False)
        figure.savefig(file, dpi=50, metadata={"Software": None})
    return file


def difference(name, drawn, tolerance=TOLERANCE) -> str | None:
    return compare_images(str(BASELINE / f"{name}.png"), str(drawn), tolerance)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_did(name, tmp_path):
    drawn = draw(PICTURES[name](), tmp_path / f"{name}.png")
    assert difference(name, drawn) is None


def test_every_baseline_has_its_picture():
    assert {file.stem for file in BASELINE.iterdir()} == set(PICTURES)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("frontier", lambda ax: ax.patches[-1].set_visible(False)),
        ("frontier", lambda ax: ax.lines[1].set_ydata(0.8 * np.array(ax.lines[1].get_ydata()))),
        ("attack", lambda ax: ax.containers[2][2].set_width(6.0)),
        ("index", lambda ax: ax.collections[0].set_cmap("gray")),
        ("map", lambda ax: ax.lines[0].set_visible(False)),
    ],
    ids=["no-region", "lower-curve", "longer-bar", "other-colours", "no-boundary"],
)
def test_what_a_reader_would_see_is_seen(name, change, tmp_path):
    figure = PICTURES[name]()
    change(figure.axes[0])
    assert difference(name, draw(figure, tmp_path / f"{name}.png")) is not None


if __name__ == "__main__":
    for picture, drawing in PICTURES.items():
        draw(drawing(), BASELINE / f"{picture}.png")
