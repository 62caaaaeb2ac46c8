"""TensorFlow Serving's loader runs every kind of network, whatever the number of images in a request."""

import gc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.config.loader import load_config
from tests.helpers.project import PROJECT
from tests.helpers.trained_model import ALIGNMENT
from visage.faces.settings import AlignmentSettings
from visage.networks import NETWORKS, NetworkSpec
from visage.saved_model.export import export
from visage.saved_model.validation.checks import replay
from visage.saved_model.validation.served import ExpectedPredictions, check_served

RECIPES = sorted((PROJECT / "recipes").glob("*.yaml"))
COMPACT = NETWORKS["compact"]
KINDS = {
    "grey, years and a logit": ("float32", NETWORKS["cnn_utkface"]),
    "mirrored, thresholds and two classes": (
        "float32",
        replace(COMPACT, age_head="coral", gender_head="softmax", tta_flip=True),
    ),
    "half precision, groups alone": ("mixed_bfloat16", replace(COMPACT, age_head="age_groups", gender_head=None)),
    "of another size, gender alone": ("float32", replace(COMPACT, input_size=96, age_head=None)),
}


def exported(spec: NetworkSpec, alignment: AlignmentSettings, directory: str) -> list[ExpectedPredictions]:
    """Writes the untrained network and returns the warm-up requests of one image with Python's predictions."""
    export(spec.build(), spec, alignment, directory)
    keras.utils.clear_session()
    gc.collect()
    return [one for one in replay(directory) if all(len(value) == 1 for value in one.inputs.values())]


def in_batches(expected: Sequence[ExpectedPredictions], size: int) -> list[ExpectedPredictions]:
    """Returns the same requests with their one image, and its predictions, repeated `size` times."""
    return [
        ExpectedPredictions(
            one.signature,
            {name: np.repeat(value, size, axis=0) for name, value in one.inputs.items()},
            {name: np.repeat(value, size, axis=0) for name, value in one.outputs.items()},
        )
        for one in expected
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_all_signatures_accept_no_image_one_and_many(kind: str, tmp_path: Path) -> None:
    precision, spec = KINDS[kind]
    keras.config.set_dtype_policy(precision)
    try:
        expected = exported(spec, ALIGNMENT, str(tmp_path / "1"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert len(expected) == 3
    check_served(str(tmp_path / "1"), [one for size in (0, 1, 64) for one in in_batches(expected, size)])


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_every_recipe_serves_its_warm_up_requests(recipe: Path, tmp_path: Path) -> None:
    config = load_config(recipe)
    expected = exported(config.trainer.spec, config.alignment, str(tmp_path / "1"))
    assert len(expected) == 3
    # The networks of some recipes take a CPU minute for 64 images.
    check_served(str(tmp_path / "1"), [*in_batches(expected, 0), *expected, *in_batches(expected[:1], 3)])
