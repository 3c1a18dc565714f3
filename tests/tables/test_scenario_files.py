"""Workbooks and folders of CSV files: the same scenario as JSON, and errors that name cells."""

import contextlib
import copy
import json
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from specifications import CATALOG, CATALOG_SCENARIO, SCENARIO, scenario_files

EXAMPLES = scenario_files(Path(__file__).parents[2] / "examples")
KINDS = ["plan.xlsx", "plan", "plan.json"]
FULL = copy.deepcopy(SCENARIO) | {
    "$schema": "https://example.org/scenario.json",
    "description": "Two threats; =a name that looks like a formula",
    "units": {"loss": "kUSD", "period": "year", "resources": {"budget": "kUSD"}},
    "attacker": {"bandwidth": {"value": 0.1 + 0.2, "basis": "assumed", "source": "a guess"}},
    "termination": {"loss": {"range": [2.0, 4.0], "nominal": 3.0, "basis": "measured"}},
    "defender": {
        "limits": {"budget": {"value": 2.5, "source": "the board"}, "latency": 0.4},
        "groups": [{"name": "both", "defenses": ["filter", "monitor"], "at_most": 2}],
    },
    "plans": {"current": {"monitor": 1.0}, "proposed": {"filter": 0.5, "monitor": 1.0}},
    "correlations": {"experts": 0.5},
}
FULL["threats"][0]["severity"] = {
    "distribution": "pert",
    "low": 1.0,
    "mode": 3.0,
    "high": 9.0,
    "group": "experts",
}
FULL["threats"][0]["provenance"] = {"severity": {"basis": "measured", "source": "incidents"}}
FULL["threats"][0]["references"] = [{"source": "ATLAS", "id": "AML.T0051"}]
FULL["threats"][0]["tactics"] = ["one", "two"]
FULL["threats"][1]["severity"] = {"range": [1.0, 3.0]}
FULL["threats"][1]["bandwidth"] = {"distribution": "lognormal", "median": 2.0, "sigma": 0.5}
FULL["threats"][1]["name"] = "=cmd|' /C calc'!A0"
FULL["defenses"][0]["kind"] = "binary"
FULL["defenses"][1] |= {"levels": [0.0, 0.5, 1.0], "requires": ["filter"], "name": "-monitor"}
FULL["effectiveness"][0]["value"] = {"range": [0.4, 0.8], "group": "experts"}
FULL["effectiveness"][1] |= {"texts": ["as the vendor says"], "adaptive": False}


def read(document) -> mg.Scenario:
    return mg.Scenario(**copy.deepcopy(document))


def workbook(folder: Path, change=lambda book: None, document=SCENARIO) -> Path:
    """A workbook of a scenario, changed by openpyxl as a user would by hand."""
    file = folder / "plan.xlsx"
    mg.save_scenario(read(document), file)
    book = openpyxl.load_workbook(file)
    change(book)
    book.save(file)
    return file


def refusal(file: Path) -> str:
    with pytest.raises(mg.SpecificationError) as caught:
        mg.build_game(mg.load_scenario(file))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{file}: ")
    return text.removeprefix(f"{file}: ")


