"""The networks have the sizes and shapes that their papers, and everybody downstream, rely on."""

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

from components.trainer.models import NETWORKS
from components.trainer.settings import Network


def test_the_registry_holds_what_a_recipe_may_name() -> None:
    assert set(NETWORKS) == set(get_args(Network))


@pytest.mark.parametrize(
    ("name", "parameters", "input_shape"),
    [("cnn_utkface", 6_515_714, (64, 64, 1)), ("compact", 231_270, (64, 64, 3))],
)
def test_a_network_has_exactly_so_many_parameters(
    name: str, parameters: int, input_shape: tuple[int, int, int]
) -> None:
    network = NETWORKS[name].build()
    assert network.count_params() == parameters
    assert network.input_shape == (None, *input_shape)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_network_answers_with_one_age_and_one_gender_a_picture(name: str) -> None:
    spec = NETWORKS[name]
    pixels = np.random.default_rng(0).uniform(0, 255, (3, spec.input_size, spec.input_size, spec.channels))
    raw = spec.build()(pixels.astype(np.float32))
    assert raw["age"].shape == (3, 1 if spec.age_head == "regression" else 101)
    assert raw["gender"].shape == (3, 1)


def test_the_layers_of_cnn_utkface_shrink_as_published() -> None:
    shapes = [layer.output.shape[1:3] for layer in NETWORKS["cnn_utkface"].build().layers if "2d" in layer.name]
    assert [height for height, _ in shapes] == [62, 60, 30, 28, 14]


def test_the_registry_and_the_settings_import_no_framework() -> None:
    code = (
        "import sys, components.trainer.models, components.trainer.settings;"
        "sys.exit(any(name in sys.modules for name in ('keras', 'tensorflow', 'tfx')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
