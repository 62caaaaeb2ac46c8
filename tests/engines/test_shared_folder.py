"""Workers that do not reach the workspace use the shared folder; the output is the same."""

import shutil
from pathlib import Path

import pytest

from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.engines.staging import attempts_folder
from components.face_example_gen.settings import BeamSettings
from tests.engines import bucket
from tests.engines.drawn_rows import drawn_source
from tests.engines.test_conformance import run, settings_for
from visage.errors import VisageError

SHARED = f"{bucket.Bucket.scheme()}://some-bucket/visage"
IN_THIS_PROCESS = ["--job_endpoint=embed", "--environment_type=LOOPBACK"]


@pytest.fixture(autouse=True)
def empty_bucket() -> None:
    bucket.OBJECTS.clear()


def in_bucket() -> BeamSettings:
    return BeamSettings(engine="portable", options=IN_THIS_PROCESS, shared_dir=SHARED)


def test_a_run_through_a_bucket_writes_what_a_local_run_writes(tmp_path: Path) -> None:
    source = drawn_source(tmp_path / "prepared", faces=20)
    here = run(source, BeamSettings(workers=1), tmp_path / "here")
    there = run(source, in_bucket(), tmp_path / "there")
    assert (there.records, there.drops, there.report) == (here.records, here.drops, here.report)


def test_the_next_run_reuses_the_prepared_files_and_removes_what_a_killed_attempt_left(tmp_path: Path) -> None:
    source = drawn_source(tmp_path / "prepared", faces=5)
    folder = attempts_folder(SHARED, str(tmp_path / "examples"))
    killed = f"{folder}/0a1b2c3d/examples/Split-train/data_tfrecord-0000000009.gz"
    bucket.OBJECTS[killed] = b"left by an attempt that was killed"

    run_beam([source], settings_for(in_bucket()), str(tmp_path / "examples"), str(tmp_path / "report"))

    assert sorted(path.partition("-utkface")[2] for path in bucket.OBJECTS) == ["-0.tfrecord", "-1.tfrecord"]
    assert not (tmp_path / "examples" / "Split-train" / "data_tfrecord-0000000009.gz").exists()


def test_workspaces_of_equal_paths_in_two_containers_have_folders_of_their_own(tmp_path: Path) -> None:
    volume, others = tmp_path / "runs", tmp_path / "others"
    outputs = volume / "faces" / "artifacts" / "FaceExampleGen" / "examples"

    outputs.mkdir(parents=True)
    first = attempts_folder(SHARED, str(outputs / "3"))
    assert attempts_folder(SHARED, str(outputs / "4")) != first
    # Another container has a volume of its own there.
    volume.rename(others)
    outputs.mkdir(parents=True)
    assert attempts_folder(SHARED, str(outputs / "3")) != first
    # A retry finds what the first attempt left.
    shutil.rmtree(volume)
    others.rename(volume)
    assert attempts_folder(SHARED, str(outputs / "3")) == first
    assert [path.name for path in outputs.iterdir()] == [".workspace_id"]


def test_a_file_system_that_is_not_installed_is_an_error_of_one_line(tmp_path: Path) -> None:
    source = drawn_source(tmp_path / "prepared", faces=1)
    beam = BeamSettings(engine="portable", options=IN_THIS_PROCESS, shared_dir="nosuch://bucket")
    with pytest.raises(
        VisageError, match=r"^beam\.shared_dir: nosuch://bucket cannot be used: Unable to get filesystem.*$"
    ):
        run_beam([source], settings_for(beam), str(tmp_path / "examples"), str(tmp_path / "report"))