@pytest.mark.parametrize("kind", KINDS)
class TestOneScenario:
    def test_of_every_key_comes_back_whole(self, tmp_path, kind):
        mg.save_scenario(read(FULL), tmp_path / kind)
        found = mg.load_scenario(tmp_path / kind).to_document()
        wanted = read(FULL).to_document()
        assert found.keys() == wanted.keys()
        assert found == wanted

    @pytest.mark.parametrize("example", EXAMPLES[::5], ids=lambda file: file.stem)
    def test_of_the_examples_gives_the_same_answer(self, tmp_path, kind, example):
        scenario = mg.load_scenario(example)
        mg.save_scenario(scenario, tmp_path / kind)
        again = mg.load_scenario(tmp_path / kind)
        assert mg.solve(again).value == mg.solve(scenario).value

    def test_written_twice_gives_the_same_bytes(self, tmp_path, kind):
        mg.save_scenario(read(FULL), tmp_path / kind)
        (tmp_path / "b").mkdir()
        mg.save_scenario(mg.load_scenario(tmp_path / kind), tmp_path / "b" / kind)
        first, second = tmp_path / kind, tmp_path / "b" / kind
        files = sorted(first.iterdir()) if first.is_dir() else [first]
        for file in files:
            other = second / file.name if first.is_dir() else second
            assert file.read_bytes() == other.read_bytes()

    def test_of_a_catalog_beside_it_is_found_from_another_folder(self, tmp_path, kind):
        (tmp_path / "small.json").write_text(json.dumps(CATALOG), encoding="utf-8")
        (tmp_path / "a.json").write_text(json.dumps(CATALOG_SCENARIO), encoding="utf-8")
        (tmp_path / "inside").mkdir()
        scenario = mg.load_scenario(tmp_path / "a.json")
        mg.save_scenario(scenario, tmp_path / "inside" / kind)
        again = mg.load_scenario(tmp_path / "inside" / kind)
        assert mg.solve(again).value == mg.solve(scenario).value

    def test_starts_from_an_example_that_solves(self, tmp_path, kind):
        mg.init_scenario(tmp_path / kind)
        assert mg.assess(mg.load_scenario(tmp_path / kind)).threshold.decision == "operate"
        with pytest.raises(mg.SpecificationError, match="nothing is overwritten"):
            mg.init_scenario(tmp_path / kind)

    def test_starts_from_the_entries_of_a_catalog(self, tmp_path, kind):
        mg.init_scenario(tmp_path / kind, catalog="mfm", only=["anydoor", "carlini-30"])
        scenario = mg.load_scenario(tmp_path / kind)
        assert {threat.id for threat in scenario.threats} == {"anydoor", "carlini-30"}
        assert len(scenario.defenses) == 15
        assert mg.solve(scenario).is_proven


NUMBERS = st.one_of(
    st.floats(0.0, 1e6).map(lambda x: 0.0 if x < 1e-90 else x),
    st.tuples(st.floats(0.5, 1.0), st.floats(1.0, 9.0)).map(lambda ends: {"range": list(ends)}),
    st.floats(0.5, 2.0).map(lambda x: {"value": x, "basis": "assumed"}),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@st.composite
def documents(draw):
    threats = draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))
    defenses = draw(st.lists(TEXTS, max_size=3, unique=True))
    resources = draw(st.lists(TEXTS, max_size=2, unique=True))
    shares = st.one_of(st.none(), st.floats(0.0, 1.0).map(lambda x: 0.0 if x < 1e-90 else x))
    document = {
        "schema": "mfmgame/scenario/1",
        "threats": [
            {"id": name, "severity": draw(NUMBERS), "bandwidth": draw(NUMBERS)} for name in threats
        ],
        "defenses": [
            {"id": name, "use": {r: draw(NUMBERS) for r in resources if draw(st.booleans())}}
            for name in defenses
        ],
        "effectiveness": [
            {"threat": threat, "defense": defense, "value": share}
            for threat in threats
            for defense in defenses
            if (share := draw(shares)) is not None
        ],
        "attacker": {"bandwidth": draw(NUMBERS)},
    }
    for name, entry in zip(threats, document["threats"], strict=True):
        if draw(st.booleans()):
            entry["name"] = draw(TEXTS) + name
    return document


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(documents())
def test_any_scenario_comes_back_whole_or_is_refused(tmp_path, document):
    scenario = read(document)
    for kind in ("plan.xlsx", "plan"):
        try:
            mg.save_scenario(scenario, tmp_path / kind)
        except mg.SpecificationError as error:
            if "cannot be kept in cells" not in str(error):
                raise
            continue
        again = mg.load_scenario(tmp_path / kind)
        one, other = mg.build_game(again), mg.build_game(scenario)
        assert one.threat_ids == other.threat_ids
        assert one.resources == other.resources
        assert (one.effectiveness == other.effectiveness).all()
        assert (one.use == other.use).all()
        assert (one.severity == other.severity).all()
        assert dict(again.uncertain) == dict(scenario.uncertain)
        assert dict(again.stated) == dict(scenario.stated)


