"""A model's description is read as it was written, in earlier layouts too; missing values are unknown."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from visage.faces.settings import AlignmentSettings
from visage.saved_model.metadata import (
    Calibration,
    HeadCalibration,
    ModelMetadata,
    ThirdParty,
    TrainingProvenance,
    read_metadata,
    write_metadata,
)

OWN = TrainingProvenance(
    ["utkface"],
    {"method": "folds", "folds": 5, "fold": 0, "repeat": 0},
    "faces",
    drawn=False,
    faces=1265,
    training="8",
    weights="dlib",
    uid="5f0c",
)
WHOLE = ModelMetadata(
    network="compact",
    input_size=80,
    channels=3,
    tta_flip=True,
    alignment=AlignmentSettings(size=80).model_dump(mode="json"),
    parameters=231_270,
    learned_from=[OWN, TrainingProvenance(["adience"], {"method": "protocol"})],
    calibration=Calibration(
        age=HeadCalibration(1.42, records=190, nll_before=3.912, nll_after=3.845),
        gender=HeadCalibration(records=7, nll_before=0.1, nll_after=0.1, not_fitted="too few"),
    ),
    third_party=ThirdParty("nets 2.0", "Ada", "CC0-1.0", "a CNN", "private images", "who is on them"),
)

# Descriptions of models that earlier versions pushed. Users keep such models: never change these texts.
FIRST = """{
  "network": "compact", "input_size": 64, "channels": 3,
  "alignment": {"detector": "blazeface", "size": 64, "eye_distance": 0.39, "eye_middle": [0.5, 0.3],
    "jpeg_quality": 95},
  "parameters": 231270
}"""
WITH_FLIP_AVERAGED = FIRST.replace('"alignment"', '"flip_averaged": true, "alignment"')
WITH_LEARNED_FROM = WITH_FLIP_AVERAGED.replace(
    '"parameters"', '"learned_from": [{"sources": ["utkface"], "split": {"method": "folds"}}], "parameters"'
)


def written(folder: Path, text: str) -> Path:
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "visage.json").write_text(text)
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_metadata(tmp_path, WHOLE)
    assert read_metadata(tmp_path) == WHOLE
    assert read_metadata(tmp_path).alignment_settings() == AlignmentSettings(size=80)


def test_the_file_holds_what_clients_and_other_programs_read(tmp_path: Path) -> None:
    write_metadata(tmp_path, WHOLE)
    document = json.loads((tmp_path / "assets.extra" / "visage.json").read_text())
    assert document == WHOLE.to_json()
    assert list(document) == [
        "network",
        "input_size",
        "channels",
        "tta_flip",
        "alignment",
        "parameters",
        "learned_from",
        "calibration",
        "third_party",
    ]
    assert document["learned_from"][0] == {
        "sources": ["utkface"],
        "split": {"method": "folds", "folds": 5, "fold": 0, "repeat": 0},
        "pipeline": "faces",
        "drawn": False,
        "faces": 1265,
        "training": "8",
        "weights": "dlib",
        "uid": "5f0c",
    }

    fits = {
        "age": {"temperature": 1.42, "records": 190, "nll_before": 3.912, "nll_after": 3.845, "not_fitted": None},
        "gender": {"temperature": 1.0, "records": 7, "nll_before": 0.1, "nll_after": 0.1, "not_fitted": "too few"},
    }
    assert document["calibration"] == fits


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (None, None),
        ("temperature", None),
        ({}, Calibration()),
        ({"age": None, "gender": {"temperature": 2.5}}, Calibration(gender=HeadCalibration(2.5))),
        ({"age": {"temperature": "2"}, "gender": 3}, Calibration()),
    ],
)
def test_a_calibration_of_another_form_is_unknown(entry: Any, expected: Calibration | None) -> None:
    assert ModelMetadata.from_json({"calibration": entry}).calibration == expected


@pytest.mark.parametrize(
    ("text", "tta_flip", "learned_from"),
    [
        (FIRST, False, None),
        (WITH_FLIP_AVERAGED, True, None),
        (WITH_LEARNED_FROM, True, [TrainingProvenance(["utkface"], {"method": "folds"})]),
    ],
)
def test_a_model_of_an_earlier_version_is_read(
    tmp_path: Path, text: str, tta_flip: bool, learned_from: list[TrainingProvenance] | None
) -> None:
    metadata = read_metadata(written(tmp_path, text))
    assert (metadata.network, metadata.input_size, metadata.channels) == ("compact", 64, 3)
    assert metadata.alignment_settings() == AlignmentSettings(size=64)
    assert metadata.parameters == 231_270
    assert metadata.tta_flip == tta_flip
    assert metadata.learned_from == learned_from
    assert metadata.calibration is None


@pytest.mark.parametrize(
    "document",
    [{}, {"network": 3, "parameters": True, "tta_flip": "yes", "alignment": [], "learned_from": 3}],
)
def test_values_that_are_missing_or_of_another_type_are_unknown(document: dict[str, Any]) -> None:
    metadata = ModelMetadata.from_json(document)
    assert metadata == ModelMetadata()
    with pytest.raises(ValidationError):
        metadata.alignment_settings()


@pytest.mark.parametrize("entry", [{}, 3, {"sources": "utkface", "drawn": 1, "faces": True, "training": ""}])
def test_an_entry_that_cannot_be_read_stays_as_an_empty_one(entry: Any) -> None:
    assert ModelMetadata.from_json({"learned_from": [entry]}).learned_from == [TrainingProvenance()]


def test_a_file_that_is_missing_or_damaged_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_metadata(tmp_path)
    for text in ("", '{"network": ', "[]", "3"):
        (tmp_path / "assets.extra").mkdir(exist_ok=True)
        (tmp_path / "assets.extra" / "visage.json").write_text(text)
        with pytest.raises(ValueError, match=r"."):
            read_metadata(tmp_path)
