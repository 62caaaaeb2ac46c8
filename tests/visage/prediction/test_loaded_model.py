"""Finding, loading and running a SavedModel."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.serving.conftest import plain_jpeg
from visage.errors import VisageError
from visage.prediction.loaded_model import ModelInputError, find_model, load_model
from visage.saved_model.cpp_loader.c_api import LibraryError
from visage.saved_model.model_session import ModelSession


def make_version(base_path: Path, name: str) -> Path:
    folder = base_path / name
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return folder


def test_the_newest_version_is_found_by_number_not_by_name(tmp_path: Path) -> None:
    make_version(tmp_path, "9")
    newest = make_version(tmp_path, "10")
    assert find_model(tmp_path) == newest
    assert find_model(newest) == newest


@pytest.mark.parametrize("path", ["", "missing"])
def test_a_folder_without_a_model_is_an_error_of_one_line(tmp_path: Path, path: str) -> None:
    with pytest.raises(VisageError, match=r"no model here .*`visage run` pushes one"):
        find_model(tmp_path / path)


def test_a_loaded_model_predicts_and_lists_its_signatures(saved_model: Path) -> None:
    model = load_model(saved_model)
    images = np.array([plain_jpeg(102, 102, 102), plain_jpeg(255, 0, 0)], object)
    outputs = model.run({"image_bytes": images})

    assert outputs["age"][0] == pytest.approx(40, abs=0.5)
    assert outputs["gender"].tolist()[1] == b"male"
    assert outputs["age_probabilities"].sum(1) == pytest.approx([1, 1])
    assert model.alignment.size == 64
    assert model.metadata.network == "colour"
    assert model.signatures["align_and_predict"].inputs["landmarks"].shape == (-1, 5, 2)
    assert model.signatures["serving_default"].method_name == "tensorflow/serving/predict"


def test_bytes_that_are_no_image_are_refused_in_one_line(saved_model: Path) -> None:
    model = load_model(saved_model)
    with pytest.raises(ModelInputError, match=r"^Unknown image file format") as caught:
        model.run({"image_bytes": np.array([b"no image"], object)})
    assert "\n" not in str(caught.value)


def test_an_installation_without_tensorflow_is_refused_in_one_line(
    saved_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_library() -> None:
        raise LibraryError("TensorFlow is not installed")

    monkeypatch.setattr("visage.saved_model.model_session._library", no_library)
    with pytest.raises(VisageError, match=r"needs TensorFlow .*; install VisAge's extra `pipeline`, or name a server"):
        load_model(saved_model)


def test_a_model_that_is_not_used_any_longer_is_released(saved_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[ModelSession] = []
    close = ModelSession.close

    def noting_close(session: ModelSession) -> None:
        close(session)
        closed.append(session)

    monkeypatch.setattr(ModelSession, "close", noting_close)
    model = load_model(saved_model)
    assert closed == []
    del model
    assert len(closed) == 1


def damage_graph(folder: Path) -> None:
    (folder / "saved_model.pb").write_bytes(b"half")


def cut_variables(folder: Path) -> None:
    next(folder.glob("variables/*.data*")).write_bytes(b"")


def remove_variables(folder: Path) -> None:
    shutil.rmtree(folder / "variables")


def remove_visage_json(folder: Path) -> None:
    (folder / "assets.extra" / "visage.json").unlink()


def misspell_alignment(folder: Path) -> None:
    file = folder / "assets.extra" / "visage.json"
    file.write_text(json.dumps({"alignment": {"sise": 3}}))


@pytest.mark.parametrize(
    "damage", [damage_graph, cut_variables, remove_variables, remove_visage_json, misspell_alignment]
)
def test_a_damaged_model_is_refused_in_one_line_that_names_it(
    tmp_path: Path, saved_model: Path, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "7"
    shutil.copytree(saved_model, folder)
    damage(folder)
    with pytest.raises(VisageError, match=str(folder)) as caught:
        load_model(folder)
    assert len(str(caught.value).splitlines()) == 1
