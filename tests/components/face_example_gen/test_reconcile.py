"""Only records that can be read back count: lost and damaged files are detected."""

import gzip
import json
from pathlib import Path

import pytest
import tensorflow as tf

from components.face_example_gen.reconcile import reconcile
from visage.data.accounting import Report
from visage.data.age_labels import AgeInterval
from visage.data.prepared_dataset import PreparedDataset
from visage.data.records import FaceRecord, to_example
from visage.errors import VisageError
from visage.evaluation.label_noise import LabelPairs

UTKFACE = PreparedDataset(
    "utkface", ("prepared/utkface.tfrecord",), records=5, archive_rows=7, skipped={"picture_empty": 2}
)
WIKI = PreparedDataset("imdb_wiki/wiki", ("wiki.tfrecord",), records=2, archive_rows=2, skipped={})


def example(key: str) -> bytes:
    return to_example(
        FaceRecord(b"jpeg", key, AgeInterval.exact(30.0), "male", f"utkface/{key}", "utkface", image_digest=key)
    )


def write_split(folder: Path, split: str, examples: list[bytes]) -> Path:
    path = folder / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for serialized in examples:
            writer.write(serialized)
    return path


def write_drops(folder: Path, drops: dict[str, str]) -> Path:
    path = folder / "dropped-00000-of-00001.jsonl"
    path.write_text("".join(json.dumps({"key": key, "rule": rule}) + "\n" for key, rule in drops.items()))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images of UTKFace, of which one was dropped, and two of Wikipedia."""
    write_split(tmp_path, "train", [example("utkface/1"), example("utkface/2"), example("imdb_wiki/wiki/a#0")])
    write_split(tmp_path, "val", [example("utkface/3")])
    write_split(tmp_path, "test", [example("utkface/4"), example("imdb_wiki/wiki/b#1")])
    write_drops(tmp_path, {"utkface/5": "no_face"})
    return tmp_path


def account(folder: Path) -> Report:
    return reconcile([UTKFACE, WIKI], str(folder), str(folder))


def complaint(folder: Path) -> str:
    with pytest.raises(VisageError) as error:
        account(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_row_of_the_archives_is_accounted_for(folder: Path) -> None:
    assert account(folder) == {
        "sources": {
            "utkface": {
                "archive_rows": 7,
                "skipped": {"picture_empty": 2},
                "records_in": 5,
                "dropped": {"no_face": 1},
                "records_out": 4,
                "by_split": {"train": 2, "val": 1, "test": 1},
            },
            "imdb_wiki/wiki": {
                "archive_rows": 2,
                "skipped": {},
                "records_in": 2,
                "dropped": {},
                "records_out": 2,
                "by_split": {"train": 1, "val": 0, "test": 1},
            },
        },
        "total": {
            "archive_rows": 9,
            "skipped": {"picture_empty": 2},
            "records_in": 7,
            "dropped": {"no_face": 1},
            "records_out": 6,
            "by_split": {"train": 3, "val": 1, "test": 2},
        },
        "duplicates": {"groups": 0, "pictures": 0, "disagree": {"age": 0, "gender": 0, "race": 0}},
        "label_noise": LabelPairs().report(),
        "failures_to_process": {
            "source": {"utkface": {"records": 7, "failed": 1}},
            "gender": {"male": {"records": 6, "failed": 0}, "unknown": {"records": 1, "failed": 1}},
            "age_group": {"25-32": {"records": 6, "failed": 0}, "unknown": {"records": 1, "failed": 1}},
            "race": {"unknown": {"records": 7, "failed": 1}},
        },
    }


def test_failures_to_process_are_counted_by_the_labels_of_the_drops(folder: Path) -> None:
    labels = {"source": "utkface", "gender": "male", "age_group": "60-100", "race": "black"}
    drop = {"key": "utkface/5", "rule": "no_face", "labels": labels}
    (folder / "dropped-00000-of-00001.jsonl").write_text(json.dumps(drop) + "\n")
    counted = account(folder)["failures_to_process"]
    assert counted["gender"] == {"male": {"records": 7, "failed": 1}}
    assert counted["age_group"]["60-100"] == counted["race"]["black"] == {"records": 1, "failed": 1}


def test_an_unreadable_record_is_a_failure_of_its_source(folder: Path) -> None:
    write_split(folder, "test", [example("utkface/4")])
    write_drops(folder, {"utkface/5": "age_out_of_range", "imdb_wiki/wiki/unreadable-0": "record_unreadable"})
    counted = account(folder)["failures_to_process"]
    assert counted["source"] == {"utkface": {"records": 5, "failed": 0}, "wiki": {"records": 1, "failed": 1}}
    assert counted["gender"]["unknown"] == {"records": 1, "failed": 1}


def test_a_record_that_was_not_written_is_missed(folder: Path) -> None:
    write_split(folder, "train", [example("utkface/1"), example("imdb_wiki/wiki/a#0")])
    assert complaint(folder) == (
        "utkface: of 7 rows, 2 were skipped and 5 read, but 1 drops and 3 faces were written; "
        "nothing is published: run again, and if that does not help remove prepared first"
    )


def test_a_lost_file_is_missed(folder: Path) -> None:
    (folder / "Split-test" / "data_tfrecord-00000-of-00001.gz").unlink()
    assert "1 drops and 3 faces were written" in complaint(folder)


def test_a_lost_list_of_drops_is_missed(folder: Path) -> None:
    (folder / "dropped-00000-of-00001.jsonl").unlink()
    assert "0 drops and 4 faces were written" in complaint(folder)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def cut_the_last_record(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-7]))


def flip_a_byte_inside(path: Path) -> None:
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[40] ^= 0xFF
    path.write_bytes(gzip.compress(bytes(content)))


def write_no_gzip(path: Path) -> None:
    path.write_bytes(b"not gzip at all")


def write_no_example(path: Path) -> None:
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        writer.write(b"\xff\xff\xff")


def write_an_example_without_features(path: Path) -> None:
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        writer.write(tf.train.Example().SerializeToString())


@pytest.mark.parametrize(
    "tamper",
    [
        cut_short,
        flip_a_byte,
        cut_the_last_record,
        flip_a_byte_inside,
        write_no_gzip,
        write_no_example,
        write_an_example_without_features,
    ],
)
def test_a_damaged_file_is_named(folder: Path, tamper: object) -> None:
    path = folder / "Split-train" / "data_tfrecord-00000-of-00001.gz"
    assert callable(tamper)
    tamper(path)
    message = complaint(folder)
    assert message.startswith(f"{path} cannot be read back") or "faces were written" in message


def test_a_damaged_list_of_drops_is_named(folder: Path) -> None:
    path = write_drops(folder, {})
    path.write_text('{"key": "utkf')
    assert complaint(folder).startswith(f"{path} cannot be read back")
