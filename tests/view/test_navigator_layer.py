"""Layers of the ATT&CK Navigator: by hand, and against the published format.

The schema below is what layers/LAYERFORMATv4_5.md of mitre-attack/attack-navigator says of
the members that we write; unknown ones are refused. Of domains, it has the three of ATT&CK
and the one that MITRE's own layers of ATLAS name.
"""

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import scipy.sparse
from typer.testing import CliRunner

import mfmgame as mg
from chained import chained_document, chained_scenario
from mfmgame.catalogs.importing import import_atlas
from mfmgame.cli.app import app
from mfmgame.documents.catalog import Origin

ATLAS = Path(__file__).parents[3] / "shared" / "data" / "atlas" / "ATLAS.yaml"
needs_atlas = pytest.mark.skipif(not ATLAS.is_file(), reason="ATLAS is not beside the project")

HOSTILE = "\"'[red]x[/red]</script>\n\r\x1b[31m\u202e:smile:\U0001f600"
SCORES = ["residual", "coverage", "effort"]
GREEN, RED, WHITE = "#8ec843", "#ff6666", "#ffffff"


def members(required: str, **properties) -> dict:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


TEXT, NUMBER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
COLOUR = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
METADATA = {
    "type": "array",
    "items": members("name value", name={"minLength": 1, **TEXT}, value={"minLength": 1, **TEXT}),
}
LAYER = members(
    "name domain",
    name=TEXT,
    versions=members(
        "navigator layer",
        attack={"type": "string", "pattern": "^[0-9]+$"},
        navigator={"type": "string", "pattern": r"^(4\.9|4\.[1-9][0-9]|5\.[0-9]+)\.[0-9]+$"},
        layer={"const": "4.5"},
    ),
    domain={"enum": ["enterprise-attack", "mobile-attack", "ics-attack", "atlas-atlas"]},
    description=TEXT,
    sorting={"enum": [0, 1, 2, 3]},
    layout=members(
        "",
        layout={"enum": ["side", "flat", "mini"]},
        showID=TRUTH,
        showName=TRUTH,
        showAggregateScores=TRUTH,
        countUnscored=TRUTH,
        aggregateFunction={"enum": ["average", "min", "max", "sum"]},
        expandedSubtechniques={"enum": ["none", "all", "annotated"]},
    ),
    hideDisabled=TRUTH,
    techniques={
        "type": "array",
        "items": members(
            "techniqueID",
            techniqueID={"type": "string", "pattern": r"^(AML\.)?T[0-9]{4}(\.[0-9]{3})?$"},
            tactic=TEXT,
            comment=TEXT,
            enabled=TRUTH,
            score=NUMBER,
            color=COLOUR,
            metadata=METADATA,
            showSubtechniques=TRUTH,
        ),
    },
    gradient=members(
        "colors minValue maxValue",
        colors={"type": "array", "items": COLOUR, "minItems": 2},
        minValue=NUMBER,
        maxValue=NUMBER,
    ),
    legendItems={"type": "array", "items": members("label color", label=TEXT, color=COLOUR)},
    metadata=METADATA,
)


def layer_of(solution, *arguments) -> dict:
    """The layer, once it is known to keep to the format and to be JSON."""
    layer = mg.navigator_layer(solution, *arguments)
    jsonschema.validate(layer, LAYER)
    assert layer["gradient"]["maxValue"] > layer["gradient"]["minValue"]
    ids = [technique["techniqueID"] for technique in layer["techniques"]]
    assert len(set(ids)) == len(ids)
    assert json.loads(json.dumps(layer, allow_nan=False)) == layer
    return layer


def solution_of(threat_ids, **changes):
    n_threats = len(threat_ids)
    return mg.solve(
        mg.DefenseGame(
            **{
                "severity": [float(4 - n) for n in range(n_threats)],
                "bandwidth": np.ones(n_threats),
                "effectiveness": [[0.5, 0.0]] + [[0.0, 0.25]] * (n_threats - 1),
                "attacker_bandwidth": 1.0,
                "use": {"budget": [1.0, 1.0]},
                "limits": {"budget": 2.0},
                "threat_ids": threat_ids,
                **changes,
            }
        )
    )


def scores(layer):
    return {technique["techniqueID"]: technique["score"] for technique in layer["techniques"]}


