"""The shipped catalog: its numbers, its rules, and where each number comes from."""

import csv
from pathlib import Path

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.catalogs import resolve, resolve_catalog
from mfmgame.catalogs.rules import effectiveness
from mfmgame.documents.catalog import Catalog, DefenseTraits, ThreatTraits

TRANSCRIPT = Path(__file__).parents[3] / "shared" / "data"
needs_transcript = pytest.mark.skipif(
    not TRANSCRIPT.is_dir(), reason="the transcribed tables are not beside the project"
)


@pytest.fixture(scope="module")
def mfm() -> Catalog:
    return mg.load_catalog("mfm")


def scenario(**changes) -> mg.Scenario:
    return mg.Scenario(
        **{
            "schema": "mfmgame/scenario/1",
            "catalog": "mfm",
            "attacker": {"bandwidth": 8.0},
            "defender": {"limits": {"budget": 10.0, "bandwidth": 3.0}},
            **changes,
        }
    )


class TestKnownValues:
    def test_counts(self, mfm):
        assert (len(mfm.threats), len(mfm.defenses), len(mfm.systems)) == (73, 15, 10)

    def test_totals_over_all_threats(self):
        game = mg.build_game(scenario())
        assert game.severity.sum() == pytest.approx(304.7121491844663, rel=1e-13)
        assert game.bandwidth.sum() == 187.0
        assert np.mean(game.effectiveness > 0) == pytest.approx(0.3845, abs=5e-5)

    @pytest.mark.parametrize(
        ("defense", "index"),
        [
            ("information-flow-control", 0.475),
            ("compartmentalization", 0.428),
            ("authenticated-prompting", 0.286),
            ("bandwidth-limit", 0.268),
            ("injection-guard", 0.236),
            ("alignment-score-filter", 0.058),
            ("diffusion-purification", 0.040),
        ],
    )
    def test_coverage_index(self, defense, index):
        found = mg.defense_coverage_index(mg.build_game(scenario()))
        assert found.defenses[defense] == pytest.approx(index, abs=5e-4)

    @pytest.mark.parametrize(
        ("composition", "budget", "value"),
        [
            ("best_of", 10.0, 25.321605621980556),
            ("additive", 10.0, 20.151008871824157),
            ("best_of", 0.0, 33.05879095623901),
            ("additive", 0.0, 33.05879095623901),
        ],
    )
    def test_value(self, composition, budget, value):
        limits = {"limits": {"budget": budget, "bandwidth": 3.0}}
        solution = mg.solve(scenario(composition=composition, defender=limits))
        assert solution.value == pytest.approx(value, rel=1e-12)


class TestProvenance:
    def test_every_entry_says_what_its_numbers_rest_on(self, mfm):
        assumptions = mfm.assumptions
        entries = [
            *mfm.threats,
            *mfm.defenses,
            *mfm.systems,
            *assumptions.goals,
            *assumptions.classes,
            *assumptions.axes,
            assumptions.channel,
        ]
        assert all(entry.basis and entry.source for entry in entries)

    def test_only_the_taxonomy_is_the_papers(self, mfm):
        assert {threat.basis for threat in mfm.threats} == {"paper"}
        assert {system.basis for system in mfm.systems} == {"paper"}
        assert {defense.basis for defense in mfm.defenses} == {"assumed"}

    def test_what_the_rules_derive_is_assumed_and_said_once(self):
        entries = resolve(scenario())
        assert {threat.basis for threat in entries.threats} == {"assumed"}
        assert entries.notes == (
            "rests on assumed numbers of 73 threats, 15 defenses, 421 effectiveness values",
        )
        assert mg.build_game(scenario()).notes == entries.notes


class TestApplicability:
    @pytest.mark.parametrize(
        ("system", "plain", "agent"),
        [
            ("clip", 11, 12),
            ("audioclip", 11, 12),
            ("dalle", 6, 7),
            ("stable-diffusion", 6, 7),
            ("flamingo", 27, 57),
            ("blip", 27, 57),
            ("llava", 27, 57),
            ("gpt-4", 27, 57),
            ("minigpt-4", 27, 57),
            ("pandagpt", 2, 2),
        ],
    )
    def test_threats_by_system_and_deployment(self, system, plain, agent):
        flows = {"flows": ["action", "interaction", "memory"]}
        assert mg.build_game(scenario(system=system)).n_threats == plain
        assert mg.build_game(scenario(system=system, deployment=flows)).n_threats == agent

    def test_audio_to_text_keeps_the_two_threats_that_speak_audio(self):
        game = mg.build_game(scenario(system="pandagpt"))
        assert list(game.threat_ids) == ["zhang", "bagdasaryan"]

    def test_each_system_flow_brings_its_own_threats(self):
        counts = [
            mg.build_game(scenario(system="llava", deployment={"flows": [flow]})).n_threats - 27
            for flow in ("action", "interaction", "memory")
        ]
        assert all(counts)
        assert sum(counts) == 57 - 27

    def test_modality_weights_are_restricted_to_the_inputs(self):
        # For a text-and-image model, the audio half of this threat does not count.
        entries = resolve(scenario(system="llava"))
        threat = next(threat for threat in entries.threats if threat.id == "bagdasaryan")
        assert threat.traits.modalities == {"image": 1.0}


