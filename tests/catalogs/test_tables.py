"""Weights and costs from CSV files, good ones and hostile ones."""

import csv
import io
from functools import partial

import pytest

import mfmgame as mg
from mfmgame.catalogs import resolve_catalog
from mfmgame.catalogs.csv_tables import costed, read_weights
from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.knowledge_base import KnowledgeBase, Link, Mitigation, Technique
from mfmgame.catalogs.weighing import weighed
from mfmgame.documents.catalog import Origin
from specifications import CATALOG, changed

BASE = KnowledgeBase(
    name="base",
    origin=Origin(name="BASE", version="1"),
    techniques=(Technique("T1"), Technique("T2")),
    mitigations=(Mitigation("M1"), Mitigation("M2"), Mitigation("M3")),
    links=(Link("T1", "M1"), Link("T2", "M2")),
)
ODD = ["a,b", 'say "x"', "line\nbreak", "naïve 日本", " spaced ", "=1+1", "~/a/b", "'", "#x", "0"]


@pytest.fixture
def put(tmp_path):
    def write(text, name="t.csv"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


@pytest.fixture
def catalog():
    return as_catalog(BASE, AssumedNumbers())


def refusal(read, file):
    with pytest.raises(mg.SpecificationError) as caught:
        read(file)
    assert caught.value.source == str(file)
    message = str(caught.value).removeprefix(f"{file}: ")
    assert "\n" not in message
    assert len(message) < 400
    return message


class TestWeights:
    def test_columns_are_found_by_their_names(self, put):
        file = put("note,weight,threat,basis\nx,2.5,T1,measured\n,.5e1,T2,\n", "mine.csv")
        given = read_weights(file)
        assert given.by_threat == {"T1": 2.5, "T2": 5.0}
        assert given.bases == {"T1": "measured", "T2": "assumed"}
        assert (given.basis, given.source) == ("assumed", "mine.csv")

    @pytest.mark.parametrize(
        "text",
        [
            b"threat,weight\nT1,1\nT2,2\n",
            b"threat,weight\nT1,1\nT2,2",
            b"\xef\xbb\xbfthreat,weight\r\nT1,1\r\nT2,2\r\n",
            b"threat,weight\rT1,1\rT2,2\r",
            b'"threat","weight"\n"T1","1"\n"T2","2"\n',
            b" threat , weight \nT1, 1\nT2,2 \n",
            b"\nthreat,weight\n\nT1,+1\n\n\nT2,2.\n\n",
            b"threat,weight\nT1,1.0e0\nT2,20e-1\n",
        ],
    )
    def test_the_same_table_in_many_writings(self, put, text):
        assert read_weights(put(text)).by_threat == {"T1": 1.0, "T2": 2.0}

    def test_odd_ids_come_back_as_they_were(self, put):
        text = io.StringIO()
        csv.writer(text).writerows([["threat", "weight"], *([name, 1] for name in ODD)])
        assert list(read_weights(put(text.getvalue())).by_threat) == ODD

    @pytest.mark.parametrize("text", ["0", "-0", "-0.0", "0e9", "0e-999"])
    def test_zeros_are_zero(self, put, text):
        (weight,) = read_weights(put(f"threat,weight\nT1,{text}\n")).by_threat.values()
        assert str(weight) == "0.0"

    def test_they_become_severities(self, put, catalog):
        result = weighed(catalog, read_weights(put("threat,weight\nT2,4\nT7,1\n")))
        assert [threat.severity for threat in result.threats] == [0.0, 4.0]
        assert "t.csv: 1 unknown id of weight 1 of 5 left out ('T7')" in result.notes

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"", "line 1: found no columns, expected a column 'threat'"),
            (b"\n\n", "line 1: found no columns, expected a column 'threat'"),
            (b"id,weight\nT1,1\n", "line 1: found 'id', 'weight', expected a column 'threat'"),
            (b"threat;weight\n", "line 1: found 'threat;weight', expected a column 'threat'"),
            (b"threat,Weight\n", "line 1: found 'threat', 'Weight', expected a column 'weight'"),
            (b"threat,weight,threat\n", "line 1: found the column 'threat' twice, expected once"),
            (b"threat,weight\n", "found only a header, expected a line for each threat"),
            (b"threat,weight\nT1\n", "line 2: found 1 field, expected 2 as in the header"),
            (b"threat,weight\nT1,1,5\n", "line 2: found 3 fields, expected 2 as in the header"),
            (b"threat,weight\n,1\n", "line 2: found an empty threat, expected an id"),
            (
                b"threat,weight\nT1,1\n\nT2,1\nT1,1\n",
                "line 5: duplicate id 'T1' (first on line 2)",
            ),
            (
                b'threat,weight\n"a\nb",1\nT2,x\n',
                "line 4: found 'x' as 'weight', expected a number of at least 0",
            ),
            (b"threat,weight\nT1,1\n\xff\xfe,2\n", "byte 19 is not UTF-8"),
            ("threat,weight\n".encode("utf-16"), "byte 0 is not UTF-8"),
            (b"threat,weight\nT1,1\nT\x002,1\n", "line 3: found a NUL character, expected text"),
            (b"threat,weight\n" + b"x" * 2**20 + b",1\n", "line 2: not CSV: field larger than"),
            (b"threat,weight\nT1," + b"9" * 2**20, "line 2: not CSV: field larger than"),
            (b'threat,weight\nT1,1\n"T2,1\n', "line 3: not CSV: unexpected end of data"),
            (b'threat,weight\n"T1"x,1\n', "line 2: not CSV: ',' expected after '\"'"),
            (
                b"threat,weight,basis\nT1,1,guess\n",
                "line 2: found 'guess', expected one of measured",
            ),
            (b"x," * 10**5 + b"x\n", "line 1: found 'x', 'x', 'x', 'x', 'x', ..., expected"),
        ],
    )
    def test_what_is_no_table_of_weights_is_refused(self, put, text, message):
        assert refusal(read_weights, put(text)).startswith(message)

    @pytest.mark.parametrize(
        "number",
        ["", "x", "-1", "nan", "inf", "-inf", "1_000", "1 2", "0x10", "1e", ".", "1.2.3", "٣", "½"],
    )
    def test_what_is_no_number_is_refused(self, put, number):
        found = refusal(read_weights, put(f"threat,weight\nT1,{number}\n"))
        assert found.startswith("line 2: found ")
        assert found.endswith(" as 'weight', expected a number of at least 0")

    @pytest.mark.parametrize("number", ["1e101", "1e999", "1e-101", "1e-400", "-1e-400"])
    def test_numbers_out_of_range_are_refused(self, put, number):
        assert refusal(read_weights, put(f"threat,weight\nT1,{number}\n")) == (
            f"line 2: found '{number}' as 'weight', expected 0 or from 1e-100 to 1e+100"
        )

    def test_a_file_that_is_missing_or_a_folder_is_refused(self, tmp_path):
        assert refusal(read_weights, tmp_path / "no.csv") == "no such file"
        assert "expected a file" in refusal(read_weights, tmp_path)


