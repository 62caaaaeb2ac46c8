"""The picture that the cases send, and what the model `visage` predicts for it."""

import base64
import io

from PIL import Image


def _red() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 40, 40)).save(file, "JPEG", quality=95)
    return file.getvalue()


JPEG = _red()
BASE64 = base64.b64encode(JPEG).decode()
IMAGE = {"b64": BASE64}
LANDMARKS = [[30.0, 32.0], [50.0, 32.0], [40.0, 45.0], [33.0, 55.0], [47.0, 55.0]]
ROW = {"gender": "male", "age_group": "48-53"}
"""Part of what version 5 of the model predicts, whatever the version of the JPEG library."""
STABLE_ROW = {"gender": "male", "age_group": "38-43"}
"""The same of version 3."""
