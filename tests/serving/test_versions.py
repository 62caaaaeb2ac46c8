"""The loaded version while others appear, disappear, or are incomplete."""

import shutil
from pathlib import Path

import pytest

from serving.versions import ModelVersions, VersionState
from visage.errors import VisageError
from visage.prediction.loaded_model import LoadedModel, load_model


class Loader:
    """Loads models, or fails if configured so; records the requested versions."""

    def __init__(self) -> None:
        self.requested: list[int] = []

    def __call__(self, folder: Path) -> LoadedModel:
        self.requested.append(int(folder.name))
        return load_model(folder)


@pytest.fixture
def base_path(tmp_path: Path, saved_model: Path) -> Path:
    shutil.copytree(saved_model, tmp_path / "1")
    return tmp_path


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def versions(base_path: Path, loader: Loader) -> ModelVersions:
    """Version 1 is loaded."""
    versions = ModelVersions(base_path, loader)
    versions.poll()
    versions.poll()
    return versions


def current(versions: ModelVersions) -> int:
    assert versions.current is not None
    return versions.current.version


def test_a_version_is_loaded_after_two_polls_with_the_same_files(base_path: Path) -> None:
    versions = ModelVersions(base_path)
    versions.poll()
    assert versions.current is None
    versions.poll()
    assert current(versions) == 1
    assert versions.states == {1: VersionState("AVAILABLE")}


def test_a_new_version_replaces_the_old_one(versions: ModelVersions, saved_model: Path) -> None:
    shutil.copytree(saved_model, versions.base_path / "2")
    versions.poll()
    assert current(versions) == 1
    versions.poll()
    assert current(versions) == 2
    assert versions.states == {1: VersionState("END"), 2: VersionState("AVAILABLE")}


def test_a_version_that_is_still_being_copied_waits(versions: ModelVersions, loader: Loader, saved_model: Path) -> None:
    files = sorted(path for path in saved_model.rglob("*") if path.is_file())
    target = versions.base_path / "2"
    for file in sorted(files, key=lambda path: path.name != "saved_model.pb"):
        (target / file.relative_to(saved_model)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target / file.relative_to(saved_model))
        versions.poll()
        assert current(versions) == 1
    versions.poll()
    assert current(versions) == 2
    assert loader.requested == [1, 2]


def test_an_incomplete_copy_is_never_served_and_is_retried_when_it_changes(
    versions: ModelVersions, loader: Loader, saved_model: Path
) -> None:
    target = versions.base_path / "2"
    shutil.copytree(saved_model, target)
    shutil.rmtree(target / "variables")
    for _ in range(4):
        versions.poll()
    assert current(versions) == 1
    assert versions.states[2].state == "END"
    assert "push it again" in versions.states[2].error
    assert loader.requested == [1, 2]

    shutil.copytree(saved_model / "variables", target / "variables")
    versions.poll()
    versions.poll()
    assert current(versions) == 2


def test_after_removing_the_newest_version_the_previous_one_is_served(
    versions: ModelVersions, saved_model: Path
) -> None:
    shutil.copytree(saved_model, versions.base_path / "2")
    versions.poll()
    versions.poll()
    shutil.rmtree(versions.base_path / "2")
    versions.poll()
    versions.poll()
    assert current(versions) == 1


def test_the_model_stays_loaded_when_its_whole_folder_is_removed(versions: ModelVersions) -> None:
    shutil.rmtree(versions.base_path)
    versions.poll()
    assert current(versions) == 1


def test_without_a_complete_version_no_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").touch()

    def refuse(folder: Path) -> LoadedModel:
        raise VisageError(f"{folder}: damaged")

    versions = ModelVersions(tmp_path, refuse)
    versions.poll()
    versions.poll()
    assert versions.current is None
    assert versions.states == {1: VersionState("END", f"{tmp_path / '1'}: damaged")}
