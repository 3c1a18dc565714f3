"""Numbers from Python: as floats they are what was given, or they are refused by place."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.documents.float_reading import as_float, as_floats

LOST = [
    10**400,
    -(10**400),
    Fraction(10**400),
    Fraction(1, 10**400),
    Decimal("1e400"),
    Decimal("-1e-400"),
    pytest.param(
        np.longdouble("1e-400"),
        marks=pytest.mark.skipif(
            np.longdouble("1e-400") == 0.0, reason="long double is a double on this platform"
        ),
    ),
]


def game(**changes) -> mg.DefenseGame:
    arguments = {
        "severity": [1.0, 2.0],
        "bandwidth": [1.0, 1.0],
        "effectiveness": [[0.5], [0.25]],
        "attacker_bandwidth": 1.0,
        "use": {"budget": [1.0]},
        "limits": {"budget": 0.5},
    }
    return mg.DefenseGame(**arguments | changes)


PLACES = {
    "severity[1]": lambda number: game(severity=[1.0, number]),
    "bandwidth[0]": lambda number: game(bandwidth=[number, 1.0]),
    "effectiveness[1, 0]": lambda number: game(effectiveness=[[0.5], [number]]),
    "use['budget'][0]": lambda number: game(use={"budget": [number]}),
    "limits['budget']": lambda number: game(limits={"budget": number}),
    "max_level[0]": lambda number: game(max_level=[number]),
    "levels['d0'][1]": lambda number: game(levels={"d0": [0, number]}),
    "attacker_bandwidth": lambda number: game(attacker_bandwidth=number),
    "termination_loss": lambda number: game(termination_loss=number),
}
LATER = {
    "attacker_bandwidth": lambda number: game().with_attacker_bandwidth(number),
    "limits['budget']": lambda number: game().with_limits({"budget": number}),
    "time_limit": lambda number: mg.solve(game(), time_limit=number),
    "weights[0]": lambda number: mg.defense_coverage_index(game(), weights=[number, 1.0]),
    "limits[0]": lambda number: mg.sweep_map(game(), "budget", [number]),
}


@pytest.mark.parametrize("number", LOST)
@pytest.mark.parametrize("place", PLACES)
def test_a_game_refuses_a_number_that_no_float_holds_by_its_place(place, number):
    with pytest.raises(mg.SpecificationError) as caught:
        PLACES[place](number)
    assert caught.value.pointer == place
    assert caught.value.message.startswith("found ")
    assert caught.value.message.endswith(", expected 0 or a magnitude that a float can hold")


@pytest.mark.parametrize("number", [10**400, "1", None, [], object()])
@pytest.mark.parametrize("place", [*LATER, "start", "stop", "at", "loss"])
def test_what_is_no_number_is_refused_by_name_wherever_it_is_asked_for(place, number):
    if number is None and place in ("time_limit", "stop"):
        pytest.skip("may be left out")
    calls = LATER | {
        "start": lambda number: mg.sweep(game(), start=number),
        "stop": lambda number: mg.sweep(game(), stop=number),
        "at": mg.sweep(game()).allocation,
        "loss": mg.sweep(game()).crossing,
    }
    with pytest.raises(mg.SpecificationError) as caught:
        calls[place](number)
    expected = "attacker_bandwidth" if place in ("start", "stop", "at") else place
    assert caught.value.pointer in (expected, expected.partition("[")[0])


@pytest.mark.parametrize("number", [3, 10**30, 2.5, True, np.int8(3), np.float32(0.5)])
def test_numbers_are_what_they_are(number):
    assert as_float(number, "x") == float(number)
    assert as_floats([[number, 1.5]], "x").tolist() == [[float(number), 1.5]]


def test_fractions_and_decimals_are_the_nearest_floats():
    assert as_floats([Fraction(1, 3), Decimal("0.1"), 10**30], "x").tolist() == [1 / 3, 0.1, 1e30]


def test_an_array_of_floats_is_not_copied():
    array = np.ones((2, 3))
    assert as_floats(array, "x") is array


def test_booleans_may_be_refused():
    with pytest.raises(mg.SpecificationError, match=r"^x\[1\]: found false, expected a real"):
        as_floats(np.array([1, False], dtype=object), "x", booleans=False)
