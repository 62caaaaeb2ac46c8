"""Builds the three signatures of every SavedModel, from JPEG bytes to predictions."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from visage.data import labels, records
from visage.faces.image_io import MAX_PIXELS
from visage.faces.settings import AlignmentSettings
from visage.networks import NetworkSpec
from visage.networks.heads import age_probabilities, expected_age, male_logit, predicted_group
from visage.saved_model.align_graph import align
from visage.saved_model.metadata import Calibration, HeadCalibration
from visage.saved_model.preprocessing import decode, to_network_input

Predictions = dict[str, tf.Tensor]

_JPEG_START = b"\xff\xd8\xff"


class FaceModel(tf.Module):
    """A trained network that takes JPEG bytes.

    All three signatures return:

    - `age`: float32 [N], years, within 0 to 100.
    - `age_probabilities`: float32 [N, 101], or [N, 8] for a network of age groups; rows sum to 1.
    - `age_group`: string [N], one of `AGE_GROUPS`: that of `age`, or the most probable one for a network of age groups
      (`heads.predicted_group`).
    - `gender`: string [N], one of `GENDERS`.
    - `gender_probability`: float32 [N], P(male).

    A network without an age head lacks the first three, one without a gender head the last two.

    With a calibration, all of them come from the logits divided by the temperature of their head (Guo et al.: On
    calibration of modern neural networks, ICML 2017); the network's own weights are saved as they are.

    `from_pixels` is not a signature: TFLite models, whose callers decode images themselves, are converted from it.

    A `tf.Module` that tracks a Keras 3 model is saved with every variable twice, and TensorFlow Serving's loader fills
    the copies that the signatures do not read (keras #20095, tensorflow #72963). Hence the network is held by a
    function, which is not tracked, and its variables, in the order of `network.weights`, by the list `_weights`.
    """

    def __init__(
        self,
        network: keras.Model,
        spec: NetworkSpec,
        alignment: AlignmentSettings,
        calibration: Calibration | None = None,
    ) -> None:
        super().__init__()
        self._predict = functools.partial(network, training=False)
        self._weights = [weight.value for weight in network.weights]
        self._spec = spec
        self._alignment = alignment
        self._calibration = calibration or Calibration()
        side, channels = spec.input_size, spec.channels
        self.from_pixels = tf.function(
            self._from_pixels, input_signature=[tf.TensorSpec([None, side, side, channels], tf.uint8, "pixels")]
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def serving_default(self, image_bytes: tf.Tensor) -> Predictions:
        """Predicts for face crops of the geometry `alignment`: JPEG bytes, string [N]."""
        return self._predict_all(self._pixels(decode, image_bytes))

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image_bytes"),
            tf.TensorSpec([None, 5, 2], tf.float32, "landmarks"),
        ]
    )
    def align_and_predict(self, image_bytes: tf.Tensor, landmarks: tf.Tensor) -> Predictions:
        """Predicts for one face of each photo.

        Args:
            image_bytes: JPEG bytes of whole photos, string [N].
            landmarks: float32 [N, 5, 2], pixels (x, y) of the image as stored, whatever its EXIF orientation:
                right eye (image left), left eye, nose, right and left corner of the mouth. On an image that is stored
                mirrored they are those of the mirrored face, which the network then gets.
        """

        def crop(photo_and_landmarks: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            jpeg, points = photo_and_landmarks
            return self._as_compressed_for_training(align(decode(jpeg, MAX_PIXELS), points, self._alignment))

        tf.debugging.assert_equal(
            tf.shape(image_bytes)[0], tf.shape(landmarks)[0], "one set of landmarks is needed for each of image_bytes"
        )
        return self._predict_all(self._pixels(crop, image_bytes, landmarks))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def evaluate(self, examples: tf.Tensor) -> Predictions:
        """Predicts for serialized tf.Examples as FaceExampleGen writes them, string [N]."""
        features = tf.io.parse_example(examples, {records.IMAGE: tf.io.FixedLenFeature([], tf.string)})
        return self._predict_all(self._pixels(decode, features[records.IMAGE]))

    def _pixels(self, to_crop: Callable[..., tf.Tensor], image_bytes: tf.Tensor, *others: tf.Tensor) -> tf.Tensor:
        """Decodes and crops image by image, and resizes the crops for the network: uint8 [N, side, side, channels]."""
        size, channels = self._spec.input_size, self._spec.channels
        with tf.control_dependencies([_assert_jpeg(image_bytes)]):
            inputs = (tf.identity(image_bytes), *others) if others else tf.identity(image_bytes)
        return tf.map_fn(
            lambda one: to_network_input(to_crop(one), size, channels),
            inputs,
            fn_output_signature=tf.TensorSpec((size, size, channels), tf.uint8),
        )

    def _as_compressed_for_training(self, crop: tf.Tensor) -> tf.Tensor:
        """Returns the crop after JPEG compression, as for training data and client: uint8 [size, size, 3]."""
        return decode(tf.io.encode_jpeg(crop, quality=self._alignment.jpeg_quality, chroma_downsampling=False))

    def _predict_all(self, pixels: tf.Tensor) -> Predictions:
        count = tf.shape(pixels)[0]
        numbers = {name: values[:count] for name, values in self.from_pixels(_at_least_one(pixels)).items()}
        outputs: Predictions = dict(numbers)
        if self._spec.age_head is not None:
            group = predicted_group(numbers["age_probabilities"])
            outputs["age_group"] = tf.gather(tf.constant(labels.AGE_GROUPS), group)
        if self._spec.gender_head is not None:
            is_male = tf.cast(numbers["gender_probability"] > 0.5, tf.int32)
            outputs["gender"] = tf.gather(tf.constant(labels.GENDERS), is_male)
        return outputs

    def _from_pixels(self, pixels: tf.Tensor) -> Predictions:
        """Returns the numeric outputs for pixels of crops: uint8 [N, input_size, input_size, channels], 0..255."""
        if self._spec.tta_flip:
            pixels = tf.concat([pixels, tf.reverse(pixels, axis=[2])], axis=0)
        raw = self._predict(tf.cast(pixels, tf.float32))
        numbers: Predictions = {}
        if self._spec.age_head is not None:
            age = _scaled(raw["age"], self._calibration.age)
            numbers["age_probabilities"] = self._averaged(age_probabilities(age, self._spec.age_head))
            numbers["age"] = expected_age(numbers["age_probabilities"])
        if self._spec.gender_head is not None:
            gender = _scaled(raw["gender"], self._calibration.gender)
            male = tf.sigmoid(male_logit(gender, self._spec.gender_head))
            numbers["gender_probability"] = self._averaged(male)
        return numbers

    def _averaged(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Returns the mean over an image and its mirror image, if both were predicted: [2N, ...] to [N, ...]."""
        if not self._spec.tta_flip:
            return probabilities
        return tf.reduce_mean(tf.reshape(probabilities, (2, -1, *probabilities.shape[1:])), axis=0)


def _scaled(logits: tf.Tensor, calibration: HeadCalibration | None) -> tf.Tensor:
    """Divides a head's logits by its temperature; adds no operation where that is 1."""
    return logits if calibration is None or calibration.temperature == 1 else logits / calibration.temperature


def _at_least_one(pixels: tf.Tensor) -> tf.Tensor:
    """Adds a black image to an empty batch, which oneDNN's fused convolutions would return in its own shape."""
    missing = tf.maximum(1 - tf.shape(pixels)[0], 0)
    return tf.pad(pixels, [[0, missing], [0, 0], [0, 0], [0, 0]])


def _assert_jpeg(image_bytes: tf.Tensor) -> tf.Operation:
    is_jpeg = tf.equal(tf.strings.substr(image_bytes, 0, len(_JPEG_START)), _JPEG_START)
    bad = tf.where(~is_jpeg)[:, 0]
    return tf.debugging.Assert(tf.reduce_all(is_jpeg), ["image_bytes: these of the batch, from 0, are no JPEG:", bad])
