"""Options of the benchmarks, and the file for their results."""

import json
from pathlib import Path

import pytest

from benchmarks.cases import all_cases


def pytest_addoption(parser):
    group = parser.getgroup("mfmgame")
    group.addoption("--smoke", action="store_true", help="Small games, hardly timed.")
    group.addoption("--large", action="store_true", help="Games of 200 million cells as well.")
    group.addoption("--budget", type=float, default=60.0, help="Seconds for one answer.")
    group.addoption("--results", type=Path, help="Write the results to this JSON file.")


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        cases = all_cases(smoke=metafunc.config.getoption("--smoke"))
        metafunc.parametrize("case", cases, ids=str)


@pytest.fixture
def smoke(pytestconfig) -> bool:
    return pytestconfig.getoption("--smoke")


@pytest.fixture(scope="session")
def results(pytestconfig):
    """Collect results, each a dictionary, and write them to the file at the end."""
    found = []
    yield found
    file = pytestconfig.getoption("--results")
    if file is not None:
        file.write_text(json.dumps(found))
