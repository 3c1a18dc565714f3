"""Setup of all tests: the folder of examples, and the number of property trials."""

from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent

pytest_plugins = ["uncertain_games"]

# Use the same random examples on every run: a failure here is a failure everywhere.
hypothesis.settings.register_profile(
    "deterministic", derandomize=True, deadline=None, print_blob=True
)
hypothesis.settings.load_profile("deterministic")


@pytest.fixture
def examples() -> Path:
    return ROOT / "examples"


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change to the project's root: docstrings name the examples relative to it."""
    monkeypatch.chdir(ROOT)
