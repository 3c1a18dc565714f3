"""Common style of all plots: colours, hatches and fonts.

Neighbouring colours also differ in lightness, and important elements also differ in hatch,
line or marker, so that plots are legible in grey and to the colour-blind.
The colours are those of Okabe and Ito [1]_.

References
----------
.. [1] M. Okabe and K. Ito, "Color universal design", University of Tokyo (2008).
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Callable, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from mfmgame.answers.decision import Region
from mfmgame.documents.result import Decision
from mfmgame.messages import missing_package, refuse_other_types
from mfmgame.view.text.number_formats import kept_text, loss_unit, printable

try:
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.ticker import FixedLocator, FuncFormatter, ScalarFormatter
except ImportError:
    raise missing_package("drawing needs", "matplotlib", "plot") from None

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from numpy.typing import NDArray

    from mfmgame.game.game import DefenseGame

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "ORANGE",
    "PALE",
    "RED",
    "SHADES",
    "STYLE",
    "Picture",
    "PictureAxes",
    "axes_or_new",
    "counted",
    "drawn_in_style",
    "keyed",
    "limit_label",
    "loss_label",
    "most_important",
    "number_label",
    "row_labels",
    "shaded_region",
    "show_kept_shares",
    "threat_labels",
    "titled",
    "written",
]

INK, GREY, PALE = "#1a1a1a", "#767676", "#e4e4e4"
BLUE, ORANGE, RED = "#0072b2", "#e69f00", "#d55e00"
SHADES: dict[Decision, tuple[str, float, str | None]] = {
    "operate": (BLUE, 0.06, None),
    "undecided": (ORANGE, 0.10, "..."),
    "terminate": (RED, 0.10, "///"),
}
"""Colour, opacity and hatch of the region of each decision."""

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.formatter.use_mathtext": False,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "figure.dpi": 100.0,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same letters everywhere
    "font.size": 9.0,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.bbox": None,
    "savefig.dpi": "figure",
    "svg.hashsalt": "mfmgame",
    "text.parse_math": False,  # a name with dollar signs is no formula
    "text.usetex": False,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
}
_LEAST_PLAIN, _MOST_PLAIN = 1e-3, 1e6
"""Range of an axis's greatest number in which its ticks need no power of ten."""
_LONGEST = 30
_LONGEST_LOSS = 14
"""Greatest number of characters of a name in a plot."""
_TICKS = (100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5, 2, 1)
"""Kept shares in per cent that an axis may show."""
_LEAST_APART = 0.08
"""Least distance of two such ticks, as a share of the axis."""
_LONGEST_KEY = 76
"""Greatest number of characters of a legend on one line."""

Arguments = ParamSpec("Arguments")
Drawn = TypeVar("Drawn")


class Picture(Figure):
    """Figure that a notebook displays directly, with no window and no global state."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(stream, format="png", dpi=110, metadata={"Software": None})
        return stream.getvalue()


class PictureAxes(Axes):
    """Axes that a notebook displays as their whole figure."""

    def _repr_png_(self) -> bytes | None:
        figure = self.get_figure(root=True)
        return figure._repr_png_() if isinstance(figure, Picture) else None


def drawn_in_style(
    draw: Callable[Arguments, Drawn],
) -> Callable[Arguments, Drawn]:
    """Make a function draw in the common style without changing matplotlib's settings."""

    @functools.wraps(draw)
    def styled(*arguments: Arguments.args, **options: Arguments.kwargs) -> Drawn:
        with matplotlib.rc_context(STYLE):
            return draw(*arguments, **options)

    return styled


def axes_or_new(ax: Axes | None, width: float = 7.0, height: float = 4.2) -> Axes:
    """Return the given axes, or the axes of a new figure whose size is in inches."""
    refuse_other_types(ax, "ax", Axes, NoneType)
    if ax is not None:
        return ax
    figure = Picture(figsize=(width, height), layout="constrained")
    return figure.add_subplot(axes_class=PictureAxes)


def loss_label(game: DefenseGame, text: str) -> str:
    """Write the label of an axis of losses, with their unit."""
    return f"{text} [{written(loss_unit(game))}]"


def limit_label(game: DefenseGame, resource: str) -> str:
    """Write the label of an axis of a resource's limits, with their unit."""
    if game.keeps_share(resource):
        return f"least share of work to keep [{written(resource)}]"
    unit = game.units.resources.get(resource, "units of it")
    return f"limit of {written(resource)} [{written(unit)}]"


def show_kept_shares(axis: Axis, game: DefenseGame, resource: str) -> None:
    """Label an axis of a resource's limits by kept shares in per cent, where they are shown."""
    if not game.keeps_share(resource):
        return
    start, stop = axis.get_view_interval()
    ticks: list[float] = []
    for percent in _TICKS:
        at = -math.log(percent / 100.0)
        if start <= at <= stop and (not ticks or at - ticks[-1] > _LEAST_APART * (stop - start)):
            ticks.append(at)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda at, _: kept_text(at)))


