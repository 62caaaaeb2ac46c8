"""The compared faces are unseen by every model and unchanged; missing faces are one line."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.peers.faces import is_trained_on, lay_out, published_faces, unseen_faces
from tests.helpers.drawn_crops import people, write_split
from tests.pipeline.pushed_model import record_push
from visage.data.records import FaceRecord, image_digest
from visage.errors import VisageError


def with_digests(records: list[FaceRecord]) -> list[FaceRecord]:
    return [replace(record, image_digest=image_digest(record.image)) for record in records]


def test_faces_are_in_the_test_split_of_every_run(tmp_path: Path) -> None:
    ada, bo, cy = with_digests(people(3, seed=1))
    write_split(tmp_path / "one", "test", [ada, bo])
    write_split(tmp_path / "other", "test", [bo, cy])
    assert [face.key for face in unseen_faces([tmp_path / "one", tmp_path / "other"])] == [bo.key]
    assert len(unseen_faces([tmp_path / "one"], limit=1)) == 1
    write_split(tmp_path / "third", "test", [ada])
    with pytest.raises(VisageError, match="no face is in the test splits of all of"):
        unseen_faces([tmp_path / "other", tmp_path / "third"])
    with pytest.raises(VisageError, match="holds no Split-test"):
        unseen_faces([tmp_path])


def test_images_are_those_of_the_archive_byte_by_byte(tmp_path: Path) -> None:
    ada, bo = with_digests(people(2, seed=1))
    (tmp_path / "data" / "UTKFace").mkdir(parents=True)
    (tmp_path / "data" / "UTKFace" / "any_name.jpg").write_bytes(ada.image)
    (tmp_path / "out").mkdir()
    (path,) = lay_out([ada], published_faces(tmp_path / "data"), tmp_path / "out")
    assert path.read_bytes() == ada.image
    with pytest.raises(VisageError, match="lacks 1 of the 2 test faces"):
        lay_out([ada, bo], published_faces(tmp_path / "data"), tmp_path / "out")


def test_only_the_records_of_a_run_prove_that_a_model_has_not_seen_the_test_faces(tmp_path: Path) -> None:
    for examples in ("its", "other"):
        (tmp_path / examples).mkdir()
    record_push(tmp_path, "17", tmp_path / "its")
    version = tmp_path / "serving" / "visage" / "17"
    assert is_trained_on(version, tmp_path / "its")
    assert not is_trained_on(version, tmp_path / "other")
    assert not is_trained_on(version.with_name("18"), tmp_path / "its")
    assert not is_trained_on(tmp_path / "copied" / "serving" / "visage" / "17", tmp_path / "its")
