"""IMDB-WIKI's MATLAB struct: raw numbers in wide types, and one line for any other file."""

import io
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from tfds_builders.imdb_wiki.face_table import FIELDS, FaceTable, parse_face_table
from visage.errors import VisageError


def cells(*values: Any) -> np.ndarray:
    row = np.empty((1, len(values)), object)
    for column, value in enumerate(values):
        row[0, column] = np.array(value)
    return row


def struct(**changed: Any) -> dict[str, Any]:
    return {
        "dob": np.array([[723671, 703186]], np.int32),
        "photo_taken": np.array([[2009, 1964]], np.uint16),
        "full_path": cells(["17/10000217_1981-05-05_2009.jpg"], ["48/10000548_1925-04-04_1964.jpg"]),
        "gender": np.array([[1.0, np.nan]]),
        "name": cells(["Sami Jauhojärvi"], np.array([], "<U1")),
        "face_location": cells([[111.3, 111.3, 252.7, 252.7]], np.array([[1, 1, 634, 440]], np.uint16)),
        "face_score": np.array([[4.3, -np.inf]]),
        "second_face_score": np.array([[np.nan, 1.9]]),
        **changed,
    }


def mat(**variables: Any) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables)
    return stream.getvalue()


def parse(contents: bytes) -> FaceTable:
    return parse_face_table(contents, "wiki", "here/wiki.mat", "download it again")


def test_the_published_struct_is_read() -> None:
    table = parse(mat(wiki=struct()))
    assert table.full_path == ["17/10000217_1981-05-05_2009.jpg", "48/10000548_1925-04-04_1964.jpg"]
    assert table.name == ["Sami Jauhojärvi", ""]
    assert table.gender == ["male", "unknown"]
    np.testing.assert_allclose(table.face_location[0], [111.3, 111.3, 252.7, 252.7], rtol=1e-6)
    assert table.face_location[1].tolist() == [1, 1, 634, 440]
    assert np.isneginf(table.face_score[1])
    assert np.isnan(table.second_face_score[0])


def test_years_do_not_wrap_round() -> None:
    table = parse(mat(wiki=struct()))
    assert (table.photo_taken - 2010).tolist() == [-1, -46]
    assert table.dob.dtype == np.int64


def test_a_face_location_that_is_no_box_is_nan() -> None:
    table = parse(mat(wiki=struct(face_location=cells([[1.0, 2.0]], [[1.0, 2.0, 3.0, 4.0]]))))
    assert np.isnan(table.face_location[0]).all()
    assert table.face_location[1].tolist() == [1, 2, 3, 4]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("box", [["10", "10", "20", "20"], cells([1.0], [2.0], [3.0], [4.0]), [1.0, 2.0], []])
def test_an_invalid_face_location_affects_only_its_own_row(box: Any) -> None:
    table = parse(mat(wiki=struct(face_location=cells(box, [[1.0, 2.0, 3.0, 4.0]]))))
    assert np.isnan(table.face_location[0]).all()
    assert table.face_location[1].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("gender", [-1.0, 0.5, 2.0, np.inf, np.nan])
def test_a_gender_outside_its_range_is_unknown(gender: float) -> None:
    assert parse(mat(wiki=struct(gender=np.array([[1.0, gender]])))).gender == ["male", "unknown"]


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_an_error_of_one_line(field: str) -> None:
    contents = mat(wiki={name: column for name, column in struct().items() if name != field})
    with pytest.raises(VisageError) as caught:
        parse(contents)
    assert str(caught.value) == f"here/wiki.mat: the struct 'wiki' lacks the field(s) {field}: download it again"


def test_a_field_under_nearly_its_name_is_named() -> None:
    fields = {{"gender": "Gender"}.get(name, name): column for name, column in struct().items()}
    with pytest.raises(VisageError, match=r"lacks the field\(s\) gender \(but has Gender\): download it again"):
        parse(mat(wiki=fields))


@pytest.mark.parametrize("name", ["", " ", "nan", "Unknown", "N/A"])
def test_the_words_for_unknown_are_no_names(name: str) -> None:
    assert parse(mat(wiki=struct(name=cells([name], [" Ann "])))).name == ["", "Ann"]


def test_fields_of_different_lengths_are_errors_of_one_line() -> None:
    with pytest.raises(VisageError, match=r"fields differ in length \(dob 3, photo_taken 2.*: download it again"):
        parse(mat(wiki=struct(dob=np.array([[1, 2, 3]], np.int32))))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "dob", [cells(["1981"], ["x", "y"]), cells([[1.0]], [[2.0]]), np.array([["19", "20"]], object)]
)
@pytest.mark.parametrize("field", ["dob", "photo_taken", "face_score", "second_face_score", "gender"])
def test_a_field_of_another_type_is_an_error_of_one_line(field: str, dob: np.ndarray) -> None:
    with pytest.raises(VisageError, match=r"a field is not of its published type .*: download it again"):
        parse(mat(wiki=struct(**{field: dob})))


def test_another_variable_is_an_error_of_one_line() -> None:
    with pytest.raises(VisageError, match="holds no struct 'wiki': download it again"):
        parse(mat(imdb=struct()))


@pytest.mark.parametrize("contents", [b"", b"<html>Not found</html>" * 50, mat(wiki=struct())[:300]])
def test_another_file_is_an_error_of_one_line(contents: bytes) -> None:
    with pytest.raises(VisageError, match=r"here/wiki.mat:? (holds no struct|.*not a MATLAB 5)") as caught:
        parse(contents)
    assert "\n" not in str(caught.value)
