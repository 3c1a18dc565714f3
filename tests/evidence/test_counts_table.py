"""Evidence cells from CSV."""

import pytest

from mfmgame.documents.evidence_file import EvidenceCell
from mfmgame.errors import SpecificationError
from mfmgame.evidence.counts_table import read_counts

HEADER = "threat,defense,trials,successes"


def read(path, text):
    file = path / "counts.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_counts(file)


def test_every_kind_of_column_is_read_and_an_empty_field_is_the_default(tmp_path):
    text = (
        f"{HEADER},model,interval,adaptive,effective_trials,seed,note\n"
        't,d,100,10,m,0.1;0.9,true,12.5,3,"a, b"\n'
        "\n"
        "t,d,100.0,10,,,FALSE,,,\n"
    )
    counts = {"threat": "t", "defense": "d", "trials": 100, "successes": 10}
    more = {"effective_trials": 12.5, "seed": 3, "note": "a, b"}
    assert read(tmp_path, text) == [
        EvidenceCell(**counts, model="m", interval=[0.1, 0.9], adaptive=True, **more),
        EvidenceCell(**counts, adaptive=False),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: found no columns, expected a column 'threat'"),
        (
            "threat,defense,trials\n",
            "line 1: found 'threat', 'defense', 'trials', expected a column",
        ),
        (f"{HEADER},basline_trials\n", "line 1: unknown column 'basline_trials', expected a known"),
        (f"{HEADER},left_out\n", "line 1: unknown column 'left_out'"),
        (f"{HEADER},trials\n", "line 1: found the column 'trials' twice"),
        (f"{HEADER}\n", "found only a header"),
        (f"{HEADER}\na,b,1\n", "line 2: found 3 fields, expected 4"),
        (f"{HEADER}\na,b,1,2\n", "line 2: /successes: found 2, expected at most the trials, 1"),
        (f"{HEADER}\na,b,-1,0\n", "line 2: /trials: found -1"),
        (f"{HEADER}\na,b,1.5,0\n", "line 2: /trials: found 1.5"),
        (f"{HEADER}\na,b,nan,0\n", "line 2: /trials: found 'nan', expected a number"),
        (f"{HEADER}\na,b,1e999,0\n", "line 2: /trials: found '1e999', expected a number"),
        (f"{HEADER}\n,b,1,0\n", "line 2: /threat: missing"),
        (f"{HEADER},interval\na,b,1,0,0.5\n", "line 2: /interval: found 1 number"),
        (f"{HEADER},paired\na,b,1,0,yes\n", "line 2: /paired: found 'yes', expected true or false"),
        (
            f"{HEADER}\na,b,1,0\n\na,b,2,0\n",
            "line 4: duplicate cell of 'a' with 'b' (first on line",
        ),
        (f'{HEADER}\n"a\n', "line 2: not CSV"),
        (b"\xff\n", "byte 0 is not UTF-8"),
    ],
)
def test_faults_are_refused_with_their_line(tmp_path, text, message):
    with pytest.raises(SpecificationError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'counts.csv'}: {message}")
