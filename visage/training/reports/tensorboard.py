"""What TensorBoard shows of a training."""

from __future__ import annotations

import tensorflow as tf


class EventLog:
    """Writes the metrics of each epoch as Keras's own callback names them, into `train` and `validation`."""

    def __init__(self, folder: str) -> None:
        self._writers = {part: tf.summary.create_file_writer(f"{folder}/{part}") for part in ("train", "validation")}

    def write(self, epoch: int, metrics: dict[str, float]) -> None:
        """Writes what was measured in an epoch, from 0; names that begin with `val_` are of the validation."""
        for name, value in metrics.items():
            part = "validation" if name.startswith("val_") else "train"
            with self._writers[part].as_default():
                tf.summary.scalar(f"epoch_{name.removeprefix('val_')}", value, step=epoch)
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Nothing can be written after it."""
        for writer in self._writers.values():
            writer.close()
