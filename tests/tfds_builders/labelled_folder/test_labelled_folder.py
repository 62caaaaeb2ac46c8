"""Rows of a labels file and the paths in them, with any content."""

import csv
import io
import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tfds_builders.labelled_folder.header import Reading
from tfds_builders.labelled_folder.images import ImageFolder
from tfds_builders.labelled_folder.label_row import RowError, parse_row
from tfds_builders.labelled_folder.labels_file import read_labels_file
from visage.data.age_labels import AgeInterval
from visage.data.datasets.labelled_folder import BOX_COLUMNS, LABEL_COLUMNS

PLAIN = Reading({}, ",", "key")


def reason(**texts: str) -> str:
    with pytest.raises(RowError) as caught:
        parse_row({"image": "a.jpg", **texts})
    return caught.value.reason


def test_a_full_row() -> None:
    row = parse_row(
        {
            "image": " a.jpg ",
            "age": "31.5",
            "gender": "FEMALE",
            "identity": "ada",
            "race": "Asian",
            "fold": "3.0",
            "apparent_age_mean": "29",
            "apparent_age_std": "2.75",
        }
    )
    assert (row.picture, str(row.age_label), row.gender, row.identity, row.race, row.fold) == (
        "a.jpg", "31.5", "female", "ada", "asian", 3,
    )  # fmt: skip
    assert (row.apparent_age_mean, row.apparent_age_std) == (29.0, 2.75)


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN"])
def test_a_number_that_is_not_given_is_unknown(text: str) -> None:
    assert parse_row({"image": "a.jpg", "age": text}).age_label is None


def test_unknown_is_like_unknown_and_unlike_a_number() -> None:
    blank, nan, known = (parse_row({"image": f"{age}.jpg", "age": age}) for age in ("", "nan", "30"))
    assert blank.labels == nan.labels != known.labels


@pytest.mark.parametrize("text", ["thirty", "30,5", "1_0", "inf", "-inf", "1e999", "-nan", "9-3", "60-130", "30-"])
def test_a_number_that_is_none_makes_the_row_unreadable(text: str) -> None:
    assert reason(age=text) == "row_unreadable"


def test_undefined_words_make_the_row_unreadable() -> None:
    assert reason(gender="woman") == "row_unreadable"
    assert reason(race="martian") == "row_unreadable"
    assert reason(fold="2.5") == "row_unreadable"
    assert reason(image="  ") == "row_unreadable"


UNKNOWN_WORDS = ["", " ", "NA", "n/a", "NaN", "None", "NULL", "unknown", "Unknown", " ? ", "na", "-1"]


@pytest.mark.parametrize("word", UNKNOWN_WORDS)
def test_the_words_for_unknown_are_the_same_in_every_column(word: str) -> None:
    # A table of boxes must have one in each row.
    columns = set(LABEL_COLUMNS) - {"image", *BOX_COLUMNS}
    unknown, silent = (parse_row({"image": "a.jpg", **row}) for row in (dict.fromkeys(columns, word), {}))
    assert unknown.labels == silent.labels
    assert (unknown.identity, unknown.gender, unknown.race) == ("", "unknown", "unknown")
    assert reason(image=word) == "row_unreadable"


@pytest.mark.parametrize(
    ("texts", "years"),
    [
        ({"age": "25"}, (25, 25)),
        ({"age": "3-9"}, (3, 9)),
        ({"age": "9-Mar"}, (3, 9)),
        ({"age": "more than 70"}, (70, 120)),
        ({"age_group": "(25, 32)"}, (25, 32)),
        ({"age": "20-29", "age_group": "20 to 29"}, (20, 29)),
        ({"age": "?", "age_group": "nan"}, None),
    ],
)
def test_an_age_group_is_in_its_own_column_or_in_that_of_the_age(
    texts: dict[str, str], years: tuple[float, float] | None
) -> None:
    assert parse_row({"image": "a.jpg", **texts}).age_label == (years and AgeInterval(*years))