def cell(sheet, name, value):
    def change(book):
        book[sheet][name] = value

    return change


def hidden(book):
    book["threats"].sheet_state = "hidden"


def merged(book):
    book["threats"].merge_cells("B2:C2")


def renamed(book):
    book["threats"].title = "threat"


def without_attacker(book):
    for row in range(2, book["scenario"].max_row + 1):
        if book["scenario"].cell(row, 1).value == "attacker.bandwidth":
            book["scenario"].delete_rows(row)


def without_scenario(book):
    del book["scenario"]


def percent(book):
    book["threats"]["E2"] = 0.35
    book["threats"]["E2"].number_format = "0%"


def hidden_row(book):
    book["threats"].row_dimensions[2].hidden = True


def hidden_column(book):
    book["threats"].column_dimensions["E"].hidden = True


def both_values(book):
    for name, value in zip("EFGH", (5, 1, 3, 9), strict=True):
        book["threats"][f"{name}2"] = value


def swapped(book):
    sheet = book["effectiveness"]
    rows = [[cell.value for cell in row] for row in sheet]
    sheet.delete_rows(1, sheet.max_row)
    for row in zip(*rows, strict=True):
        sheet.append(row)


def commas(book):
    sheet = book.create_sheet("rules")
    sheet.append(["rule", "name", "defenses"])
    sheet.append(["group", "both", "filter, monitor"])


def plan_twice(book):
    sheet = book.create_sheet("plans")
    for row in (["defense", "current"], ["filter", 1], ["filter", 0]):
        sheet.append(row)


def renamed_in_german(book):
    book["threats"].title = "Bedrohungen"


def rules_by_another_name(book):
    book.create_sheet("dependencies")


def cost_column(book):
    for row, value in enumerate(("price", 3, "1.5"), start=1):
        book["defenses"].cell(row, 7).value = value


