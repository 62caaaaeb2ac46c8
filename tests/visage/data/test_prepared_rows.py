"""Rows of the builders become records with the intended values."""

import hashlib
import math
import re
from typing import Any

import pytest

from tests.visage.faces.drawn_photo import drawn_photo
from visage.data.age_labels import AgeInterval
from visage.data.datasets import DATASETS
from visage.data.datasets.features import CLASS_NAMES
from visage.data.labels import AGE_GROUPS, GENDERS, UNKNOWN
from visage.data.prepared_rows import face_box, to_record
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings
from visage.faces.encode import encode

IMAGE = encode(drawn_photo([((32.0, 30.0), 20.0, 0.0)], 64, 64))
UTKFACE = {
    "image": IMAGE,
    "file_name": "26_1_2_20170116.jpg.chip.jpg",
    "age": 26,
    "gender": "female",
    "race": "asian",
    "name_defect": "",
}
ADIENCE = {
    "image": IMAGE,
    "user_id": "30601258@N03",
    "face_id": 3,
    "original_image": "10399646885_67c7d20df9_o.jpg",
    "age_label": "(25, 32)",
    "age": -1,
    "age_group": "(25, 32)",
    "gender": "male",
    "fold": 4,
    **dict.fromkeys(("x", "y", "dx", "dy", "tilt_ang", "fiducial_yaw_angle", "fiducial_score"), 0),
}
WIKI = {
    "image": IMAGE,
    "row": 7,
    "full_path": "17/10000217_1981-05-05_2009.jpg",
    "dob": 723671,
    "photo_taken": 2009,
    "gender": "female",
    "name": "Sami Jauhojärvi",
    "face_location": [111.3, 111.3, 252.7, 252.7],
    "face_score": 4.3,
    "second_face_score": math.nan,
}

TEAM = {
    "image": IMAGE,
    "picture": "2026/ada.jpg",
    "age_low": 31.5,
    "age_high": 31.5,
    "face_box": [math.nan] * 4,
    "gender": "female",
    "identity": "ada",
    "race": "asian",
    "fold": 0,
    "apparent_age_mean": 24.5,
    "apparent_age_std": 3.25,
}
NOTHING_KNOWN = {
    **TEAM,
    **dict.fromkeys(("age_low", "age_high", "apparent_age_mean", "apparent_age_std"), math.nan),
    **dict.fromkeys(("gender", "race"), UNKNOWN),
    "identity": "",
    "fold": -1,
}


def features_of(dataset: str) -> Any:
    """Returns the features that the data set's builder declares."""
    import importlib

    name, _, config = dataset.partition("/")
    module = importlib.import_module(f"tfds_builders.{name}.{name}_dataset_builder")
    # The same for every labelled folder.
    return module.Builder(config=None if name == "labelled_folder" else config or None).info.features


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Serializes a row as the data set's builder writes it to disk."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path_factory.mktemp("tfds")))

    def write(dataset: str, row: dict[str, Any]) -> bytes:
        features = features_of(dataset)
        return features.serialize_example(features.encode_example(row))

    yield write
    monkeypatch.undo()


def test_an_image_of_utkface(written: Any) -> None:
    record = to_record("utkface", written("utkface", UTKFACE), CleaningSettings())
    assert record.image == IMAGE
    assert record.key == "utkface/26_1_2_20170116.jpg.chip.jpg"
    assert (record.age, record.gender, record.race) == (26.0, "female", "asian")
    assert AGE_GROUPS[record.age_group or 0] == "25-32"
    # UTKFace has no names: only byte-identical images are known to show the same person.
    assert record.identity == f"utkface/{hashlib.sha256(IMAGE).hexdigest()[:16]}"
    assert record.face_score is record.second_face_score is record.fold is None


def test_a_name_of_utkface_without_age_gender_and_race_is_unknown_in_all_three(written: Any) -> None:
    record = to_record(
        "utkface",
        written("utkface", {**UTKFACE, "age": -1, "gender": "unknown", "race": "unknown"}),
        CleaningSettings(),
    )
    assert (record.age, record.age_group, record.gender, record.race) == (None, None, UNKNOWN, UNKNOWN)


