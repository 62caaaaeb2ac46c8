"""Predictions of any system, from a CSV or a Parquet file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.visage.evaluation.some_tables import table_of
from visage.errors import VisageError
from visage.evaluation.metrics.score import score
from visage.evaluation.predictions.external import read_external
from visage.evaluation.predictions.files import read_predictions, write_predictions
from visage.evaluation.predictions.table import CANDIDATE

CSV = """age,gender,predicted_age,predicted_gender,race,identity
30,male,33,male,white,ada
40.5,female,38,female,asian,007
,female,50,female,,
"""


def written(folder: Path, text: str = CSV) -> Path:
    file = folder / "other.csv"
    file.write_text(text)
    return file


def test_labels_and_predictions_are_read_and_empty_cells_are_unknown(tmp_path: Path) -> None:
    table = read_external(written(tmp_path))
    truths, outputs = table.truths, table.outputs[CANDIDATE]
    assert truths.age.tolist()[:2] == [30, 40.5]
    assert np.isnan(truths.age[2])
    assert truths.age_group.tolist() == [4, 5, -1]
    assert truths.race.tolist() == ["white", "asian", "unknown"]
    # Texts stay texts.
    assert truths.identity.tolist() == ["ada", "007", "unknown"]
    assert truths.source.tolist() == ["other"] * 3
    assert truths.key.tolist() == ["row 2", "row 3", "row 4"]
    assert outputs.age is not None
    assert outputs.age.tolist() == [33, 38, 50]
    # No probability, so no figure that needs one.
    assert outputs.gender_probability is None
    assert outputs.by_target()["gender"].tolist() == [1, 0, 0]


def test_an_age_group_is_a_label_in_either_column_and_no_age_in_years(tmp_path: Path) -> None:
    text = "age,age_group,predicted_age\n20-29,,24\n,more than 70,69\n31,30-39,33\n"
    table = read_external(written(tmp_path, text))
    assert table.truths.age_low.tolist() == [20, 70, 31]
    assert table.truths.age_high.tolist() == [29, 120, 31]
    assert np.isnan(table.truths.age).tolist() == [True, True, False]
    assert table.truths.age_group.tolist() == [-1, 7, 4]
    found = score("evaluation", table.truths.by_target(), table.outputs[CANDIDATE].by_target())
    assert (found["age_mae"], found["age_interval_accuracy"]) == (2, 0.5)


def test_a_prediction_table_of_an_earlier_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "earlier.parquet"
    write_predictions(table_of([30], [34], [0.2]), file)
    table = pq.read_table(file)
    pq.write_table(table.rename_columns(["age" if name == "age_low" else name for name in table.column_names]), file)
    for read in (lambda: read_external(file), lambda: read_predictions([file])):
        with pytest.raises(VisageError, match=r"is no prediction table of this version .*evaluate the model again"):
            read()


def test_parquet_is_read_as_well_as_the_evaluators_own_files(tmp_path: Path) -> None:
    file = tmp_path / "other.parquet"
    pq.write_table(pa.table({"age": [30.0, None], "predicted_age": [31.0, 32.0]}), file)
    assert np.isnan(read_external(file).truths.age[1])
    write_predictions(table_of([30], [34], [0.2]), file)
    assert len(read_external(file)) == 1


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("age,predictd_age\n3,4\n", "column 'predictd_age' is unknown; did you mean predicted_age"),
        ("age,gender\n3,male\n", "nothing to compare; give predicted_age with age"),
        ("age,predicted_gender\n3,male\n", "nothing to compare"),
        ("age,predicted_age\n", "holds no row"),
        ("age,predicted_age\n30,old\n", "row 2: predicted_age must be a number from -50 to 200, not 'old'"),
        (
            "age,predicted_age\n30,31\n300,31\n",
            "row 3: age must be years from 0 to 150, or an age group such as 20-29, not",
        ),
        ("gender,predicted_male\nmale,1.5\n", "row 2: predicted_male must be a number from 0 to 1"),
        ("gender,predicted_gender\nman,male\n", "row 2: gender must be one of female, male, or empty, not 'man'"),
        ("age,predicted_age\n30,31,32\n", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, text: str, refusal: str) -> None:
    with pytest.raises(VisageError) as refused:
        read_external(written(tmp_path, text))
    assert refusal in str(refused.value)
    assert "\n" not in str(refused.value)


def test_texts_of_a_parquet_that_are_not_utf8_are_refused_in_one_line(tmp_path: Path) -> None:
    places, text = (pa.py_buffer(content) for content in (np.array([0, 1], np.int32), b"\xfc"))
    latin = pa.Array.from_buffers(pa.string(), 1, [None, places, text])
    file = tmp_path / "latin.parquet"
    pq.write_table(pa.table({"age": [30], "predicted_age": [31.0], "identity": latin}), file)
    with pytest.raises(VisageError, match=r"latin\.parquet: cannot be read \(.*UTF8.*\); give a CSV") as error:
        read_external(file)
    assert "\n" not in str(error.value)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"none\.csv: does not exist; give a CSV or Parquet file"):
        read_external(tmp_path / "none.csv")
