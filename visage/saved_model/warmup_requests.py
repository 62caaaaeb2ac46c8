"""Writes the requests that TensorFlow Serving replays when it loads a model, so that the first caller need not wait."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2, prediction_log_pb2

from visage.data import records
from visage.faces.encode import encode
from visage.faces.settings import AlignmentSettings

# Networks compile their kernels for each number of images. A server that batches must accept the largest one.
BATCH_SIZES = (1, 2, 4, 8, 16, 32)
# Pixels: the photo's width and height, and the side and corner (x, y) of the crop that the landmarks select in it.
_PHOTO, _FACE, _FACE_CORNER = (1280, 960), 400, (440, 280)


def write_warm_up_requests(path: str, alignment: AlignmentSettings) -> None:
    """Writes requests for each signature, as a TFRecord file of PredictionLogs.

    `serving_default` gets crops as the pipeline encodes them, in batches of `BATCH_SIZES`. The other two signatures
    get one image: they pass crops of the same shape to the network, and what precedes it works image by image. The
    images are drawn, since a served model should carry nobody's face.

    Args:
        path: file to write.
        alignment: the crop's size and quality, and where its eyes lie.
    """
    crop = encode(_draw(alignment.size, alignment.size).numpy(), alignment.jpeg_quality)
    photo = tf.io.encode_jpeg(_draw(*_PHOTO))
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[crop]))
    example = tf.train.Example(features=tf.train.Features(feature={records.IMAGE: feature}))
    requests = (
        *(_request("serving_default", image_bytes=tf.constant([crop] * size)) for size in BATCH_SIZES),
        _request("align_and_predict", image_bytes=photo[None], landmarks=_landmarks(alignment)[None]),
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


def _draw(width: int, height: int) -> tf.Tensor:
    """Returns a grey gradient: uint8 [height, width, 3]."""
    ramp = tf.cast(tf.linspace(0.0, 255.0, width), tf.uint8)
    return tf.broadcast_to(ramp[None, :, None], (height, width, 3))


def _landmarks(alignment: AlignmentSettings) -> tf.Tensor:
    """Returns a face in the photo, the template's eyes with nose and mouth below them: float32 [5, 2], pixels."""
    x, y = alignment.eye_middle
    half = alignment.eye_distance / 2
    fractions = [[x - half, y], [x + half, y], [x, y + half], [x - half, y + 2 * half], [x + half, y + 2 * half]]
    return tf.constant(fractions) * _FACE + tf.constant(_FACE_CORNER, tf.float32)
