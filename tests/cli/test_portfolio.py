"""``mfmgame portfolio``, and the other commands on stepped games, as scripts meet them."""

import csv
import io
import json

import highspy
import jsonschema
import pytest

import mfmgame as mg
from cli.test_app import answered, call, complaint, run
from specifications import changed
from sweeps.test_portfolio import PROJECTS


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Put a scenario into an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def put(document=PROJECTS, name="projects.json"):
        (tmp_path / name).write_text(json.dumps(document))
        return name

    return put


class TestPortfolio:
    def test_text_lists_what_each_adds_and_drops(self, write):
        lines = answered(call("portfolio", write())).decode().splitlines()
        table = [line.split() for line in lines[lines.index("best portfolios") + 2 :]]
        assert table == [
            ["0", "8", "="],
            ["3", "6", "=", "patch"],
            ["4", "2", "6", "sandbox,", "filter", "patch"],
            ["8", "1", "6", "patch,", "audit"],
        ]
        assert "greedy order    misses 2 of the portfolios" in lines

    def test_a_level_between_is_shown(self, write):
        file = write(changed(PROJECTS, "/defenses/2/levels", [0, 0.5, 1]))
        assert b"patch (0.5)" in answered(call("portfolio", file))

    def test_json_is_what_its_schema_says(self, write):
        document = json.loads(answered(call("portfolio", write(), "--json")))
        jsonschema.validate(document, mg.json_schema("portfolio"))
        assert [entry["cost"] for entry in document["portfolios"]] == [0, 3, 4, 8]

    def test_the_schema_command_knows_it(self):
        assert json.loads(answered(call("schema", "portfolio"))) == mg.json_schema("portfolio")

    def test_json_is_verified(self, write):
        file = write()
        answered(call("portfolio", file, "--json", "-o", "answer.json"))
        text = answered(call("verify", "answer.json", file)).decode()
        assert "4 portfolios" in text

    def test_what_is_changed_is_not(self, write):
        file = write()
        document = json.loads(answered(call("portfolio", file, "--json")))
        write(changed(document, "/portfolios/2/greedy_value", 2.0), "answer.json")
        message = complaint(call("verify", "answer.json", file))
        assert message.startswith("error: answer.json: /portfolios/2/greedy_value: ")

    @pytest.mark.parametrize(
        ("pointer", "claim"),
        [
            ("/status", "numerical"),
            ("/portfolios/1/status", "time_limit"),
            ("/portfolios/1/decision", "operate"),
            ("/notes", ["all is well"]),
        ],
    )
    def test_what_is_said_beside_the_numbers_is_checked(self, write, pointer, claim):
        file = write()
        document = json.loads(answered(call("portfolio", file, "--json")))
        write(changed(document, pointer, claim), "answer.json")
        message = complaint(call("verify", "answer.json", file))
        assert message.startswith(f"error: answer.json: {pointer}: ")

    def test_a_wider_gap_is_verified_as_asked_for(self, write):
        file = write()
        answered(call("portfolio", file, "--json", "--mip-gap", "0.9", "-o", "answer.json"))
        answered(call("verify", "answer.json", file, "--tolerance", "0.9"))
        for wrong in ("0", "1", "nan"):
            done = call("verify", "answer.json", file, "--tolerance", wrong)
            assert "tolerance: found" in complaint(done)

    def test_csv_has_a_row_each(self, write):
        text = answered(call("portfolio", write(), "--csv")).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [float(row["cost"]) for row in rows] == [0, 3, 4, 8]
        assert [float(row["sandbox"]) for row in rows] == [0, 0, 1, 1]

    def test_standard_input_and_an_output_file(self, write):
        answered(call("portfolio", write(), "-o", "first"))
        stdin = json.dumps(PROJECTS).encode()
        answered(call("portfolio", "-", "-o", "second", stdin=stdin))
        with open("first", "rb") as first, open("second", "rb") as second:
            assert first.read() == second.read()

    def test_two_processes_print_the_same_bytes(self, write):
        file = write()
        first, second = (run("portfolio", file, "--json", PYTHONHASHSEED=seed) for seed in "12")
        assert answered(first) == answered(second)

    def test_a_wider_gap_may_be_asked_for(self, write):
        document = json.loads(answered(call("portfolio", write(), "--json", "--mip-gap", "0.2")))
        assert document["portfolios"][-1]["cost"] >= 4
        for gap in ("0", "1", "-1", "nan"):
            message = complaint(call("portfolio", write(), "--mip-gap", gap))
            assert "tolerance" in message

    def test_of_two_resources_one_is_named(self, write):
        file = write(changed(PROJECTS, "/defenses/0/use/staff", 1))
        message = complaint(call("portfolio", file))
        assert message == (
            f"error: {file}: limit: missing, expected the resource whose limit is the budget: "
            "budget, staff is used"
        )
        answered(call("portfolio", file, "--limit", "budget"))
        assert "did you mean 'budget'" in complaint(call("portfolio", file, "--limit", "bugdet"))

    def test_continuous_defenses_are_refused(self, write):
        file = write(changed(PROJECTS, "/defender", {}))
        assert "'sandbox' is continuous" in complaint(call("portfolio", file))

    def test_rules_that_leave_nothing_are_exit_code_3(self, write):
        document = changed(PROJECTS, "/defenses/0/levels", [1])
        document = changed(document, "/defenses/1/levels", [1])
        file = write(changed(document, "/defenses/0/conflicts", ["filter"]))
        for command in ("portfolio", "solve", "threshold", "dci", "sweep"):
            if command == "threshold":
                continue  # the scenario has no loss of stopping
            assert "rules" in complaint(call(command, file), code=3)


