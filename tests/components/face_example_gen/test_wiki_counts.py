"""The number of the real wiki.mat's rows that each published rule keeps, counted by the production code."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.loader import load_config
from tests.helpers.project import PROJECT
from tfds_builders.imdb_wiki.face_table import FaceTable, parse_face_table
from visage.data.cleaning import reason_to_drop
from visage.data.example_proto import Example
from visage.data.prepared_rows import to_record
from visage.data.settings import CleaningSettings, SplitSettings

pytestmark = [pytest.mark.real_data, pytest.mark.one_stack]

PRESETS = PROJECT / "recipes/data"
ROWS = 62_328
# The builder's ClassLabel.
GENDERS = ["female", "male", "unknown"]
# The smallest score of a face is 0.73; -inf means no face.
ONE_FACE = {"min_face_score": 0.0, "second_face": "drop"}


def prepared(table: FaceTable, row: int) -> bytes:
    """Returns the row as the builder writes it, without the image."""
    example = Example()
    feature = example.features.feature
    for name, text in (("full_path", table.full_path[row]), ("name", table.name[row]), ("image", "")):
        feature[name].bytes_list.value.append(text.encode())
    numbers = {"row": row, "dob": int(table.dob[row]), "photo_taken": int(table.photo_taken[row])}
    for name, number in {**numbers, "gender": GENDERS.index(table.gender[row])}.items():
        feature[name].int64_list.value.append(number)
    for name, column in (("face_score", table.face_score), ("second_face_score", table.second_face_score)):
        feature[name].float_list.value.append(float(column[row]))
    return example.SerializeToString()


@pytest.fixture(scope="module")
def wiki(real_data_dir: Path) -> list[bytes]:
    table = parse_face_table((real_data_dir / "imdb_wiki/wiki.mat").read_bytes(), "wiki", "wiki.mat", "download it")
    return [prepared(table, row) for row in range(len(table.full_path))]


def fates(rows: Sequence[bytes], settings: CleaningSettings, named: bool = False) -> Counter[str]:
    """Counts the rows by the rule that drops them; '' means kept. `named`: as if each row had a name."""
    split = SplitSettings()
    records = (to_record("imdb_wiki/wiki", row, settings) for row in rows)
    if named:
        records = (replace(record, identity=record.key) for record in records)
    return Counter(reason_to_drop(record, settings, split) or "" for record in records)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({**ONE_FACE, "gender": "known"}, 39_400),
        ({**ONE_FACE, "gender": "known", "imdb_wiki_age": "year_difference"}, 39_399),
    ],
)
def test_the_known_numbers(wiki: list[bytes], settings: dict[str, Any], kept: int) -> None:
    counts = fates(wiki, CleaningSettings(**settings))
    assert counts.total() == ROWS
    assert counts[""] == kept


def test_the_number_that_the_vgg_face_post_reports(wiki: list[bytes]) -> None:
    settings = CleaningSettings(min_face_score=3.0, min_age=1, imdb_wiki_age="year_difference")
    assert fates(wiki, settings)[""] == 22_508
    # 70 more have no name. The post keeps them; here they might be in two splits.
    assert fates(wiki, settings, named=True)[""] == 22_578


@pytest.mark.parametrize(("preset", "kept"), [("vggface_wiki", 22_138), ("cnn_imdb", 38_093)])
def test_the_presets_keep_as_many_as_the_published_systems(wiki: list[bytes], preset: str, kept: int) -> None:
    counts = fates(wiki, load_config(PRESETS / f"{preset}.yaml").cleaning)
    assert counts.total() == ROWS
    assert counts[""] == kept
