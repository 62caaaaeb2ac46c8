"""UTKFace's file names: labels, and the archive's own malformed names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfds_builders.utkface.file_name import GENDERS, RACES, FileName, parse_file_name


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("100_0_0_20170112213500903.jpg.chip.jpg", FileName(100, "male", "white", "")),
        ("1_1_4_20161219154956799.jpg.chip.jpg", FileName(1, "female", "others", "")),
        ("39_1_20170116174525125.jpg.chip.jpg", FileName(39, "female", "unknown", "race_missing")),
        ("61_1_20170109142408075.jpg.chip.jpg", FileName(61, "female", "unknown", "race_missing")),
        ("61_1_20170109150557335.jpg.chip.jpg", FileName(61, "female", "unknown", "race_missing")),
        ("55_0_0_20170116232725357jpg.chip.jpg", FileName(55, "male", "white", "dot_missing")),
        ("14_0_0_2017011022340900.jpg.chip.jpg", FileName(14, "male", "white", "time_digits")),
        ("28_1_2_201701161846515488.jpg.chip.jpg", FileName(28, "female", "asian", "time_digits")),
        ("38_0_1_201701162330572788.jpg.chip.jpg", FileName(38, "male", "black", "time_digits")),
        ("24_0_1_20170116220224657 .jpg.chip.jpg", FileName(24, "male", "black", "blank")),
        ("53__0_20170116184028385.jpg.chip.jpg", FileName(53, "unknown", "white", "gender_missing")),
        ("_1_0_20170116184028385.jpg.chip.jpg", FileName(-1, "female", "white", "age_missing")),
        ("25_7_0_20170116184028385.jpg.chip.jpg", FileName(25, "unknown", "white", "gender_missing")),
        ("25_0_9_20170116184028385.jpg.chip.jpg", FileName(25, "male", "unknown", "race_missing")),
        ("25_0_1_20170116184028385.jpg.chip.JPG", FileName(25, "male", "black", "ending")),
        ("25_0_1_20170116184028385.jpeg.chip.jpeg", FileName(25, "male", "black", "ending")),
        # No person has this age, but the name contains it: cleaning drops and counts it.
        ("999_0_0_20170116184028385.jpg.chip.jpg", FileName(999, "male", "white", "")),
    ],
)
def test_names_are_read(name: str, labels: FileName) -> None:
    assert parse_file_name(name) == labels


@pytest.mark.parametrize("name", ["", "portrait.jpg", "25.jpg.chip.jpg", "1234_1_0_20170116184028385.jpg.chip.jpg"])
def test_other_names_are_not(name: str) -> None:
    assert parse_file_name(name) is None


@given(st.integers(0, 116), st.sampled_from(range(2)), st.sampled_from(range(5)), st.integers(10**16, 10**17 - 1))
def test_every_proper_name_gives_its_labels(age: int, gender: int, race: int, time: int) -> None:
    parsed = parse_file_name(f"{age}_{gender}_{race}_{time}.jpg.chip.jpg")
    assert parsed == FileName(age, GENDERS[gender], RACES[race], "")


@given(st.text())
def test_no_text_is_an_error(name: str) -> None:
    parsed = parse_file_name(name)
    assert parsed is None or parsed.defect in {
        "",
        "age_missing",
        "gender_missing",
        "race_missing",
        "blank",
        "dot_missing",
        "time_digits",
        "ending",
    }