@pytest.mark.parametrize("dataset", ["adience/faces", "adience/aligned"])
def test_a_face_of_adience(written: Any, dataset: str) -> None:
    record = to_record(dataset, written(dataset, ADIENCE), CleaningSettings())
    assert record.key == f"{dataset}/30601258@N03/3/10399646885_67c7d20df9_o.jpg"
    assert (record.age_label, record.age_group, record.gender) == (AgeInterval(25.0, 32.0), 4, "male")
    assert (record.identity, record.source, record.fold) == ("adience/30601258@N03", "adience", 4)


def test_a_single_number_of_adience_is_an_age_in_the_group_of_the_literature(written: Any) -> None:
    row = {**ADIENCE, "age_label": "35", "age": 35, "age_group": "(25, 32)"}
    record = to_record("adience/faces", written("adience/faces", row), CleaningSettings())
    assert (record.age, AGE_GROUPS[record.age_group or 0]) == (35.0, "25-32")


def test_a_face_of_adience_without_an_age_has_no_group(written: Any) -> None:
    row = {**ADIENCE, "age_label": "None", "age_group": "unknown"}
    assert to_record("adience/faces", written("adience/faces", row), CleaningSettings()).age_group is None


@pytest.mark.parametrize("half", ["imdb", "wiki"])
def test_a_photo_of_imdb_wiki(written: Any, half: str) -> None:
    record = to_record(f"imdb_wiki/{half}", written(f"imdb_wiki/{half}", WIKI), CleaningSettings())
    assert record.key == f"imdb_wiki/{half}/17/10000217_1981-05-05_2009.jpg#7"
    assert record.age == pytest.approx(28.16, abs=0.01)
    assert (record.gender, record.source) == ("female", half)
    assert record.face_score == pytest.approx(4.3)
    assert record.second_face_score is None
    # Not separate for each half: the same people are in both.
    assert record.identity == "imdb_wiki/Sami Jauhojärvi"


@pytest.mark.parametrize("name", ["", "  "])
def test_a_photo_without_a_name_has_an_unknown_identity(written: Any, name: str) -> None:
    assert (
        to_record("imdb_wiki/wiki", written("imdb_wiki/wiki", {**WIKI, "name": name}), CleaningSettings()).identity
        == UNKNOWN
    )


def test_a_second_face_and_no_face_at_all_keep_their_scores(written: Any) -> None:
    row = {**WIKI, "face_score": -math.inf, "second_face_score": 2.5}
    record = to_record("imdb_wiki/wiki", written("imdb_wiki/wiki", row), CleaningSettings())
    assert (record.face_score, record.second_face_score) == (-math.inf, 2.5)


@pytest.mark.parametrize("year", [0, -3, 10000, 65535])
def test_an_invalid_year_gives_an_age_that_cleaning_drops(written: Any, year: int) -> None:
    record = to_record("imdb_wiki/wiki", written("imdb_wiki/wiki", {**WIKI, "photo_taken": year}), CleaningSettings())
    assert record.age is not None
    assert math.isnan(record.age)


def test_a_photo_from_before_the_birth_has_a_negative_age(written: Any) -> None:
    record = to_record("imdb_wiki/wiki", written("imdb_wiki/wiki", {**WIKI, "photo_taken": 1907}), CleaningSettings())
    assert record.age == pytest.approx(-73.84, abs=0.01)


def test_an_image_of_a_labelled_folder(written: Any) -> None:
    record = to_record("labelled_folder/team", written("labelled_folder/team", TEAM), CleaningSettings())
    assert record.image == IMAGE
    assert record.key == "labelled_folder/team/2026/ada.jpg"
    assert (record.age, record.gender, record.race, record.fold) == (31.5, "female", "asian", 0)
    assert (record.apparent_age_mean, record.apparent_age_std) == (24.5, 3.25)
    assert (record.source, record.identity) == ("team", "labelled_folder/team/ada")


