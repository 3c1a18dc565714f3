"""Files from outside: whatever is in them, one error says where and what."""

import errno
import json
import os
import threading
from pathlib import Path

import pytest

import mfmgame as mg
from mfmgame.documents import json_reading as reading
from mfmgame.documents.json_reading import read_document
from mfmgame.messages import HELD
from specifications import SCENARIO, changed, labelled


def refusal(file) -> mg.SpecificationError:
    with pytest.raises(mg.SpecificationError) as caught:
        mg.load_scenario(file)
    error = caught.value
    assert error.source == str(file)
    assert str(error).startswith(f"{file}: ")
    return error


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "scenario.json"


class TestText:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "line 1, column 1: not JSON: Expecting value"),
            (b" \n\t ", "line 2, column 3: not JSON: Expecting value"),
            (b"{", "line 1, column 2: not JSON: "),
            (b'{"a": 1', "line 1, column 8: not JSON: "),
            (b'{"a": 1,}', "line 1, column "),
            (b"{'a': 1}", "line 1, column 2: not JSON: "),
            (b'{"a": 1} {"a": 1}', "line 1, column 10: not JSON: Extra data"),
            (b'{"a": 1}\n\n]', "line 3, column 1: not JSON: Extra data"),
            (b'{"a": "line\nbreak"}', "line 1, column 12: not JSON: Invalid control character"),
            (b'{"a": "nul\x00"}', "line 1, column 11: not JSON: Invalid control character"),
            (b'{"a": "\\x41"}', "line 1, column 8: not JSON: Invalid \\escape"),
            (b'{"a": "\\u12"}', "line 1, column "),
            (b'{"a": +1}', "line 1, column 7: not JSON: Expecting value"),
            (b'{"a": 01}', "line 1, column 8: not JSON: "),
            (b'{"a": 1.}', "line 1, column 8: not JSON: "),
            (b'{"a": 0x10}', "line 1, column 8: not JSON: "),
            (b'{"a": nan}', "line 1, column 7: not JSON: Expecting value"),
            (b'{"a": True}', "line 1, column 7: not JSON: Expecting value"),
            (b'{"a": 1} // why', "line 1, column 10: not JSON: Extra data"),
            (b'{"a" 1}', "line 1, column 6: not JSON: "),
            (b"\x00" * 1000, "line 1, column 1: not JSON: Expecting value"),
            (b"MZ\x90\x00", "byte 2 is not UTF-8"),
            (b"\xff\xfe{\x00}\x00", "byte 0 is not UTF-8"),
            (b'{"a": "\xe4"}', "byte 7 is not UTF-8"),
            (b'{"a": "\xc0\x80"}', "byte 7 is not UTF-8"),
            (b'{"a": "\xed\xa0\x80"}', "byte 7 is not UTF-8"),
            (b'{"a": "\xf4\x90\x80\x80"}', "byte 7 is not UTF-8"),
            (b"\xef\xbb\xbf\xef\xbb\xbf{}", "line 1, column 1: not JSON: "),
        ],
        ids=labelled,
    )
    def test_what_is_not_json_is_refused_at_its_place(self, file, content, message):
        file.write_bytes(content)
        error = refusal(file)
        assert error.pointer == ""
        assert error.message.startswith(message)

    @pytest.mark.parametrize(
        "content", ["[]", "[{}]", "null", "true", "1", "-0.5", '"text"', '""', " [1, 2] "]
    )
    def test_the_top_level_is_an_object(self, file, content):
        file.write_text(content)
        error = refusal(file)
        assert (error.pointer, error.message) == ("", "expected a JSON object at the top level")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_utf_8_is_read_with_and_without_byte_order_mark(self, file, encoding):
        document = changed(SCENARIO, "/name", "größer ⚠ 予算 😀")
        file.write_text(json.dumps(document, ensure_ascii=False), encoding=encoding)
        assert mg.load_scenario(file).name == "größer ⚠ 予算 😀"

    def test_an_escaped_pair_of_surrogates_is_one_character(self, file):
        file.write_text(json.dumps(changed(SCENARIO, "/name", "😀"), ensure_ascii=True))
        assert "\\ud83d" in file.read_text()
        assert mg.load_scenario(file).name == "😀"