WRONG = [
    (cell("threats", "E2", "high"), "threats!E2: severity: found 'high', expected a number"),
    (cell("threats", "E2", -1), "threats!E2: severity: found -1.0, expected at least 0"),
    (cell("threats", "E2", "1,500"), "threats!E2: severity: found '1,500', which may be 1500 or"),
    (cell("threats", "E2", date(2026, 1, 2)), "threats!E2: severity: found the date 2026-01-02,"),
    (cell("threats", "E2", True), "threats!E2: severity: found true, expected text or a n"),
    (
        cell("threats", "E2", "=1+1"),
        "threats!E2: severity: found a formula without a value, expected a value (save it as "
        "values, or put ' before a text that begins with =)",
    ),
    (cell("threats", "E2", "#DIV/0!"), "threats!E2: severity: found the error '#DIV/0!', expected"),
    (cell("threats", "E2", None), "threats!E2: severity: missing, expected a number"),
    (cell("threats", "I2", None), "threats!I2: bandwidth: missing, expected a number"),
    (cell("threats", "E2", "35 %"), "threats!E2: severity: found '35 %', expected an amount: per"),
    (
        percent,
        "threats!E2: severity: found '35 %', expected an amount: per cent only where a share",
    ),
    (
        cell("threats", "E2", "4-9"),
        "threats!E2: severity: found '4-9', expected a number, or a ran",
    ),
    (hidden_row, "threats: found the hidden row 2, expected visible cells: unhide it or delete it"),
    (hidden_column, "threats: found the hidden column E, expected visible cells: unhide it or"),
    (both_values, "threats!E2: severity: found both 5.0 and the likely value 3.0, expected one of"),
    (swapped, "effectiveness!A1: found threats across and defenses down, expected threats down"),
    (commas, "rules!C2: defenses: found 'filter, monitor', separate names with ;"),
    (plan_twice, "plans!A3: defense: found 'filter' again, expected it once"),
    (
        renamed_in_german,
        "threats: missing, expected a sheet 'threats'; other sheets found: 'Bedroh",
    ),
    (rules_by_another_name, "'dependencies': unknown sheet, expected one of 'losses', "),
    (
        cost_column,
        "defenses!G1: unknown column 'price', expected one of 'id', 'name', 'level', 'fa",
    ),
    (cell("limits", "B2", -5), "limits!B2: limit: found -5.0, expected at least 0"),
    (cell("threats", "A3", "jailbreak"), "threats!A3: id: duplicate id 'jailbreak'"),
    (cell("threats", "F2", 3), "threats!F2: low: found low alone, expected low and high"),
    (cell("threats", "E1", "severty"), "threats!E1: unknown column 'severty', expected a known"),
    (cell("threats", "D1", "name"), "threats!D1: found the column 'name' again, expected it once"),
    (cell("threats", "Z2", "x"), "threats!Z2: found 'x' below no column name"),
    (cell("effectiveness", "B1", "filtre"), "effectiveness!B1: unknown defense 'filtre'"),
    (cell("effectiveness", "A2", "jailbrake"), "effectiveness!A2: threat: unknown threat 'jailbr"),
    (cell("effectiveness", "B2", 1.5), "effectiveness!B2: value: found 1.5, expected at most 1.0"),
    (cell("effectiveness", "C1", "filter"), "effectiveness!C1: found 'filter' again, expected it"),
    (cell("limits", "B2", "lots"), "limits!B2: limit: found 'lots', expected a number"),
    (cell("limits", "A2", "bugdet"), "limits!B2: defender.limits.bugdet: unknown resource"),
    (cell("scenario", "A3", "compositon"), "scenario!A3: key: unknown key 'compositon', expected"),
    (cell("scenario", "B3", "best"), "scenario!B3: composition: found 'best', expected a known"),
    (hidden, "threats: found a hidden sheet, expected a visible one"),
    (merged, "threats!B2: found the merged cells B2:C2, expected single cells"),
    (renamed, "'threat': unknown sheet, expected a known sheet; did you mean 'threats'?"),
    (without_attacker, "scenario: missing, expected a row with the key 'attacker bandwidth'"),
    (without_scenario, "scenario: missing, expected a sheet 'scenario'"),
]


@pytest.mark.parametrize(
    ("change", "expected"), WRONG, ids=[expected[:40] for _, expected in WRONG]
)
def test_an_error_names_sheet_and_cell(tmp_path, change, expected):
    assert refusal(workbook(tmp_path, change)).startswith(expected)


def test_names_are_taken_for_ids_where_they_are_unique(tmp_path):
    def by_name(book):
        book["effectiveness"]["A2"] = "Jailbreak by image"
        book["effectiveness"]["B1"] = "Input filter"

    game = mg.build_game(mg.load_scenario(workbook(tmp_path, by_name)))
    assert game.effectiveness.tolist() == [[0.6, 0.0], [0.0, 0.5]]


def test_an_id_that_is_left_out_is_made_from_the_name(tmp_path):
    file = workbook(tmp_path, cell("threats", "A2", None))
    with pytest.raises(mg.SpecificationError, match="unknown threat 'jailbreak'"):
        mg.load_scenario(file)
    book = openpyxl.load_workbook(file)
    book["effectiveness"]["A2"] = "jailbreak-by-image"
    book["effectiveness_sources"]["A2"] = "jailbreak-by-image"
    book.save(file)
    assert mg.load_scenario(file).threats[0].id == "jailbreak-by-image"


def test_a_formula_is_read_by_its_cached_value(tmp_path):
    file = workbook(tmp_path, cell("threats", "E2", "=1+2"))
    data = zipfile.ZipFile(file)
    parts = {name: data.read(name) for name in data.namelist()}
    for name, part in parts.items():
        parts[name] = part.replace(b"<f>1+2</f><v></v>", b"<f>1+2</f><v>3</v>").replace(
            b"<f>1+2</f><v />", b"<f>1+2</f><v>3</v>"
        )
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert mg.load_scenario(file).threats[0].severity == 3.0


