"""The Beam pipeline alone: a bad record drops only itself, and an error of a worker reaches the user."""

import io
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from PIL import Image

from components.face_example_gen.beam import align_image, transforms
from components.face_example_gen.beam.publish import PublishChunk
from components.face_example_gen.beam.record_files import read_records
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.reconcile import reconcile
from components.face_example_gen.settings import BeamSettings, DataSettings, FaceExampleGenSettings
from tests.components.face_example_gen.beam.utkface_rows import drawn, prepared, utkface_row
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.visage.faces.drawn_photo import drawn_photo
from visage.data.protocols import SPLITS
from visage.data.records import from_example, image_digest
from visage.data.settings import CleaningSettings
from visage.data.tfrecords import read_at
from visage.errors import VisageError
from visage.faces.encode import encode
from visage.faces.image_io import decode
from visage.faces.settings import AlignmentSettings

PHOTO = encode(drawn_photo([((50.0, 40.0), 36.0, 0.0)], 100, 100))


def settings(workers: int = 1, detector: Any = "none") -> FaceExampleGenSettings:
    return FaceExampleGenSettings(
        data=DataSettings(sources=["utkface"]),
        alignment=AlignmentSettings(detector=detector, size=32),
        beam=BeamSettings(workers=workers),
        data_root="/nowhere",
    )


