"""Only records that can be read back count: missing, doubled and damaged ones are detected."""

import gzip
import json
from pathlib import Path

import pytest
import tensorflow as tf

from components.face_example_gen.reconcile import Report, check_nothing_empty, reconcile
from visage.data.prepared_source import Source
from visage.data.records import FaceRecord, to_example
from visage.errors import VisageError
from visage.faces.settings import SplitSettings

UTKFACE = Source("utkface", ("prepared/utkface.tfrecord",), records=5, archive_rows=7, skipped={"picture_empty": 2})
WIKI = Source("imdb_wiki/wiki", ("wiki.tfrecord",), records=2, archive_rows=2, skipped={})


def example(key: str, identity: str | None = None, image_digest: str | None = None) -> bytes:
    record = FaceRecord(
        image=b"jpeg",
        key=key,
        age=30.0,
        age_group=4,
        gender="male",
        identity=identity or f"utkface/{key}",
        source="utkface",
        image_digest=image_digest or key,
    )
    return to_example(record)


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


def test_every_row_of_the_archives_went_somewhere(folder: Path) -> None:
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
    }


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


def test_rows_that_the_builder_cannot_account_for_are_missed(folder: Path) -> None:
    short = Source("utkface", (), records=5, archive_rows=8, skipped={"picture_empty": 2})
    with pytest.raises(VisageError, match="of 8 rows, 2 were skipped and 5 read"):
        reconcile([short, WIKI], str(folder), str(folder))


def test_a_record_written_twice_is_noticed_even_where_the_sum_is_right(folder: Path) -> None:
    write_split(folder, "train", [example("utkface/1"), example("utkface/3"), example("imdb_wiki/wiki/a#0")])
    assert complaint(folder) == "1 records were written more than once; nothing is published: run again"


def test_a_record_both_written_and_dropped_is_noticed(folder: Path) -> None:
    write_drops(folder, {"utkface/4": "no_face"})
    assert "1 records were written more than once" in complaint(folder)


def test_a_record_of_nobody_is_noticed(folder: Path) -> None:
    write_split(folder, "val", [example("lfw/3")])
    assert "lfw/3 was written, which belongs to none of utkface, imdb_wiki/wiki" in complaint(folder)


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


def test_an_empty_split_names_the_drops_and_the_fix(folder: Path) -> None:
    write_split(folder, "val", [])
    write_drops(folder, {"utkface/3": "no_face", "utkface/5": "second_face"})
    with pytest.raises(VisageError) as error:
        check_nothing_empty(account(folder), SplitSettings())
    assert str(error.value) == (
        "no face is left for val of 7 records read (drops: no_face 1, second_face 1); "
        "loosen `cleaning`, change `split`, or give more data; `visage data inspect SOURCE` shows what was dropped"
    )


@pytest.mark.parametrize(
    ("by_split", "complaint"),
    [
        (
            {"train": 0, "val": 0, "test": 9},
            "split.fold: 2 holds all 9 faces, so none is left to train on; give",
        ),
        ({"train": 8, "val": 1, "test": 0}, "split.fold: 2, the tested fold, holds no face; name"),
        ({"train": 8, "val": 0, "test": 1}, "no face is left for val of 9 records read"),
        ({"train": 0, "val": 0, "test": 0}, "no face is left for train, val, test of 9 records read"),
    ],
)
def test_folds_without_anybody_are_no_matter_of_cleaning(by_split: dict[str, int], complaint: str) -> None:
    total = {"by_split": by_split, "records_out": sum(by_split.values()), "records_in": 9, "dropped": {}}
    with pytest.raises(VisageError) as error:
        check_nothing_empty({"total": total}, SplitSettings(method="folds", folds="published", fold=2))
    assert str(error.value).startswith(complaint)
    assert ("cleaning" in str(error.value)) == complaint.startswith("no face is left")


def test_a_person_in_two_splits_is_noticed(folder: Path) -> None:
    write_split(folder, "val", [example("utkface/3", identity="utkface/utkface/4")])
    assert complaint(folder).startswith("1 persons are in more than one split; nothing is published")


def test_an_image_in_two_splits_is_refused(folder: Path) -> None:
    write_split(folder, "val", [example("utkface/3", image_digest="utkface/4")])
    assert complaint(folder).startswith("1 images are in more than one split; nothing is published")


def test_what_was_found_of_byte_identical_images_is_summed_up(folder: Path) -> None:
    write_split(folder, "train", [example("utkface/1"), example("imdb_wiki/wiki/a#0")])
    write_split(folder, "test", [example("imdb_wiki/wiki/b#1")])
    drops = [
        {"key": "utkface/2", "rule": "duplicate_picture", "picture_digest": "one", "disagree": ["race"]},
        {"key": "utkface/4", "rule": "conflicting_labels", "picture_digest": "two", "disagree": ["age", "race"]},
        {"key": "utkface/5", "rule": "conflicting_labels", "picture_digest": "two", "disagree": ["age", "race"]},
    ]
    (folder / "dropped-00000-of-00001.jsonl").write_text("".join(json.dumps(drop) + "\n" for drop in drops))
    # The copy of image one that stayed is the fourth of them.
    assert account(folder)["duplicates"] == {
        "groups": 2,
        "pictures": 4,
        "disagree": {"age": 1, "gender": 0, "race": 2},
    }
