"""Calibrates a trained network on the validation split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from visage.networks.heads import male_logit
from visage.progress import report
from visage.saved_model.metadata import Calibration
from visage.training.batches import Split, evaluation_batches
from visage.training.calibration.temperature import fit_age, fit_gender
from visage.training.objective.labels import exact_weight, first_and_last_group, group_weight
from visage.training.settings import TrainerSettings

Arrays = Mapping[str, np.ndarray]


def calibrate(network: keras.Model, val_split: Split, settings: TrainerSettings) -> Calibration | None:
    """Fits the temperature of each head that predicts probabilities from logits.

    The network's weights are not changed. Records whose label is unknown do not count: for a distribution over years,
    those whose age is not exact; for one over groups, those whose age label determines none.

    Args:
        network: trained; built by `settings.spec`.
        val_split: records with labels.
        settings: the recipe.

    Returns:
        What `visage.saved_model.export.export` puts into the graph; None if the recipe does not calibrate.
    """
    spec = settings.spec
    if settings.calibration == "none":
        return None
    batches = list(_outputs(network, val_split, settings))
    # The first axis of outputs is that of views.
    outputs = {name: np.concatenate([some[name] for some, _ in batches], axis=1) for name in spec.outputs}
    labels = {name: np.concatenate([some[name] for _, some in batches]) for name in batches[0][1]}
    age = gender = None
    if spec.age_head not in (None, "regression"):
        of_groups = spec.age_head == "age_groups"
        known = np.asarray(group_weight(labels) if of_groups else exact_weight(labels)) > 0
        truth = np.asarray(first_and_last_group(labels)[0]) if of_groups else labels["age_low"]
        age = fit_age(outputs["age"][:, known], spec.age_head, truth[known])
    if spec.gender_head is not None:
        known = labels["gender_weight"] > 0
        logits = np.stack([male_logit(view, spec.gender_head) for view in outputs["gender"]])
        gender = fit_gender(logits[:, known], labels["gender"][known] > 0)
    return Calibration(age, gender)


def _outputs(network: keras.Model, split: Split, settings: TrainerSettings) -> Iterator[tuple[Arrays, Arrays]]:
    """Yields raw outputs [views, N, ...] and labels [N] of batches, with a view of the mirror image if it is served."""
    spec = settings.spec
    shape = (None, spec.input_size, spec.input_size, spec.channels)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def predict(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        views = [pixels, tf.reverse(pixels, axis=[2])] if spec.tta_flip else [pixels]
        raw = [network(view, training=False) for view in views]
        return {name: tf.stack([one[name] for one in raw]) for name in spec.outputs}

    done = 0
    for pixels, labels in evaluation_batches(split, spec, settings):
        outputs = {name: values.numpy() for name, values in predict(pixels).items()}
        done += len(pixels)
        report("calibrate on the val split", done, split.size)
        yield outputs, {name: values.numpy() for name, values in labels.items()}
