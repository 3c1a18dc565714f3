"""Tables that map evidence to a catalog."""

from __future__ import annotations

import pytest

import mfmgame as mg

HEADER = "evidence_threat,evidence_defense,threat,defense"


def read(folder, text):
    file = folder / "map.csv"
    file.write_text(text, encoding="utf-8")
    return mg.read_mapping(file)


def test_each_line_maps_a_pair_and_is_a_proxy_unless_stated(tmp_path):
    pairs = read(tmp_path, f"{HEADER},basis,reason\na,b,c,d,,same family\na,b,c,e,measured,\n")
    assert [(pair.defense, pair.basis, pair.reason) for pair in pairs] == [
        ("d", "proxy", "same family"),
        ("e", "measured", ""),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: found no columns, expected a column 'evidence_threat'"),
        (f"{HEADER},bases\n", "line 1: found the column 'bases', expected a known column"),
        (f"{HEADER}\na,b,,d\n", "line 2: found an empty threat, expected an id"),
        (f"{HEADER},basis\na,b,c,d,guess\n", "line 2: found 'guess', expected one of measured"),
        (f"{HEADER}\na,b,c,d\na,b,c,d\n", "line 3: found the pairs of line 2 again"),
        (f"{HEADER}\na,b,c\n", "line 2: found 3 fields, expected 4"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(mg.SpecificationError) as refusal:
        read(tmp_path, text)
    assert message in str(refusal.value)
    assert "map.csv" in str(refusal.value)
