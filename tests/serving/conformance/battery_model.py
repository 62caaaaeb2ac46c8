"""A SavedModel of signatures that VisAge's own lack: all dtypes, outputs without rows, classification, regression.

It is written as Estimators were: one graph without variables, whose signatures share placeholders.
"""

from pathlib import Path

import tensorflow as tf

from visage.errors import VisageError

_V1 = tf.compat.v1
_JSON_DTYPES = ("float32", "float64", "int32", "int64", "int16", "int8", "uint8", "bool", "string")
_PREDICT = "tensorflow/serving/predict"
_CLASSIFY = "tensorflow/serving/classify"
_REGRESS = "tensorflow/serving/regress"


def save_battery_model(folder: Path) -> Path:
    """Writes the model into `folder`.

    Signatures:

    - `serving_default`: x float32 [N] to doubled float32 [N].
    - `dtypes`: an input of each dtype that JSON can hold, [N], named as the dtype, to the same value.
    - `half`: a dtype that TensorFlow Serving does not read from JSON.
    - `texts`: string [N] to `text` and `text_bytes`.
    - `matrix`: float32 [N, 2, 3] to its sum float32 [N].
    - `scalar`: x to their sum, float32 []. `batches`: x to itself and to itself twice, [N] and [2N].
    - `classify`, `classes`, `scores`: tf.Examples, by their features `value`, to "low" and "high" and their scores.
    - `regress`: to ten times the value, [N, 1]. `regress_wide`: [N, 2]. `regress_names`: strings. `regress_one`: [1].
    - `classify_ragged`: more classes than scores. `classify_flat`: [N]. `classify_numbers`: float classes.
    - `other_input`: a classification whose input is not called `inputs`; `other_output`: with another output.
    - `own_input`: a regression of a placeholder of its own.
    - `no_inputs`: none.
    """
    if folder.exists():
        raise VisageError(f"{folder}: exists; name another folder")
    with tf.Graph().as_default(), _V1.Session() as session:
        builder = _V1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, [tf.saved_model.SERVING], signature_def_map=_signatures())
        builder.save()
    return folder


def _signatures() -> dict:
    x = _V1.placeholder(tf.float32, [None], "x")
    matrix = _V1.placeholder(tf.float32, [None, 2, 3], "matrix")
    text = _V1.placeholder(tf.string, [None], "text")
    half = _V1.placeholder(tf.float16, [None], "half")
    each = {name: _V1.placeholder(name, [None], name) for name in _JSON_DTYPES}
    examples = _V1.placeholder(tf.string, [None], "examples")
    own_examples = _V1.placeholder(tf.string, [None], "own_examples")
    value = _value(examples)
    count = tf.shape(value)[0]
    classes = tf.tile([["low", "high"]], [count, 1])
    scores = tf.stack([1 - value, value], 1)
    inputs = {"inputs": examples}

    def signature(inputs: dict, outputs: dict, method: str = _PREDICT) -> object:
        info = _V1.saved_model.utils.build_tensor_info
        return _V1.saved_model.signature_def_utils.build_signature_def(
            {name: info(tensor) for name, tensor in inputs.items()},
            {name: info(tensor) for name, tensor in outputs.items()},
            method,
        )

    def classify(outputs: dict, given: dict = inputs) -> object:
        return signature(given, outputs, _CLASSIFY)

    def regress(output: tf.Tensor, given: dict = inputs) -> object:
        return signature(given, {"outputs": output}, _REGRESS)

    return {
        "serving_default": signature({"x": x}, {"doubled": tf.identity(2 * x)}),
        "dtypes": signature(each, {name: tf.identity(tensor) for name, tensor in each.items()}),
        "half": signature({"half": half}, {"same": tf.identity(half)}),
        "texts": signature({"text": text}, {"text": tf.identity(text), "text_bytes": tf.identity(text)}),
        "matrix": signature({"matrix": matrix}, {"sum": tf.reduce_sum(matrix, [1, 2])}),
        "scalar": signature({"x": x}, {"total": tf.reduce_sum(x)}),
        "batches": signature({"x": x}, {"once": tf.identity(x), "twice": tf.concat([x, x], 0)}),
        "classify": classify({"classes": classes, "scores": scores}),
        "classes": classify({"classes": classes}),
        "scores": classify({"scores": scores}),
        "regress": regress(10 * value[:, tf.newaxis]),
        "regress_wide": regress(scores),
        "regress_names": regress(classes[:, 0]),
        "regress_one": regress(tf.constant([1.0])),
        "classify_ragged": classify({"classes": classes, "scores": value[:, tf.newaxis]}),
        "classify_flat": classify({"classes": classes[:, 0]}),
        "classify_numbers": classify({"classes": scores}),
        "other_input": classify({"classes": classes}, {"examples": examples}),
        "other_output": classify({"probabilities": scores}),
        "own_input": regress(_value(own_examples), {"inputs": own_examples}),
        "no_inputs": signature({}, {"one": tf.constant([1.0])}),
    }


def _value(examples: tf.Tensor) -> tf.Tensor:
    return tf.io.parse_example(examples, {"value": tf.io.FixedLenFeature([], tf.float32)})["value"]
