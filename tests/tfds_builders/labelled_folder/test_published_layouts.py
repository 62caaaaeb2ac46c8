"""Drawn images in the layouts in which people bring faces: FairFace's, Hugging Face's and Lagenda's."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from tests.helpers.drawn_crops import draw_crop
from tfds_builders.labelled_folder.labelled_folder_dataset_builder import Builder, LabelledFolderConfig
from tfds_builders.skipped_rows import SKIPPED_ROWS, read_skipped_rows
from visage.data.prepared_rows import face_box, to_record
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings
from visage.errors import VisageError
from visage.faces.encode import encode

FAIRFACE_AGES = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
FAIRFACE_RACES = (
    "East Asian", "Indian", "Black", "White", "Middle Eastern", "Latino_Hispanic", "Southeast Asian",
)  # fmt: skip
OURS = ("asian", "indian", "black", "white", "others", "others", "asian")


def drawn(number: int) -> bytes:
    return encode(draw_crop(float(number), "female", np.random.default_rng(number)))


def write_csv(path: Path, header: str, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])


def prepared(folder: Path, **how: Any) -> Builder:
    """Prepares the labelled folder `team` of `folder`."""
    builder = Builder(data_dir=folder / "prepared", config=LabelledFolderConfig(name="team", **how))
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=folder))
    return builder


def records(builder: Builder) -> dict[str, FaceRecord]:
    """Returns the records by the part of their keys after the data set."""
    files = builder.info.splits["train"].filepaths
    serialized = (row.numpy() for row in tf.data.TFRecordDataset(files))
    found = [to_record("labelled_folder/team", row, CleaningSettings()) for row in serialized]
    return {record.key.removeprefix("labelled_folder/team/"): record for record in found}


def test_fairface_as_its_authors_publish_it(tmp_path: Path) -> None:
    """Two tables, `fairface_label_train.csv` and `fairface_label_val.csv`, with the images in train/ and val/."""
    team = tmp_path / "team"
    for number, split in enumerate(("train", "val")):
        (team / split).mkdir(parents=True)
        rows = [
            (f"{split}/{place}.jpg", age, ("Male", "Female")[place % 2], FAIRFACE_RACES[place % 7], place % 2 == 0)
            for place, age in enumerate(FAIRFACE_AGES, start=1)
        ]
        for place, row in enumerate(rows):
            (team / row[0]).write_bytes(drawn(10 * number + place))
        write_csv(team / f"fairface_label_{split}.csv", "file,age,gender,race,service_test", rows)
    builder = prepared(tmp_path, labels="fairface_label_*.csv", columns={"image": "file"})
    assert builder.info.metadata == {"rows": 18, "yielded": 18, "skipped": {}}
    found = records(builder)
    labels = [str(found[f"val/{place}.jpg"].age_label) for place in range(1, 10)]
    assert labels == [*FAIRFACE_AGES[:-1], "70-120"]
    assert {(record.age, record.gender) for record in found.values()} == {(None, "female"), (None, "male")}
    assert found["train/7.jpg"].race == OURS[0]


def hugging_face(path: Path, names: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a table as `datasets.Dataset.to_parquet` does: structs of bytes and path, classes as numbers."""
    features: dict[str, Any] = {name: {"names": list(own), "_type": "ClassLabel"} for name, own in names.items()}
    features |= {"image": {"_type": "Image"}, "service_test": {"dtype": "bool", "_type": "Value"}}
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [("image", image), *((name, pa.int64()) for name in names), ("service_test", pa.bool_())],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path, row_group_size=3)


FAIRFACE_CLASSES = {"age": FAIRFACE_AGES, "gender": ("Male", "Female"), "race": FAIRFACE_RACES}


def test_fairface_as_hugging_face_has_it(tmp_path: Path) -> None:
    """HuggingFaceM4/FairFace: a folder a margin, shards of Parquet, an integer for each class."""
    rows: list[dict[str, Any]] = [
        {
            "image": {"bytes": drawn(number), "path": None},
            "age": number % 9,
            "gender": number % 2,
            "race": number % 7,
            "service_test": False,
        }
        for number in range(18)
    ]
    shards = [tmp_path / "team/0.25" / f"train-{number:05}-of-00002-7a9b.parquet" for number in range(2)]
    for number, shard in enumerate(shards):
        hugging_face(shard, FAIRFACE_CLASSES, rows[9 * number : 9 * number + 9])
    builder = prepared(tmp_path, labels="0.25/train-*.parquet")
    assert builder.info.metadata == {"rows": 18, "yielded": 18, "skipped": {}}
    found = records(builder)
    for number, row in enumerate(rows):
        record = found[f"0.25/{shards[number // 9].name}#{number % 9 + 1}"]
        assert record.image == row["image"]["bytes"]
        assert str(record.age_label) == [*FAIRFACE_AGES[:-1], "70-120"][number % 9]
        assert (record.gender, record.race) == (("male", "female")[number % 2], OURS[number % 7])


