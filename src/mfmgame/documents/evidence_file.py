"""Evidence files: how often attacks succeeded with and without a defense."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mfmgame.documents.base import WHOLE, Document, Identifier, Strict, Text, refuse
from mfmgame.documents.catalog import SCHEMA_URL
from mfmgame.messages import counted, shown

__all__ = ["LEAST_BASELINE_SUCCESSES", "Evidence", "EvidenceCell"]

LEAST_BASELINE_SUCCESSES = 5
"""Baseline successes below which no effectiveness is estimated: the ratio would be noise."""
MOST_TRIALS = 10**9

Count = Annotated[int, Field(ge=0, le=MOST_TRIALS), WHOLE]
Effective = Annotated[float, Field(gt=0.0, le=MOST_TRIALS)]


class EvidenceCell(Strict):
    """Counts of a threat's attacks against a model, with and without a defense.

    A success is a success of the attack. The baseline is the same model without the defense.
    """

    threat: Identifier
    defense: Identifier
    model: Text = ""
    suite: Text = Field(default="", description="Suite of tasks, or 'all' for several together.")
    attack: Text = Field(default="", description="Attack or probe that was run.")
    trials: Count
    successes: Count
    effective_trials: Effective | None = Field(
        default=None,
        description="Independent trials that would be as informative; null without task ids.",
    )
    baseline_id: Identifier | None = Field(
        default=None, description="Name of the baseline, which several cells may share."
    )
    baseline_trials: Count = 0
    baseline_successes: Count = 0
    baseline_effective_trials: Effective | None = None
    paired: bool = Field(
        default=False, description="Whether both counts are of the same tasks, one by one."
    )
    errors: Count = Field(
        default=0, description="Runs with the defense that ended in an error, left out."
    )
    baseline_errors: Count = 0
    left_out: dict[Text, Count] = Field(
        default={}, description="Other runs of the cell that were left out, by the reason."
    )
    interval: list[float] | None = Field(
        default=None,
        description="95 % confidence interval of the effectiveness.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )
    interval_from: Literal["clusters", "independent trials"] | None = Field(
        default=None, description="What the interval takes to vary independently."
    )
    seed: Annotated[int, Field(ge=0, lt=2**64), WHOLE] | None = None
    benign_trials: Count = Field(default=0, description="Tasks without an attack.")
    benign_successes: Count = Field(default=0, description="Of these, the tasks done.")
    baseline_benign_trials: Count = 0
    baseline_benign_successes: Count = 0
    adaptive: bool | None = Field(
        default=None, description="Whether the attacker adapted to the defense; null if unknown."
    )
    source: Text = Field(default="", description="Where the file's source differs.")
    license: Text = Field(default="", description="Where the file's license differs.")
    note: Text = ""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for successes, trials in (
            ("successes", "trials"),
            ("baseline_successes", "baseline_trials"),
            ("benign_successes", "benign_trials"),
            ("baseline_benign_successes", "baseline_benign_trials"),
            ("effective_trials", "trials"),
            ("baseline_effective_trials", "baseline_trials"),
        ):
            number, most = getattr(self, successes), getattr(self, trials)
            if number is not None and number > most:
                raise refuse(
                    (successes,), f"found {shown(number)}, expected at most the {trials}, {most}"
                )
        if self.interval is not None:
            if len(self.interval) != 2:
                found = counted(len(self.interval), "number")
                raise refuse(("interval",), f"found {found}, expected the lower and the upper end")
            if self.interval[0] > self.interval[1]:
                raise refuse(("interval",), "found the upper end first, expected the lower first")
        return self

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Threat, defense, model, suite and attack: a source has one cell of each."""
        return self.threat, self.defense, self.model, self.suite, self.attack

    @property
    def why_not_estimated(self) -> str:
        """Reason why the cell gives no effectiveness; empty if it gives one."""
        if not self.trials:
            return "no trial with the defense"
        if not self.baseline_trials:
            return "no baseline"
        if self.baseline_successes < LEAST_BASELINE_SUCCESSES:
            return f"fewer than {LEAST_BASELINE_SUCCESSES} baseline successes"
        return ""

    @property
    def effectiveness(self) -> float | None:
        """Estimate of the share of attacks that the defense stops; below 0 if it helps them."""
        if self.why_not_estimated:
            return None
        with_defense = self.successes * self.baseline_trials
        return 1.0 - with_defense / (self.trials * self.baseline_successes)

    @property
    def work_kept(self) -> float | None:
        """Share of the benign work that the defense keeps; above 1 if more tasks are done."""
        if not self.benign_trials or not self.baseline_benign_successes:
            return None
        done = self.benign_successes * self.baseline_benign_trials
        return done / (self.benign_trials * self.baseline_benign_successes)


class Evidence(Document):
    """An evidence file: counts from scans, benchmarks and tests.

    Raises
    ------
    SpecificationError
        If the file is malformed or inconsistent; the error's `pointer` says where.

    Examples
    --------
    >>> from mfmgame import Evidence
    >>> evidence = Evidence(schema="mfmgame/evidence/1", name="scan", cells=[
    ...     {"threat": "t", "defense": "d", "trials": 100, "successes": 10,
    ...      "baseline_trials": 100, "baseline_successes": 40}])
    >>> evidence.cells[0].effectiveness
    0.75
    """

    schema_id: Literal["mfmgame/evidence/1"] = Field(alias="schema")
    schema_url: Text | None = SCHEMA_URL
    name: Identifier
    source: Text = Field(default="", description="Where the counts come from.")
    license: Text = ""
    left_out: dict[Text, Count] = Field(
        default={}, description="Runs of no cell that were left out, by the reason."
    )
    notes: list[Text] = []
    cells: list[EvidenceCell]

    def to_document(self) -> dict[str, Any]:
        """Return the file as JSON data, without values that equal their default."""
        return self.model_dump(by_alias=True, exclude_defaults=True)

    @model_validator(mode="after")
    def _counts_nothing_twice(self) -> Self:
        seen: dict[tuple[str, ...], int] = {}
        for index, cell in enumerate(self.cells):
            key = (*cell.key, cell.source or self.source)
            if key in seen:
                raise refuse(
                    ("cells", index),
                    f"duplicate cell of {shown(cell.threat)} with {shown(cell.defense)} (first at "
                    f"/cells/{seen[key]}), expected each threat, defense, model, suite and attack "
                    "once per source",
                )
            seen[key] = index
        return self

    @model_validator(mode="after")
    def _baselines_are_equal(self) -> Self:
        baselines: dict[str, tuple[int, tuple[float | None, ...]]] = {}
        for index, cell in enumerate(self.cells):
            if cell.baseline_id is not None:
                counts = (
                    cell.baseline_trials,
                    cell.baseline_successes,
                    cell.baseline_effective_trials,
                )
                first, others = baselines.setdefault(cell.baseline_id, (index, counts))
                if counts != others:
                    raise refuse(
                        ("cells", index, "baseline_id"),
                        f"found {shown(cell.baseline_id)} with other counts than at "
                        f"/cells/{first}, expected one baseline of each name",
                    )
        return self
