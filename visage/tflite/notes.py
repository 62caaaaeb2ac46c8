"""Lists the reasons why an export's figures may be unreliable."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from visage.evaluation.metrics import metrics_of

if TYPE_CHECKING:
    from visage.tflite.measured import Measured

# With fewer test faces, the gender accuracy has a standard error of more than a point; with fewer calibration faces,
# single images set the scales.
_ENOUGH_TEST_FACES = 500
_ENOUGH_CALIBRATION_FACES = 100
# Output and label.
_JUDGED = (("age", "age"), ("gender_probability", "gender"))
# Largest ratio of the slowest round to the fastest on an idle machine.
_STEADY = 1.25


def notes(
    models: Sequence[Measured], outputs: Collection[str], test_faces: int, calibration_faces: int | None = None
) -> Iterator[str]:
    """Yields one line for each reason.

    Args:
        models: figures of the SavedModel and of what was made of it.
        outputs: names of their outputs.
        test_faces: number of faces that they were measured on.
        calibration_faces: number of faces that set the scales of int8; None: there is no such model.
    """
    if test_faces < _ENOUGH_TEST_FACES:
        yield f"{test_faces:,} test faces are few: the models' differences in MAE and gender accuracy are chance"
    if calibration_faces is not None and calibration_faces < _ENOUGH_CALIBRATION_FACES:
        yield f"{calibration_faces:,} training faces are few to set int8's scales: int8 loses more than it must"
    for output, label in _JUDGED:
        metrics = [spec.name for spec in metrics_of("tflite") if spec.head == label]
        measured = all(model.quality.scores.get(metric) is not None for metric in metrics for model in models)
        if output in outputs and not measured:
            yield (
                f"the quality of the {label} could not be measured for every model: no test face has a known {label}, "
                "or predictions are not finite numbers"
            )
    times = [one.milliseconds for one in models]
    apart = max(took.slowest / took.fastest for took in times)
    if apart > _STEADY:
        yield (
            f"the slowest of several rounds took {apart:.1f} times as long as the fastest: other processes use this "
            "machine; export again when it is idle"
        )
