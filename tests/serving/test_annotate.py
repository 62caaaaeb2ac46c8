"""Predictions are drawn on the photo, with the model above it and the age distributions below."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from serving.annotate import WIDTH, write_annotated
from tests.serving.conftest import plain_jpeg
from visage.errors import VisageError
from visage.prediction.each_photo import Photo
from visage.prediction.photos import FacePrediction, PhotoPrediction
from visage.saved_model.identity import ModelIdentity, identify
from visage.saved_model.metadata import ModelMetadata


def test_faces_are_drawn_on_the_photo_above_their_age_distributions(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.jpg", tmp_path / "out.png"
    photo.write_bytes(plain_jpeg(128, 128, 128))
    probabilities = tuple(0.5 if year in (30, 31) else 0.0 for year in range(101))
    face = FacePrediction((4, 4, 20, 20), (), 0.9, 30.5, 0.5, "25-32", probabilities, "female", 0.2)

    write_annotated(Photo(str(photo)), PhotoPrediction("photo.jpg", 32, 32, [face] * 5), out)

    image = Image.open(out).convert("RGB")
    assert image.width == WIDTH
    assert image.height > WIDTH  # Two rows of distributions lie below the square photo.
    assert image.getpixel((4 * 30 + 1, 4 * 30 + 200)) == (255, 211, 77)  # The box's left edge, 30 times enlarged.
    first_distribution = np.asarray(image)[WIDTH : WIDTH + 160, :240]
    assert (first_distribution == (11, 110, 93)).all(-1).any()
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".part"] == []


def test_the_model_and_its_warning_are_drawn_above_the_photo(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.jpg", tmp_path / "out.png"
    photo.write_bytes(plain_jpeg(128, 128, 128))

    def ink_above_the_photo(model: ModelIdentity | None) -> int:
        write_annotated(Photo(str(photo)), PhotoPrediction("photo.jpg", 32, 32, model=model), out)
        page = np.asarray(Image.open(out).convert("L"))
        top = int(np.flatnonzero((page == 128).all(axis=1))[0])
        assert (page[top : top + WIDTH] == 128).all()
        return int((page[:top] < 128).sum())

    real = identify(ModelMetadata.from_json({"learned_from": [{"drawn": False, "sources": ["utkface"]}]}), "visage", 3)
    drawn = identify(ModelMetadata.from_json({"learned_from": [{"drawn": True, "sources": ["utkface"]}]}), "visage", 3)
    assert ink_above_the_photo(None) == 0
    assert 0 < ink_above_the_photo(real) < ink_above_the_photo(drawn)


@pytest.mark.parametrize(
    "outputs",
    [
        {"gender": "female", "gender_probability": 0.2},
        {
            "age": 28.5,
            "age_deviation": 0.0,
            "age_group": "25-32",
            "age_probabilities": (0.0,) * 4 + (1.0,) + (0.0,) * 3,
        },
    ],
    ids=["the gender alone", "age groups alone"],
)
def test_a_face_with_some_outputs_missing_is_drawn_with_the_others(tmp_path: Path, outputs: dict[str, Any]) -> None:
    photo, out = tmp_path / "photo.jpg", tmp_path / "out.png"
    photo.write_bytes(plain_jpeg(128, 128, 128))
    face = FacePrediction((4, 4, 20, 20), (), 0.9, **outputs)
    write_annotated(Photo(str(photo)), PhotoPrediction("photo.jpg", 32, 32, [face]), out)
    panel = np.asarray(Image.open(out).convert("RGB"))[WIDTH : WIDTH + 164, :240]
    bars = (panel == (11, 110, 93)).all(-1)
    assert bars.any() == ("age" in outputs)
    if bars.any():  # the fifth of eight
        assert 240 * 4 / 8 < np.flatnonzero(bars.any(axis=0)).mean() < 240 * 5 / 8


def test_an_output_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(plain_jpeg(128, 128, 128))
    with pytest.raises(VisageError, match=r"nowhere.*No such file or directory"):
        write_annotated(Photo(str(photo)), PhotoPrediction("photo.jpg", 32, 32), tmp_path / "nowhere" / "out.png")


def test_an_image_that_cannot_be_renamed_leaves_no_file_behind(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.jpg", tmp_path / "folder.png"
    photo.write_bytes(plain_jpeg(128, 128, 128))
    out.mkdir()
    with pytest.raises(VisageError, match=r"folder\.png: Is a directory"):
        write_annotated(Photo(str(photo)), PhotoPrediction("photo.jpg", 32, 32), out)
    assert sorted(tmp_path.iterdir()) == [out, photo]
