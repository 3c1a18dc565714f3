"""`mfmgame check` on a terminal, whose lines wrap between words."""

import json

import pytest
from typer.testing import CliRunner

from mfmgame.cli import writing
from mfmgame.cli.app import app
from specifications import SCENARIO


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Lines of what a check says on a terminal of so many columns."""
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(SCENARIO))

    def lines(columns: int | None) -> list[str]:
        monkeypatch.setattr(writing, "_terminal_width", lambda: columns)
        done = CliRunner().invoke(app, ["check", str(file), "--limit", "budget=99000.25"])
        assert done.exit_code == 0
        return done.stdout.splitlines()

    return lines


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_a_line_wraps_between_words_and_numbers_stay_whole(check, columns):
    whole, broken = check(None), check(columns)
    assert max(map(len, broken)) <= columns < max(map(len, whole))
    assert any("99000.2" in line or "99,000" in line or "9.9e+04" in line for line in broken)
    words = [word for line in whole for word in line.split()]
    assert [word for line in broken for word in line.split()] == words
    assert len([line for line in broken if not line.startswith("  ")]) == len(whole)


def test_elsewhere_a_finding_is_a_line(check):
    assert check(0) == check(None)


def test_an_error_is_one_line_at_any_width(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_terminal_width", lambda: 30)
    done = CliRunner().invoke(app, ["check", str(tmp_path / "there-is-no-such-file.json")])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
