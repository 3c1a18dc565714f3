"""What is uncertain in a catalog is kept by commands that change it, or they refuse it."""

import copy
import json

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from mfmgame.documents.uncertain_numbers import with_numbers
from specifications import CATALOG

LEVEL = {"distribution": "discrete", "values": [1, 2]}
FORMS = {
    ("assumptions", "channel", "noise"): {"range": [1, 2], "basis": "measured"},
    ("defenses", 0, "max_level"): LEVEL,  # its nominal value is the default
}


@pytest.fixture
def document() -> dict:
    return with_numbers(copy.deepcopy(CATALOG), FORMS)


def test_a_catalog_written_out_keeps_its_forms(document):
    catalog = mg.Catalog(**document)
    for written in (catalog.to_document(), catalog.to_document(without_defaults=True)):
        again = mg.Catalog(**json.loads(json.dumps(written)))
        assert again.uncertain == catalog.uncertain
        assert again.model_dump() == catalog.model_dump()


def test_show_prints_the_forms(document, tmp_path):
    file = tmp_path / "small.json"
    file.write_text(json.dumps(document))
    shown = CliRunner().invoke(app, ["catalog", "show", str(file), "--json"])
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["defenses"][0]["max_level"] == LEVEL


def test_weights_and_costs_leave_other_forms(document, tmp_path):
    catalog = mg.Catalog(**document)
    threat, defense = catalog.threats[0].id, catalog.defenses[0].id
    weights = mg.Weights({threat: 2.0}, basis="assumed", source="a test")
    assert mg.weighed(catalog, weights).uncertain == catalog.uncertain
    costs = tmp_path / "costs.csv"
    costs.write_text(f"defense,cost\n{defense},3\n")
    assert mg.costed(catalog, costs, others="keep").uncertain == catalog.uncertain


def test_what_is_uncertain_does_not_merge(document):
    with pytest.raises(mg.SpecificationError, match="found 2 uncertain numbers in 'small'"):
        mg.merge_catalogs(mg.Catalog(**document), mg.Catalog(**CATALOG))