class TestRulesByHand:
    def test_severity_is_impact_times_capacity_taken(self):
        entries = resolve_catalog(mg.load_catalog("mfm"))
        severity = {threat.id: threat.severity for threat in entries.threats}
        noisy = 1 - np.log2(1 + 1.5) / 4  # ten times the noise of a 15:1 channel
        assert severity["figstep"] == pytest.approx(6 * noisy)  # a tenth of the signal: alike
        assert severity["vlattack"] == pytest.approx(3 * noisy)
        assert severity["p2sql"] == pytest.approx(9 * 0.8)  # a fifth of the bandwidth is left

    def test_black_box_only_threats_need_a_bit_more(self):
        entries = resolve_catalog(mg.load_catalog("mfm"))
        bandwidth = {threat.id: threat.bandwidth for threat in entries.threats}
        assert bandwidth["vlattack"] == 2.0  # misleading, 1, and black-box only
        assert bandwidth["schlarmann"] == 1.0  # white-box

    def test_effectiveness_multiplies_the_five_factors(self):
        game = mg.build_game(scenario())
        row = list(game.threat_ids).index("co-attack")
        column = list(game.defense_ids).index("diffusion-purification")
        # strength 0.75, noise on input, image of text and image, black-box: 0.75 / 2.
        assert game.effectiveness[row, column] == pytest.approx(0.375)
        row = list(game.threat_ids).index("zhao")
        # Image only; white-box keeps 0.4 of the strength.
        assert game.effectiveness[row, column] == pytest.approx(0.75 * 0.4)

    def test_a_defense_stops_a_threat_on_all_axes_once(self):
        # 0.75 + 0.5 of the threat's effect on the axes is handled: all of it, not more.
        threat = ThreatTraits(
            goal="control",
            axes={"signal": 1.0, "noise": 0.5},
            flows={"input": 1.0},
            knowledge={"black": 1.0},
        )
        defense = {"strength": 0.8, "retention": 0.5, "guards": {"input": 1.0}}
        for acts, expected in (
            ({"signal": 0.75, "noise": 1.0}, 0.8),
            ({"signal": 0.5, "noise": 0.5}, 0.8 * 0.75),
        ):
            found = effectiveness([threat], [DefenseTraits(acts=acts, **defense)])
            assert found.tolist() == [[pytest.approx(expected, rel=1e-15)]]


class TestScenarioWins:
    def test_an_override_replaces_one_number(self):
        changed = scenario(
            overrides={
                "threats": {"vlattack": {"severity": 50.0}},
                "defenses": {
                    "dp-training": {"use": {"budget": 0.5}, "max_level": 0.25, "strength": 1.0}
                },
            }
        )
        game, before = mg.build_game(changed), mg.build_game(scenario())
        assert game.severity[0] == 50.0
        assert game.bandwidth[0] == before.bandwidth[0]
        np.testing.assert_array_equal(game.severity[1:], before.severity[1:])
        column = list(game.defense_ids).index("dp-training")
        assert game.use[:, column].tolist() == [0.5, 0.5]
        assert game.max_level[column] == 0.25
        np.testing.assert_allclose(
            game.effectiveness[:, column], before.effectiveness[:, column] / 0.6
        )

    def test_an_explicit_effectiveness_wins_over_the_rule(self):
        entry = {"threat": "vlattack", "defense": "dp-training", "value": 0.125}
        game = mg.build_game(scenario(effectiveness=[entry]))
        assert game.effectiveness[0, list(game.defense_ids).index("dp-training")] == 0.125

    def test_own_entries_are_added_to_the_catalogs(self):
        game = mg.build_game(
            scenario(
                threats=[{"id": "insider", "severity": 9.0, "bandwidth": 0.0, "class": "insider"}],
                defenses=[{"id": "vetting", "use": {"budget": 1.0}}],
                effectiveness=[{"threat": "insider", "defense": "vetting", "value": 0.75}],
            )
        )
        assert (game.n_threats, game.n_defenses) == (74, 16)
        assert game.effectiveness[-1, -1] == 0.75
        assert np.count_nonzero(game.effectiveness[-1]) == 1