class TestByHand:
    """The second threat keeps a loss of 3 x 0.75 = 2.25, which the worst attack causes.

    So the first, of 4 (1 - 0.5 x), needs no level above x = 0.875, and the cheapest optimum
    stops 0.4375 of it.
    """

    solution = solution_of(["T1059", "T1059.001", "insider"], name="small")

    def test_scores(self):
        ids = ["T1059", "T1059.001"]
        found = {score: scores(layer_of(self.solution, score)) for score in SCORES}
        assert found["coverage"] == pytest.approx({"T1059": 43.75, "T1059.001": 25.0})
        assert found["residual"] == pytest.approx({"T1059": 2.25, "T1059.001": 2.25})
        efforts = {name: 100 * self.solution.attack[name] for name in ids}
        assert found["effort"] == pytest.approx(efforts)
        assert found["effort"]["T1059.001"] == pytest.approx(100.0)

    def test_what_surrounds_them(self):
        layer = layer_of(self.solution)
        assert (layer["name"], layer["domain"]) == ("small: residual", "enterprise-attack")
        assert layer["versions"] == {"layer": "4.5", "navigator": "5.0.0"}
        assert layer["description"] == (
            "Score: residual loss at full effort, in loss units, under the optimal allocation of "
            "small. 2 of 3 threats shown as techniques of enterprise-attack, 1 left out."
        )
        assert layer["gradient"]["maxValue"] == 4
        metadata = {entry["name"]: entry["value"] for entry in layer["metadata"]}
        assert metadata == {
            "scenario": "small",
            "composition": "best_of",
            "attacker bandwidth": "1.0",
            "limit of budget": "2.0",
            "value": repr(self.solution.value),
            "lower bound": repr(self.solution.lower),
            "upper bound": repr(self.solution.upper),
            "status": "proven",
        }

    def test_a_technique_says_what_acts_on_it_and_its_numbers(self):
        technique = layer_of(self.solution)["techniques"][0]
        assert technique["comment"] == "d0 (stops 0.5 at level 1, level 0.875)"
        assert [(entry["name"], entry["value"]) for entry in technique["metadata"]] == [
            ("class", "unclassified"),
            ("severity", "4.0"),
            ("bandwidth", "1.0"),
            ("coverage", repr(self.solution.coverage["T1059"])),
            ("residual", repr(self.solution.residual["T1059"])),
            ("effort", repr(self.solution.attack["T1059"])),
        ]

    @pytest.mark.parametrize(
        ("score", "most", "legend"),
        [
            (
                "residual",
                4,
                [("no loss", GREEN), ("loss of 4, the greatest severity", RED)],
            ),
            ("coverage", 100, [("nothing stopped", RED), ("all stopped", GREEN)]),
            ("effort", 100, [("not attacked", WHITE), ("attacked at full effort", RED)]),
        ],
    )
    def test_red_is_what_to_fear(self, score, most, legend):
        layer = layer_of(self.solution, score)
        gradient = layer["gradient"]
        assert (gradient["minValue"], gradient["maxValue"]) == (0, most)
        assert (gradient["colors"][0], gradient["colors"][-1]) == (legend[0][1], legend[1][1])
        found = [(item["label"], item["color"]) for item in layer["legendItems"]]
        assert found == legend

    @pytest.mark.parametrize(("score", "order"), [("residual", 3), ("coverage", 2), ("effort", 3)])
    def test_what_to_fear_is_first(self, score, order):
        # 2 sorts by ascending score, 3 by descending score.
        assert layer_of(self.solution, score)["sorting"] == order

    def test_sparse_effectiveness(self):
        dense = self.solution.game.effectiveness
        sparse = solution_of(
            ["T1059", "T1059.001", "insider"],
            name="small",
            effectiveness=scipy.sparse.csr_array(dense),
        )
        assert layer_of(sparse)["techniques"] == layer_of(self.solution)["techniques"]

    def test_threats_that_cost_nothing(self):
        layer = layer_of(solution_of(["T1059", "T1060"], severity=[0.0, 0.0]))
        assert layer["gradient"]["maxValue"] == 100

    def test_notes_of_the_numbers_are_said(self):
        layer = layer_of(solution_of(["T1059"], effectiveness=[[0.5, 0.0]], notes=["a guess"]))
        assert layer["description"].endswith(" Note: a guess.")

    def comment_of(self, effectiveness, **changes):
        game = mg.DefenseGame(
            severity=[1.0],
            bandwidth=[1.0],
            effectiveness=[effectiveness],
            attacker_bandwidth=1.0,
            composition="additive",
            threat_ids=["T1059"],
            **changes,
        )
        (technique,) = layer_of(mg.solve(game))["techniques"]
        return technique["comment"]

    def test_the_most_effective_defenses_are_named_first_and_the_rest_counted(self):
        comment = self.comment_of([0.01, 0.05, 0.02, 0.0, 0.08, 0.03, 0.02, 0.04])
        named = [
            f"d{j} (stops {share} at level 1, level 1)"
            for j, share in ((4, 0.08), (1, 0.05), (7, 0.04), (5, 0.03), (2, 0.02))
        ]
        assert comment == ", ".join([*named, "2 more"])

    def test_five_defenses_leave_no_more_to_count(self):
        assert self.comment_of([0.1] * 5).endswith("d4 (stops 0.1 at level 1, level 1)")

    def test_only_funded_defenses_act(self):
        # The second does as much for twice as much: there is nothing left for it.
        changes = {"use": {"budget": [1.0, 2.0]}, "limits": {"budget": 1.0}}
        assert self.comment_of([0.5, 0.5], **changes) == "d0 (stops 0.5 at level 1, level 1)"
        assert self.comment_of([0.0, 0.0]) == "no funded defense acts on it"


