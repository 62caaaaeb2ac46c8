"""Reports the progress of a training to the progress listener."""

from __future__ import annotations

from collections.abc import Iterator

from visage import progress
from visage.evaluation.metrics import METRICS
from visage.training.checkpoint import TrainingState

# The names of the two phases of a training.
TRAIN = "train"
FINE_TUNE = "fine-tune"


def report_step(
    phase: str, training_state: TrainingState, steps: int, epochs: int, loss: float | None = None, warning: str = ""
) -> None:
    """Reports a step, counted over all the epochs, with the latest figures.

    Args:
        phase: `TRAIN` or `FINE_TUNE`.
        training_state: after the step.
        steps: number of steps in an epoch.
        epochs: number of epochs in the whole training.
        loss: loss of the step; None when a training has just resumed.
        warning: text shown at every step; empty: none.
    """
    done = training_state.epoch * steps + training_state.step
    notes = [f"epoch {min(training_state.epoch + (training_state.step > 0), epochs) or 1} of {epochs}"]
    notes.append("resumed from a checkpoint" if loss is None else f"loss {loss:.2f}")
    if training_state.history and (figures := list(_figures(training_state.history[-1]))):
        notes.append("validation: " + ", ".join(figures))
    if warning:
        notes.append(warning)
    progress.report(phase, done, epochs * steps, ", ".join(notes))


def _figures(metrics: dict[str, float]) -> Iterator[str]:
    """Returns the first figure of the validation for each head, e.g. 'age MAE 4.26 years' and 'gender 95.0 %'."""
    measured = [(spec, value) for spec in METRICS.values() if (value := metrics.get(f"val_{spec.name}")) is not None]
    for head in ("age", "gender"):
        for spec, value in measured:
            if spec.head == head:
                yield f"{spec.short} {spec.unit.text(value)}"
                break