class TestFiles:
    def test_a_catalog_file_is_found_beside_its_scenario(self, tmp_path, mfm):
        (tmp_path / "own.json").write_text(
            '{"schema": "mfmgame/catalog/1", "name": "own", "source": "here", '
            '"threats": [{"id": "t", "severity": 2, "bandwidth": 1}]}'
        )
        (tmp_path / "scenario.json").write_text(
            '{"schema": "mfmgame/scenario/1", "catalog": "own.json", "attacker": {"bandwidth": 1}}'
        )
        assert mg.solve(mg.load_scenario(tmp_path / "scenario.json")).value == 2.0

    def test_a_catalog_survives_being_written_and_read(self, tmp_path, mfm):
        import json

        file = tmp_path / "copy.json"
        file.write_text(json.dumps(mfm.model_dump(by_alias=True, exclude_unset=True)))
        assert mg.load_catalog(str(file)) == mfm


@needs_transcript
class TestTranscript:
    """The shipped catalog says what the transcribed tables say, cell by cell."""

    @staticmethod
    def rows(name: str) -> dict[str, dict[str, str]]:
        with (TRANSCRIPT / name).open(encoding="utf-8", newline="") as stream:
            return {next(iter(row.values())): row for row in csv.DictReader(stream)}

    @staticmethod
    def numbers(row: dict[str, str], prefix: str) -> dict[str, float]:
        found = {key.removeprefix(prefix): value for key, value in row.items() if prefix in key}
        return {key: float(value) for key, value in found.items() if float(value)}

    def test_threats(self, mfm):
        rows = self.rows("mfm_threats.csv")
        assert list(rows) == [threat.id for threat in mfm.threats]
        for threat in mfm.threats:
            row, traits = rows[threat.id], threat.traits
            assert (threat.name, threat.level) == (row["name"], row["level"])
            assert threat.threat_class == row["threat_class"]
            assert (traits.goal, traits.capability) == (row["goal"], row["capability"])
            assert f"[{row['reference']}]" in threat.source
            assert traits.modalities == self.numbers(row, "modality_")
            assert traits.flows == self.numbers(row, "flow_")
            assert traits.axes == self.numbers(row, "axis_")
            assert traits.knowledge == self.numbers(row, "knowledge_")
            assert traits.targets == self.numbers(row, "target_")

    def test_defenses(self, mfm):
        rows = self.rows("mfm_defenses.csv")
        assert list(rows) == [defense.id for defense in mfm.defenses]
        for defense in mfm.defenses:
            row, traits = rows[defense.id], defense.traits
            assert (defense.name, defense.family) == (row["name"], row["family"])
            assert defense.basis == row["basis"]
            assert (traits.strength, traits.retention) == (
                float(row["strength"]),
                float(row["retention"]),
            )
            assert traits.acts == self.numbers(row, "acts_")
            assert traits.guards == self.numbers(row, "guards_")
            handled = {name: float(row[name]) for name in ("text", "image", "audio")}
            assert traits.modalities == {name: share for name, share in handled.items() if share}
            assert defense.use == {name: float(row[name]) for name in ("budget", "bandwidth")}

    def test_systems(self, mfm):
        rows = self.rows("mfm_systems.csv")
        assert list(rows) == [system.id for system in mfm.systems]
        for system in mfm.systems:
            row = rows[system.id]
            assert system.name == row["name"]
            assert system.inputs == row["inputs"].split(";")
            assert system.outputs == row["outputs"].split(";")
            assert system.target_type == row["target_type"]

    def test_assumptions(self, mfm):
        goals, classes, axes = (
            self.rows(f"mfm_assumptions_{name}.csv") for name in ("goal", "class", "axis")
        )
        assert {entry.goal: entry.impact for entry in mfm.assumptions.goals} == {
            goal: float(row["impact"]) for goal, row in goals.items()
        }
        for entry in mfm.assumptions.classes:
            row = classes[entry.threat_class]
            assert entry.bits == float(row["bandwidth_bits"])
            assert entry.black_box_only_extra_bits == float(row["black_box_only_extra_bits"])
        for effect in mfm.assumptions.axes:
            row = axes[effect.axis]
            for name in ("signal_factor", "noise_factor", "bandwidth_factor"):
                assert getattr(effect, name) == float(row[name])