class TestCosts:
    def test_the_defenses_of_the_file_use_what_it_says(self, put, catalog):
        file = put("defense,cost,name,basis\nM2,0,two,measured\nM1,2.5,one,\n", "prices.csv")
        first, second, third = costed(catalog, file, others="keep").defenses
        assert (first.use, first.basis, first.source) == ({"budget": 2.5}, "assumed", "prices.csv")
        assert (second.use, second.basis) == ({"budget": 0.0}, "measured")
        assert third == catalog.defenses[2]

    def test_a_column_for_each_resource(self, put, catalog):
        result = costed(catalog, put("defense,staff,latency\nM1,1,0.5\n"), others="keep")
        assert result.defenses[0].use == {"staff": 1.0, "latency": 0.5}

    def test_the_note_on_costs_says_what_is_left_of_it(self, put, catalog):
        *others, costs = catalog.notes
        assert costs == "BASE 1 has no costs: every defense uses 1 of 'budget' at level 1"
        keep = partial(costed, others="keep")
        part = keep(catalog, put("defense,cost\nM1,2\n"))
        left = "t.csv gives the costs of 1 of 3 defenses; the other 2 use 1 of 'budget' at level 1"
        assert part.notes == [*others, left]
        assert keep(part, put("defense,cost\nM1,2\n")) == part
        rest = keep(part, put("defense,cost\nM3,3\n", "u.csv"))
        assert rest.notes == [
            *others,
            left,
            "u.csv gives the costs of 1 of 3 defenses; the other 2 keep what they use",
        ]
        assert costed(rest, put("defense,cost\nM1,2\nM2,2\nM3,2\n")).notes == others

    def test_a_table_that_omits_defenses_is_refused(self, put, catalog):
        message = refusal(lambda file: costed(catalog, file), put("defense,cost\nM1,90000\n"))
        assert message == (
            "omits 'M2' and gives the costs of 1 of 3 defenses, expected all, --other-costs or "
            "--only-listed"
        )

    def test_the_omitted_defenses_all_use_the_cost_that_is_given(self, put, catalog):
        result = costed(catalog, put("defense,cost\nM1,90000\n"), others=50000.0)
        assert [one.use["budget"] for one in result.defenses] == [90000.0, 50000.0, 50000.0]
        assert result.notes[-1] == (
            "t.csv gives the costs of 1 of 3 defenses; the other 2 use 50000 of 'budget' at level 1"
        )

    def test_the_omitted_defenses_are_left_out(self, put, catalog):
        result = costed(catalog, put("defense,cost\nM2,90000\n"), others="drop")
        assert [one.id for one in result.defenses] == ["M2"]
        assert {one.defense for one in result.effectiveness} <= {"M2"}
        assert not [note for note in result.notes if "costs" in note.replace("threat costs", "")]

    def test_what_rests_on_assumed_numbers_follows(self, put, catalog):
        file = put("defense,cost,basis\nM1,2,measured\nM2,2,paper\n")
        result = costed(catalog, file, others="keep")
        assert resolve_catalog(result).notes[-1] == (
            "rests on assumed numbers of 2 threats, 1 defense, 2 effectiveness values"
        )

    def test_a_defense_with_traits_stays_as_weak_as_its_strength(self, put):
        small = mg.Catalog(
            **changed(CATALOG, "/defenses/0/basis", "assumed") | {"notes": ["a note"]}
        )
        file = put("defense,cost,basis\nguard,3,measured\nlock,4,measured\n")
        guard, lock = costed(small, file).defenses
        assert (guard.basis, guard.use) == ("assumed", {"budget": 3.0})
        assert (lock.basis, lock.use) == ("measured", {"budget": 4.0})
        small = mg.Catalog(**changed(CATALOG, "/defenses/0/source", "a trial"))
        once = costed(small, file)
        assert once.defenses[0].source == "a trial; costs: t.csv"
        assert costed(once, file) == once

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("id,cost\n", "line 1: found 'id', 'cost', expected a column 'defense'"),
            ("defense,name\nM1,x\n", "line 1: found no column with a cost, expected 'cost' or"),
            ("defense,cost,\nM1,1,\n", "line 1: found '' beside 'cost', expected 'cost' or"),
            ("defense,staff,\nM1,1,\n", "line 1: found a column without a name, expected"),
            ("defense,cost,staff\nM1,1,1\n", "line 1: found 'staff' beside 'cost', expected"),
            ("defense,cost\n", "found only a header, expected a line for each defense"),
            (
                "defense,cost\nM1,1\nM9,1\n",
                "line 3: unknown defense 'M9', expected one of 'M1', 'M2', 'M3'",
            ),
            ("defense,cost\nM1,1\nM1,1\n", "line 3: duplicate id 'M1' (first on line 2)"),
            ("defense,cost\nM1,-1\n", "line 2: found '-1' as 'cost', expected a number of at"),
            ("defense,a,b\nM1,1,\n", "line 2: found '' as 'b', expected a number of at least 0"),
            ("defense,cost\n,1\n", "line 2: found an empty defense, expected an id"),
            ("defense,cost,basis\nM1,1,?\n", "line 2: found '?', expected one of measured"),
        ],
    )
    def test_what_is_no_table_of_costs_is_refused(self, put, catalog, text, message):
        assert refusal(lambda file: costed(catalog, file), put(text)).startswith(message)

    def test_odd_ids_are_found(self, put):
        base = KnowledgeBase(
            "odd", Origin(name="ODD"), (), tuple(Mitigation(name) for name in ODD), ()
        )
        text = io.StringIO()
        csv.writer(text).writerows([["defense", "cost"], *([name, 2] for name in ODD)])
        result = costed(as_catalog(base, AssumedNumbers()), put(text.getvalue()))
        assert [defense.use for defense in result.defenses] == [{"budget": 2.0}] * len(ODD)


def test_the_name_of_a_file_that_is_no_text_is_told_apart(tmp_path, catalog):
    file = tmp_path / b"\xff.csv".decode("utf-8", "surrogateescape")
    try:
        file.write_text("threat,weight\nT1,1\n")
    except OSError:
        pytest.skip("the file system takes no such name")
    assert weighed(catalog, read_weights(file)).notes[-1] == "\\udcff.csv: 1 threat of weight 0"
