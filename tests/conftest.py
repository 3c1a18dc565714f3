"""What all tests share: where the examples are, and how often properties are tried."""

from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent

pytest_plugins = ["uncertain_games"]

# The same examples on every run: a failure here is a failure everywhere.
hypothesis.settings.register_profile(
    "deterministic", derandomize=True, deadline=None, print_blob=True
)
hypothesis.settings.load_profile("deterministic")


@pytest.fixture
def examples() -> Path:
    return ROOT / "examples"


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docstrings name the examples relative to the project."""
    monkeypatch.chdir(ROOT)
