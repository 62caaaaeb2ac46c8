"""The line that stops a run has each finding once, and the fixes."""

from pathlib import Path

from visage.data_validation.report import (
    Finding,
    ValidationReport,
    anomalies_message,
    merge_findings,
    read_report,
)

SCHEMA, DRIFT = Finding("gender: femail"), Finding("age: drift", key="validation.drift.age")


def test_a_finding_of_several_splits_is_an_error_of_one_line() -> None:
    merged = merge_findings({"train": [SCHEMA], "val": [DRIFT, SCHEMA]})
    assert merged == {"gender: femail (in train, val)": SCHEMA, "age: drift (in val)": DRIFT}


def test_drift_is_accepted_by_its_key_and_a_violation_of_the_schema_is_not() -> None:
    accept = ". If the change of the data is intended, accept it for this run: --set validation.drift.age=null"
    assert anomalies_message({"age: drift (in val)": DRIFT}) == (
        f"the examples have anomalies: age: drift (in val){accept}"
    )
    both = anomalies_message(merge_findings({"val": [SCHEMA, DRIFT]}))
    assert both.startswith("the examples have anomalies: gender: femail (in val); age: drift (in val). Correct the ")
    assert both.endswith(accept)


def test_of_many_findings_five_are_named() -> None:
    merged = merge_findings({"val": [Finding(f"column_{number}") for number in range(8)]})
    assert "column_4 (in val); and 3 more. Correct" in anomalies_message(merged)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    report = ValidationReport(anomalies=["age: 5 → 6"], drift=["val"], skew=[])
    report.write(tmp_path)
    assert read_report(tmp_path) == report
