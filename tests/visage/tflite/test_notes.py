"""Figures from few faces or a busy machine have a note, others have none."""

from dataclasses import replace

import pytest

from visage.tflite.export import TFLiteExport
from visage.tflite.latency import Latency
from visage.tflite.measured import Measured
from visage.tflite.quality import Quality


def measured(milliseconds: Latency) -> Measured:
    return Measured(size=1, milliseconds=milliseconds, quality=Quality())


QUIET = measured(Latency(median=2.0, fastest=1.9, slowest=2.2))
BUSY = measured(Latency(median=2.0, fastest=1.5, slowest=4.5))
TRUSTED = TFLiteExport([], {}, 300, 3_000, QUIET, {"int8": QUIET}, {})


def test_enough_faces_and_an_idle_machine_have_no_notes() -> None:
    assert TRUSTED.notes() == []
    assert replace(TRUSTED, calibration_faces=20, lite_models={"float16": QUIET}).notes() == []


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (
            replace(TRUSTED, test_faces=20),
            "20 test faces are few: the models' differences in MAE",
        ),
        (replace(TRUSTED, calibration_faces=20), "20 training faces are few to set int8's scales: int8 loses more"),
        (replace(TRUSTED, lite_models={"int8": BUSY}), "the slowest of several rounds took 3.0 times as long as the "),
        (replace(TRUSTED, saved_model=BUSY), "the slowest of several rounds took 3.0 times as long as the fastest: "),
    ],
)
def test_each_reason_for_doubt_has_a_line(made: TFLiteExport, line: str) -> None:
    (note,) = made.notes()
    assert note.startswith(line)


def test_a_missing_measurement_has_a_line() -> None:
    unknown = replace(TRUSTED, outputs={"age": [1], "gender_probability": [1]})
    assert [note.partition(" could not be measured")[0] for note in unknown.notes()] == [
        "the quality of the age",
        "the quality of the gender",
    ]
    quality = Quality({"age_mae": 4.0, "gender_accuracy": 0.9})
    known = replace(QUIET, quality=quality)
    assert replace(unknown, saved_model=known, lite_models={"int8": known}).notes() == []
