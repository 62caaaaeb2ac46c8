"""The table of gates in a terminal."""

import io
from collections.abc import Mapping
from dataclasses import replace

from rich.console import Console

from pipeline.output.console import Reporter
from pipeline.output.gate_table import gate_table, print_gates
from visage.evaluation.gates.gate import Comparison, Gate
from visage.evaluation.statistics.intervals import Interval

OVERALL = Gate(
    "age_mae_max", "age_mae", "overall", 5.0, "safe", "passed", 4.0, Interval(3.75, 4.25), records=1234, people=900
)
AGAINST_BLESSED = Gate(
    *("age_mae_increase_max", "age_mae", "overall", 0.1, "harm", "failed", 0.5),
    interval=Interval(0.2, 0.8),
    records=1234,
    people=900,
    compared_with="baseline",
    other=3.5,
    p_value=0.01,
    smallest_detectable=0.35,
)
OF_GROUP = Gate("age_mae_max", "age_mae", "gender female", 5.0, "harm", "passed", 4.5, Interval(4, 5), records=600)
FEW = replace(OF_GROUP, slice="race [asian]", verdict="not gated", reason="9 people, below min_people 30")
EMPTY = Gate("age_mae_max", "age_mae", "age_group 0-2", 9.0, "point", "failed", None, reason="no such test record")


def printed(*gates: Gate, independence_unknown: Mapping[Comparison, str] | None = None) -> list[str]:
    stream = io.StringIO()
    print_gates(gates, independence_unknown or {}, Reporter(stream))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_a_gate_has_its_figure_interval_limit_evidence_and_verdict() -> None:
    heading, absolute, change = printed(OVERALL, AGAINST_BLESSED)
    assert heading == "gate of measured 95 % interval limit evidence p detects people"
    assert absolute == "age_mae_max overall 4.000 3.750 to 4.250 at most 5 safe 900 ok"
    assert change == (
        "age_mae_increase_max overall, baseline 0.500 0.200 to 0.800 at most 0.1 harm 0.010 0.350 900 failed"
    )


def test_a_limit_from_below_says_so() -> None:
    gate = Gate("gender_accuracy_min", "gender_accuracy", "overall", 0.9, "point", "passed", 0.95)
    assert "at least 0.9" in printed(gate)[1]


def test_a_gate_that_could_not_be_measured_has_its_reason() -> None:
    _, row, reason = printed(EMPTY)
    assert row == "age_mae_max age_group 0-2 not measured \u2013 at most 9 point 0 failed"
    assert reason == "age_mae_max of age_group 0-2: no such test record"


def test_a_comparison_with_a_model_that_may_know_the_test_faces_is_marked() -> None:
    _, absolute, change, why = printed(
        OVERALL, AGAINST_BLESSED, independence_unknown={"baseline": "it does not record its training data"}
    )
    assert "*" not in absolute
    assert change.startswith("age_mae_increase_max overall, baseline * 0.500")
    assert why == (
        "* the baseline model is not known to be independent of these records: it does not record its training data"
    )


def test_of_groups_those_that_failed_are_shown_and_the_others_counted() -> None:
    lines = printed(OVERALL, OF_GROUP, replace(OF_GROUP, slice="gender male"), FEW, EMPTY)
    assert [line.split()[0] for line in lines[1:3]] == ["age_mae_max", "age_mae_max"]
    assert not any("gender" in line or "asian" in line for line in lines)
    assert lines[-2:] == ["2 limits of groups: passed", "1 limits of groups: not gated"]


def test_names_of_groups_are_no_markup() -> None:
    failed = replace(FEW, verdict="failed", reason="[red] is a source")
    text = printed(failed)
    assert "race [asian]" in text[1]
    assert text[2] == "age_mae_max of race [asian]: [red] is a source"


def test_a_narrow_terminal_breaks_names_and_cuts_none() -> None:
    stream = io.StringIO()
    Console(file=stream, width=80).print(gate_table([OVERALL, AGAINST_BLESSED], {}))
    assert "\u2026" not in stream.getvalue()
    first_column = "".join(line.split(" ")[0] for line in stream.getvalue().splitlines())
    assert "age_mae_increase_max" in first_column
