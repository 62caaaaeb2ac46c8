"""Prediction tables as Parquet files: columns that other programs read, and a round trip."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.data.labels import AGE_GROUPS, GENDERS, RACES, UNKNOWN
from visage.evaluation.predictions.files import from_arrow, read_predictions, to_arrow, write_predictions
from visage.evaluation.predictions.table import ModelOutputs, PredictionTable, Truths

_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
_numbers = st.floats(0, 100, width=32) | st.just(np.nan)
# A model's predictions may also be infinite.
_predictions = _numbers | st.just(np.inf)


def array(draw: st.DrawFn, of: st.SearchStrategy, *shape: int) -> np.ndarray:
    count = int(np.prod(shape))
    return np.array(draw(st.lists(of, min_size=count, max_size=count)), np.float32).reshape(shape)


@st.composite
def tables(draw: st.DrawFn) -> PredictionTable:
    """One to five records, with one or two models, each with any of the outputs."""
    count = draw(st.integers(1, 5))

    def texts(values: st.SearchStrategy[str], unique: bool = False) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=count, max_size=count, unique=unique)), str)

    def model() -> ModelOutputs:
        outputs = ModelOutputs(
            age=array(draw, _predictions, count),
            age_probabilities=array(draw, _predictions, count, draw(st.sampled_from([8, 101]))),
            age_group=array(draw, st.sampled_from(range(len(AGE_GROUPS))), count),
            gender_probability=array(draw, _predictions, count),
            gender=array(draw, st.sampled_from([0.0, 1.0, np.nan]), count),
        )
        lacking = draw(st.sets(st.sampled_from([field.name for field in fields(ModelOutputs)]), max_size=4))
        return replace(outputs, **dict.fromkeys(lacking))

    truths = Truths(
        key=texts(_texts, unique=True),
        image_digest=texts(_texts),
        identity=texts(_texts),
        source=texts(_texts),
        gender=texts(st.sampled_from([*GENDERS, UNKNOWN])),
        race=texts(st.sampled_from([*RACES, UNKNOWN])),
        age_low=array(draw, _numbers, count),
        age_high=array(draw, _numbers, count),
        apparent_age=array(draw, _numbers, count, 2),
        quality={"blur": array(draw, _numbers, count)} if draw(st.booleans()) else {},
    )
    roles = draw(st.sampled_from([["candidate"], ["candidate", "baseline"]]))
    return PredictionTable(truths, {role: model() for role in roles})


def assert_same(one: PredictionTable, other: PredictionTable) -> None:
    assert one.outputs.keys() == other.outputs.keys()
    assert one.truths.quality.keys() == other.truths.quality.keys()
    pairs: list[tuple[Any, Any]] = [(one.truths, other.truths)]
    pairs += [(one.outputs[role], other.outputs[role]) for role in one.outputs]
    for left, right in pairs:
        for field in fields(left):
            before, after = getattr(left, field.name), getattr(right, field.name)
            assert (before is None) == (after is None)
            if field.name == "quality":
                before, after = before.get("blur", np.empty(0)), after.get("blur", np.empty(0))
            if before is not None:
                np.testing.assert_array_equal(before, after)
                assert before.dtype.kind == after.dtype.kind


@given(table=tables())
def test_a_written_table_is_read_back(tmp_path_factory: pytest.TempPathFactory, table: PredictionTable) -> None:
    file = tmp_path_factory.getbasetemp() / "table.parquet"
    write_predictions(table, file)
    assert_same(read_predictions([file]), table.in_order_of_keys())


def test_other_programs_read_the_columns() -> None:
    truths = truths_of([30, None], identities=["bob", UNKNOWN])
    probabilities = np.full((2, 101), 1 / 101, np.float32)
    candidate = replace(outputs_of([31, 50], [0.9, 0.2]), age_probabilities=probabilities)
    written = to_arrow(PredictionTable(truths, {"candidate": candidate, "baseline": outputs_of([32, 51])}))
    assert written.column_names == [
        *("key", "image_digest", "identity", "source", "gender", "race"),
        *("age_low", "age_high", "apparent_age_mean", "apparent_age_std"),
        *("candidate_age", "candidate_age_probabilities", "candidate_gender_probability", "baseline_age"),
    ]
    assert written.column("identity").to_pylist() == ["bob", "unknown"]
    assert written.column("baseline_age").to_pylist() == [32, 51]
    assert len(written.column("candidate_age_probabilities")[0]) == 101


def test_unknown_labels_are_null_and_a_prediction_that_is_no_number_stays_nan() -> None:
    written = to_arrow(PredictionTable(truths_of([30, None]), {"candidate": outputs_of([np.nan, 50])}))
    for name, values in {"age_low": [30, None], "age_high": [30, None], "apparent_age_mean": [None, None]}.items():
        assert written.column(name).to_pylist() == values
    predicted = written.column("candidate_age")
    assert predicted.null_count == 0
    assert np.isnan(predicted[0].as_py())


def test_a_model_without_a_head_stays_one() -> None:
    table = PredictionTable(truths_of([30]), {"candidate": outputs_of([31]), "baseline": outputs_of([32], [0.5])})
    found = from_arrow(to_arrow(table))
    assert found.outputs["candidate"].gender_probability is None
    assert found.outputs["candidate"].age_probabilities is None
    assert found.outputs["baseline"].gender_probability is not None


def test_several_files_are_one_table_in_the_order_of_its_keys(tmp_path: Path) -> None:
    table = PredictionTable(truths_of(range(7)), {"candidate": outputs_of(range(7), [0.5] * 7)})
    files = []
    # Records lie in the files as their digests fall; a file may hold none.
    for number, rows in enumerate([[6, 0, 3], [], [5, 1], [4, 2]]):
        taken = np.array(rows, int)
        part = PredictionTable(table.truths.take(taken), {"candidate": table.outputs["candidate"].take(taken)})
        files.append(tmp_path / f"{number}.parquet")
        write_predictions(part, files[-1])
    assert_same(read_predictions(files), table)
    assert_same(read_predictions(files[::-1]), table)
    assert len(read_predictions([files[1]])) == 0


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "table.parquet"
    table = PredictionTable(truths_of([30]), {"candidate": outputs_of([31])})
    write_predictions(table, file)

    def fails(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(parquet, "write_table", fails)
    with pytest.raises(OSError, match="No space left"):
        write_predictions(PredictionTable(truths_of([40]), {"candidate": outputs_of([41])}), file)
    assert_same(read_predictions([file]), table)
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