def test_odd_records_are_counted_drops_and_the_others_pass(tmp_path: Path) -> None:
    odd = [
        b"",
        b"\xff\xff no Example at all",
        utkface_row(1, image=None),
        utkface_row(2, file_name=b"\xff\xfe"),
        utkface_row(3, gender=17),
        utkface_row(4, age=None),
    ]
    source = prepared(tmp_path, odd + [utkface_row(number) for number in range(5, 35)])
    run_beam([source], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    total = reconcile([source], str(tmp_path / "out"), str(tmp_path / "out"))["total"]
    assert total["dropped"] == {"record_unreadable": 6}
    assert total["records_out"] == 30


def test_a_jpeg_without_its_end_mark_is_a_face_and_counted_as_repaired(tmp_path: Path) -> None:
    rows = [utkface_row(1), utkface_row(2, image=drawn(2)[:-2]), utkface_row(3, image=drawn(3)[:-40])]
    source = prepared(tmp_path, rows)
    counted = run_beam([source], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    assert (counted["faces"], counted["repaired"]) == (2, {"jpegs_without_end_mark": 1})
    assert counted["dropped"] == {"picture_undecodable": 1}


class FailsOnSome:
    """A detector that raises an exception on few images."""

    def __init__(self) -> None:
        self.images = 0

    def detect(self, image: Any) -> list[Any]:
        self.images += 1
        if self.images % 10 == 0:
            raise RuntimeError("input tensor 0 is odd")
        from visage.faces.detector import make_detector

        return make_detector("blazeface").detect(image)


def test_an_exception_on_one_image_drops_that_image_and_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    detector = FailsOnSome()
    monkeypatch.setattr(align_image, "make_detector", lambda name: detector)
    source = prepared(tmp_path, [utkface_row(number, image=PHOTO) for number in range(30)])
    run_beam([source], settings(detector="blazeface"), str(tmp_path / "out"), str(tmp_path / "out"))
    total = reconcile([source], str(tmp_path / "out"), str(tmp_path / "out"))["total"]
    assert total["dropped"]["picture_failed"] == 3
    assert "input tensor 0 is odd" in caplog.text


@pytest.mark.parametrize(
    ("other_faces", "dropped"), [("keep", {}), ("ambiguous", {"two_candidates": 1}), ("drop", {"several_faces": 2})]
)
def test_images_of_several_faces_are_kept_by_choice(tmp_path: Path, other_faces: str, dropped: dict[str, int]) -> None:
    near_duplicates = encode(drawn_photo([((80.0, 100.0), 42.0, 0.0), ((240.0, 100.0), 42.0, 0.0)]))
    one_in_front = encode(drawn_photo([((140.0, 110.0), 55.0, 0.0), ((265.0, 70.0), 24.0, 0.0)]))
    source = prepared(tmp_path, [utkface_row(1, image=near_duplicates), utkface_row(2, image=one_in_front)])
    cleaning = CleaningSettings.model_validate({"other_faces": other_faces})
    chosen = settings(detector="blazeface").model_copy(update={"cleaning": cleaning})
    run_beam([source], chosen, str(tmp_path / "out"), str(tmp_path / "out"))
    assert reconcile([source], str(tmp_path / "out"), str(tmp_path / "out"))["total"]["dropped"] == dropped


def test_a_half_written_file_of_a_retried_bundle_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed_once(self: PublishChunk, element: Any) -> None:
        (Path(self._examples_dir) / ".partial-killed").write_bytes(b"half")
        publish(self, element)

    publish = PublishChunk.process
    monkeypatch.setattr(PublishChunk, "process", killed_once)
    run_beam([prepared(tmp_path, [utkface_row(1)])], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    assert list((tmp_path / "out").rglob(".*")) == []


def test_without_a_single_drop_there_is_still_a_folder_for_the_report(tmp_path: Path) -> None:
    source = prepared(tmp_path, [utkface_row(number) for number in range(3)])
    run_beam([source], settings(), str(tmp_path / "examples"), str(tmp_path / "report"))
    assert list((tmp_path / "report").iterdir()) == []


def test_drops_are_listed_with_their_rules(tmp_path: Path) -> None:
    source = prepared(tmp_path, [utkface_row(1), utkface_row(2, age=101), utkface_row(3, image=b"no picture")])
    run_beam([source], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    (file,) = (tmp_path / "out").glob("dropped-*.jsonl")
    drops = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(drop["key"], drop["rule"]) for drop in drops] == [
        ("utkface/2.jpg.chip.jpg", "age_out_of_range"),
        ("utkface/3.jpg.chip.jpg", "picture_undecodable"),
    ]


def test_a_tiny_file_of_huge_dimensions_is_a_counted_drop(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    source = prepared(tmp_path, [utkface_row(1), utkface_row(2, image=bomb.getvalue())])
    run_beam([source], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    total = reconcile([source], str(tmp_path / "out"), str(tmp_path / "out"))["total"]
    assert (total["records_out"], total["dropped"]) == (1, {"picture_undecodable": 1})


def test_a_drop_names_the_file_and_offset_of_its_image(tmp_path: Path) -> None:
    source = prepared(tmp_path, [utkface_row(1), utkface_row(2, age=101)])
    run_beam([source], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    (file,) = (tmp_path / "out").glob("dropped-*.jsonl")
    drop = json.loads(file.read_text())
    with Path(drop["file"]).open("rb") as prepared_file:
        there = tf.train.Example.FromString(read_at(prepared_file, drop["offset"]))
    assert there.features.feature["file_name"].bytes_list.value[0] == b"2.jpg.chip.jpg"
    assert drop["picture_digest"] == image_digest(drawn(2))


def alike(number: int) -> bytes:
    """Draws an image that looks like image `number` but has other bytes."""
    return encode(decode(drawn(number)), quality=99)


def written(folder: Path) -> dict[str, str]:
    """Returns the split of every record, or the rule that dropped it and the record that it resembles."""
    found = {}
    for split in SPLITS:
        for file in (folder / f"Split-{split}").iterdir():
            found.update({from_example(record).key: split for record in read_records(str(file))})
    for file in folder.glob("dropped-*.jsonl"):
        for line in file.read_text().splitlines():
            drop = json.loads(line)
            found[drop["key"]] = f"{drop['rule']} {drop.get('near_duplicate', '')}"
    return found


def test_many_partitions_and_chunks_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [make(number) for number in range(40) for make in (drawn, drawn, alike)]
    rows = [utkface_row(number, image=image, age=30, gender=0) for number, image in enumerate(images)]
    source = prepared(tmp_path, rows)
    run_beam([source], settings(), str(tmp_path / "one"), str(tmp_path / "one"))
    monkeypatch.setattr(transforms, "_RECORDS_PER_PARTITION", 7)
    monkeypatch.setattr(transforms, "_records_per_chunk", lambda total: 11)
    run_beam([source], settings(), str(tmp_path / "many"), str(tmp_path / "many"))
    found = written(tmp_path / "many")
    assert found == written(tmp_path / "one")
    rules = Counter(outcome.split()[0] for outcome in found.values())
    assert rules["duplicate_picture"] == 40
    assert rules["near_duplicate_in_other_split"] > 5
    # Nothing of an image and what looks like it is in two splits.
    for number in range(0, len(images), 3):
        places = {found[f"utkface/{number + copy}.jpg.chip.jpg"] for copy in range(3)}
        assert len(places & set(SPLITS)) <= 1


def test_an_image_whose_copy_has_an_age_out_of_range_is_dropped(tmp_path: Path) -> None:
    rows = [utkface_row(number, image=drawn(0), age=age, gender=0) for number, age in enumerate((63, 116))]
    run_beam([prepared(tmp_path, [*rows, utkface_row(2)])], settings(), str(tmp_path / "out"), str(tmp_path / "out"))
    found = written(tmp_path / "out")
    assert found["utkface/0.jpg.chip.jpg"].split() == ["conflicting_labels"]
    assert found["utkface/1.jpg.chip.jpg"].split() == ["age_out_of_range"]
    assert found["utkface/2.jpg.chip.jpg"] in SPLITS


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.one_stack
def test_a_file_that_a_worker_cannot_write_is_an_error_of_one_line(tmp_path: Path, workers: int) -> None:
    source = prepared(tmp_path, [utkface_row(1), utkface_row(2, age=101)])
    blocked = tmp_path / "a file"
    blocked.write_text("where a folder should be")
    with pytest.raises(VisageError, match=r"^.*/a file/dropped-0000000000\.jsonl: cannot be written: File exists$"):
        run_beam([source], settings(workers), str(tmp_path / "out"), str(blocked))


def test_a_missing_detector_reaches_the_user_from_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise VisageError("alignment.detector: the package mtcnn is missing")

    monkeypatch.setattr(align_image, "make_detector", missing)
    source = prepared(tmp_path, [utkface_row(1)])
    with pytest.raises(VisageError, match=r"^alignment.detector: the package mtcnn is missing$"):
        run_beam([source], settings(detector="blazeface"), str(tmp_path / "out"), str(tmp_path / "out"))


STARTED = """
import sys
from visage import progress
from visage.data.prepared_dataset import PreparedDataset
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.settings import FaceExampleGenSettings

settings = FaceExampleGenSettings.model_validate_json(sys.argv[1])
source = PreparedDataset("utkface", (sys.argv[2],), int(sys.argv[3]), int(sys.argv[3]), {})
with progress.listening(lambda step, done, total, note: print(done, flush=True)):
    run_beam([source], settings, sys.argv[4], sys.argv[4])
"""


@pytest.mark.one_stack
def test_a_second_run_after_kill_9_is_complete_and_the_first_ones_workers_are_gone(tmp_path: Path) -> None:
    source = prepared(tmp_path, [utkface_row(number, age=number % 70) for number in range(400)])
    out = tmp_path / "out"
    arguments = [settings(2, "blazeface").model_dump_json(), *source.files, str(source.records), str(out)]
    command = [sys.executable, "-c", STARTED, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while int(process.stdout.readline()) < 5:
            pass
        process.kill()
        # The workers have the same output: it ends when the last of them is gone.
        process.communicate(timeout=HANG_GUARD_SECONDS)
        assert process.returncode == -signal.SIGKILL
    assert list(out.rglob("data_tfrecord-*")) == []

    run_beam([source], settings(), str(out), str(out))
    assert reconcile([source], str(out), str(out))["total"]["records_out"] == 400