def test_text_that_looks_like_a_formula_is_written_as_text(tmp_path):
    mg.save_scenario(read(FULL), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    cells = [cell for sheet in book for row in sheet.rows for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    risky = [cell for cell in cells if isinstance(cell.value, str) and cell.value[0] in "=+-@"]
    assert risky
    assert all(cell.quotePrefix for cell in risky)
    mg.save_scenario(read(FULL), tmp_path / "plan")
    for file in (tmp_path / "plan").iterdir():
        lines = file.read_text("utf-8").replace("\n", ",").split(",")
        assert not [field for field in lines if field.startswith(("=", "+", "@"))]


class TestHostileFiles:
    def test_a_bomb_is_refused_before_it_is_unpacked(self, tmp_path):
        file = tmp_path / "plan.xlsx"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b"<x>" + b" " * (300 * 2**20))
        assert refusal(file).startswith("found a workbook that unpacks to more than")

    def test_entities_are_refused(self, tmp_path):
        file = workbook(tmp_path)
        data = zipfile.ZipFile(file)
        parts = {name: data.read(name) for name in data.namelist()}
        parts["xl/workbook.xml"] = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + parts["xl/workbook.xml"]
        with zipfile.ZipFile(file, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
        assert refusal(file) == "found declarations in its XML, expected none"

    @pytest.mark.parametrize("data", [b"", b"PK", b"not a workbook", b"PK\x03\x04" + b"\0" * 99])
    def test_anything_else_is_refused(self, tmp_path, data):
        (tmp_path / "plan.xlsx").write_bytes(data)
        assert refusal(tmp_path / "plan.xlsx").startswith("is no workbook")

    @pytest.mark.parametrize("seed", range(40))
    def test_a_damaged_workbook_gives_one_line(self, tmp_path, seed):
        import random

        random.seed(seed)
        data = bytearray(workbook(tmp_path).read_bytes())
        for _ in range(random.randint(1, 20)):
            data[random.randrange(len(data))] = random.randrange(256)
        (tmp_path / "plan.xlsx").write_bytes(data)
        with contextlib.suppress(mg.SpecificationError):  # no other error, whatever is damaged
            mg.load_scenario(tmp_path / "plan.xlsx")

    def test_a_large_file_is_refused(self, tmp_path):
        with (tmp_path / "plan.xlsx").open("wb") as stream:
            stream.truncate(100 * 2**20)
        assert "larger than the limit" in refusal(tmp_path / "plan.xlsx")

    def test_a_control_character_is_refused_and_nothing_written(self, tmp_path):
        scenario = read(SCENARIO | {"name": "a\x07b"})
        with pytest.raises(mg.SpecificationError, match="control character"):
            mg.save_scenario(scenario, tmp_path / "plan.xlsx")
        assert not list(tmp_path.iterdir())


class TestCsv:
    def folder(self, tmp_path, name, old, new):
        mg.save_scenario(read(SCENARIO), tmp_path / "plan")
        file = tmp_path / "plan" / name
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        return tmp_path / "plan"

    def test_semicolons_and_decimal_commas_are_read(self, tmp_path):
        folder = self.folder(tmp_path, "scenario.csv", "decimal,.", 'decimal,","')
        for file in folder.iterdir():
            if file.name != "scenario.csv":
                text = file.read_text("utf-8").replace(",", ";").replace(".", ",")
                file.write_text(text, encoding="utf-8")
        assert mg.load_scenario(folder).to_document() == read(SCENARIO).to_document()

    def test_an_error_names_the_cell(self, tmp_path):
        folder = self.folder(tmp_path, "threats.csv", ",3,", ",many,")
        assert refusal(folder) == "threats!E2: severity: found 'many', expected a number"

    def test_a_file_that_is_no_csv_is_refused(self, tmp_path):
        folder = self.folder(tmp_path, "threats.csv", "jailbreak,", '"jailbreak,')
        assert refusal(folder) == ("threats.csv: line 2: is no CSV: a quotation mark is not closed")

    def test_tabs_are_refused(self, tmp_path):
        folder = self.folder(tmp_path, "threats.csv", ",", "\t")
        assert refusal(folder) == "threats.csv: found tabs between the columns, expected , or ;"

    def test_another_decimal_mark_names_the_key_that_says_so(self, tmp_path):
        folder = self.folder(tmp_path, "threats.csv", ",3,", ',"3,25",')
        assert refusal(folder).endswith("as the decimal mark (scenario!decimal says '.')")

    def test_a_file_of_another_encoding_is_refused(self, tmp_path):
        folder = self.folder(tmp_path, "threats.csv", "jailbreak", "jailbreak")
        (folder / "threats.csv").write_bytes(b"id\n\xff\n")
        assert refusal(folder) == "threats.csv: byte 3 is not UTF-8; save it as 'CSV UTF-8'"

    def test_a_single_file_is_refused(self, tmp_path):
        folder = self.folder(tmp_path, "threats.csv", "jailbreak", "jailbreak")
        found = refusal(folder / "threats.csv")
        assert found == "found a single file, expected the folder that holds it"


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_workbooks_of_other_programs_are_refused(tmp_path, kind):
    (tmp_path / f"plan.{kind}").write_bytes(b"PK")
    expected = f"found the ending '.{kind}', expected .xlsx, .json or a folder of CSV files"
    assert refusal(tmp_path / f"plan.{kind}") == expected


def test_a_column_of_costs_without_use_is_suggested_as_one(tmp_path):
    found = refusal(workbook(tmp_path, cost_column))
    assert found.endswith("or 'use: NAME' for a cost; did you mean 'use: price'?")


@pytest.mark.parametrize("kind", KINDS[:2])
@pytest.mark.parametrize("limit", [-1.0, {"value": -1.0, "basis": "assumed"}])
def test_a_negative_limit_is_kept(tmp_path, kind, limit):
    document = SCENARIO | {"defender": {"limits": {"budget": limit, "latency": 0.4}}}
    mg.save_scenario(read(document), tmp_path / kind)
    assert mg.load_scenario(tmp_path / kind).defender == read(document).defender


@pytest.mark.parametrize("nominal", [3.0, 4.0])
def test_a_nominal_value_beside_the_likely_value_is_kept(tmp_path, nominal):
    document = copy.deepcopy(SCENARIO)
    pert = {"distribution": "pert", "low": 1.0, "mode": 3.0, "high": 9.0, "nominal": nominal}
    document["threats"][0]["severity"] = pert
    mg.save_scenario(read(document), tmp_path / "plan.xlsx")
    assert mg.load_scenario(tmp_path / "plan.xlsx").to_document() == read(document).to_document()


def test_words_and_names_are_read_whatever_their_case(tmp_path):
    def shout(book):
        book["effectiveness"]["A2"] = "JAILBREAK BY IMAGE"
        book["effectiveness"]["B1"] = "Filter"
        book["defenses"]["E2"] = "Binary"
        book["scenario"]["B3"] = "Best_Of"
        book["threats"]["J2"] = "Assumed"

    scenario = mg.load_scenario(workbook(tmp_path, shout))
    assert scenario.defenses[0].kind == "binary"
    assert scenario.threats[0].basis == "assumed"
    assert scenario.effectiveness[0].threat == "jailbreak"


class TestUnitsInCells:
    def read(self, tmp_path, name, value):
        document = copy.deepcopy(SCENARIO)
        document["units"] = {"loss": "kEUR", "period": "year", "resources": {"budget": "EUR"}}
        sheet, where = name.split("!")
        file = workbook(tmp_path, cell(sheet, where, value), document)
        return file, sheet, where

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("threats!E2", "350 kEUR"),
            ("threats!E2", "€ 350"),
            ("threats!E2", "350 kEUR per year"),
            ("threats!I2", "350 bits"),
            ("limits!B2", "350 eur"),
            ("limits!B2", "EUR 350"),
        ],
    )
    def test_the_stated_unit_may_be_repeated(self, tmp_path, name, value):
        file, sheet, _ = self.read(tmp_path, name, value)
        scenario = mg.load_scenario(file)
        first = scenario.threats[0]
        found = {"limits": scenario.defender.limits.get("budget")}.get(
            sheet, first.bandwidth if name.endswith("I2") else first.severity
        )
        assert found == 350.0

    @pytest.mark.parametrize(
        ("name", "value", "unit"),
        [
            ("threats!E2", "$350", "kEUR"),
            ("threats!E2", "-$350", "kEUR"),
            ("threats!E2", "350 EUR", "kEUR"),
            ("limits!B2", "350 kEUR", "EUR"),
            ("defenses!I2", "350 kEUR", "EUR"),
        ],
    )
    def test_another_unit_is_refused(self, tmp_path, name, value, unit):
        file, _, where = self.read(tmp_path, name, value)
        found = refusal(file)
        assert f"!{where}: " in found
        end = f"found '{value}', expected a plain number in {unit}: write the unit under units"
        assert found.endswith(end)

    def test_a_unit_that_is_not_stated_is_refused(self, tmp_path):
        found = refusal(workbook(tmp_path, cell("threats", "E2", "350 kEUR")))
        assert found.endswith("found '350 kEUR', expected a number: write the unit under units")