class TestChains:
    """The allocation funds the sandbox alone, which stops 0.7 of one technique."""

    solution = mg.solve(chained_scenario())
    references = {"exfiltrate": "AML.T0086"}  # noqa: RUF012 - never changed

    def layer(self, score):
        layer = mg.navigator_layer(self.solution, score, technique_references=self.references)
        jsonschema.validate(layer, LAYER)
        return layer

    def test_techniques_of_chains_are_scored(self):
        ids = ["AML.T0051.001", "AML.T0053", "AML.T0086"]
        assert scores(self.layer("coverage")) == pytest.approx(
            dict(zip(ids, [0.0, 70.0, 0.0], strict=True))
        )
        residual, effort = self.solution.residual, self.solution.attack
        first = max(residual["chain-1"], residual["chain-2"])
        assert scores(self.layer("residual"))["AML.T0086"] == pytest.approx(first)
        assert scores(self.layer("effort"))["AML.T0053"] == pytest.approx(100 * effort["pay"])

    def test_they_name_their_chains_and_the_description_counts_them(self):
        layer = self.layer("coverage")
        assert "0 of 5 threats" in layer["description"]
        assert "3 techniques of chains shown." in layer["description"]
        last = layer["techniques"][-1]
        assert last["metadata"][0] == {"name": "chains", "value": "chain-1, chain-2"}

    def test_the_command_reads_references(self, tmp_path):
        document = chained_document()
        document["techniques"][2]["references"] = [{"source": "ATLAS", "id": "AML.T0086"}]
        file = tmp_path / "chained.json"
        file.write_text(json.dumps(document))
        printed = CliRunner().invoke(app, ["layer", str(file), "--score", "coverage"])
        ids = [technique["techniqueID"] for technique in json.loads(printed.output)["techniques"]]
        assert ids == ["AML.T0051.001", "AML.T0053", "AML.T0086"]


