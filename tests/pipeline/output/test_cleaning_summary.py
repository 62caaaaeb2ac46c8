"""The few lines on a cleaning report: counts, and an example of each reason."""

from typing import Any

from rich.text import Text

from pipeline.output.cleaning_summary import cleaning_lines
from visage.evaluation.label_noise import CopyLabels, LabelPair, label_noise


def report_of(**more: Any) -> dict[str, Any]:
    part = {
        "archive_rows": 105,
        "skipped": {"picture_empty": 1, "row_unreadable": 102},
        "dropped": {"no_face": 1},
        "records_out": 1,
        "by_split": {"train": 1, "val": 0, "test": 0},
    }
    return {"sources": {"labelled_folder/team": part}, "total": part, **more}


def test_each_reason_has_an_example_the_commonest_first() -> None:
    examples = {
        "row_unreadable": "labels.csv, row 5: age '[b]' is none",
        "picture_empty": "a.jpg: the file is empty",
    }
    lines = Text.from_markup(
        cleaning_lines(report_of(skipped_examples={"labelled_folder/team": examples}, metrics={"repaired": {"x": 2}}))
    ).plain.splitlines()
    assert lines == [
        "105 rows → 1 faces (train 1 · val 0 · test 0)",
        "    not read: row_unreadable 102 · picture_empty 1",
        "        row_unreadable, e.g. labels.csv, row 5: age '[b]' is none",
        "        picture_empty, e.g. a.jpg: the file is empty",
        "    dropped:  no_face 1",
        "    repaired: x 2",
    ]


def test_a_report_of_an_older_version_has_no_examples() -> None:
    assert "not read: row_unreadable 102 · picture_empty 1\n    dropped" in cleaning_lines(report_of())


def test_the_labels_of_copies_tell_what_a_perfect_model_would_have() -> None:
    lines = cleaning_lines(report_of(label_noise={"identical": label_noise(copies(27)), "near": label_noise([])}))
    assert (
        "copies:   27 pairs of byte-identical images: the ages differ by 4.00 years on average (2.96 to 5.04), and"
        in lines
    )
    assert (
        "If they are typical, a model that knows the truth has a mean absolute error of 2.8 years (2.1 to 3.6)" in lines
    )


def test_a_few_copies_tell_nothing() -> None:
    noise = {"identical": label_noise(copies(19)), "near": label_noise([])}
    assert cleaning_lines(report_of(label_noise=noise)) == cleaning_lines(report_of())


def copies(count: int) -> list[LabelPair]:
    """Pairs whose ages differ by 0 to 8 years."""
    return [
        LabelPair(str(number), CopyLabels(30.0, "male"), CopyLabels(30.0 + number % 9, "male"))
        for number in range(count)
    ]
