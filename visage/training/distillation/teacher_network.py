"""A teacher as a network, which predicts every augmented image as the student sees it.

Beyer, Zhai, Royer, Markeeva, Anil, Kolesnikov: Knowledge distillation: A good teacher is patient and consistent (CVPR
2022). Of the originals, a teacher that learned their labels tells little more than these; augmented and mixed images
are new to it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

import keras
from keras import ops

from visage.errors import VisageError
from visage.networks import NetworkSpec
from visage.networks.heads import age_probabilities, male_logit, scaled
from visage.saved_model.metadata import Calibration
from visage.saved_model.network_weights import read_network_weights
from visage.training.distillation.teacher import VIEWS, damaged, describe, find_teacher, spec_of
from visage.training.objective.labels import MIXED_IN, Labels
from visage.training.settings import TrainerSettings


class TeacherNetwork:
    """A trained network that predicts the targets of the batches of another one."""

    def __init__(
        self,
        network: keras.Model,
        spec: NetworkSpec,
        outputs: Collection[str],
        calibration: Calibration | None = None,
    ) -> None:
        """Keeps the network.

        Args:
            network: in the precision and on the devices of the training.
            spec: its heads and input.
            outputs: those of its heads that the student has, `age` or `gender` or both.
            calibration: of its heads; None: it has none.
        """
        # A Keras model that holds this object must not take these weights for its own.
        self._predict = functools.partial(network, training=False)
        self._spec = spec
        self._outputs = outputs
        self._calibration = calibration or Calibration()

    def teach(self, pixels: keras.KerasTensor, labels: Labels) -> Labels:
        """Returns the labels of a batch with the predictions `teacher_*` of its images as they are.

        Args:
            pixels: float32 [N, side, side, channels] in 0..255, of the teacher's channels and any size.
            labels: predictions of the originals are replaced. Of a mixture, both images get the prediction of the
                mixture.
        """
        side = self._spec.input_size
        # As `to_network_input` resizes crops.
        resized = pixels if pixels.shape[1] == side else ops.image.resize(pixels, (side, side), antialias=True)
        raw = self._predict(resized)
        predictions: Labels = {}
        if "age" in self._outputs and self._spec.age_head is not None:
            logits = scaled(raw["age"], self._calibration.temperature("age"))
            predictions["teacher_age"] = age_probabilities(logits, self._spec.age_head)
        if "gender" in self._outputs and self._spec.gender_head is not None:
            logits = scaled(raw["gender"], self._calibration.temperature("gender"))
            predictions["teacher_gender"] = ops.sigmoid(male_logit(logits, self._spec.gender_head))
        fixed = {name: ops.stop_gradient(values) for name, values in predictions.items()}
        fixed["teacher_weight"] = ops.ones((ops.shape(pixels)[0],))
        of_both = {f"{MIXED_IN}{name}": values for name, values in fixed.items()} if "mixup_fraction" in labels else {}
        return {**labels, **fixed, **of_both}


def load_teacher_network(settings: TrainerSettings) -> TeacherNetwork | None:
    """Loads the recipe's teacher from its SavedModel alone; returns None if the recipe does not use it this way.

    Raises:
        VisageError: it is missing or damaged, or not one of our networks with its usual heads.
    """
    import tensorflow as tf

    if settings.distillation.teacher is None or settings.distillation.views == "original":
        return None
    teacher = find_teacher(settings.distillation.teacher)
    spec = spec_of(teacher, settings.spec)
    network = spec.build()
    try:
        read_network_weights(network, teacher)
    except (IndexError, RuntimeError, tf.errors.OpError):
        raise damaged(teacher) from None
    except (AssertionError, ValueError):
        raise VisageError(f"{VIEWS}: {teacher} is a {spec.name} of other heads; set it to original") from None
    network.trainable = False
    return TeacherNetwork(network, spec, settings.spec.outputs, describe(teacher).calibration)
