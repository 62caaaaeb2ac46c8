"""Joins a network with the losses and metrics of its heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from visage.networks.members import of_member
from visage.training.objective.labels import Labels
from visage.training.objective.losses import Loss


class TrainingModel(keras.Model):
    """A network that Keras can train on named labels; it shares the network's weights.

    Keras itself pairs one label tensor with one output, while a head learns from several (`labels.py`). Hence the two
    methods that Keras lets a model override for this, `compute_loss` and `compute_metrics`. Metrics exist from the
    start, so that a checkpoint can be read into them before the first step.
    """

    def __init__(
        self,
        network: keras.Model,
        losses: Mapping[str, Loss],
        metrics: Mapping[str, Sequence[keras.metrics.Metric]],
        devices: int = 1,
        members: Sequence[str] = (),
    ) -> None:
        """Wraps a network; call `compile` with just an optimizer before training.

        Args:
            network: built; from pixels to raw outputs.
            losses: by output; the model's loss is the sum of their means.
            metrics: by output; each takes the labels and that output.
            devices: number of devices that share every batch.
            members: of the network, if it has any. Each learns from its own loss, of which the training has the mean;
                the validation has the loss of the network's answer.
        """
        super().__init__(name=network.name)
        self._network = network
        # Keras reads this to scale the loss against vanishing small gradients.
        self.dtype_policy = network.dtype_policy
        self._metrics_of_heads = {output: list(some) for output, some in metrics.items()}
        self._losses_of_heads = {output: _MeanOverBatch(loss, output) for output, loss in losses.items()}
        several = losses if len(losses) > 1 else {}
        self._mean_losses = {output: keras.metrics.Mean(name=f"{output}_loss") for output in several}
        self._devices = devices
        self._members = members
        self.built = True

    def call(self, pixels: keras.KerasTensor, training: bool | None = None) -> dict[str, keras.KerasTensor]:
        """Returns the network's raw outputs."""
        outputs: dict[str, keras.KerasTensor] = self._network(pixels, training=training)
        return outputs

    def compute_loss(
        self,
        x: Any = None,
        y: Labels | None = None,
        y_pred: dict[str, keras.KerasTensor] | None = None,
        sample_weight: None = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """Returns the sum of the heads' losses, this device's part of the mean over the batch: a scalar.

        Args:
            x: ignored.
            y: the labels, their weights among them.
            y_pred: the raw outputs.
            sample_weight: ignored.
            training: whether the members learn.
        """
        assert y_pred is not None
        values = {}
        for output, loss in self._losses_of_heads.items():
            learning = [of_member(output, member) for member in self._members] if training else []
            raw = [y_pred[name] for name in learning or [output]]
            values[output] = sum(loss(y, one) for one in raw) / len(raw)
        for output, mean in self._mean_losses.items():
            mean.update_state(values[output] * self._devices)
        return sum(values.values())

    def compute_metrics(
        self, x: Any, y: Labels, y_pred: dict[str, keras.KerasTensor], sample_weight: None = None
    ) -> dict[str, Any]:
        """Adds a batch to the metrics and returns all of them by name."""
        for output, metrics in self._metrics_of_heads.items():
            for metric in metrics:
                metric.update_state(y, y_pred[output])
        values: dict[str, Any] = self.get_metrics_result()
        return values


class _MeanOverBatch(keras.losses.Loss):
    """The mean of a loss for each record, divided by the number of devices as Keras does."""

    def __init__(self, loss: Loss, output: str) -> None:
        super().__init__(name=f"{output}_loss")
        self._loss = loss

    def call(self, labels: Labels, raw: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the loss of each record, [N]."""
        return self._loss(labels, raw)
