"""Writes the requests that TensorFlow Serving replays when it loads a model, so that the first caller need not wait."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from visage.data import records
from visage.faces.settings import AlignmentSettings


def write_warm_up_requests(path: str, alignment: AlignmentSettings) -> None:
    """Writes one request for each signature, as a TFRecord file of PredictionLogs.

    The image is drawn, since a served model should carry nobody's face.

    Args:
        path: file to write.
        alignment: the crop's size and where its eyes lie.
    """
    jpeg = _draw_crop(alignment.size)
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg]))
    example = tf.train.Example(features=tf.train.Features(feature={records.IMAGE: feature}))
    requests = (
        _request("serving_default", image_bytes=tf.constant([jpeg])),
        _request("align_and_predict", image_bytes=tf.constant([jpeg]), landmarks=_landmarks(alignment)[None]),
        _request("evaluate", examples=tf.constant([example.SerializeToString()])),
    )
    with tf.io.TFRecordWriter(path) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString())


def _request(signature: str, **inputs: tf.Tensor) -> predict_pb2.PredictRequest:
    return predict_pb2.PredictRequest(
        model_spec=model_pb2.ModelSpec(signature_name=signature),
        inputs={name: tf.make_tensor_proto(value) for name, value in inputs.items()},
    )


def _draw_crop(size: int) -> bytes:
    """Returns a JPEG of `size` x `size` pixels with a grey gradient."""
    ramp = tf.cast(tf.linspace(0.0, 255.0, size), tf.uint8)
    image = tf.broadcast_to(ramp[:, None, None], (size, size, 3))
    jpeg: bytes = tf.io.encode_jpeg(image).numpy()
    return jpeg


def _landmarks(alignment: AlignmentSettings) -> tf.Tensor:
    """Returns the template's eyes, with nose and mouth below them: float32 [5, 2], pixels."""
    x, y = alignment.eye_middle
    half = alignment.eye_distance / 2
    fractions = [[x - half, y], [x + half, y], [x, y + half], [x - half, y + 2 * half], [x + half, y + 2 * half]]
    return tf.constant(fractions) * alignment.size
