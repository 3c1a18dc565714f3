"""Plots of uncertain numbers: loss exceedance, and the effect of each number alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from mfmgame.ensembles.ensemble import Ensemble
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.uncertainty.tornado import Tornado
from mfmgame.view.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    axes_or_new,
    counted,
    drawn_in_style,
    keyed,
    most_important,
    number_label,
    row_labels,
    titled,
    written,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_exceedance", "plot_tornado"]


_CONFIDENCE = 0.95
_BAND = "#c9d8e6"
_LONGEST_NAME = 46
_UNITS = {
    "value": "loss of the worst attack [loss units]",
    "lower": "proven lower bound of the loss [loss units]",
    "upper": "proven upper bound of the loss [loss units]",
    "nominal_loss": "loss of the worst attack on the nominal plan [loss units]",
    "regret": "regret of the nominal plan [loss units]",
    "threshold": "self-destruction threshold [bits]",
    "undefended": "threshold with no defense [bits]",
    "adversarial": "worst attack's loss removed [share]",
    "portfolio": "total severity stopped [share]",
}


@drawn_in_style
def plot_exceedance(ensemble: Ensemble, ax: Axes | None = None, *, column: str = "value") -> Axes:
    r"""Draw the probability that a column exceeds each number: a loss-exceedance curve.

    The band contains the whole true curve with a probability of 95%: its half
    width is ``sqrt(log(2 / 0.05) / (2 n))`` [1]_.

    Parameters
    ----------
    ensemble : Ensemble
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.
    column : str
        Column of the ensemble; the loss of the worst attack by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SpecificationError
        If the ensemble has no such column, or the column has no finite number.

    References
    ----------
    .. [1] P. Massart, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality",
       Annals of Probability 18 (1990).
    """
    losses, probabilities = ensemble.exceedance(column)
    finite = np.isfinite(losses)
    losses, probabilities = losses[finite], probabilities[finite]
    if not len(losses):
        raise SpecificationError("found no finite number to draw", pointer=column)
    ax = axes_or_new(ax)
    known = len(ensemble.known(column))
    half = math.sqrt(math.log(2.0 / (1.0 - _CONFIDENCE)) / (2.0 * known))
    margin = 0.04 * (float(np.ptp(losses)) or abs(float(losses[0])) or 1.0)
    start, stop = float(losses[0]) - margin, float(losses[-1]) + margin
    points = np.concatenate([[start], losses, [stop]])
    shares = np.concatenate([[1.0], probabilities, probabilities[-1:]])
    ax.fill_between(
        points,
        100.0 * np.clip(shares - half, 0.0, 1.0),
        100.0 * np.clip(shares + half, 0.0, 1.0),
        step="post",
        color=_BAND,
        linewidth=0.0,
        label="95% band, for the whole curve",
    )
    ax.step(points, 100.0 * shares, where="post", color=INK, label="share of draws above")
    for probability, marker in ((0.5, "o"), (0.95, "s")):
        at = ensemble.quantile(column, probability).estimate
        if math.isfinite(at):
            ax.plot(
                [at],
                [100.0 * (1.0 - probability)],
                marker,
                color=BLUE,
                markersize=6,
                linestyle="none",
                label=f"{number_label(100 * probability)}% of draws within {number_label(at)}",
            )
    nominal = ensemble.at_nominal(column)
    if math.isfinite(nominal):
        ax.axvline(
            nominal,
            color=GREY,
            linestyle="--",
            linewidth=1.3,
            label=f"at nominal values {number_label(nominal)}",
        )
        start, stop = min(start, nominal - margin), max(stop, nominal + margin)
    titled(ax, ensemble.name, _facts(ensemble, known))
    ax.set_xlabel(_UNITS.get(column) or _other_column(column))
    ax.set_ylabel("probability of a greater number [%]")
    ax.set_xlim(start, stop)
    ax.set_ylim(0.0, 102.0)
    keyed(ax)
    return ax


@drawn_in_style
def plot_tornado(
    tornado: Tornado,
    ax: Axes | None = None,
    *,
    of: Literal["value", "threshold"] = "value",
    rows: int = 20,
) -> Axes:
    """Draw the effect of each uncertain number alone, from its lower to its upper end.

    Parameters
    ----------
    tornado : Tornado
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new picture by default.
    of : {"value", "threshold"}
        Answer that the numbers move. A bar to an unreachable threshold goes to the edge.
    rows : int
        Greatest number of bars; the numbers with the greatest effect come first.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SpecificationError
        If `of` is another word, or the scenario has no threshold.
    """
    if of not in ("value", "threshold"):
        raise SpecificationError(
            f"found {shown(of)}, expected 'value' or 'threshold'", pointer="of"
        )
    centre = tornado.value if of == "value" else tornado.threshold
    ends = tornado.values if of == "value" else tornado.thresholds
    if math.isnan(centre):
        raise SpecificationError("missing, expected a loss", pointer="termination_loss")
    # An unreachable threshold counts as the greatest floating-point number.
    kept = most_important(np.ptp(np.minimum(ends, np.finfo(float).max), axis=1), rows)
    ends, numbers = ends[kept], np.column_stack([tornado.lower, tornado.upper])[kept]
    count = len(ends)
    ax = axes_or_new(ax, height=1.5 + 0.3 * max(3, count))
    finite = np.concatenate([ends[np.isfinite(ends)], [centre] if math.isfinite(centre) else []])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    margin = 0.16 * ((high - low) or abs(high) or 1.0)
    edge = high + margin
    middle = min(centre, edge)
    places = np.arange(count)
    for side, (colour, hatch, word) in enumerate(
        (
            (BLUE, None, "at the lower end of the number"),
            (ORANGE, "////", "at the upper end of the number"),
        )
    ):
        reached = np.minimum(np.nan_to_num(ends[:, side], nan=middle, posinf=edge), edge)
        ax.barh(
            places,
            reached - middle,
            left=middle,
            height=0.66,
            facecolor=colour,
            edgecolor=INK,
            linewidth=0.7,
            hatch=hatch,
            label=word,
        )
        for row in range(count):
            if abs(reached[row] - middle) > 2e-3 * (edge - low):
                _end_label(ax, row, reached[row], numbers[row, side], reached[row] > middle)
    row_labels(ax, [tornado.names[place] for place in kept], _LONGEST_NAME)
    ax.axvline(middle, color=INK, linewidth=1.2)
    ax.set_xlim(low - margin, edge)
    reading = number_label(centre) if math.isfinite(centre) else "unreachable"
    said = counted(count, len(tornado.names), "numbers", f"that move the {of} most")
    titled(
        ax, tornado.game.name, said or f"{reading} at nominal values; labels: ends of each number"
    )
    ax.set_xlabel(_UNITS[of])
    keyed(ax)
    return ax


def _end_label(ax: Axes, row: int, reached: float, number: float, is_right: bool) -> None:
    """Write the uncertain number at the end of its bar."""
    outward = 1 if is_right else -1
    ax.annotate(
        number_label(number),
        (reached, row),
        xytext=(3 * outward, 0),
        textcoords="offset points",
        ha="left" if outward > 0 else "right",
        va="center",
        fontsize=7.0,
    )


def _facts(ensemble: Ensemble, known: int) -> str:
    """Count the draws, and give the share of draws that decide to terminate."""
    said = f"{known:,} of {len(ensemble):,} draws"
    if known == len(ensemble):
        said = f"{known:,} draws"
    if ensemble.has_threshold:
        share = ensemble.probability_of_termination()
        low, high = 100.0 * share.lower, 100.0 * share.upper
        said += f"; terminate in {100.0 * share.estimate:.1f}% (95%: {low:.1f} to {high:.1f})"
        said += f"; {ensemble.n_undecided:,} undecided" if ensemble.n_undecided else ""
    return said


def _other_column(column: str) -> str:
    kind, _, name = column.partition("/")
    if kind == "level" and name:
        return f"level of {written(name)} [1: as in the catalog]"
    if kind == "plan" and name:
        return f"loss of the worst attack on {written(name)} [loss units]"
    if kind == "regret" and name:
        return f"regret of {written(name)} [loss units]"
    return written(column)