def test_people_of_two_folders_are_different(written: Any) -> None:
    row = written("labelled_folder/team", TEAM)
    people = {to_record(f"labelled_folder/{name}", row, CleaningSettings()).identity for name in ("team", "crew")}
    assert len(people) == 2


def test_an_unknown_real_age_is_replaced_by_the_apparent_one(written: Any) -> None:
    row = {**TEAM, "age_low": math.nan, "age_high": math.nan}
    record = to_record("labelled_folder/team", written("labelled_folder/team", row), CleaningSettings())
    assert (record.age, AGE_GROUPS[record.age_group or 0]) == (24.5, "25-32")


def test_an_age_group_is_read_if_the_age_is_unknown(written: Any) -> None:
    row = {**NOTHING_KNOWN, "age_low": 60.0, "age_high": 69.0}
    record = to_record("labelled_folder/team", written("labelled_folder/team", row), CleaningSettings())
    assert (record.age_label, record.age) == (AgeInterval(60.0, 69.0), None)
    assert AGE_GROUPS[record.age_group or 0] == "60-100"
    row = {**row, "apparent_age_mean": 61.5}
    record = to_record("labelled_folder/team", written("labelled_folder/team", row), CleaningSettings())
    assert record.age == 61.5


def test_an_image_of_a_labelled_folder_without_labels(written: Any) -> None:
    record = to_record("labelled_folder/team", written("labelled_folder/team", NOTHING_KNOWN), CleaningSettings())
    assert (record.age, record.age_group, record.gender, record.race) == (None, None, UNKNOWN, UNKNOWN)
    assert record.fold is record.apparent_age_mean is record.apparent_age_std is None
    assert record.identity == f"labelled_folder/team/{hashlib.sha256(IMAGE).hexdigest()[:16]}"


@pytest.mark.parametrize("dataset", [*DATASETS, "labelled_folder/team"])
def test_class_numbers_have_the_meaning_of_the_builder(dataset: str) -> None:
    features = features_of(dataset)
    assert tuple(features["gender"].names) == CLASS_NAMES["gender"]
    assert CLASS_NAMES["gender"][:2] == GENDERS
    if "age_group" in features:
        own_words = [re.sub(r"[^\d]+", "-", name).strip("-") for name in features["age_group"].names[:-1]]
        assert [name.replace("8-12", "8-13") for name in own_words] == list(AGE_GROUPS)
    if "race" in features:
        assert tuple(features["race"].names) == CLASS_NAMES["race"]


def test_the_box_of_a_face_makes_each_face_of_a_photo_an_image_of_its_own(written: Any) -> None:
    left, right = (
        to_record(
            "labelled_folder/team", written("labelled_folder/team", {**TEAM, "face_box": box}), CleaningSettings()
        )
        for box in ([0.0, 0.25, 0.5, 0.75], [0.5, 0.25, 1.0, 0.75])
    )
    assert (face_box(left), face_box(right)) == ((0.0, 0.25, 0.5, 0.75), (0.5, 0.25, 1.0, 0.75))
    assert left.image == right.image
    assert left.image_digest != right.image_digest


def record_of(source: str, face_score: float | None = None) -> FaceRecord:
    return FaceRecord(IMAGE, "a key", AgeInterval.exact(30.0), "female", "somebody", source, face_score=face_score)


@pytest.mark.parametrize("source", ["utkface", "adience", "imdb", "wiki"])
def test_crops_have_their_face_in_the_middle(source: str) -> None:
    box = face_box(record_of(source, face_score=3.0 if source in ("imdb", "wiki") else None))
    assert box is not None
    x0, y0, x1, y1 = box
    assert x0 + x1 == pytest.approx(1)
    assert y0 + y1 == pytest.approx(1)


def test_a_whole_photo_has_no_face_box() -> None:
    assert face_box(record_of("my_folder")) is None
    assert face_box(record_of("wiki", face_score=-math.inf)) is None