class TestNumbers:
    @pytest.mark.parametrize(
        "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".0"]
    )
    @pytest.mark.parametrize(
        ("content", "pointer"),
        [
            ("%s", ""),
            ('{"a": %s}', "/a"),
            ('{"a": [0, {"b/c": %s}]}', "/a/1/b~1c"),
            ('{"": %s}', "/"),
            ('[1, %s, "x"]', "/1"),
        ],
    )
    def test_a_number_is_finite_wherever_it_stands(self, file, number, content, pointer):
        file.write_text(content % number)
        error = refusal(file)
        found = number if len(number) < 60 else number[:57] + "..."
        held = "a finite number" if number.lstrip("-").isalpha() else HELD
        assert error.pointer == pointer
        assert error.message == f"found {found}, expected {held}"

    @pytest.mark.parametrize(
        "number", ["1e-400", "-1e-400", "0." + "0" * 400 + "1", "1E-99999", "2e-324"]
    )
    @pytest.mark.parametrize(
        ("content", "pointer"), [('{"a": %s}', "/a"), ('{"a": [0, {"b/c": %s}]}', "/a/1/b~1c")]
    )
    def test_a_number_that_is_0_only_as_a_float_is_refused(self, file, number, content, pointer):
        file.write_text(content % number)
        error = refusal(file)
        found = number if len(number) < 60 else number[:57] + "..."
        assert error.pointer == pointer
        assert error.message == f"found {found}, expected {HELD}"

    @pytest.mark.parametrize("number", ["0", "-0.0", "0e400", "0.000e-400", "5e-324", "1e-320"])
    def test_a_number_that_a_float_holds_is_read(self, file, number):
        file.write_text(f'{{"a": {number}}}')
        assert read_document(file) == {"a": float(number)}

    @pytest.mark.parametrize("digits", [4301, 100_000])
    def test_an_integer_has_not_too_many_digits(self, file, digits):
        file.write_text('{"attacker": {"bandwidth": %s}}' % ("9" * digits))
        assert refusal(file).message == "a number has too many digits"

    @pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "9" * 4000])
    def test_an_integer_beyond_every_float_is_refused_at_its_place(self, file, number):
        text = json.dumps(changed(SCENARIO, "/attacker/bandwidth", 0.125))
        file.write_text(text.replace("0.125", number))
        error = refusal(file)
        assert error.pointer == "/attacker/bandwidth"
        assert len(error.message) < 200

    @pytest.mark.parametrize(
        "number",
        ["2.0" + "0" * 10_000, "2." + "0" * 10_000 + "1", "0.00002e5", "2E0", "2e-0", "2"],
        ids=labelled,
    )
    def test_many_digits_after_the_point_are_rounded(self, file, number):
        text = json.dumps(changed(SCENARIO, "/attacker/bandwidth", 0.125))
        file.write_text(text.replace("0.125", number))
        assert mg.load_scenario(file).attacker.bandwidth == 2.0


class TestKeys:
    @pytest.mark.parametrize(
        ("content", "pointer"),
        [
            ('{"a": 1, "a": 1}', "/a"),
            ('{"a": 1, "b": 2, "a": 3}', "/a"),
            ('{"a": 1, "\\u0061": 2}', "/a"),
            ('{"a": {"b": 1, "b": 2}}', "/a/b"),
            ('{"a": [0, {"b": 1, "b": 1}]}', "/a/1/b"),
            ('{"a": {"b": 1, "b": 2}, "a": 3}', "/a"),
            ('{"": 1, "": 1}', "/"),
            ('{"a/b": 1, "a/b": 1}', "/a~1b"),
            ('{"a~b": 1, "a~b": 1}', "/a~0b"),
            ('{"ä": 1, "ä": 1}', "/ä"),
            ('[{"a": 1, "a": 1}]', "/0/a"),
            ('{"schema": "mfmgame/scenario/1", "schema": "mfmgame/scenario/1"}', "/schema"),
            ('{"threats": null, "threats": null}', "/threats"),
        ],
    )
    def test_a_key_stands_once(self, file, content, pointer):
        file.write_text(content, encoding="utf-8")
        error = refusal(file)
        assert (error.pointer, error.message) == (
            pointer,
            "duplicate key, expected unique keys",
        )

    @pytest.mark.parametrize("key", ["self", "data", "cls", "__init__", "schema_id"])
    def test_no_key_is_special_to_the_program(self, file, key):
        file.write_text(json.dumps({**SCENARIO, key: 1}))
        error = refusal(file)
        assert error.pointer == f"/{key}"
        assert error.message.startswith(f"unknown key {key!r}, expected ")


class TestSurrogates:
    @pytest.mark.parametrize("escape", ["\\ud800", "\\udfff", "\\udc00\\ud800", "x\\ud83d!"])
    @pytest.mark.parametrize(
        ("content", "pointer"),
        [
            ('{"a": "%s"}', "/a"),
            ('{"a": [0, "%s"]}', "/a/1"),
            ('{"%s": 1}', ""),
            ('{"a": {"%s": 1}}', "/a"),
            ('"%s"', ""),
        ],
    )
    def test_a_lone_surrogate_is_refused_wherever_it_stands(self, file, escape, content, pointer):
        file.write_text(content % escape)
        error = refusal(file)
        assert error.pointer == pointer
        assert error.message.endswith(" is not valid Unicode")
        assert error.message.isascii()

    def test_a_repeated_key_with_a_lone_surrogate_is_refused(self, file):
        file.write_text('{"\\ud800": 1, "\\ud800": 1}')
        assert "\ud800" not in refusal(file).message


