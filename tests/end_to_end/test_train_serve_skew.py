"""Beam, the client and the graph give the network the same pixels for the same photos."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.settings import BeamSettings, DataSettings, FaceExampleGenSettings
from tests.components.face_example_gen.beam.test_transforms import prepared, utkface_row
from tests.helpers.real_photos import adience_photos, group_photos
from tests.visage.faces.drawn_photo import drawn_photo
from visage.data.records import from_example
from visage.data.settings import SplitSettings
from visage.faces.detector import make_detector
from visage.faces.settings import AlignmentSettings
from visage.networks import NetworkSpec
from visage.prediction.each_photo import Photo, find_on
from visage.prediction.photos import PhotoPrediction, predicted
from visage.saved_model.signatures import FaceModel

ALIGNMENT = AlignmentSettings()
# Mean over a crop; most of it comes from the client's landmarks, rounded to a hundredth of a pixel.
GREY_LEVELS = 1.0

# How the camera held a photo whose EXIF orientation is the key: from the upright image to the one that is stored,
# and a point (x, y) of the upright image in the stored one of so many pixels (width, height).
TURNED: dict[int, tuple[Image.Transpose, Callable[[float, float, int, int], tuple[float, float]]]] = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, lambda x, y, w, h: (w - x, y)),
    3: (Image.Transpose.ROTATE_180, lambda x, y, w, h: (w - x, h - y)),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, lambda x, y, w, h: (x, h - y)),
    5: (Image.Transpose.TRANSPOSE, lambda x, y, w, h: (y, x)),
    6: (Image.Transpose.ROTATE_90, lambda x, y, w, h: (y, h - x)),
    7: (Image.Transpose.TRANSVERSE, lambda x, y, w, h: (w - y, h - x)),
    8: (Image.Transpose.ROTATE_270, lambda x, y, w, h: (w - y, x)),
}
MIRRORED = (2, 4, 5, 7)


def drawn(seed: int, width: int = 300, height: int = 240) -> Image.Image:
    side = min(width, height)
    place = ((width * 0.45, height * 0.42), side * 0.2, 7.0 * (seed % 5) - 14)
    return Image.fromarray(drawn_photo([place], width, height, seed))


def saved(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def turned(image: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image.transpose(TURNED[orientation][0]), quality=90, exif=exif)


JPEGS = {
    "colour": saved(drawn(1), quality=95, subsampling=0),
    "colour at half resolution": saved(drawn(2), quality=75),
    "progressive": saved(drawn(3), quality=85, progressive=True),
    "grey": saved(drawn(4).convert("L"), quality=90),
    "CMYK": saved(drawn(5).convert("CMYK"), quality=90),
    "odd sides": saved(drawn(6, 301, 243), quality=90),
    "large": saved(drawn(7, 2400, 1900), quality=80),
    "very large": saved(drawn(8).resize((4200, 3360)), quality=80),
    **{f"turned {orientation}": turned(drawn(10 + orientation), orientation) for orientation in TURNED},
}
NO_JPEGS = {
    "PNG": saved(drawn(20), "PNG"),
    "transparent": saved(drawn(21).convert("RGBA"), "PNG"),
    "16-bit grey": saved(Image.fromarray(np.asarray(drawn(22).convert("L"), np.uint16) * 257), "PNG"),
    "palette": saved(drawn(23).quantize(200), "PNG"),
    "WebP": saved(drawn(24), "WEBP", quality=90),
}
MIRRORED_PHOTOS = [f"turned {orientation}" for orientation in MIRRORED]


class KeepsPixels:
    """Replaces a network: it predicts constants and keeps its input."""

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []
        self.weights: list[keras.Variable] = []

    def __call__(self, pixels: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        logits = tf.ensure_shape(tf.numpy_function(self._keep, [pixels], tf.float32), [None, 101])
        return {"age": logits, "gender": logits[:, :1]}

    def _keep(self, pixels: np.ndarray) -> np.ndarray:
        self.shown.extend(pixels.astype(int))
        return np.zeros((len(pixels), 101), np.float32)


class Network:
    """A model whose network takes the whole crop, because shrinking it would hide differences."""

    def __init__(self) -> None:
        self._network = KeepsPixels()
        spec = NetworkSpec(
            "", input_size=ALIGNMENT.size, channels=3, age_head="label_distribution", gender_head="binary"
        )
        self.model = FaceModel(self._network, spec, ALIGNMENT)

    def shown_by(self, signature: str, *inputs: Any) -> list[np.ndarray]:
        """Returns the network's input [size, size, 3] when that signature is called."""
        self._network.shown.clear()
        getattr(self.model, signature)(*map(tf.constant, inputs))
        return list(self._network.shown)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


