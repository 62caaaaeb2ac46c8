"""Answers with a line of JSON for each image whose path is a line of standard input, as the peers' `serve.js` does.

`python -m benchmarks.peers.served_model SAVED_MODEL`: on one thread, one face a request.
"""

import json
import sys
import time
from pathlib import Path

import tensorflow as tf

from visage.saved_model.load import load_saved_model


def main(saved_model: str) -> None:
    """Asks the signature that TensorFlow Serving answers by default."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # The model's variables live no longer than this object.
    model = load_saved_model(saved_model)
    ask = model.signatures["serving_default"]
    for line in sys.stdin:
        said = ask(image_bytes=tf.constant([Path(line.rstrip("\n")).read_bytes()]))
        answer = {"age": float(said["age"][0]), "male": float(said["gender_probability"][0])}
        print(json.dumps({**answer, "cpu": time.process_time()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
