"""A run with faces that an earlier run has aligned writes the same bytes as one that aligns all of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from components.face_example_gen import kept_faces
from components.face_example_gen.beam.kept_outcomes import FACES, INDEX, KeptOutcomes
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.kept_faces import MOST_SMALL_PARTS, UNUSED_DAYS, folder_of
from components.face_example_gen.settings import BeamSettings, DataSettings, FaceExampleGenSettings
from tests.components.face_example_gen.beam.test_kept_outcomes import FACE, NO_FACE, find, keep, key, same
from tests.components.face_example_gen.beam.utkface_rows import prepared, utkface_row
from tests.components.face_example_gen.executor_runs import run, settings_for
from tests.helpers.limits import HANG_GUARD_SECONDS
from visage.data.cleaning import RULES, SPLIT_RULES
from visage.data.settings import CleaningSettings, SplitSettings
from visage.faces.settings import AlignmentSettings

ROWS = 250
"""Three chunks, the last one half full."""


def written(out: Path) -> dict[str, bytes]:
    """Returns all files of a run; of the report, what does not hold times."""
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    report = json.loads(files["report/cleaning_report.json"])
    report.pop("metrics")
    return {**files, "report/cleaning_report.json": json.dumps(report).encode()}


@pytest.fixture(scope="module")
def first(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace's data, and the output of the first run in it."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "data").mkdir()
    found = run(settings_for(portraits, folder / "data"), folder / "out")
    assert found.metrics["reused"] == 0
    return folder / "data", folder / "out"


def test_the_second_run_aligns_nothing_and_writes_the_same_bytes(
    portraits: Path, first: tuple[Path, Path], tmp_path: Path
) -> None:
    data, out = first
    found = run(settings_for(portraits, data), tmp_path)
    assert written(tmp_path) == written(out)
    dropped = sum(found.metrics["dropped"].get(rule.__name__, 0) for rule in (*RULES, *SPLIT_RULES))
    assert found.metrics["reused"] == found.metrics["pictures"] - dropped > 60
    assert found.metrics["milliseconds"] == {}
    assert found.metrics["dropped"]["no_face"] > 0


def test_other_splits_and_rules_use_the_same_faces(portraits: Path, first: tuple[Path, Path], tmp_path: Path) -> None:
    split, cleaning = SplitSettings(train=0.6, val=0.2, test=0.2), CleaningSettings(min_age=20)
    rules = {"split": split, "cleaning": cleaning}
    found = run(settings_for(portraits, first[0], **rules), tmp_path / "reused")
    assert found.metrics["reused"] > 60
    assert found.metrics["milliseconds"] == {}
    (tmp_path / "data").mkdir()
    run(settings_for(portraits, tmp_path / "data", **rules), tmp_path / "fresh")
    assert written(tmp_path / "reused") == {
        name: content.replace(str(tmp_path / "data").encode(), str(first[0]).encode())
        for name, content in written(tmp_path / "fresh").items()
    }


def test_where_nothing_can_be_kept_the_run_succeeds(portraits: Path, first: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "aligned").write_bytes(b"in the way")
    run(settings_for(portraits, tmp_path / "data"), tmp_path / "out")
    assert written(tmp_path / "out").keys() == written(first[1]).keys()


def tiny(data_root: Path) -> FaceExampleGenSettings:
    return FaceExampleGenSettings(
        data=DataSettings(sources=["utkface"]),
        alignment=AlignmentSettings(detector="none", size=32),
        data_root=str(data_root),
    )


KILLED = f"""
import os, signal, sys
from pathlib import Path
from components.face_example_gen.beam.align_image import ImageAligner
from components.face_example_gen.engines.run import run_beam
from tests.components.face_example_gen.beam.utkface_rows import prepared, utkface_row
from tests.components.face_example_gen.test_kept_faces import tiny

folder = Path(sys.argv[1])
aligned = []

def outcome(self, image, box):
    aligned.append(image)
    if len(aligned) == {ROWS} - 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, image, box)

