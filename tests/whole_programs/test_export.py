"""The exported program: what other solvers read is the game, to the last digit."""

import subprocess
import warnings

import highspy
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.whole_programs.program import whole_program
from random_games import games
from specifications import SCENARIO, scenario_files

LINEAR = ["additive", "best_of"]
FORMATS = ["mps", "lp"]
AGREEMENT = 1e-8

in_every_form = pytest.mark.parametrize("ending", FORMATS)
in_every_composition = pytest.mark.parametrize("composition", LINEAR)


def game_of(composition="best_of", threat_ids=None, defense_ids=None, seed=0, n=6, m=4, **changes):
    random = np.random.default_rng(seed)
    shape = (n, m)
    arguments = {
        "severity": random.uniform(1.0, 10.0, n),
        "bandwidth": random.uniform(0.1, 2.0, n),
        "effectiveness": random.random(shape) * (random.random(shape) < 0.6),
        "attacker_bandwidth": 0.3 * n,
        "use": {"budget": random.uniform(0.1, 2.0, m), "spare bits": random.random(m)},
        "limits": {"budget": 0.3 * m},
    }
    return mg.DefenseGame(
        **(arguments | changes),
        composition=composition,
        threat_ids=threat_ids,
        defense_ids=defense_ids,
    )


def read_by_highs(file):
    """The program as HiGHS reads it: bounds, costs and rows by name, all entries not 0."""
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    assert reader.readModel(str(file)) == highspy.HighsStatus.kOk
    program = reader.getLp()
    columns, rows = list(program.col_names_), list(program.row_names_)
    assert len({*columns, *rows}) == len(columns) + len(rows)
    assert max(map(len, columns + rows)) <= 96
    starts, entries = program.a_matrix_.start_, {}
    for line in range(len(starts) - 1):
        for place in range(starts[line], starts[line + 1]):
            pair = (line, program.a_matrix_.index_[place])
            if program.a_matrix_.format_ == highspy.MatrixFormat.kColwise:
                pair = pair[::-1]
            if program.a_matrix_.value_[place]:
                entries[pair] = program.a_matrix_.value_[place]
    return program, columns, rows, entries


def check_same(game, file):
    """Every number that HiGHS reads is that of the program, in the same order."""
    program = whole_program(game)
    read, columns, rows, entries = read_by_highs(file)
    assert len(columns) == len(program.cost)
    assert len(rows) == len(program.lower)
    matrix = program.matrix.tocoo()
    expected = zip(matrix.row.tolist(), matrix.col.tolist(), matrix.data.tolist(), strict=True)
    assert entries == {(row, column): number for row, column, number in expected}
    for found, stated in [
        (read.col_cost_, program.cost),
        (read.col_lower_, np.zeros_like(program.cost)),
        (read.col_upper_, program.top),
        (read.row_lower_, program.lower),
        (read.row_upper_, program.upper),
    ]:
        np.testing.assert_array_equal(np.asarray(found), stated)


def optimum_by_cbc(file):
    cbcbox = pytest.importorskip("cbcbox")
    answer = file.with_suffix(".txt")
    tolerances = ["-primalTolerance", "1e-9", "-dualTolerance", "1e-9"]
    command = [cbcbox.cbc_bin_path(), file, *tolerances, "-solve", "-solution", answer]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    status, *lines = answer.read_text().splitlines()
    assert status.startswith("Optimal"), status
    values = {name: float(value) for _, name, value, _ in map(str.split, lines)}
    program, columns, _, _ = read_by_highs(file)
    return sum(
        cost * values.get(name, 0.0) for name, cost in zip(columns, program.col_cost_, strict=True)
    )


