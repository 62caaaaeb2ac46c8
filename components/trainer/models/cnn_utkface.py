"""The two-headed CNN for UTKFace: 64x64 grey, 6,515,714 parameters."""

import keras

# Mean age of UTKFace's faces: where the regression starts, so that the first steps do not spend themselves on it.
_INITIAL_AGE = 33.0
# Low: in the few epochs that a CPU has time for, this network underfits.
_DROPOUT = 0.1


def build(input_size: int = 64, channels: int = 1) -> keras.Model:
    """Three valid convolutions, then a dense branch each for age and gender.

    Args:
        input_size: pixels; side of the picture.
        channels: 1 grey, 3 colour.

    Returns:
        A model from float32 [N, input_size, input_size, channels] in 0..255 to `age` years [N, 1] and `gender`
        logits [N, 1].
    """
    layers = keras.layers
    pixels = keras.Input((input_size, input_size, channels), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(_DROPOUT)(x)
    x = layers.Flatten()(x)
    age = layers.Dropout(_DROPOUT)(layers.Dense(128, activation="relu")(x))
    gender = layers.Dropout(_DROPOUT)(layers.Dense(128, activation="relu")(x))
    age = layers.Dense(1, bias_initializer=keras.initializers.Constant(_INITIAL_AGE), name="age")(age)
    gender = layers.Dense(1, name="gender")(gender)
    return keras.Model(pixels, {"age": age, "gender": gender}, name="cnn_utkface")