def written(name: str, longest: int = _LONGEST) -> str:
    r"""Prepare a name for a plot: on one line, short, and in characters that the font has.

    Parameters
    ----------
    name : str
        Any text; control characters and characters that the font lacks become escapes.
    longest : int
        Number of characters to keep.

    Examples
    --------
    >>> written("threats/anydoor/severity", 12), written("tab\there")
    ('threat…erity', 'tab\\there')
    """
    known = _letters()
    text = _spelled(name[: longest + 1], known)
    if len(text) <= longest and len(name) <= longest:
        return text
    # Cut from the middle: names in a list often begin alike.
    head = (longest - 1) // 2 + (longest - 1) % 2
    tail = _spelled(name[-longest:], known)
    return text[:head] + "…" + tail[len(tail) - (longest - 1 - head) :]


def _spelled(text: str, known: frozenset[int]) -> str:
    return "".join(
        letter if ord(letter) in known else letter.encode("unicode_escape").decode()
        for letter in printable(text)
    )


@functools.cache
def _letters() -> frozenset[int]:
    """List the code points that the font of the style can draw."""
    family = FontProperties(family=STYLE["font.family"])
    return frozenset(get_font(findfont(family)).get_charmap())


def titled(ax: Axes, name: str, said: str = "") -> None:
    """Set the title: the name of the game, and a line on the contents or omissions of the plot."""
    ax.set_title(written(name, 60) + (f"\n{said}" if said else ""), loc="left")


def keyed(ax: Axes) -> None:
    """Put the legend between title and plot, where it covers nothing."""
    _spell_ticks_out(ax)
    handles, labels = ax.get_legend_handles_labels()
    place = ax.get_subplotspec()
    columns = 4 if sum(map(len, labels)) <= _LONGEST_KEY else 3
    if place is not None and place.get_gridspec().ncols > 1:
        columns = 2
    if not handles:
        return
    ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        borderaxespad=0.2,
        borderpad=0.2,
        columnspacing=1.4,
        handlelength=2.2,
        labelspacing=0.35,
    )
    rows = -(-len(handles) // columns)
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=6.0 + 11.5 * rows)


def _spell_ticks_out(ax: Axes) -> None:
    """Write large and tiny numbers in full at their ticks: a common factor would hit the legend."""
    for axis in (ax.xaxis, ax.yaxis):
        size = float(np.abs(axis.get_view_interval()).max())
        is_plain = isinstance(axis.get_major_formatter(), ScalarFormatter)
        if is_plain and not _LEAST_PLAIN <= size < _MOST_PLAIN:
            axis.set_major_formatter(FuncFormatter(lambda number, _: number_label(number)))


def counted(shown: int, total: int, noun: str, choice: str) -> str:
    """Describe the selection of rows shown; return an empty text if all are shown.

    Examples
    --------
    >>> counted(2, 3000, "threats", "of greatest loss")
    '2 of 3,000 threats, those of greatest loss'
    """
    return "" if shown == total else f"{shown:,} of {total:,} {noun}, those {choice}"


def most_important(weight: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Find the positions of the greatest weights, greatest first; ties keep their order."""
    return np.argsort(-weight, kind="stable")[:most]


def number_label(number: float, unit: str = "") -> str:
    """Format a number with four significant digits, and with its unit if a unit is given.

    Examples
    --------
    >>> number_label(7.28768), number_label(24.0, "bit"), number_label(1.0, "bit")
    ('7.288', '24 bits', '1 bit')
    """
    text = f"{number + 0.0:.4g}"
    return text + (f" {unit}" if text == "1" else f" {unit}s") * bool(unit)


def shaded_region(ax: Axes, region: Region) -> None:
    """Shade and label the region of a decision, hatched unless the decision is to operate."""
    decision, start, stop = region
    if not start < stop:
        return
    colour, strength, hatch = SHADES[decision]
    ax.axvspan(
        start,
        stop,
        facecolor=(colour, strength),
        edgecolor=(colour, 0.35),
        hatch=hatch,
        linewidth=0.0,
        zorder=0.0,
        gid=decision,
    )
    low, high = ax.get_xlim()
    if stop - start > 0.13 * (high - low):
        # Above the curves, in a separate strip.
        ax.text(
            0.5 * (start + stop),
            0.985,
            decision.upper(),
            transform=ax.get_xaxis_transform(),
            ha="center",
            va="top",
            color=INK,
            fontsize=8.0,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )


def threat_labels(
    game: DefenseGame, threats: Sequence[int] | NDArray[np.intp], longest: int = _LONGEST
) -> list[str]:
    """Label threats by id, and by the loss that each leads to where losses are shared."""
    ids = [written(game.threat_ids[threat], longest) for threat in threats]
    if game.shared_losses is None:
        return ids
    losses = [game.threat_losses[threat] for threat in threats]
    return [
        f"{name} → {written(loss, _LONGEST_LOSS)}" if loss else name
        for name, loss in zip(ids, losses, strict=True)
    ]


def row_labels(ax: Axes, names: Sequence[str], longest: int = _LONGEST) -> None:
    """Label the rows 0, 1, ... from the top down."""
    ax.set_yticks(range(len(names)), [written(name, longest) for name in names])
    ax.set_ylim(max(len(names), 1) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