def test_an_exact_age_is_the_label_where_it_is_in_its_group() -> None:
    row = parse_row({"image": "a.jpg", "age": "32.9", "age_group": "25-32"})
    assert row.age_label == AgeInterval.exact(32.9)
    assert reason(age="33", age_group="25-32") == "row_unreadable"
    assert reason(age="20-29", age_group="30-39") == "row_unreadable"
    assert reason(age_group="adult") == "row_unreadable"


def test_a_number_in_the_column_of_age_groups_may_be_that_of_a_class_and_is_no_age() -> None:
    assert reason(age_group="3") == "row_unreadable"


@pytest.mark.parametrize(
    ("word", "race"), [("East Asian", "asian"), ("Latino_Hispanic", "others"), ("Middle Eastern", "others")]
)
def test_fairfaces_races_are_those_of_utkface(word: str, race: str) -> None:
    assert parse_row({"image": "a.jpg", "race": word}).race == race


BOX = {"face_x0": "10", "face_y0": "20.5", "face_x1": "40", "face_y1": "60"}


def test_the_box_of_a_face_is_read() -> None:
    assert parse_row({"image": "a.jpg", **BOX}).box == (10, 20.5, 40, 60)
    assert parse_row({"image": "a.jpg"}).box is None


def test_a_row_without_a_box_in_a_table_of_boxes_could_be_of_anybody() -> None:
    assert reason(**dict.fromkeys(BOX, "-1")) == "face_box_unknown"
    assert reason(**{**BOX, "face_x1": ""}) == "face_box_unknown"
    assert reason(**{**BOX, "face_x1": "10"}) == "label_out_of_range"


@given(st.dictionaries(st.sampled_from(("age", "age_group", "gender", "race")), st.text(min_size=200, max_size=500)))
def test_a_reason_is_a_short_line_whatever_the_row_holds(texts: dict[str, str]) -> None:
    with pytest.raises(RowError) as caught:
        parse_row({"fold": "100", **texts, "image": "a.jpg"})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("column", "text"),
    [("apparent_age_mean", "-2"), ("apparent_age_mean", "120.5"), ("apparent_age_std", "61"), ("fold", "100")],
)
def test_a_label_out_of_its_range_is_named_so(column: str, text: str) -> None:
    assert reason(**{column: text}) == "label_out_of_range"


@given(st.dictionaries(st.sampled_from(LABEL_COLUMNS), st.text(max_size=12)))
def test_any_texts_are_labels_in_their_ranges_or_a_reason(texts: dict[str, str]) -> None:
    # Any other exception fails the test.
    with suppress(RowError):
        row = parse_row(texts)
        assert -1 <= row.fold <= 99
        assert math.isnan(row.apparent_age_std) or 0 <= row.apparent_age_std <= 60


@given(st.lists(st.tuples(st.text("ab,\"'\r\n é", min_size=1), st.text("0123 \n,")), max_size=5))
def test_the_output_of_a_csv_writer_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([("image", "age"), *rows])
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    path.write_text(written.getvalue(), encoding="utf-8", newline="")
    assert list(read_labels_file(path, PLAIN)) == [{"image": name, "age": age} for name, age in rows]


@pytest.mark.parametrize("line", ["a.jpg", "a.jpg,3,4"])
def test_a_row_with_more_or_fewer_fields_than_the_header_is_skipped(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"image,age\n{line}\nb.jpg,5\n")
    assert list(read_labels_file(path, PLAIN)) == [None, {"image": "b.jpg", "age": "5"}]


@given(st.text(max_size=300))
@example("\0")
@example("a" * 300)
@example("../" * 50)
@example("/")
def test_paths_outside_the_folder_are_refused(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    folder = tmp_path_factory.mktemp("team")
    (folder / "a.jpg").write_bytes(b"jpeg")
    real, reason, _ = ImageFolder(folder, folder).find(path)
    assert reason in ("picture_outside_folder", "picture_missing") or real == str(folder / "a.jpg")


def test_a_path_may_contain_parent_folders_within_the_folder(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "a.jpg").write_bytes(b"jpeg")
    assert ImageFolder(tmp_path, tmp_path / "faces").find("../a.jpg") == (str(tmp_path / "a.jpg"), "", "")
    assert ImageFolder(tmp_path, tmp_path).find("faces")[1] == "picture_missing"