def through_beam(photos: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """Returns each photo's crop in the written examples."""
    rows = [
        utkface_row(number, image=photo, file_name=name.encode()) for number, (name, photo) in enumerate(photos.items())
    ]
    settings = FaceExampleGenSettings(
        data=DataSettings(sources=["utkface"]),
        alignment=ALIGNMENT,
        # All in one split, so that no photo goes for being like another.
        split=SplitSettings(train=0.998, val=0.001, test=0.001),
        beam=BeamSettings(workers=1),
        data_root="/nowhere",
    )
    run_beam([prepared(folder, rows)], settings, str(folder / "examples"), str(folder / "report"))
    files = [str(path) for path in (folder / "examples").glob("Split-*/*.gz")]
    written = [from_example(example) for example in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()]
    return {record.key.removeprefix("utkface/"): record.image for record in written}


def through_client(photos: dict[str, bytes]) -> dict[str, tuple[list[bytes], PhotoPrediction]]:
    """Returns the crops of each photo that the client sends, from left to right, and the boxes of their faces."""
    detector, sent = make_detector(ALIGNMENT.detector), {}
    for name, photo in photos.items():
        found = find_on(Photo(name, photo), detector, ALIGNMENT)
        outputs = [{"gender": "male", "gender_probability": 1}] * len(found.crops)
        sent[name] = list(found.crops), predicted(name, found, outputs)
    return sent


def stored_landmarks(landmarks: np.ndarray, photo: bytes) -> np.ndarray:
    """Converts landmarks of the upright photo to the image as stored, which `align_and_predict` takes."""
    image = Image.open(io.BytesIO(photo))
    orientation = image.getexif().get(0x0112, 1)
    if orientation == 1:
        return landmarks
    points = np.array([TURNED[orientation][1](x, y, image.width, image.height) for x, y in landmarks], np.float32)
    return points[[1, 0, 2, 4, 3]] if orientation in MIRRORED else points


def through_graph(network: Network, photo: bytes, landmarks: np.ndarray) -> np.ndarray:
    """Returns the network's input for a whole photo with these landmarks of the upright image."""
    points = stored_landmarks(np.array(landmarks, np.float32), photo)
    (shown,) = network.shown_by("align_and_predict", [photo], points[None])
    return shown


def test_beam_and_the_client_cut_the_same_bytes(tmp_path: Path) -> None:
    photos = {**JPEGS, **NO_JPEGS}
    beam = through_beam(photos, tmp_path)
    client = {name: crops for name, (crops, _) in through_client(photos).items()}
    assert client == {name: [beam[name]] for name in photos}


def test_a_written_example_shows_the_network_what_a_client_shows_it(network: Network) -> None:
    crops = [crop for crops, _ in through_client(JPEGS).values() for crop in crops]
    examples = [utkface_row(number, image=crop) for number, crop in enumerate(crops)]
    np.testing.assert_array_equal(network.shown_by("evaluate", examples), network.shown_by("serving_default", crops))


@pytest.mark.parametrize("name", JPEGS)
def test_the_graph_shows_the_network_nearly_what_the_client_shows_it(name: str, network: Network) -> None:
    photo = JPEGS[name]
    (crop,), prediction = through_client({name: photo})[name]
    (by_client,) = network.shown_by("serving_default", [crop])
    by_graph = through_graph(network, photo, np.array(prediction.faces[0].landmarks))
    if name in MIRRORED_PHOTOS:
        by_graph = by_graph[:, ::-1]
    assert np.abs(by_graph - by_client).mean() < GREY_LEVELS


@pytest.mark.real_data
def test_real_faces_give_the_network_the_same_pixels(real_data_dir: Path, tmp_path: Path, network: Network) -> None:
    photos = {**adience_photos(real_data_dir, every=10), **group_photos(real_data_dir)}
    beam, client = through_beam(photos, tmp_path), through_client(photos)
    differences = []
    # Beam drops a photo with several candidates; the client predicts every face.
    assert len(beam) >= len(photos) - len(group_photos(real_data_dir))
    for name, crop in beam.items():
        assert crop in client[name][0]
    for name, (crops, prediction) in client.items():
        for shown, face in zip(network.shown_by("serving_default", crops), prediction.faces, strict=True):
            differences.append(np.abs(through_graph(network, photos[name], np.array(face.landmarks)) - shown).mean())
    assert max(differences) < GREY_LEVELS