def test_a_class_that_has_no_name_is_never_taken_for_years(tmp_path: Path) -> None:
    good = {"image": {"bytes": drawn(1), "path": "1.jpg"}, "age": 3, "gender": 1, "race": 0, "service_test": True}
    rows = [good, {**good, "age": 25}, {**good, "age": -1, "gender": -1}, {**good, "age": None}]
    hugging_face(tmp_path / "team/labels.parquet", FAIRFACE_CLASSES, rows)
    builder = prepared(tmp_path)
    assert builder.info.metadata == {"rows": 4, "yielded": 3, "skipped": {"row_unreadable": 1}}
    (skipped,) = read_skipped_rows(Path(builder.data_dir) / SKIPPED_ROWS)
    assert (skipped.row, skipped.why) == (
        "labels.parquet, row 2",
        "age 'class 25' is no number and no range such as 20-29",
    )
    assert [str(record.age_label) for _, record in sorted(records(builder).items())] == ["20-29", "None", "None"]


def test_images_as_plain_bytes_beside_labels_of_any_form(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    images = [drawn(1), b"", None, b"no image", drawn(2)]
    table = pa.table({"image": pa.array(images, pa.large_binary()), "age": ["31", "32", "33", "3-9", "thirty"]})
    pq.write_table(table, tmp_path / "team/labels.parquet")
    builder = prepared(tmp_path)
    skipped = {"picture_empty": 2, "row_unreadable": 1}
    assert builder.info.metadata == {"rows": 5, "yielded": 2, "skipped": skipped}
    found = records(builder)
    assert {key: str(record.age_label) for key, record in found.items()} == {
        "labels.parquet#1": "31",
        # The pipeline drops it as picture_undecodable, and counts it.
        "labels.parquet#4": "3-9",
    }


@pytest.fixture
def pool() -> Iterator[pa.MemoryPool]:
    """A pool of memory that nothing has used; the default one is restored."""
    before = pa.default_memory_pool()
    yield pa.proxy_memory_pool(pa.system_memory_pool())
    pa.set_memory_pool(before)


def test_images_are_read_a_few_rows_at_a_time(tmp_path: Path, pool: pa.MemoryPool) -> None:
    """The peak of Arrow's memory stays far below the size of a table that is one row group."""
    (tmp_path / "team").mkdir()
    noise = np.random.default_rng(1)
    images = [drawn(1) + noise.bytes(200_000) for _ in range(400)]
    table = pa.table({"image": images, "age": [30] * 400})
    # Arrow begins a page after so many values at the earliest, and a page is read as a whole.
    pq.write_table(table, tmp_path / "team/labels.parquet", write_batch_size=8)
    del table
    pa.set_memory_pool(pool)
    builder = prepared(tmp_path)
    assert builder.info.metadata["yielded"] == 400
    assert 0 < pool.max_memory() < 40_000_000


def test_a_parquet_that_is_cut_off_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "team/labels.parquet"
    row = {"image": {"bytes": drawn(1), "path": ""}, "age": 3, "gender": 1, "race": 0, "service_test": True}
    hugging_face(path, FAIRFACE_CLASSES, [row] * 9)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(len(whole) // 4) + whole[100 + len(whole) // 4 :])
    with pytest.raises(VisageError, match=r"labels\.parquet: truncated or not a Parquet file") as caught:
        prepared(tmp_path)
    assert "\n" not in str(caught.value)


def test_texts_of_a_parquet_that_are_not_utf8_are_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    places, text = (pa.py_buffer(content) for content in (np.array([0, 2], np.int32), b"\xfc\xff"))
    latin = pa.Array.from_buffers(pa.string(), 1, [None, places, text])
    pq.write_table(pa.table({"image": ["a.jpg"], "identity": latin}), tmp_path / "team/labels.parquet")
    with pytest.raises(
        VisageError, match=r"labels\.parquet: a text in it is not UTF-8 \(invalid start byte\)"
    ) as caught:
        prepared(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_pattern_that_is_none_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    with pytest.raises(VisageError, match=r"no (pattern of files|\*\*\.csv in )") as caught:
        prepared(tmp_path, labels="**.csv")
    assert "data.labelled_folders.team.labels" in str(caught.value)
    assert "\n" not in str(caught.value)


def group_photo(faces: int) -> bytes:
    canvas = Image.new("RGB", (100 * faces, 80))
    for number in range(faces):
        canvas.paste(Image.open(io.BytesIO(drawn(number))), (100 * number, 0))
    written = io.BytesIO()
    canvas.save(written, "JPEG")
    return written.getvalue()


def test_lagenda_as_it_is_published(tmp_path: Path) -> None:
    """`lagenda_annotation.csv` beside the folder of images: a row a person, -1 for what is not known."""
    images = tmp_path / "team/lagenda_benchmark_images"
    images.mkdir(parents=True)
    (images / "a.jpg").write_bytes(group_photo(3))
    (images / "b.jpg").write_bytes(group_photo(1))
    header = "img_name,age,gender,face_x0,face_y0,face_x1,face_y1,person_x0,person_y0,person_x1,person_y1"
    rows = [
        ("lagenda_benchmark_images/a.jpg", 26, "F", 10, 8, 60, 72, 0, 0, 90, 80),
        ("lagenda_benchmark_images/a.jpg", 61, "M", 110, 8, 160, 72, 100, 0, 190, 80),
        # Another person of the photo without labels, and one of whom only the body is seen.
        ("lagenda_benchmark_images/a.jpg", -1, -1, 210, 8, 260, 72, -1, -1, -1, -1),
        ("lagenda_benchmark_images/a.jpg", 40, "M", -1, -1, -1, -1, 200, 0, 290, 80),
        ("lagenda_benchmark_images/b.jpg", 4, "F", 10, 8, 60, 72, 0, 0, 90, 80),
    ]
    write_csv(tmp_path / "team/lagenda_annotation.csv", header, rows)
    builder = prepared(tmp_path, labels="lagenda_annotation.csv", columns={"image": "img_name"})
    assert builder.info.metadata == {"rows": 5, "yielded": 4, "skipped": {"face_box_unknown": 1}}
    found = records(builder)
    first, second, nobody = (
        found[f"lagenda_benchmark_images/a.jpg#{left},8,{left + 50},72"] for left in (10, 110, 210)
    )
    assert [(record.age, record.gender) for record in (first, second)] == [(26, "female"), (61, "male")]
    assert (nobody.age_label, nobody.gender) == (None, "unknown")
    assert face_box(second) == pytest.approx((110 / 300, 0.1, 160 / 300, 0.9))
    # One photo, so one person where splits are drawn; three images where copies are compared.
    assert len({record.identity for record in (first, second, nobody)}) == 1
    assert len({record.image_digest for record in (first, second, nobody)}) == 3


def test_boxes_that_differ_by_less_than_a_pixel_are_two_records(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team/a.jpg").write_bytes(group_photo(2))
    rows = [("a.jpg", age, 110.12345, 8, 160.5, 72 + age / 1e6) for age in (26, 27)]
    write_csv(tmp_path / "team/labels.csv", "image,age,face_x0,face_y0,face_x1,face_y1", rows)
    builder = prepared(tmp_path)
    assert builder.info.metadata == {"rows": 2, "yielded": 2, "skipped": {}}
    assert sorted(records(builder)) == ["a.jpg#110.12345,8,160.5,72.000026", "a.jpg#110.12345,8,160.5,72.000027"]


def test_a_box_of_another_scale_is_counted_and_one_over_the_edge_is_kept(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team/a.jpg").write_bytes(group_photo(2))
    rows = [("a.jpg", 26, 10, 10, 9000, 9000), ("a.jpg", 27, 300, 8, 360, 72), ("a.jpg", 28, 110, -8, 220, 72)]
    write_csv(tmp_path / "team/labels.csv", "image,age,face_x0,face_y0,face_x1,face_y1", rows)
    builder = prepared(tmp_path)
    assert builder.info.metadata == {"rows": 3, "yielded": 1, "skipped": {"label_out_of_range": 2}}
    assert list(records(builder)) == ["a.jpg#110,-8,220,72"]