class TestDomains:
    @pytest.mark.parametrize(
        ("ids", "domain", "shown"),
        [
            (["AML.T0051", "AML.T0051.000", "x"], "atlas-atlas", 2),
            (["T1059", "AML.T0051", "T1059.001"], "enterprise-attack", 2),
            (["T0800", "T0801"], "ics-attack", 2),
            (["AML.T0051", "T1059"], "atlas-atlas", 1),
        ],
    )
    def test_of_the_ids(self, ids, domain, shown):
        layer = layer_of(solution_of(ids))
        assert (layer["domain"], len(layer["techniques"])) == (domain, shown)
        left_out = f"{shown} of {len(ids)} threats shown as techniques of {domain}, "
        assert left_out + f"{len(ids) - shown} left out." in layer["description"]

    @pytest.mark.parametrize(
        ("name", "version", "domain", "attack"),
        [
            ("MITRE ATT&CK Enterprise", "16.1", "enterprise-attack", "16"),
            ("ATT&CK Mobile", "v17", "mobile-attack", "17"),
            ("ATT&CK", "", "enterprise-attack", None),
            ("ATT&CK", "unknown", "enterprise-attack", None),
            ("a list", "3", "enterprise-attack", None),
            ("KEV", "07/28/2025 for ATT&CK 16.1 (mobile)", "mobile-attack", "16"),
            ("AWS", "12/12/2024 for ATT&CK 16.1", "enterprise-attack", "16"),
            ("AWS", "12/12/2024 for ATT&CK", "enterprise-attack", None),
        ],
    )
    def test_of_origins(self, name, version, domain, attack):
        origins = [Origin(name=name, version=version)]
        layer = layer_of(solution_of(["T1456", "T1533"]), "residual", origins)
        assert (layer["domain"], layer["versions"].get("attack")) == (domain, attack)
        assert layer["metadata"][0] == {"name": "source", "value": f"{name} {version}".strip()}

    def test_are_stated_by_origins_with_the_version_of_each(self):
        """As imports write them; a number below 1398 is never that of a mobile technique."""
        origins = [
            Origin(name="KEV", domains={"mobile-attack": "16.1", "enterprise-attack": "16.1"}),
            Origin(name="ICS ATT&CK", version="18.1", domains={"ics-attack": "18.1"}),
        ]
        ids = ["T1456", "T1105", "T0803", "AML.T0051", "T1398", "insider"]
        stated = {"T1456": "mobile-attack", "T1398": "mobile-attack", "insider": "ics-attack"}
        solution = solution_of(ids, severity=np.ones(len(ids)))
        layers = mg.navigator_layers(solution, "residual", origins, threat_domains=stated)
        assert {
            domain: (
                [t["techniqueID"] for t in layer["techniques"]],
                layer["versions"].get("attack"),
            )
            for domain, layer in layers.items()
        } == {
            "atlas-atlas": (["AML.T0051"], None),
            "enterprise-attack": (["T1105"], "16"),
            "mobile-attack": (["T1456", "T1398"], "16"),
            "ics-attack": (["T0803"], "18"),
        }
        for domain, layer in layers.items():
            jsonschema.validate(layer, LAYER)
            assert layer["domain"] == domain
        assert (
            mg.navigator_layer(solution, "residual", origins, threat_domains=stated)
            == (layers["mobile-attack"])
        )

    @pytest.mark.parametrize(
        ("others", "domains"),
        [
            ([], ["enterprise-attack", "mobile-attack"]),
            ([Origin(name="incidents")], ["enterprise-attack", "mobile-attack"]),
            ([Origin(name="AWS", version="1 for ATT&CK 17")], ["enterprise-attack"]),
        ],
    )
    def test_where_all_sources_are_of_mobile_so_is_what_may_be(self, others, domains):
        origins = [Origin(name="Mobile ATT&CK", version="17"), *others]
        layers = mg.navigator_layers(solution_of(["T1105", "T1398"]), "residual", origins)
        assert list(layers) == domains

    def test_one_that_no_threat_is_of_is_refused(self):
        message = "found 'ics-attack', expected a domain of the threats: atlas-atlas, enterprise-a"
        with pytest.raises(mg.SpecificationError, match=message):
            mg.navigator_layer(solution_of(["AML.T0051", "T1059"]), domain="ics-attack")

    def test_two_versions_are_none(self):
        origins = [Origin(name="ATT&CK", version=version) for version in ("16.1", "17.0")]
        layer = layer_of(solution_of(["T1059", "T1060"]), "residual", origins)
        assert "attack" not in layer["versions"]

    @pytest.mark.parametrize(
        "name",
        ["t1059", "T1059.1", "T10590", " T1059", "T1059\n", "AML.T51", "AML-T0051", "T\u0967059"],
    )
    def test_what_only_looks_like_an_id_is_left_out(self, name):
        message = r"^threats: found no id of a technique \(T1059, T1059\.001 or AML\.T0051\)"
        with pytest.raises(mg.SpecificationError, match=message):
            mg.navigator_layer(solution_of([name, "x"]))
        assert len(layer_of(solution_of([name, "T1059"]))["techniques"]) == 1


