"""The least of several concave, piecewise linear functions."""

import numpy as np
import pytest

from mfmgame.sweeps.discrete_sweep import lower_envelope

BY_ROUNDING = 2.0**-50


def line(at_start, at_end, start=0.0, stop=1.0):
    return np.array([start, stop]), np.array([at_start, at_end])


@pytest.mark.parametrize(
    ("curves", "best"),
    [
        ([line(3.0, 8.0), line(3.0 + BY_ROUNDING, 5.0)], 1),
        ([line(3.0, 8.0), line(5.0, 8.0 + BY_ROUNDING)], 0),
        ([line(3.0, 5.0), line(3.0 + BY_ROUNDING, 5.0 - BY_ROUNDING)], 0),
    ],
    ids=["start", "end", "both"],
)
def test_a_line_that_is_least_by_rounding_alone_has_no_piece(curves, best):
    points, which = lower_envelope(curves, 0.0, 1.0)
    assert points.tolist() == [0.0, 1.0]
    assert which == [best]


def test_a_short_piece_where_the_values_differ_stays():
    steep = np.array([0.0, 1e-15, 1.0]), np.array([0.0, 4.0, 4.0])
    points, which = lower_envelope([steep, line(3.0, 3.0)], 0.0, 1.0)
    assert points == pytest.approx([0.0, 0.75e-15, 1.0], rel=1e-9)
    assert which == [0, 1]
