"""Writes the event files that TensorBoard shows."""

from __future__ import annotations

import tensorflow as tf


class EventLog:
    """The event files of a training, `train` and `validation`, with the metric names of Keras's own callback."""

    def __init__(self, folder: str) -> None:
        self._writers = {part: tf.summary.create_file_writer(f"{folder}/{part}") for part in ("train", "validation")}

    def write(self, epoch: int, metrics: dict[str, float]) -> None:
        """Writes the metrics of an epoch (counted from 0); names that begin with `val_` belong to the validation."""
        for name, value in metrics.items():
            part = "validation" if name.startswith("val_") else "train"
            with self._writers[part].as_default():
                tf.summary.scalar(f"epoch_{name.removeprefix('val_')}", value, step=epoch)
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Closes the files; nothing can be written afterwards."""
        for writer in self._writers.values():
            writer.close()
