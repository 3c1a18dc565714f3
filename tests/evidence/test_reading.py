"""Formats by name, and the options that mean something for each."""

import os

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence.reading import FORMATS, ReadingOptions, read_trials


def refusal(*arguments, **options):
    with pytest.raises(SpecificationError) as caught:
        read_trials(*arguments, **options)
    return str(caught.value)


def test_an_unknown_format_is_refused_with_the_nearest(tmp_path):
    assert "did you mean 'garak'?" in refusal("grak", [tmp_path])


def test_an_option_that_means_nothing_for_a_format_is_refused(tmp_path):
    text = refusal("garak", [tmp_path], ReadingOptions(attack_succeeded="C"))
    assert text == "attack_succeeded: means nothing for garak, expected only attacks, detectors"


def test_options_of_another_type_are_refused():
    with pytest.raises(SpecificationError, match="attacks: found 'dan', expected a tuple"):
        ReadingOptions(attacks="dan")
    with pytest.raises(SpecificationError, match="score: found 3, expected a str"):
        ReadingOptions(score=3)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"null", b"{}", b'{"results": 1}'])
def test_a_file_of_another_kind_gives_one_line_for_every_format(tmp_path, format_name, data):
    file = tmp_path / "report.json"
    file.write_bytes(data)
    text = refusal(format_name, [file])
    assert text.startswith(f"{file}: ")
    assert "\n" not in text


@pytest.mark.parametrize("format_name", FORMATS)
def test_absent_and_unreadable_files_give_one_line_for_every_format(
    tmp_path, monkeypatch, format_name
):
    assert refusal(format_name, [tmp_path / "absent.eval"]).endswith("no such file")
    assert refusal(format_name, ["\0"]).startswith("\0: cannot be read")

    def denied(*_):
        raise PermissionError(13, "Permission denied", "folder")

    monkeypatch.setattr(os, "scandir", denied)
    assert refusal(format_name, [tmp_path]) == "folder: cannot be read: Permission denied"
