"""Builds VGG-Face with its last convolution replaced by one of 101 ages, or of 2 genders.

The 37 layers of Parkhi, Vedaldi and Zisserman (Deep Face Recognition, BMVC 2015), as Serengil's "Apparent Age and
Gender Prediction in Keras" (https://sefiks.com/2019/02/13/apparent-age-and-gender-prediction-in-keras) writes them:
convolutions 64·64 | 128·128 | 256·256·256 | 512·512·512 | 512·512·512, each group pooled, a 7x7 convolution of 4,096,
Dropout 0.5, a 1x1 convolution of 4,096, Dropout 0.5, and the 1x1 convolution of 2,622 people (145,002,878 parameters)
which here has 101 (134,674,341) or 2 (134,268,738). There all but the last 7 layers are frozen: `conv1_1` to
`pool5`, which are 14,714,688 parameters. Trained with cross-entropy, Adam, 250 epochs of 256 random faces, and the best
validation loss kept: `recipes/vggface_wiki_age.yaml`, `recipes/vggface_wiki_gender.yaml`.
"""

import keras

from visage.networks import AgeHead, GenderHead
from visage.networks.heads import AGE_UNITS, GENDER_UNITS, OrdinalThresholds
from visage.networks.rescaling import Rescaling

_GROUPS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def build(input_size: int, channels: int, age_head: AgeHead | None, gender_head: GenderHead | None) -> keras.Model:
    """Builds the network.

    Args:
        input_size: pixels; side of the image, 224 as published.
        channels: 3 as published.
        age_head: "softmax" as published; None for the gender's network.
        gender_head: "softmax" as published; None for the age's network.
    """
    layers = keras.layers
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = Rescaling(1 / 255)(pixels)
    for group, widths in enumerate(_GROUPS, start=1):
        for number, width in enumerate(widths, start=1):
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv{group}_{number}")(x)
        x = layers.MaxPooling2D(name=f"pool{group}")(x)
    x = layers.Dropout(0.5, name="dropout6")(layers.Conv2D(4096, 7, activation="relu", name="fc6")(x))
    x = layers.Dropout(0.5, name="dropout7")(layers.Conv2D(4096, 1, activation="relu", name="fc7")(x))
    outputs = {}
    if age_head is not None:
        outputs["age"] = _age(x, age_head)
    if gender_head is not None:
        outputs["gender"] = _last(x, GENDER_UNITS[gender_head], "gender")
    return keras.Model(pixels, outputs, name="vggface")


def _age(x: keras.KerasTensor, head: AgeHead) -> keras.KerasTensor:
    if head == "coral":
        return OrdinalThresholds(dtype="float32", name="age")(_last(x, AGE_UNITS[head], "age_rank"))
    return _last(x, AGE_UNITS[head], "age")


def _last(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    """Adds the convolution that replaces that of 2,622 people: [N, 1, 1, 4096] to logits [N, width]."""
    # In float32 whatever the precision of the other layers, as every head.
    predictions = keras.layers.Conv2D(width, 1, dtype="float32", name=f"{name}_predictions")(x)
    return keras.layers.Flatten(dtype="float32", name=name)(predictions)
