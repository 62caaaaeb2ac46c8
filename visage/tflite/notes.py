"""Why figures of models on devices are not to be trusted, where they are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from visage.evaluation.metrics import metrics_of

if TYPE_CHECKING:
    from visage.tflite.export import TFLiteExport

# With fewer, the gender accuracy alone has a standard error of a point and more, and scales hang on single images.
_ENOUGH_TEST_FACES = 500
_ENOUGH_CALIBRATION_FACES = 100
# Output and label.
_JUDGED = (("age", "age"), ("gender_probability", "gender"))
# Of the slowest round to the fastest, on a machine that does nothing else.
_STEADY = 1.25


def notes(made: TFLiteExport) -> Iterator[str]:
    """One line for each reason to doubt them."""
    if made.test_faces < _ENOUGH_TEST_FACES:
        yield f"{made.test_faces:,} test faces are few: differences of MAE and gender between the models are chance"
    if made.calibration_faces < _ENOUGH_CALIBRATION_FACES and "int8" in made.lite_models:
        yield f"{made.calibration_faces:,} training faces are few to set int8's scales by: it loses more than need be"
    models = [made.saved_model, *made.lite_models.values()]
    for output, label in _JUDGED:
        metrics = [spec.name for spec in metrics_of("tflite") if spec.head == label]
        measured = all(model.quality.scores.get(metric) is not None for metric in metrics for model in models)
        if output in made.outputs and not measured:
            yield (
                f"how well the {label} is predicted was not measured of every model: no test face has a known {label}, "
                "or predictions are not finite numbers"
            )
    times = [one.milliseconds for one in models]
    apart = max(took.slowest / took.fastest for took in times)
    if apart > _STEADY:
        yield (
            f"the slowest of several rounds took {apart:.1f} times as long as the fastest: other processes use this "
            "machine; for times to trust, export again when it is idle"
        )
