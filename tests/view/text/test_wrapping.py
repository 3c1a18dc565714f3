"""Lines that break between words, and between the parts of an id, before they break a part."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import facts_table, rendered
from mfmgame.view.text.wrapping import wrapped

PARTS = st.text("abcde", min_size=1, max_size=8)
IDS = st.lists(PARTS, min_size=1, max_size=6).map("-".join)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("under-triage-by-adversarial-photo", 32, ["under-triage-by-adversarial-", "photo"]),
        ("effectiveness/photo/severity", 16, ["effectiveness/", "photo/severity"]),
        ("a_long_name.of_parts", 12, ["a_long_name.", "of_parts"]),
        ("photo-forensics, filter", 16, ["photo-forensics,", "filter"]),
        ("photo-forensics, filter", 15, ["photo-", "forensics,", "filter"]),
        ("abcdefghijklmnop,", 16, ["abcdefghijklmno", "p,"]),
        ("costs 1,313.3333 or less", 12, ["costs", "1,313.3333", "or less"]),
        ("1 -> 0.58 at 2.5e-05", 9, ["1 -> 0.58", "at", "2.5e-05"]),
        ("covers 20.5 % of it", 12, ["covers", "20.5 % of it"]),
        ("one\ntwo three", 5, ["one", "two", "three"]),
        ("two  spaces", 20, ["two  spaces"]),
        ("漢字漢字漢字", 5, ["漢字", "漢字", "漢字"]),
        ("", 5, [""]),
        ("   ", 2, [""]),
    ],
)
def test_where_lines_break(text, width, lines):
    assert wrapped(text, width).split("\n") == lines


@given(st.lists(IDS, min_size=1, max_size=5), st.integers(10, 40))
def test_no_part_of_an_id_is_broken_where_a_line_can_hold_it(ids, width):
    text = ", ".join(ids)
    lines = wrapped(text, width).split("\n")
    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    parts = {f"{part}{mark}" for part in re.split("[-, ]+", text) for mark in ("", "-", ",")}
    assert all(set(re.findall(r"[a-e]+[-,]?", line)) <= parts for line in lines)
    for name in ids:
        if len(name) < width:
            assert any(name in line for line in lines)


@given(st.text(), st.integers(1, 30), st.sampled_from(["", "  "]))
def test_any_text_keeps_all_but_its_spaces(text, width, indent):
    found = wrapped(text, width, indent)
    assert found.replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")
    most = max(width, 2 + len(indent))  # a wide character needs two columns
    assert all(cell_len(line.rstrip()) <= most for line in found.split("\n"))


@pytest.mark.parametrize("width", range(30, 121, 10))
def test_cells_and_facts_break_ids_between_their_parts(width):
    name = "effectiveness/under-triage-by-adversarial-photo/human-check/severity"
    table = table_of(["number", "value"])
    table.add_row(name, "1,313.3333")
    for content in (table, facts_table([("fact", f"{name}, and 1,313.3333")])):
        text = rendered(content, styled=False, width=width)
        assert max(map(len, text.splitlines())) <= width
        assert "1,313.3333" in text
        for part in ("effectiveness/", "under-", "adversarial-", "severity"):
            assert part in text
        assert not re.search(r"(?m)^\s*[-,/]\s*$", text)


def test_a_wrapped_fact_keeps_its_style():
    from mfmgame.view.text.layout import decision_text

    fact = decision_text("operate", ": the worst attack costs 7 kUSD per year")
    text = rendered(facts_table([("decision", fact)]), styled=True, width=40)
    assert text.count("\x1b[1;32m") == 1
    assert len(text.splitlines()) == 2
