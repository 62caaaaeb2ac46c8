"""Builds the published network for Adience: ResNet-50 without its top, eight age groups and the gender.

ResNet-50 (He et al., 2016, https://arxiv.org/abs/1512.03385) with Keras's published 23,587,712 parameters, global
maximum pooling, Dropout 0.5, Dense 100 (204,900), Dropout 0.5, and the head: 8 age groups (808) or one logit of P(male)
(101). From "Predicting apparent Age and Gender from face picture" (Mansar, 2018,
https://mc.ai/predicting-apparent-age-and-gender-from-face-picture-keras-tensorflow/) and its code, which trains one
network for each task (`trainer.gender_head: none` or `trainer.age_head: none`); here both tasks share the trunk, and
each has its own Dense 100: `recipes/resnet_adience.yaml`.
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import dense_outputs


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds the network; any input size of at least 32 pixels has the same weights.

    Args:
        input_size: pixels; side of the image.
        channels: 3 as published.
        age_head: "age_groups" as published.
        gender_head: "binary" as published.
    """
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = keras.applications.ResNet50(input_tensor=_Caffe()(pixels), include_top=False, weights=None).output
    x = keras.layers.GlobalMaxPooling2D()(x)
    x = keras.layers.Dropout(0.5)(x)
    return keras.Model(pixels, dense_outputs(x, age_head, gender_head, _branch), name="resnet50")


def _branch(x: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Dropout(0.5)(keras.layers.Dense(100, activation="relu")(x))


class _Caffe(keras.layers.Layer):
    """The preprocessing of Keras's ImageNet weights of ResNet-50: BGR, minus ImageNet's mean."""

    def call(self, pixels: keras.KerasTensor) -> keras.KerasTensor:
        """Converts RGB [N, height, width, 3] in 0..255 to BGR, centred about 0."""
        return keras.ops.flip(pixels, axis=-1) - keras.ops.convert_to_tensor([103.939, 116.779, 123.68], "float32")
