"""CONTRIBUTING describes the tree as it is."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "mfmgame"
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
LAYOUT = TEXT[TEXT.index("## Layout") : TEXT.index("## Rules")]
NAMED = re.findall(r"`([\w/.]+)`", LAYOUT)
NOT_ROOMS = {"__init__.py", "__init__.pyi", "__main__.py", "py.typed", "__pycache__"}


def rooms():
    """Every folder and module of the package, as it is called."""
    return {
        f"{path.name}/" if path.is_dir() else path.name
        for path in PACKAGE.iterdir()
        if path.name not in NOT_ROOMS and (path.is_file() or any(path.glob("*.py")))
    }


def test_every_room_has_a_row():
    rows = re.findall(r"^\| (`.*?) \|", LAYOUT, re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"`([\w/.]+)`", row)]
    assert sorted(described) == sorted(rooms())


@pytest.mark.parametrize("name", NAMED)
def test_everything_that_is_named_is_there(name):
    places = [PACKAGE / name, ROOT / name]
    assert any(place.exists() for place in places) or name in ("lint-imports", "DefenseGame")


def test_every_room_has_its_layer():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = (
        contract
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract.get("containers") == ["mfmgame"]
    )
    assert {layer.removesuffix("/").removesuffix(".py") for layer in rooms()} == set(
        contract["layers"]
    )


def test_tests_have_the_folders_of_the_package():
    of_their_own = {"properties", "mutants"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    folders = {name for name in folders if (ROOT / "tests" / name).is_dir()}
    assert folders - of_their_own <= {path.name for path in PACKAGE.iterdir() if path.is_dir()}
