"""Headers of labels files: the columns that are read, and the refusals."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import run

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfds_builders.labelled_folder.header import Reading, used_columns
from tfds_builders.labelled_folder.labels_file import check_labels_file, find_labels_files
from visage.data.datasets.labelled_folder import LABEL_COLUMNS
from visage.errors import VisageError

KEY = "data.labelled_folders.team"
PATH = Path("team/labels.csv")


def reading(separator: str = ",", **columns: str | None) -> Reading:
    return Reading(columns, separator, KEY)


def refusal(header: list[str], how: Reading | None = None) -> str:
    with pytest.raises(VisageError) as caught:
        used_columns(PATH, header, how or reading())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"), [("Identity", "identity"), ("Age", "age"), ("gender ", "gender"), ("age-group", "age_group")]
)
def test_a_column_similar_to_a_standard_one_is_refused_with_the_right_name(name: str, meant: str) -> None:
    assert refusal(["image", name]) == (
        f"team/labels.csv: column '{name}' (did you mean {meant}?) would not be read: rename it, or set "
        f'{KEY}.columns: {{{meant}: "{name}"}} to read it, {{{meant}: null}} to leave it out'
    )


def test_the_older_name_of_the_column_of_images_is_read() -> None:
    assert used_columns(PATH, ["picture", "age"], reading()) == {"image": "picture", "age": "age"}
    assert used_columns(PATH, ["image", "picture"], reading(image="picture")) == {"image": "picture"}
    assert used_columns(PATH, ["image", "picture"], reading(image="image")) == {"image": "image"}


def test_both_names_of_the_column_of_images_are_an_error_of_one_line() -> None:
    assert refusal(["image", "picture"]) == (
        "team/labels.csv has the columns image and picture, two names of one: "
        f"name in {KEY}.columns.image the one to read"
    )


def test_all_of_them_are_errors_of_one_line() -> None:
    message = refusal(["Image", "Age", "gender"])
    assert "column 'Image' (did you mean image?), 'Age' (did you mean age?) would not be read" in message


def test_a_column_near_two_names_gives_both() -> None:
    assert "(did you mean apparent_age_std or apparent_age_mean?)" in refusal(["image", "apparent_age"])


def test_beside_the_exact_column_a_similar_one_is_ignored() -> None:
    assert used_columns(PATH, ["image", "age", "Age", "ages"], reading()) == {"image": "image", "age": "age"}


def test_the_fix_in_the_message_works() -> None:
    assert used_columns(PATH, ["image", "Age "], reading(age="Age ")) == {"image": "image", "age": "Age "}
    assert used_columns(PATH, ["image", "Age "], reading(age=None)) == {"image": "image"}
    assert used_columns(PATH, ["image", "age"], reading(age=None)) == {"image": "image"}


def test_a_box_of_three_sides_is_refused_before_any_row() -> None:
    sides = ["face_x0", "face_y0", "face_x1"]
    message = refusal(["image", *sides])
    assert "has face_x0 and face_y0 and face_x1 of the boxes of faces, but no face_y1: name the" in message
    assert used_columns(PATH, ["image", *sides], Reading(dict.fromkeys(sides), ",", KEY)) == {"image": "image"}


def test_a_configured_name_that_is_nearly_there_is_named() -> None:
    assert "has no column 'year', which" in refusal(["image", "years"], reading(age="year"))
    assert "did you mean years? it has image, years" in refusal(["image", "years"], reading(age="year"))


@pytest.mark.parametrize(
    ("separator", "header", "likely"),
    [
        (",", "picture;age;note, if any", ";"),
        (",", "picture\tage", r"\t"),
        (";", "image,age", ","),
        (",", "a|b", "|"),
        (";", "picture|note;age", "|"),
    ],
)
def test_another_separator_is_guessed(separator: str, header: str, likely: str) -> None:
    message = refusal(header.split(separator), reading(separator))
    assert " is not separated by " in message
    assert message.endswith(f'set {KEY}.separator: "{likely}"')


def test_a_single_column_of_paths_may_contain_any_character() -> None:
    assert used_columns(PATH, ["a;b"], reading(image="a;b")) == {"image": "a;b"}


@given(st.lists(st.text(max_size=300), max_size=40))
def test_any_header_is_read_or_refused_in_one_bounded_line(header: list[str]) -> None:
    used = {}
    with suppress(VisageError):
        used = used_columns(PATH, header, reading())
    assert set(used.values()) <= set(LABEL_COLUMNS) & set(header)
    if not used:
        message = refusal(header)
        assert message.isprintable()
        assert len(message) < 2_500


def written(folder: Path, content: bytes) -> Path:
    (folder / "labels.csv").write_bytes(content)
    return folder / "labels.csv"


def test_latin_1_far_from_the_header_is_reported_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path, b"\xef\xbb\xbfimage,identity\n" + b"a.jpg,ann\n" * 200_000 + "b.jpg,zoé\n".encode("latin-1")
    )
    with pytest.raises(VisageError, match=r"is not UTF-8 text \(line 200002, byte 0xe9\): save it as CSV in UTF-8$"):
        check_labels_file(path, reading())


def test_a_good_table_passes(tmp_path: Path) -> None:
    check_labels_file(written(tmp_path, b"\xef\xbb\xbfimage,age\r\na.jpg,3\r\n"), reading())


def parquet(folder: Path, **columns: pyarrow.Array) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "labels.PARQUET")
    return folder / "labels.PARQUET"


def test_a_parquet_column_that_holds_neither_images_nor_paths_is_refused_by_its_type(tmp_path: Path) -> None:
    pictures = [{"pixels": list(range(100)), "path": "0.jpg"}]
    path = parquet(tmp_path, image=pyarrow.array(pictures), age=pyarrow.array([30]))
    with pytest.raises(VisageError, match=r"column 'image' is of type struct<.*: write an image as bytes,") as caught:
        check_labels_file(path, reading(image="image"))
    assert len(str(caught.value)) < 400


def test_a_parquet_column_of_no_labels_is_refused_by_its_type(tmp_path: Path) -> None:
    born = pyarrow.array([0], pyarrow.date32())
    path = parquet(tmp_path, image=pyarrow.array(["a.jpg"]), age=born, gender=pyarrow.array(["f"]).dictionary_encode())
    with pytest.raises(VisageError, match=r"column 'age' is of type date32\[day\]: write age as text or numbers"):
        check_labels_file(path, reading())
    check_labels_file(path, reading(age=None))


def test_a_gender_as_a_number_needs_the_names_of_its_classes(tmp_path: Path) -> None:
    path = parquet(tmp_path, image=pyarrow.array(["a.jpg"]), age=pyarrow.array([30]), gender=pyarrow.array([0]))
    with pytest.raises(
        VisageError, match=r"'gender': numbers without .* write gender as words, .* look whether age has years"
    ):
        check_labels_file(path, reading())
    assert check_labels_file(path, reading(gender=None)) == ["image", "age"]

    features = {"gender": {"names": ["Male", "Female"], "_type": "ClassLabel"}}
    named = pyarrow.parquet.read_table(path).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    pyarrow.parquet.write_table(named, path)
    assert "gender" in check_labels_file(path, reading())


@pytest.mark.parametrize("column", ["gender", "race", "age_group"])
@pytest.mark.parametrize(
    ("values", "says_nothing"),
    [
        (pyarrow.array([0, 1]), True),
        (pyarrow.array([1.0, None]), True),
        (pyarrow.array([-1, -1]), False),
        (pyarrow.array([float("nan"), None]), False),
        (pyarrow.array([None, None]), False),
    ],
)
def test_a_number_may_stand_for_unknown_alone(
    column: str, values: pyarrow.Array, says_nothing: bool, tmp_path: Path
) -> None:
    # A nested column before it has several columns in the file.
    images = pyarrow.array([{"bytes": b"x", "path": "a.jpg"}] * 2)
    path = parquet(tmp_path, image=images, **{column: values})
    if says_nothing:
        with pytest.raises(
            VisageError, match=f"'{column}': numbers without the names of their classes: write {column} as "
        ):
            check_labels_file(path, reading())
    else:
        assert check_labels_file(path, reading()) == ["image", column]


def test_a_near_name_in_a_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, image=pyarrow.array(["a.jpg"]), Identity=pyarrow.array(["ann"]))
    with pytest.raises(VisageError, match=r"column 'Identity' \(did you mean identity\?\)"):
        check_labels_file(path, reading())


def test_a_labels_file_under_nearly_its_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "Labels.csv").touch()
    with pytest.raises(VisageError, match=r"^no labels\.csv or labels\.parquet in .*: it holds Labels\.csv, did you"):
        find_labels_files(tmp_path, None, KEY)


def test_the_check_of_a_table_needs_no_tensorflow() -> None:
    code = "import sys, tfds_builders.labelled_folder.labels_file; sys.exit('tensorflow' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