def optimum_by_glpk(file):
    """By GLPK's simplex method, then branch and cut if some columns are integers.

    Its exact simplex method first rounds the program to 9 digits.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of types made by SWIG
        glpk = pytest.importorskip("swiglpk")
    glpk.glp_term_out(glpk.GLP_OFF)
    problem = glpk.glp_create_prob()
    if file.suffix == ".lp":
        assert glpk.glp_read_lp(problem, None, str(file)) == 0
    else:
        assert glpk.glp_read_mps(problem, glpk.GLP_MPS_FILE, None, str(file)) == 0
    settings = glpk.glp_smcp()
    glpk.glp_init_smcp(settings)
    settings.tol_bnd = settings.tol_dj = 1e-9
    assert glpk.glp_simplex(problem, settings) == 0
    assert glpk.glp_get_status(problem) == glpk.GLP_OPT
    value = glpk.glp_get_obj_val(problem)
    if glpk.glp_get_num_int(problem):
        branching = glpk.glp_iocp()
        glpk.glp_init_iocp(branching)
        branching.tol_int = branching.tol_obj = 1e-9
        assert glpk.glp_intopt(problem, branching) == 0
        assert glpk.glp_mip_status(problem) == glpk.GLP_OPT
        value = glpk.glp_mip_obj_val(problem)
    glpk.glp_delete_prob(problem)
    return value


@in_every_form
class TestOptimum:
    @pytest.mark.parametrize("optimum", [optimum_by_cbc, optimum_by_glpk])
    @in_every_composition
    def test_the_examples_have_the_value_of_the_game(
        self, examples, tmp_path, optimum, composition, ending
    ):
        for spec in scenario_files(examples):
            scenario = mg.load_scenario(spec).with_(composition=composition)
            file = tmp_path / f"{spec.stem}.{ending}"
            mg.export_program(scenario, file)
            assert optimum(file) == pytest.approx(mg.solve(scenario).value, rel=AGREEMENT)

    @pytest.mark.parametrize("optimum", [optimum_by_cbc, optimum_by_glpk])
    @in_every_composition
    @pytest.mark.parametrize("seed", range(5))
    def test_random_games_have_their_value(self, tmp_path, optimum, composition, ending, seed):
        game = game_of(composition, seed=seed, n=40, m=8)
        file = tmp_path / f"game.{ending}"
        mg.export_program(game, file)
        assert optimum(file) == pytest.approx(mg.solve(game).value, rel=AGREEMENT)

    @in_every_composition
    @hypothesis.settings(max_examples=50)
    @hypothesis.given(data=st.data())
    def test_degenerate_games_have_their_value(self, tmp_path_factory, composition, ending, data):
        game = data.draw(games(composition))
        file = tmp_path_factory.getbasetemp() / f"degenerate.{ending}"
        mg.export_program(game, file)
        check_same(game, file)
        value = mg.solve(game).value
        assert optimum_by_glpk(file) == pytest.approx(value, rel=AGREEMENT, abs=1e-12)


@in_every_form
class TestNumbers:
    @in_every_composition
    @pytest.mark.parametrize("seed", range(5))
    def test_every_number_is_read_back_exactly(self, tmp_path, composition, ending, seed):
        game = game_of(composition, seed=seed, n=40, m=8)
        mg.export_program(game, tmp_path / f"game.{ending}")
        check_same(game, tmp_path / f"game.{ending}")

    @in_every_composition
    @pytest.mark.parametrize(
        "game",
        [
            {"n": 0},
            {"m": 0},
            {"n": 0, "m": 0},
            {"use": {}, "limits": {}},
            {"limits": {}},
            {"effectiveness": np.zeros((6, 4))},
            {"attacker_bandwidth": 0.0},
            {"max_level": [0.0, 1.0, 0.5, 3.0]},
            {"use": {"nothing": np.zeros(4)}, "limits": {"nothing": 0.0}},
            {"limits": {"budget": 0.0, "spare bits": 1e-9}},
            {"severity": np.zeros(6), "bandwidth": np.zeros(6)},
            {"severity": [1e-6, 1 / 3, 1e10, 0.1, 0.1 + 0.2, 123456789.12345678]},
            {"threat_losses": ["leak", "fraud", "leak", "", "fraud", "leak"]},
        ],
        ids=lambda game: " ".join(game),
    )
    def test_an_edge_is_no_exception(self, tmp_path, composition, ending, game):
        file = tmp_path / f"game.{ending}"
        game = game_of(composition, **game)
        mg.export_program(game, file)
        check_same(game, file)
        value = mg.solve(game).value
        assert optimum_by_glpk(file) == pytest.approx(value, rel=AGREEMENT)
        if game.n_threats:  # CBC ends by a signal where the matrix has no entry at all
            assert optimum_by_cbc(file) == pytest.approx(value, rel=AGREEMENT)

    @in_every_composition
    def test_a_sparse_game_gives_the_bytes_of_the_same_dense_one(
        self, tmp_path, composition, ending
    ):
        import scipy.sparse

        game = game_of(composition)
        sparse = game_of(composition, effectiveness=scipy.sparse.csr_array(game.effectiveness))
        for name, each in (("dense", game), ("sparse", sparse)):
            mg.export_program(each, tmp_path / f"{name}.{ending}")
        dense, sparse = (
            (tmp_path / f"{name}.{ending}").read_bytes() for name in ("dense", "sparse")
        )
        assert dense == sparse


HOSTILE_IDS = [
    ["a b", "a_b", "a-b", "a.b", "A B", "a.b.0"],
    ["größe", "gr__e", "日本", "__", "", "\x00\n\u202e"],
    ["x" * 300, "x" * 301, "x" * 36, "X" * 36, "end", "End"],
    ["R1", "RHS", "BOUNDS", "ENDATA", "1e5", "-inf"],
    ["free", "st", "Subject To", ">= 3", "\\ *", ":"],
    ["a", "a.3", "3", "a.0", "0", "a_0"],
]


@in_every_form
class TestNames:
    @in_every_composition
    @pytest.mark.parametrize("ids", HOSTILE_IDS, ids=ascii)
    def test_whatever_the_ids_the_names_are_unique_and_readable(
        self, tmp_path, composition, ending, ids
    ):
        game = game_of(composition, ids, ids, n=6, m=6, name="\n".join(ids))
        file = tmp_path / f"game.{ending}"
        mg.export_program(game, file)
        assert file.read_bytes().isascii()
        check_same(game, file)
        value = mg.solve(game).value
        assert optimum_by_cbc(file) == pytest.approx(value, rel=AGREEMENT)
        assert optimum_by_glpk(file) == pytest.approx(value, rel=AGREEMENT)

    def test_surpluses_have_the_names_of_the_losses(self, tmp_path, ending):
        game = game_of(n=4, threat_losses=["leak", "", "leak", "t1"])  # a threat is named t1, too
        mg.export_program(game, tmp_path / f"game.{ending}")
        _, columns, _, _ = read_by_highs(tmp_path / f"game.{ending}")
        surpluses = [name for name in columns if name.startswith("surplus.")]
        assert surpluses == ["surplus.leak", "surplus.t1.1", "surplus.t1.2"]

    def test_the_names_are_those_of_the_scenario(self, tmp_path, ending):
        mg.export_program(mg.Scenario(**SCENARIO), tmp_path / f"game.{ending}")
        _, columns, rows, _ = read_by_highs(tmp_path / f"game.{ending}")
        assert columns[:2] == ["level.filter", "level.monitor"]
        assert columns[2:5] == ["bandwidth_price", "surplus.jailbreak", "surplus.extraction"]
        assert rows[:3] == ["threat.jailbreak", "threat.extraction", "limit.budget"]
        assert "share.jailbreak.filter" in columns
        assert {"once.jailbreak", "within.jailbreak.filter"} <= {*rows}


class TestRefusals:
    def test_a_program_that_is_not_linear(self, tmp_path):
        with pytest.raises(mg.SpecificationError, match="no linear program, expected 'additive'"):
            mg.export_program(game_of("independent"), tmp_path / "game.mps")
        assert not [*tmp_path.iterdir()]

    @pytest.mark.parametrize("name", ["game", "game.txt", "game.mps.gz", ".lp"])
    def test_an_ending_that_says_no_format(self, tmp_path, name):
        with pytest.raises(mg.SpecificationError, match=r"expected \.mps or \.lp"):
            mg.export_program(game_of(), tmp_path / name)
        assert not [*tmp_path.iterdir()]