class TestOtherCommands:
    def test_solve_prints_and_verifies(self, write):
        file = write(changed(PROJECTS, "/defender/limits", {"budget": 4}))
        answered(call("solve", file, "--json", "-o", "answer.json"))
        with open("answer.json", "rb") as answer:
            document = json.load(answer)
        jsonschema.validate(document, mg.json_schema("result"))
        assert document["allocation"] == {"sandbox": 1, "filter": 1, "patch": 0, "audit": 0}
        answered(call("verify", "answer.json", file))

    def test_a_sweep_over_the_limit_points_to_portfolios(self, write):
        assert "mfmgame portfolio" in complaint(call("sweep", write(), "--limit", "budget"))

    def test_a_sweep_over_the_bandwidth_is_exact(self, write):
        file = write(changed(PROJECTS, "/defender/limits", {"budget": 4}))
        document = json.loads(answered(call("sweep", file, "--json")))
        points = document["breakpoints"]
        assert [point["at"] for point in points] == [0.0, 3.0]
        # Sandbox and filter leave 2 of each of three threats.
        assert [point["value"] for point in points] == pytest.approx([0.0, 6.0])

    @pytest.mark.parametrize("ending", ["mps", "lp"])
    def test_an_exported_program_has_the_same_optimum(self, write, ending):
        document = changed(PROJECTS, "/defender/limits", {"budget": 6})
        document = changed(document, "/defenses/1/levels", [0, 0.25, 1])
        document = changed(document, "/defenses/2/levels", [0.5, 1])
        document = changed(document, "/defenses/3/requires", ["filter"])
        document = changed(document, "/defenses/0/conflicts", ["audit"])
        group = [{"defenses": ["sandbox", "filter", "patch"], "at_least": 2}]
        file = write(changed(document, "/defender/groups", group))
        answered(call("export", file, "-o", f"program.{ending}"))
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.readModel(f"program.{ending}")
        program = solver.getLp()
        whole = {
            name
            for name, kind in zip(program.col_names_, program.integrality_, strict=True)
            if kind == highspy.HighsVarType.kInteger
        }
        assert whole == {
            *("step.sandbox.1", "step.filter.1", "step.filter.2", "step.patch.1", "step.audit.1")
        }
        solver.run()
        value = mg.solve(mg.load_scenario(file)).value
        assert solver.getInfo().objective_function_value == pytest.approx(value, rel=1e-7)

    def test_a_game_without_steps_to_take_is_exported(self, write):
        document = changed(PROJECTS, "/defender/kind", "continuous")
        file = write(changed(document, "/defenses/0/levels", [1]))
        answered(call("export", file, "-o", "program.lp"))
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.readModel("program.lp")
        solver.run()
        value = mg.solve(mg.load_scenario(file)).value
        assert solver.getInfo().objective_function_value == pytest.approx(value)
