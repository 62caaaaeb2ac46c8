"""What happens beside training: progress goes to whoever listens, and a diverged run ends at once."""

from __future__ import annotations

import math
from collections.abc import Iterator

import keras

from components import progress
from components.errors import VisageError


class ReportProgress(keras.callbacks.Callback):
    """Tells `components.progress` of every batch, counted over all the epochs, with the latest figures."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self._epochs = epochs
        self._steps = steps
        self._epoch = 0
        self._validation = ""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """`epoch` counts from 0."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """`batch` counts from 0 in every epoch."""
        note = f"epoch {self._epoch + 1} of {self._epochs}, loss {logs['loss']:.2f}{self._validation}"
        progress.report("train", self._epoch * self._steps + batch + 1, self._epochs * self._steps, note)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """`logs` hold the metrics of training and, prefixed with `val_`, of validation."""
        self._validation = ", validation: " + ", ".join(_figures(logs))


class StopWhenDiverged(keras.callbacks.Callback):
    """Ends training with a clear line once the loss is no longer a finite number."""

    def __init__(self, learning_rate: float) -> None:
        super().__init__()
        self._learning_rate = learning_rate
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """`epoch` counts from 0."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Raises VisageError where the mean loss of the epoch so far is not finite."""
        if not math.isfinite(logs["loss"]):
            raise VisageError(
                f"training diverged in epoch {self._epoch}, batch {batch + 1}: the loss is {logs['loss']}; "
                f"lower trainer.learning_rate (now {self._learning_rate:g})"
            )


def _figures(logs: dict[str, float]) -> Iterator[str]:
    """The figures of the validation that the network's heads have."""
    if "val_age_mae" in logs:
        yield f"age MAE {logs['val_age_mae']:.1f}"
    if "val_age_group_accuracy" in logs:
        yield f"age group {100 * logs['val_age_group_accuracy']:.1f} %"
    if "val_gender_accuracy" in logs:
        yield f"gender {100 * logs['val_gender_accuracy']:.1f} %"
