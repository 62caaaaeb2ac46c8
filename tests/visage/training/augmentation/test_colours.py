"""One affine map of the colours is what the changes do one after another."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.training.augmentation.colours import ColourChange, recolour

IMAGE = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
factors = st.floats(0, 2)


def one_after_another(image: np.ndarray, change: ColourChange) -> np.ndarray:
    """Applies each change on its own, in float64, and clips at the end."""
    pixels = image.astype(float)
    if image.shape[-1] == 3:
        grey = pixels @ [[0.2989], [0.5870], [0.1140]]
        pixels = grey + change.saturation * (pixels - grey)
    if change.lighting is not None:
        colours = pixels.reshape(-1, image.shape[-1]) / 255
        pixels = pixels + 255 * np.atleast_2d(np.cov(colours.T, bias=True)) @ change.lighting
    mean = pixels.mean(axis=(0, 1))
    return np.clip(mean + change.contrast * (pixels - mean) + 255 * change.brightness, 0, 255)


@settings(max_examples=40)
@given(
    saturation=factors,
    lighting=st.none() | st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    contrast=factors,
    brightness=st.floats(-1, 1),
    channels=st.sampled_from([1, 3]),
)
def test_the_map_equals_the_changes_one_after_another(
    saturation: float, lighting: list[float] | None, contrast: float, brightness: float, channels: int
) -> None:
    step = None if lighting is None else np.array(lighting[:channels], np.float32)
    change = ColourChange(saturation, step, contrast, brightness)
    image = np.ascontiguousarray(IMAGE[..., :channels])
    changed = recolour(image, change)
    assert changed.dtype == np.float32
    np.testing.assert_allclose(changed, one_after_another(image, change), atol=0.01)


@pytest.mark.parametrize("channels", [1, 3])
def test_no_change_leaves_every_value(channels: int) -> None:
    image = np.ascontiguousarray(IMAGE[..., :channels])
    np.testing.assert_array_equal(recolour(image, ColourChange()), image)
    np.testing.assert_array_equal(recolour(image, replace(ColourChange(), lighting=np.zeros(channels))), image)
