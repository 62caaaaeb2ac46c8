"""The networks have the published sizes and shapes."""

import subprocess
import sys
from dataclasses import replace
from typing import get_args

import keras
import pytest

from tests.visage.networks.declared import weights_declared_only
from visage.networks import NETWORKS, AgeHead, GenderHead
from visage.networks.members import of_member
from visage.training.settings import TrainerSettings

# Numbers that a head reads of dlib's face network, and of HSE's.
OF_DLIB, OF_FACERES = 4_960, 256 + 3 * 512 + 2 * 1_024 + 256 + 100 + 1

Heads = tuple[AgeHead | None, GenderHead | None]


def graph(name: str, heads: Heads | None = None) -> keras.Model:
    spec = NETWORKS[name]
    if heads is not None:
        spec = replace(spec, age_head=heads[0], gender_head=heads[1])
    with weights_declared_only():
        return spec.build()


def shapes(name: str, widths: dict[str, int]) -> dict[str, tuple[None, int]]:
    """Returns the shape of each raw output, those of the members among them."""
    outputs = {output: (None, width) for output, width in widths.items()}
    members = NETWORKS[name].members
    return outputs | {of_member(output, member): shape for member in members for output, shape in outputs.items()}


@pytest.mark.parametrize(
    ("name", "parameters", "input_shape", "outputs"),
    [
        ("cnn_imdb_age", 31_716_033, (128, 128, 3), {"age": 1}),
        ("cnn_imdb_gender", 63_074_753, (128, 128, 3), {"gender": 1}),
        ("cnn_utkface", 6_515_714, (64, 64, 1), {"age": 1, "gender": 1}),
        ("compact", 231_270, (64, 64, 3), {"age": 101, "gender": 1}),
        ("mobilenet", 3_228_864 + 1_049_600 + 103_525 + 2_050, (224, 224, 3), {"age": 101, "gender": 2}),
        ("resnet50", 23_587_712 + 2 * 204_900 + 808 + 101, (224, 224, 3), {"age": 8, "gender": 1}),
        ("vggface", 134_674_341 + 8_194, (224, 224, 3), {"age": 101, "gender": 2}),
        ("visage", 5_607_488 + 2 * 4_960 + 2_540_032 + 52_326, (150, 150, 3), {"age": 101, "gender": 1}),
        (
            "visage_duo",
            5_607_488 + 3_484_389 + 514 * (OF_DLIB + OF_FACERES) + 2 * (512 + 52_326),
            (150, 150, 3),
            {"age": 101, "gender": 1},
        ),
        ("visage_small", 1_148_992 + 36_896 + 2 * 736 + 188_672 + 26_214, (150, 150, 3), {"age": 101, "gender": 1}),
    ],
)
def test_a_network_has_the_published_parameters_and_outputs(
    name: str, parameters: int, input_shape: tuple[int, int, int], outputs: dict[str, int]
) -> None:
    network = graph(name)
    assert network.count_params() == parameters
    assert network.input_shape == (None, *input_shape)
    assert {head: raw.shape for head, raw in network.output.items()} == shapes(name, outputs)


@pytest.mark.parametrize(
    ("name", "heads", "parameters"),
    [
        ("resnet50", ("age_groups", None), 23_587_712 + 204_900 + 808),
        ("resnet50", (None, "binary"), 23_587_712 + 204_900 + 101),
        ("vggface", ("softmax", None), 134_674_341),
        ("vggface", (None, "softmax"), 134_268_738),
    ],
)
def test_a_network_for_one_task_has_the_published_parameters(name: str, heads: Heads, parameters: int) -> None:
    assert graph(name, heads).count_params() == parameters


@pytest.mark.parametrize("head", get_args(AgeHead))
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_any_head_of_the_age_fits_any_network(name: str, head: AgeHead) -> None:
    width = {"regression": 1, "age_groups": 8, "coral": 100}.get(head, 101)
    outputs = graph(name, (head, None)).output
    assert {output: raw.shape for output, raw in outputs.items()} == shapes(name, {"age": width})


@pytest.mark.parametrize("name", [name for name, spec in NETWORKS.items() if spec.any_size])
def test_images_of_another_size_use_the_same_weights(name: str) -> None:
    settings = TrainerSettings.model_validate({"network": name, "input_size": 96, "epochs": 1, "learning_rate": 1})
    with weights_declared_only():
        network = settings.spec.build()
    assert network.input_shape == (None, 96, 96, 3)
    assert [weight.shape for weight in network.weights] == [weight.shape for weight in graph(name).weights]


def test_the_layers_of_cnn_utkface_shrink_as_published() -> None:
    assert maps("cnn_utkface") == [62, 60, 30, 28, 14]


@pytest.mark.parametrize("name", ["cnn_imdb_age", "cnn_imdb_gender"])
def test_the_layers_of_cnn_imdb_are_the_published_ones(name: str) -> None:
    assert maps(name) == [64, 31, 31, 31]
    layers = {type(layer).__name__: layer for layer in graph(name).layers}
    assert layers["Flatten"].output.shape == (None, 123_008)
    convolutions = [layer.count_params() for layer in graph(name).layers if isinstance(layer, keras.layers.Conv2D)]
    assert convolutions == [896, 18_496, 73_856]


def test_vggface_is_as_published_except_for_its_last_convolution() -> None:
    network = graph("vggface", ("softmax", None))
    assert maps("vggface") == [224] * 2 + [112] * 3 + [56] * 4 + [28] * 4 + [14] * 4 + [7] + [1] * 4
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 16
    of_people = 4096 * 2622 + 2622
    assert sum(layer.count_params() for layer in convolutions[:-1]) + of_people == 145_002_878


def test_the_trunks_fit_the_imagenet_weights_of_keras() -> None:
    for name, trunk in (("resnet50", keras.applications.ResNet50), ("mobilenet", keras.applications.MobileNet)):
        with weights_declared_only():
            published = trunk(input_shape=(224, 224, 3), include_top=False, weights=None)
        ours = [weight.shape for weight in graph(name).weights]
        assert ours[: len(published.weights)] == [weight.shape for weight in published.weights]


def test_the_registry_and_the_settings_import_no_framework() -> None:
    code = (
        "import sys, visage.networks, visage.training.settings;"
        "sys.exit(any(name in sys.modules for name in ('keras', 'tensorflow', 'tfx')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def maps(name: str) -> list[int]:
    """Returns the sides of the outputs of a network's convolutions and pools, those of the published heads included."""
    layers = (keras.layers.Conv2D, keras.layers.MaxPooling2D)
    return [layer.output.shape[1] for layer in graph(name).layers if isinstance(layer, layers)]
