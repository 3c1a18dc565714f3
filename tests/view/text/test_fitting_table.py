"""Tables at every width: columns go, digits stay."""

import re

import pytest

from mfmgame.view.text.fitting_table import every_row, table_of
from mfmgame.view.text.layout import rendered


def table(n_rows: int = 3, **options):
    found = table_of(["threat", "name", "bits", "loss"], texts=("name",), **options)
    for row in range(n_rows):
        found.add_row(f"threat-{row}", "A long name of a threat", "123,456", "9,876,543.21")
    return found


@pytest.mark.parametrize("width", range(30, 121, 5))
def test_no_number_is_broken_at_any_width(width):
    text = rendered(table(drop=["name", "bits"]), styled=False, width=width)
    assert text.count("9,876,543.21") == 3
    assert len(re.findall(r"\b123,456\b", text)) in (0, 3)
    assert max(map(len, text.splitlines())) <= width


def test_columns_go_in_the_stated_order_and_are_named():
    wide = rendered(table(drop=["bits", "name"]), styled=False, width=80)
    narrow = rendered(table(drop=["bits", "name"]), styled=False, width=45)
    narrower = rendered(table(drop=["bits", "name"]), styled=False, width=32)
    assert "not shown" not in wide
    assert "not shown at this width: bits\n" in narrow
    assert "name, bits" in " ".join(narrower.split())


def test_more_rows_than_the_most_are_counted_until_every_row_is_asked_for():
    cut = rendered(table(30, most=20), styled=False, width=80)
    assert cut.count("threat-") == 20
    assert "and 10 more rows: --all shows every row" in cut
    with every_row():
        assert rendered(table(30, most=20), styled=False, width=80).count("threat-") == 30


def named(*rows: tuple[str, str]):
    return table_of(["threat", "name", "loss"], texts=("name",), rows=[(*row, "7") for row in rows])


def test_a_name_stands_only_where_it_says_more_than_the_id():
    text = rendered(
        named(("mail-filter", "Mail filter"), ("vault", "A safe")), styled=False, width=80
    )
    assert text.splitlines() == [
        "  threat       name    loss",
        "  mail-filter             7",
        "  vault        A safe     7",
    ]


def test_no_column_of_names_where_none_says_more():
    text = rendered(named(("mail-filter", "Mail Filter"), ("vault", "")), styled=False, width=80)
    assert text.splitlines() == [
        "  threat       loss",
        "  mail-filter     7",
        "  vault           7",
    ]
    other = table_of(["kind", "name"], rows=[("threat", "Threat")], text_columns=2)
    assert "Threat" in rendered(other, styled=False, width=80)


def test_hidden_columns_are_listed_in_the_order_of_the_table():
    text = rendered(table(drop=["bits", "name"]), styled=False, width=32)
    assert "not shown at this width: name, bits" in " ".join(text.split())