class TestSize:
    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
    @pytest.mark.parametrize("depth", [101, 1000, 100_000])
    def test_nesting_has_a_limit(self, file, opening, closing, depth):
        file.write_text(opening * depth + "1" + closing * depth)
        error = refusal(file)
        assert (error.pointer, error.message) == ("", "nested deeper than 100 levels")

    @pytest.mark.parametrize("opening", ["[", '{"a":', "[1,["])
    def test_brackets_that_nothing_closes_do_not_exhaust_the_stack(self, file, opening):
        file.write_text(opening * 100_000)
        assert refusal(file).pointer == ""

    def test_nesting_up_to_the_limit_is_only_an_unknown_key(self, file):
        file.write_text(json.dumps({**SCENARIO, "deep": json.loads("[" * 98 + "]" * 98)}))
        assert refusal(file).pointer == "/deep"

    def test_a_file_has_a_greatest_size(self, file, monkeypatch):
        text = json.dumps(SCENARIO)
        file.write_text(text)
        monkeypatch.setattr(reading, "MAX_BYTES", len(text))
        assert mg.load_scenario(file).name == "two threats"
        monkeypatch.setattr(reading, "MAX_BYTES", len(text) - 1)
        assert refusal(file).message == f"larger than the limit of {len(text) - 1} bytes"

    @pytest.mark.parametrize(
        "content",
        [
            '{"%s": 1}' % ("k" * 1_000_000),
            '{"%s": 1, "%s": 1}' % (2 * ("k" * 1_000_000,)),
            '{"%s": NaN}' % ("k" * 1_000_000),
            '{"%s\\ud800": 1}' % ("k" * 1_000_000),
            '{"a": "%s\\ud800"}' % ("k" * 1_000_000),
            '{"schema": "%s"}' % ("k" * 1_000_000),
            '{"schema": [%s1]}' % ("1, " * 1_000_000),
        ],
        ids=[
            "unknown key",
            "repeated key",
            "number that is not finite under a key",
            "key with a lone surrogate",
            "value with a lone surrogate",
            "wrong value",
            "wrong list",
        ],
    )
    def test_the_message_about_a_very_long_text_is_short(self, file, content):
        file.write_text(content)
        assert len(str(refusal(file))) < 1000 + len(str(file))


class TestFiles:
    def test_a_missing_file_is_named(self, file):
        assert str(refusal(file)) == f"{file}: no such file"

    def test_a_file_in_a_missing_folder_is_named(self, tmp_path):
        file = tmp_path / "missing" / "scenario.json"
        assert str(refusal(file)) == f"{file}: no such file"

    def test_a_folder_is_not_a_file(self, tmp_path):
        assert "expected a file" in refusal(tmp_path).message

    def test_a_file_is_not_a_folder(self, file):
        file.write_text("{}")
        assert "Not a directory" in refusal(file / "scenario.json").message

    @pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/full"])
    def test_a_device_is_not_a_file(self, device):
        assert "expected a file" in refusal(device).message

    def test_a_link_to_a_device_is_not_a_file(self, file):
        file.symlink_to("/dev/zero")
        assert "expected a file" in refusal(file).message

    def test_a_link_in_a_circle_leads_to_no_file(self, file):
        file.symlink_to(file)
        assert os.strerror(errno.ELOOP) in refusal(file).message

    def test_a_link_to_a_file_is_a_file(self, file, tmp_path):
        (tmp_path / "target.json").write_text(json.dumps(SCENARIO))
        file.symlink_to("target.json")
        assert mg.load_scenario(file).name == "two threats"

    def test_a_pipe_is_read_to_its_end(self, file):
        os.mkfifo(file)
        writer = threading.Thread(target=file.write_text, args=[json.dumps(SCENARIO)], daemon=True)
        writer.start()
        assert mg.load_scenario(file).name == "two threats"
        writer.join()

    @pytest.mark.parametrize("name", ["x" * 300 + ".json", "d/" * 3000 + "s.json"], ids=labelled)
    def test_a_name_has_a_greatest_length(self, tmp_path, name):
        assert os.strerror(errno.ENAMETOOLONG) in refusal(tmp_path / name).message

    def test_a_name_has_no_nul(self, tmp_path):
        assert "null" in refusal(tmp_path / "a\0.json").message

    @pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ESTALE])
    def test_what_the_system_says_is_passed_on(self, file, monkeypatch, error):
        def fail(*_, **__):
            raise OSError(error, os.strerror(error))

        file.write_text(json.dumps(SCENARIO))
        monkeypatch.setattr(Path, "open", fail)
        assert refusal(file).message == f"cannot be read: {os.strerror(error)}"

    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_file_may_be_a_string_or_a_path(self, file, kind):
        file.write_text(json.dumps(SCENARIO))
        assert mg.load_scenario(kind(file)).source == str(file)
