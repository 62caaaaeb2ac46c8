"""Every face is found with its eyes, and nothing else is found."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.faces.images import group_photos, overlap
from benchmarks.published_files import WITHOUT_PEOPLE
from tests.helpers.project import PROJECT
from tests.visage.faces.drawn_photo import Place, drawn_photo, eyes
from visage.errors import VisageError
from visage.faces.detector import Detector, make_detector
from visage.faces.face import Face
from visage.faces.image_io import decode


@pytest.fixture(scope="module")
def detector() -> Detector:
    return make_detector("blazeface")


@pytest.mark.parametrize(
    "place",
    [
        ((160.0, 110.0), 55.0, 0.0),
        ((100.0, 120.0), 40.0, 15.0),
        ((230.0, 100.0), 48.0, -20.0),
        ((160.0, 100.0), 90.0, 5.0),
    ],
)
def test_a_drawn_face_is_found_with_its_eyes(detector: Detector, place: Place) -> None:
    (face,) = detector.detect(drawn_photo([place]))
    middle, distance, _ = place
    assert face.landmarks.shape == (5, 2)
    assert face.landmarks.dtype == np.float32
    assert np.abs(face.landmarks[:2] - eyes(place)).max() < 0.2 * distance
    x0, y0, x1, y1 = face.box
    assert x0 < middle[0] < x1
    assert y0 < middle[1] < y1
    assert face.size == pytest.approx(max(x1 - x0, y1 - y0))
    assert 0.5 <= face.score <= 1
    assert 0.5 <= face.presence <= 1


def test_landmarks_come_in_their_order(detector: Detector) -> None:
    (face,) = detector.detect(drawn_photo([((160.0, 110.0), 55.0, 0.0)]))
    right_eye, left_eye, nose, right_corner, left_corner = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_corner[0] < nose[0] < left_corner[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_corner[1], left_corner[1])


def test_two_people_are_two_faces_the_best_score_first(detector: Detector) -> None:
    places: list[Place] = [((80.0, 100.0), 42.0, 4.0), ((240.0, 105.0), 48.0, -5.0)]
    found = detector.detect(drawn_photo(places))
    assert len(found) == 2
    assert found[0].score >= found[1].score
    by_side = sorted(found, key=lambda face: face.box[0])
    for face, place in zip(by_side, places, strict=True):
        assert np.abs(face.landmarks[:2] - eyes(place)).max() < 0.25 * place[1]


def test_a_face_that_fills_its_crop_is_found_with_coordinates_of_the_crop(detector: Detector) -> None:
    place: Place = ((100.0, 75.0), 110.0, 0.0)
    (face,) = detector.detect(drawn_photo([place], 200, 200))
    assert np.abs(face.landmarks[:2] - eyes(place)).max() < 0.2 * place[1]


def test_a_large_crop_filled_by_its_face_gives_coordinates_of_the_crop(detector: Detector) -> None:
    place: Place = ((100.0, 75.0), 110.0, 0.0)
    crop = Image.fromarray(drawn_photo([place], 200, 200)).resize((2400, 2000), Image.Resampling.BICUBIC)
    (face,) = detector.detect(np.asarray(crop))
    assert np.abs(face.landmarks[:2] / (12, 10) - eyes(place)).max() < 0.2 * place[1]
    x0, y0, x1, y1 = face.box
    assert x0 < 1200 < x1
    assert y0 < 1000 < y1


@pytest.mark.parametrize("turns", [1, 3])
def test_a_face_turned_by_a_quarter_keeps_its_own_right_and_left(detector: Detector, turns: int) -> None:
    place: Place = ((160.0, 110.0), 55.0, 0.0)
    (face,) = detector.detect(np.rot90(drawn_photo([place]), turns))
    x, y = eyes(place).T
    expected = np.stack([y, 320 - x] if turns == 1 else [240 - y, x], -1)
    assert np.abs(face.landmarks[:2] - expected).max() < 0.2 * place[1]
    x0, y0, x1, y1 = face.box
    assert x0 < expected[:, 0].mean() < x1
    assert y0 < expected[:, 1].mean() < y1


def test_small_faces_of_a_large_photo_are_found_in_its_tiles(detector: Detector) -> None:
    places: list[Place] = [((130.0, 700.0), 16.0, 3.0), ((1210.0, 180.0), 18.0, -4.0)]
    found = sorted(detector.detect(drawn_photo(places, 1600, 1000)), key=lambda face: face.box[0])
    assert len(found) == 2
    for face, place in zip(found, places, strict=True):
        assert np.abs(face.landmarks[:2] - eyes(place)).max() < 0.3 * place[1]


@pytest.mark.parametrize(("width", "height"), [(16000, 300), (1000, 30000), (6000, 6000)])
def test_a_huge_image_takes_little_more_memory_than_its_pixels(width: int, height: int) -> None:
    # A face as large as the image makes the mesh cut its largest patch.
    program = f"""
import resource
import numpy as np
from PIL import Image
from visage.faces.detector import make_detector
from tests.visage.faces.drawn_photo import drawn_photo

detector = make_detector("blazeface")
face = drawn_photo([((100.0, 75.0), 110.0, 0.0)], 200, 200)
detector.detect(face)
pixels = np.asarray(Image.fromarray(face).resize(({width}, {height})))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
detector.detect(pixels)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    pillow_copy = 4 * width * height / 2**20
    assert int(output) < pillow_copy + 100