real, ImageAligner.outcome = ImageAligner.outcome, outcome
source = prepared(folder, [utkface_row(number, age=30) for number in range({ROWS})])
run_beam([source], tiny(folder), str(folder / "killed"), str(folder / "killed"))
"""


def test_a_killed_run_is_continued(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, timeout=HANG_GUARD_SECONDS, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    source = prepared(tmp_path, [utkface_row(number, age=30) for number in range(ROWS)])
    found = run_beam([source], tiny(tmp_path), str(tmp_path / "out"), str(tmp_path / "out"))
    # Two chunks of three were finished, perhaps the half full one among them.
    assert found["reused"] in (150, 200)
    assert found["faces"] + sum(found["dropped"].values()) == ROWS


class TestFolder:
    def test_what_forms_a_face_has_a_folder_of_its_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def folder(detector: str = "blazeface", size: int = 48, quality: int = 95, **cleaning: Any) -> Path | None:
            alignment = AlignmentSettings(detector=detector, size=size, jpeg_quality=quality)
            return folder_of(
                settings_for(tmp_path, tmp_path, alignment=alignment, cleaning=CleaningSettings(**cleaning))
            )

        folders = [
            folder(),
            folder(size=64),
            folder(quality=90),
            folder(detector="none"),
            folder(other_faces="drop"),
            folder(min_face_size=30),
        ]
        monkeypatch.setattr(kept_faces, "code_of", lambda node: "pillow=0")
        folders.append(folder())
        assert len(set(folders)) == 7
        assert None not in folders

    def test_mtcnn_counts_with_its_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = settings_for(tmp_path, tmp_path, alignment=AlignmentSettings(detector="mtcnn"))
        folders = []
        for installed in ("1.0.0", "1.0.1"):
            monkeypatch.setattr(kept_faces, "installed_version", lambda name, installed=installed: installed)
            folders.append(folder_of(settings))
        assert folders[0] != folders[1]

    def test_rules_on_labels_split_and_workers_share_the_folder(self, tmp_path: Path) -> None:
        others = {
            "cleaning": CleaningSettings(min_age=20, gender="known"),
            "split": SplitSettings(method="folds"),
            "beam": BeamSettings(workers=2),
        }
        assert folder_of(settings_for(tmp_path, tmp_path, **others)) == folder_of(settings_for(tmp_path, tmp_path))

    def test_workers_that_do_not_reach_the_workspace_keep_nothing(self, tmp_path: Path) -> None:
        beam = BeamSettings(engine="flink", shared_dir=str(tmp_path))
        assert folder_of(settings_for(tmp_path, tmp_path, beam=beam)) is None
        assert folder_of(settings_for(tmp_path, tmp_path / "none")) is None


class TestTidyingUp:
    def test_many_small_parts_become_one(self, tmp_path: Path) -> None:
        folder = folder_of(tiny(tmp_path))
        assert folder is not None
        folder.mkdir(parents=True)
        for number in range(MOST_SMALL_PARTS + 1):
            # Each outcome is kept twice, as by two runs at once.
            keep(folder, {key(number): FACE, key(number + 1): FACE})
        damaged = sorted(folder.glob(f"*{FACES}"))[3]
        damaged.write_bytes(b"")
        earlier = KeptOutcomes(str(folder))
        # In two parts, of which one may be the damaged one.
        assert same(earlier.find(key(1)), FACE)

        with kept_faces.kept_faces(tiny(tmp_path)):
            pass

        assert len(list(folder.glob(f"*{FACES}"))) == len(list(folder.glob(f"*{INDEX}"))) == 1
        # A run that began before finds its faces in the new part.
        for reader in (earlier, KeptOutcomes(str(folder))):
            assert all(same(reader.find(key(number)), FACE) for number in range(1, MOST_SMALL_PARTS + 1))
            reader.close()

    def test_few_parts_stay(self, tmp_path: Path) -> None:
        folder = folder_of(tiny(tmp_path))
        assert folder is not None
        folder.mkdir(parents=True)
        keep(folder, {key(1): NO_FACE})
        before = sorted(path.name for path in folder.iterdir())
        with kept_faces.kept_faces(tiny(tmp_path)):
            pass
        assert set(before) < {path.name for path in folder.iterdir()}

    def test_folders_that_no_run_uses_and_files_of_killed_runs_are_removed(self, tmp_path: Path) -> None:
        long_ago = time.time() - (UNUSED_DAYS + 1) * 24 * 60 * 60
        unused, used = tmp_path / "aligned" / "unused", tmp_path / "aligned" / "used"
        for folder, when in ((unused, long_ago), (used, time.time())):
            folder.mkdir(parents=True)
            (folder / "last-used").touch()
            os.utime(folder / "last-used", (when, when))
        own = folder_of(tiny(tmp_path))
        assert own is not None
        own.mkdir()
        keep(own, {key(1): NO_FACE})
        for name in (f"killed{FACES}", f".killed{INDEX}.partial-1"):
            (own / name).write_bytes(b"half")
            os.utime(own / name, (long_ago, long_ago))
        (own / f"written-now{FACES}").write_bytes(b"half")
        for path in own.glob(f"*{INDEX}"):
            os.utime(path, (long_ago, long_ago))

        with kept_faces.kept_faces(tiny(tmp_path)):
            pass

        assert not unused.exists()
        assert used.is_dir()
        assert {path.name for path in own.glob("*killed*")} == set()
        assert (own / f"written-now{FACES}").exists()
        assert find(own, key(1)) == NO_FACE