def test_a_starter_has_headings_for_rules_and_says_what_low_and_high_are(tmp_path):
    mg.init_scenario(tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    rows = [[cell.value for cell in row] for row in book["rules"]]
    assert rows == [["rule", "name", "defenses", "at_least", "at_most"]]
    text = " ".join(str(row[0].value) for row in book["instructions"])
    assert "'requires'" in text
    assert "the least and the greatest possible value" in text
    mg.init_scenario(tmp_path / "plan")
    assert (tmp_path / "plan" / "rules.csv").read_text().startswith("rule,name,defenses")


class TestCommands:
    def run(self, *arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    def test_init_convert_and_solve_agree(self, tmp_path):
        assert self.run("init", tmp_path / "plan.xlsx").exit_code == 0
        for other in ("plan.json", "plan"):
            spec = tmp_path / "plan.xlsx"
            assert self.run("convert", spec, "-o", tmp_path / other).exit_code == 0
        answers = {self.run("solve", tmp_path / kind, "--json").stdout for kind in KINDS}
        assert len(answers) == 1

    def test_convert_does_not_write_over_its_input(self, tmp_path):
        self.run("init", tmp_path / "plan.json")
        found = self.run("convert", tmp_path / "plan.json", "-o", tmp_path / "plan.json")
        assert (found.exit_code, found.stderr.count("\n")) == (2, 1)

    def test_convert_refuses_an_ending_it_does_not_know(self, tmp_path):
        self.run("init", tmp_path / "plan.json")
        found = self.run("convert", tmp_path / "plan.json", "-o", tmp_path / "plan.ods")
        assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
        assert "expected .json, .xlsx or a folder" in found.stderr


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_workbook_that_libreoffice_saved_gives_the_same_bytes(tmp_path):
    mg.init_scenario(tmp_path / "plan.xlsx")
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "saved")]
    subprocess.run([*command, str(tmp_path / "plan.xlsx")], check=True, capture_output=True)
    assert (tmp_path / "saved" / "plan.xlsx").read_bytes() != (tmp_path / "plan.xlsx").read_bytes()
    run = TestCommands().run
    answers = [
        run("solve", tmp_path / place / "plan.xlsx", "--json").stdout for place in (".", "saved")
    ]
    assert answers[0] == answers[1]
