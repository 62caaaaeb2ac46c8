"""Chooses the devices of a training and distributes batches to them."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from visage.errors import VisageError
from visage.training.batches import unlabelled
from visage.training.objective.labels import Labels


def choose_strategy() -> tf.distribute.Strategy:
    """Chooses several machines if `TF_CONFIG` names several workers, else every visible GPU, else the CPU.

    Call it before TensorFlow has done anything else: only then can it connect machines.

    Raises:
        VisageError: `TF_CONFIG` does not have TensorFlow's format, or this process has used TensorFlow.
    """
    if machines() > 1:
        return _join_machines()
    several_gpus = len(tf.config.list_logical_devices("GPU")) > 1
    return tf.distribute.MirroredStrategy() if several_gpus else tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes files."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return resolver.task_type == first and resolver.task_id == 0


def distribute(batches: tf.data.Dataset, strategy: tf.distribute.Strategy) -> tf.data.Dataset:
    """Divides every batch into as many equal parts as there are devices.

    TensorFlow's own distribution uses parts of a fixed size, so a short batch leaves devices without a record, and the
    mean over no records is NaN. Here a short batch is padded with records of weight 0, which do not affect the loss.

    Args:
        batches: elements (pixels [N, ...], labels [N, ...]); the same in every process.
        strategy: the devices.

    Returns:
        Elements that `strategy.run` divides among the devices.
    """
    devices = strategy.num_replicas_in_sync
    if devices == 1:
        return batches

    def fractions_of(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = devices // context.num_input_pipelines
        first = context.input_pipeline_id * here

        def cut(pixels: tf.Tensor, labels: Labels) -> tuple[tf.Tensor, Labels]:
            parts = _cut(pixels, labels, devices)
            return tf.nest.map_structure(lambda part: part[first : first + here], parts)

        return batches.map(cut).unbatch().prefetch(here)

    return strategy.distribute_datasets_from_function(fractions_of)


def mean_over_devices(values: tf.Tensor) -> tf.Tensor:
    """Returns the mean over all devices of each device's [N] values; called inside a device's step."""
    context = tf.distribute.get_replica_context()
    mean = tf.reduce_mean(values)
    # Keras creates its variables outside of any device.
    return mean if context is None else context.all_reduce(tf.distribute.ReduceOp.MEAN, mean)


def _cut(pixels: tf.Tensor, labels: Labels, devices: int) -> tuple[tf.Tensor, Labels]:
    """Divides tensors [N, ...] into [devices, ceil(N / devices), ...]."""
    missing = -tf.shape(pixels)[0] % devices
    filler = (tf.repeat(pixels[:1], missing, axis=0), unlabelled(labels, missing))

    def fill_and_cut(some: tf.Tensor, more: tf.Tensor) -> tf.Tensor:
        whole = tf.concat([some, more], axis=0)
        return tf.reshape(whole, [devices, tf.shape(whole)[0] // devices, *whole.shape[1:]])

    return tf.nest.map_structure(fill_and_cut, (pixels, labels), filler)


def _join_machines() -> tf.distribute.Strategy:
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError:
        raise VisageError(
            "TF_CONFIG names several machines, which TensorFlow joins only before it has done anything else: run the "
            "Trainer in a process of its own, `visage node Trainer --pipeline IR --run-id ID`"
        ) from None


def machines() -> int:
    """Returns the number of machines in `TF_CONFIG`; 0 if it names none.

    Raises:
        VisageError: it does not have TensorFlow's format.
    """
    try:
        config = json.loads(os.environ.get("TF_CONFIG", "{}"))
        cluster = config.get("cluster", {})
        return len(cluster.get("worker", [])) + len(cluster.get("chief", []))
    except (ValueError, TypeError, AttributeError):
        raise VisageError(
            'TF_CONFIG: must be JSON such as {"cluster": {"worker": ["HOST:PORT", ...]}, '
            '"task": {"type": "worker", "index": 0}}; unset it to train on this machine alone'
        ) from None