def test_hostile_names_are_escaped():
    solution = solution_of(
        ["T1059", HOSTILE],
        name=HOSTILE,
        defense_ids=[HOSTILE, "d"],
        threat_classes=[HOSTILE, ""],
        use={HOSTILE: [1.0, 1.0]},
        limits={HOSTILE: 2.0},
        notes=[HOSTILE],
    )
    layer = layer_of(solution, "residual", [Origin(name=HOSTILE)])
    texts = re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(layer, ensure_ascii=False))
    assert all(json.loads(f'"{text}"').isprintable() for text in texts)
    assert "\\u202e" in layer["name"]
    assert "[red]x[/red]" in layer["techniques"][0]["comment"]


def test_an_unknown_score_is_refused():
    message = "score: found 'risk', expected one of 'residual', 'coverage', 'effort'"
    with pytest.raises(mg.SpecificationError, match=message):
        mg.navigator_layer(solution_of(["T1059", "T1060"]), "risk")


SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "name": "small",
    "threats": [{"id": "AML.T0051", "severity": 3.0, "bandwidth": 1.0}],
    "defenses": [{"id": "filter", "use": {"budget": 2.0}}],
    "effectiveness": [{"threat": "AML.T0051", "defense": "filter", "value": 0.5}],
    "attacker": {"bandwidth": 1.0},
}


