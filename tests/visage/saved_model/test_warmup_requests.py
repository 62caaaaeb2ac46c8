"""The warm-up requests have the shapes that clients send, and batches of every size up to 32."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from visage.data.tfrecords import read_record
from visage.faces.align import align
from visage.faces.image_io import decode
from visage.faces.settings import AlignmentSettings
from visage.saved_model.warmup_requests import BATCH_SIZES, write_warm_up_requests
from visage.tf_serving_api.messages import Example, PredictionLog
from visage.tf_serving_api.tensors import to_array

ALIGNMENT = AlignmentSettings(size=96, eye_distance=0.36, jpeg_quality=90)


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    file = tmp_path_factory.mktemp("requests") / "tf_serving_warmup_requests"
    write_warm_up_requests(str(file), ALIGNMENT)
    return [PredictionLog.FromString(record).predict_log.request for record in records(file)]


def records(file: Path) -> list[bytes]:
    found = []
    with file.open("rb") as stream:
        while (record := read_record(stream)) is not None:
            found.append(record)
    return found


def of(requests: list[Any], signature: str) -> list[dict[str, np.ndarray]]:
    return [
        {name: to_array(tensor) for name, tensor in request.inputs.items()}
        for request in requests
        if request.model_spec.signature_name == signature
    ]


def test_crops_are_sent_in_batches_of_1_to_32(requests: list[Any]) -> None:
    batches = [inputs["image_bytes"] for inputs in of(requests, "serving_default")]
    assert [len(batch) for batch in batches] == [1, 2, 4, 8, 16, 32] == list(BATCH_SIZES)
    assert {Image.open(io.BytesIO(jpeg)).size for batch in batches for jpeg in batch} == {(96, 96)}


def test_a_photo_of_a_usual_size_has_a_face_inside(requests: list[Any]) -> None:
    (inputs,) = of(requests, "align_and_predict")
    (photo,) = inputs["image_bytes"]
    pixels = decode(photo)
    assert pixels.shape == (960, 1280, 3)
    (points,) = inputs["landmarks"]
    assert ((points >= 0) & (points < (1280, 960))).all()
    assert align(pixels, points, ALIGNMENT).shape == (96, 96, 3)


def test_an_example_holds_the_crop(requests: list[Any]) -> None:
    (inputs,) = of(requests, "evaluate")
    example = Example.FromString(inputs["examples"][0])
    assert example.features.feature["image"].bytes_list.value[0] == of(requests, "serving_default")[0]["image_bytes"][0]


def test_the_file_is_small(tmp_path: Path) -> None:
    write_warm_up_requests(str(tmp_path / "requests"), AlignmentSettings(size=224))
    assert (tmp_path / "requests").stat().st_size < 1_000_000
