"""The three builders on the real archives, if this machine has them; none of their content is stored."""

import re
import shutil
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from tests.helpers.project import PROJECT
from tfds_builders.adience import adience_dataset_builder
from tfds_builders.adience.age_labels import read_age_label
from tfds_builders.imdb_wiki import imdb_wiki_dataset_builder
from tfds_builders.imdb_wiki.face_table import parse_face_table
from tfds_builders.utkface import utkface_dataset_builder
from visage.errors import VisageError

pytestmark = [pytest.mark.real_data, pytest.mark.one_stack]

README = PROJECT / "tfds_builders/adience/README.md"
ODD_LABELS = {
    "None": 753, "35": 294, "13": 169, "22": 149, "34": 105, "23": 96, "45": 88, "55": 77, "(27, 32)": 77,
    "(25, 23)": 72, "36": 57, "(38, 42)": 50, "57": 24, "3": 18, "29": 12, "(38, 48)": 6, "58": 5, "2": 3, "32": 3,
    "56": 2, "(8, 23)": 1, "42": 1, "46": 1,
}  # fmt: skip
PORTRAIT = PROJECT / "tfds_builders/imdb_wiki/dummy_data/imdb_wiki/wiki_crop/00/000_1972-5-5_2000.jpg"


def prepare(builder: tfds.core.GeneratorBasedBuilder, manual: Path) -> tfds.core.GeneratorBasedBuilder:
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return builder


def test_utkface(real_data_dir: Path, tmp_path: Path) -> None:
    builder = prepare(utkface_dataset_builder.Builder(data_dir=tmp_path), real_data_dir)
    assert builder.info.metadata == {
        "rows": 18969,
        "yielded": 18969,
        "skipped": {},
        "name_defects": {"race_missing": 3, "time_digits": 2, "dot_missing": 1},
    }
    dataset = builder.as_dataset(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    defects = {
        face["file_name"].decode(): face["name_defect"].decode()
        for face in tfds.as_numpy(dataset)
        if face["name_defect"]
    }
    assert defects == {
        "28_1_2_201701161846515488.jpg.chip.jpg": "time_digits",
        "38_0_1_201701162330572788.jpg.chip.jpg": "time_digits",
        "39_1_20170116174525125.jpg.chip.jpg": "race_missing",
        "55_0_0_20170116232725357jpg.chip.jpg": "dot_missing",
        "61_1_20170109142408075.jpg.chip.jpg": "race_missing",
        "61_1_20170109150557335.jpg.chip.jpg": "race_missing",
    }


# Beside each image of the archive `faces` lies a text with its landmarks.
@pytest.mark.parametrize(("config", "images", "beside"), [("faces", 398, {"not_a_picture": 398}), ("aligned", 12, {})])
def test_adience(real_data_dir: Path, tmp_path: Path, config: str, images: int, beside: dict[str, int]) -> None:
    builder = prepare(adience_dataset_builder.Builder(data_dir=tmp_path, config=config), real_data_dir)
    distinct = 19370
    assert builder.info.metadata == {
        "rows": 19487 + sum(beside.values()),
        "yielded": images,
        "skipped": {"duplicate_row": 117, "picture_missing": distinct - images, **beside},
        "mapped_labels": ODD_LABELS,
    }


def test_the_table_in_adiences_readme_lists_every_odd_label_with_its_count() -> None:
    table = re.findall(r"^\| `(.+)` \| (\d+) \| `?([^`]+?)`? \|$", README.read_text(), re.MULTILINE)
    assert {label: int(count) for label, count, _ in table} == ODD_LABELS
    assert all(read_age_label(label).group == group for label, _, group in table)


def test_wiki_mat_is_read_whole(real_data_dir: Path) -> None:
    contents = (real_data_dir / "imdb_wiki/wiki.mat").read_bytes()
    table = parse_face_table(contents, "wiki", "wiki.mat", "download it again")
    assert len(table.full_path) == len(set(table.full_path)) == 62328
    assert table.gender.count("unknown") == 2643
    assert (table.photo_taken.min(), table.photo_taken.max()) == (1940, 2015)
    assert sum(score == float("-inf") for score in table.face_score.tolist()) == 18016


def test_wiki_without_its_images(real_data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "manual/wiki_crop").mkdir(parents=True)
    shutil.copy(real_data_dir / "imdb_wiki/wiki.mat", tmp_path / "manual/wiki.mat")
    builder = imdb_wiki_dataset_builder.Builder(data_dir=tmp_path / "data", config="wiki")
    with pytest.raises(VisageError, match=r"wiki_crop has none of the 62328 images that the .mat names"):
        prepare(builder, tmp_path / "manual")
    assert builder.info.metadata == {"rows": 62328, "yielded": 0, "skipped": {"picture_missing": 62328}}
    (tmp_path / "manual/wiki_crop/17").mkdir()
    shutil.copy(PORTRAIT, tmp_path / "manual/wiki_crop/17/10000217_1981-05-05_2009.jpg")
    again = prepare(imdb_wiki_dataset_builder.Builder(data_dir=tmp_path / "data", config="wiki"), tmp_path / "manual")
    assert again.info.metadata == {"rows": 62328, "yielded": 1, "skipped": {"picture_missing": 62327}}