@pytest.mark.parametrize("shape", [(240, 320), (1, 1), (1, 500), (500, 1), (3, 2)])
def test_an_image_without_people_has_no_face(detector: Detector, shape: tuple[int, int]) -> None:
    height, width = shape
    assert detector.detect(drawn_photo([], width, height) if min(shape) > 9 else np.zeros((*shape, 3), np.uint8)) == []


def test_the_same_image_gives_the_same_faces(detector: Detector) -> None:
    photo = drawn_photo([((160.0, 110.0), 55.0, 0.0)])
    (first,), (again,) = detector.detect(photo), make_detector("blazeface").detect(photo)
    assert first.box == again.box
    assert (first.landmarks == again.landmarks).all()


def test_the_error_of_an_unknown_detector_lists_the_known_ones() -> None:
    with pytest.raises(VisageError, match=r"no face detector 'viola': use 'blazeface' or 'mtcnn'"):
        make_detector("viola")


def test_the_models_are_those_of_their_readme() -> None:
    """Checks the digests: other models would locate the eyes differently and so cut other crops."""
    folder = PROJECT / "visage" / "faces" / "detectors" / "models"
    page = (folder / "README.md").read_text(encoding="utf-8")
    models = sorted(folder.glob("*.tflite"))
    assert len(models) == 3
    for model in models:
        assert f"| `{model.name}` | {hashlib.sha256(model.read_bytes()).hexdigest()} |" in page


@pytest.mark.real_data
def test_all_faces_of_the_group_photos_are_found_and_no_other(detector: Detector, real_data_dir: Path) -> None:
    annotated = 0
    for photo in group_photos(real_data_dir):
        found = detector.detect(decode(photo.path.read_bytes()))
        matches = {max(range(len(found)), key=lambda i: overlap(box, found[i].box)) for box in photo.boxes}
        assert len(matches) == len(photo.boxes) == len(found), photo.path.name
        assert min(max(overlap(box, face.box) for face in found) for box in photo.boxes) >= 0.4, photo.path.name
        annotated += len(photo.boxes)
    assert annotated == 43


@pytest.mark.real_data
@pytest.mark.parametrize("photo", WITHOUT_PEOPLE)
def test_dogs_and_grass_have_no_human_face(detector: Detector, real_data_dir: Path, photo: str) -> None:
    assert detector.detect(decode((real_data_dir / photo).read_bytes())) == []


@pytest.mark.real_data
def test_eye_centres_agree_with_those_of_another_landmark_model(detector: Detector, real_data_dir: Path) -> None:
    offsets = []
    for photo in group_photos(real_data_dir):
        found = detector.detect(decode(photo.path.read_bytes()))
        for expected in photo.eyes:
            nearest = min(found, key=lambda face: _distance(face, expected))
            offsets.append(_distance(nearest, expected))
    assert len(offsets) == 43
    assert np.mean(offsets) < 0.08
    # The two differ most on faces in profile, whose eyes are close together.
    assert np.max(offsets) < 0.35


def _distance(face: Face, expected: np.ndarray) -> float:
    """Returns the distance of the eyes from their expected positions, in inter-ocular distances."""
    between = np.hypot(*(expected[1] - expected[0]))
    return float(np.hypot(*(face.landmarks[:2] - expected).T).mean() / between)


@pytest.mark.parametrize(("seed", "size"), [(15, (2100, 1680)), (21, (1500, 1200))])
def test_a_part_of_a_large_face_is_not_a_second_face(seed: int, size: tuple[int, int]) -> None:
    # So large that some tiles of the image show only its nose and mouth.
    photo = Image.fromarray(drawn_photo([((135.0, 100.8), 48.0, 0.0)], 300, 240, seed)).resize(size)
    (face,) = make_detector("blazeface").detect(np.asarray(photo))
    assert face.size > 500


def test_a_face_before_a_larger_one_is_found_beside_it() -> None:
    # A person holding a child up to the cheek, on an image that is also searched in tiles.
    photo = Image.fromarray(drawn_photo([((150.0, 95.0), 56.0, 0.0)], 300, 240, seed=3)).resize((1500, 1200))
    child = drawn_photo([((40.0, 36.0), 24.0, 0.0)], 80, 80, seed=4)
    photo.paste(Image.fromarray(child).resize((320, 320)), (800, 560))
    sizes = sorted(face.size for face in make_detector("blazeface").detect(np.asarray(photo)))
    assert len(sizes) == 2
    assert sizes[1] > 2 * sizes[0]


@pytest.mark.real_data
@pytest.mark.parametrize("angle", [45, 60, -90])
def test_all_faces_are_found_in_a_group_that_lies_on_its_side(angle: float, real_data_dir: Path) -> None:
    photo = Image.open(real_data_dir / "photos" / "multiface.jpg").convert("RGB").rotate(angle, expand=True)
    assert len(make_detector("blazeface").detect(np.asarray(photo))) == 6


@pytest.mark.real_data
@pytest.mark.parametrize("longer", [2000, 5000])
def test_a_large_image_shows_no_more_faces_than_a_small_one(longer: int, real_data_dir: Path) -> None:
    (path,) = real_data_dir.rglob("ivan.jpg")
    photo = Image.open(path).convert("RGB")
    size = [round(side * longer / max(photo.size)) for side in photo.size]
    assert len(make_detector("blazeface").detect(np.asarray(photo.resize(size)))) == 1
