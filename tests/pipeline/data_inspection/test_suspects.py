"""Labels that look wrong are shown with their images, from the last training that judged them."""

import json
from pathlib import Path
from types import SimpleNamespace

from pipeline.data_inspection.suspects import SuspectFaces, newest_table
from tests.helpers.drawn_crops import people
from tests.visage.training.suspects.test_table import COLUMNS
from visage.training.suspects.table import TABLE_FILE, SuspectTable


def table_of(root: Path, training: int, action: str = "drop") -> Path:
    path = root / "artifacts" / "Trainer" / "model" / str(training) / TABLE_FILE
    columns = {**COLUMNS, "key": ["0", "1", "2"]}
    SuspectTable.of(action, columns).save(path)  # type: ignore[arg-type]
    return path


def test_the_last_training_with_a_table_counts(tmp_path: Path) -> None:
    config = SimpleNamespace(root=tmp_path)
    assert newest_table(config) is None  # type: ignore[arg-type]
    table_of(tmp_path, 9)
    newest = table_of(tmp_path, 12)
    (tmp_path / "artifacts" / "Trainer" / "model" / "13").mkdir()
    assert newest_table(config) == newest  # type: ignore[arg-type]


def test_faces_of_train_stand_with_label_prediction_and_probability(tmp_path: Path) -> None:
    shown = SuspectFaces(table_of(tmp_path, 12))
    for number, record in enumerate(people(3, seed=1)):
        shown.add_kept(record, "val" if number == 1 else "train")
    listed = shown.listed()
    assert listed is not None
    assert (listed["training"], listed["in_words"]) == (
        "12",
        "1 of 2 ages, 1 of 2 genders of train look wrong: dropped",
    )
    age, gender = listed["listed"]
    assert (age["key"], age["predicted_age"], age["gender_probability"]) == ("2", 20.0, None)
    assert 0 < age["age_probability"] < 1e-8
    assert (gender["key"], gender["predicted_gender"], gender["age_probability"]) == ("0", "male", None)
    assert age["picture"].startswith("data:image/")
    json.dumps(listed, allow_nan=False)


def test_without_a_table_or_with_a_damaged_one_nothing_is_shown(tmp_path: Path) -> None:
    assert SuspectFaces(None).listed() is None
    path = table_of(tmp_path, 12)
    path.write_bytes(b"PAR1")
    assert SuspectFaces(path).listed() is None