class TestCommand:
    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Path("scenario.json").write_text(json.dumps(SCENARIO), "utf-8")

    def call(self, *arguments):
        return CliRunner().invoke(app, ["layer", *arguments])

    def test_it_prints_the_layer_and_the_same_every_time(self):
        done = self.call("scenario.json", "--score", "coverage")
        assert (done.exit_code, done.stderr) == (0, "")
        solution = mg.solve(mg.load_scenario("scenario.json"))
        assert json.loads(done.stdout) == layer_of(solution, "coverage")
        assert self.call("scenario.json", "--score", "coverage").stdout == done.stdout

    def test_it_writes_to_a_file(self):
        assert self.call("scenario.json", "-o", "layer.json").stdout == ""
        assert scores(json.loads(Path("layer.json").read_text("utf-8"))) == {"AML.T0051": 1.5}

    @pytest.fixture
    def _several(self):
        threats = [
            {"id": "T1456", "severity": 1.0, "bandwidth": 1.0, "domain": "mobile-attack"},
            {"id": "T1484", "severity": 1.0, "bandwidth": 1.0},
        ]
        more = {"threats": [*SCENARIO["threats"], *threats]}
        Path("scenario.json").write_text(json.dumps(SCENARIO | more), "utf-8")

    @pytest.mark.usefixtures("_several")
    def test_several_domains_are_a_file_each(self):
        done = self.call("scenario.json", "-o", "layer.json")
        domains = ["atlas-atlas", "enterprise-attack", "mobile-attack"]
        files = [f"layer-{domain}.json" for domain in domains]
        assert (done.exit_code, done.stdout.split(), done.stderr) == (0, files, "")
        assert [json.loads(Path(file).read_text("utf-8"))["domain"] for file in files] == domains
        assert not Path("layer.json").exists()
        again = {file: Path(file).read_bytes() for file in files}
        self.call("scenario.json", "-o", "layer.json")
        assert {file: Path(file).read_bytes() for file in files} == again

    @pytest.mark.usefixtures("_several")
    def test_one_of_several_domains_may_be_chosen(self):
        done = self.call("scenario.json", "--domain", "mobile-attack")
        assert list(scores(json.loads(done.stdout))) == ["T1456"]
        self.call("scenario.json", "--domain", "mobile-attack", "-o", "layer.json")
        assert Path("layer.json").read_text("utf-8") == done.stdout

    @pytest.mark.usefixtures("_several")
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "threats: found techniques of atlas-atlas, enterprise-attack, mobile-attack, exp"),
            (["--domain", "ics-attack"], "domain: found 'ics-attack', expected a domain of the "),
            (["--domain", "mobile", "-o", "x.json"], "domain: found 'mobile', expected a domain "),
        ],
    )
    def test_a_domain_is_to_be_chosen_and_there(self, arguments, message):
        done = self.call("scenario.json", *arguments)
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"error: scenario.json: {message}")
        assert sorted(map(str, Path().iterdir())) == ["scenario.json"]

    @pytest.mark.usefixtures("_several")
    def test_no_input_is_written_over(self):
        Path("scenario.json").rename("a-mobile-attack.json")
        done = self.call("a-mobile-attack.json", "-o", "a.json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "found a file that this command reads" in done.stderr
        assert sorted(map(str, Path().iterdir())) == ["a-mobile-attack.json"]

    @pytest.mark.parametrize(
        ("change", "arguments", "message"),
        [
            ({}, ["--score", "x"], "scenario.json: score: found 'x', expected one of"),
            ({"threats": [], "effectiveness": []}, [], "scenario.json: threats: found no id of a"),
            ({"catalog": "mfm", "threats": [], "effectiveness": []}, [], "scenario.json: threats:"),
        ],
    )
    def test_what_cannot_be_meant_is_one_line(self, change, arguments, message):
        Path("scenario.json").write_text(json.dumps(SCENARIO | change), "utf-8")
        done = self.call("scenario.json", *arguments, "-o", "layer.json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {message}")
        assert done.stderr.count("\n") == 1
        assert not Path("layer.json").exists()

    def test_the_origin_of_a_catalog_is_named(self):
        own = {key: SCENARIO[key] for key in ("threats", "defenses", "effectiveness")}
        origins = [{"name": "ATLAS", "version": "5.6.0"}]
        catalog = {"schema": "mfmgame/catalog/1", "name": "own", "origins": origins, **own}
        Path("own.json").write_text(json.dumps(catalog), "utf-8")
        scenario = {
            "schema": "mfmgame/scenario/1",
            "catalog": "own.json",
            "attacker": {"bandwidth": 1},
        }
        Path("scenario.json").write_text(json.dumps(scenario), "utf-8")
        layer = json.loads(self.call("scenario.json").stdout)
        assert layer["metadata"][0] == {"name": "source", "value": "ATLAS 5.6.0"}


def test_a_mapping_of_two_domains_on_the_command_line(tmp_path, monkeypatch):
    """From a mapping that says 'mobile' and names a technique of enterprise, too."""
    monkeypatch.chdir(tmp_path)
    about = {"mapping_framework": "kev", "attack_version": "16.1", "technology_domain": "mobile"}
    rows = [
        {"capability_id": "CVE-1", "attack_object_id": name, "mapping_type": "primary_impact"}
        for name in ("T1456", "T1533", "T1105")
    ]
    document = {"metadata": about, "mapping_objects": rows}
    Path("kev.json").write_text(json.dumps(document), "utf-8")
    scenario = {
        "schema": "mfmgame/scenario/1",
        "catalog": "catalog.json",
        "attacker": {"bandwidth": 1},
    }
    Path("scenario.json").write_text(json.dumps(scenario), "utf-8")
    for arguments in (
        ["catalog", "import", "ctid", "kev.json", "-o", "catalog.json"],
        ["layer", "scenario.json", "-o", "layer.json"],
    ):
        assert CliRunner().invoke(app, arguments).exit_code == 0
    for domain, ids in (("mobile-attack", ["T1456", "T1533"]), ("enterprise-attack", ["T1105"])):
        layer = json.loads(Path(f"layer-{domain}.json").read_text("utf-8"))
        jsonschema.validate(layer, LAYER)
        assert (layer["domain"], layer["versions"]["attack"]) == (domain, "16")
        assert list(scores(layer)) == ids


@needs_atlas
def test_atlas(tmp_path):
    catalog = import_atlas(ATLAS)
    file = tmp_path / "atlas.json"
    file.write_text(json.dumps(catalog.model_dump(by_alias=True, exclude_defaults=True)), "utf-8")
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        catalog=str(file),
        attacker={"bandwidth": 5.0},
        defender={"limits": {"budget": 4.0}},
    )
    solution = mg.solve(scenario)
    layer = layer_of(solution, "coverage", catalog.origins)
    assert (layer["domain"], len(layer["techniques"])) == ("atlas-atlas", 170)
    stopped = {name: 100 * share for name, share in solution.coverage.items()}
    assert scores(layer) == pytest.approx(stopped)
