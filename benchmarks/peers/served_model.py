"""Predicts the image at each path on standard input and prints a line of JSON, as the peers' `serve.js` does.

`python -m benchmarks.peers.served_model SAVED_MODEL`: on one thread, one face per request.
"""

import json
import sys
import time
from pathlib import Path

import tensorflow as tf

from visage.saved_model.load import load_saved_model


def main(saved_model: str) -> None:
    """Predicts with the signature that TensorFlow Serving uses by default."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # The variables of the model are freed with this object.
    model = load_saved_model(saved_model)
    predict = model.signatures["serving_default"]
    for line in sys.stdin:
        outputs = predict(image_bytes=tf.constant([Path(line.rstrip("\n")).read_bytes()]))
        prediction = {"age": float(outputs["age"][0]), "male": float(outputs["gender_probability"][0])}
        print(json.dumps({**prediction, "cpu": time.process_time()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
