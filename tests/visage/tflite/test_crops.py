"""A sample of crops is spread over the whole split."""

from pathlib import Path

import numpy as np

from tests.helpers import drawn_crops
from tests.visage.tflite.networks import one_convolution
from visage.tflite.crops import labelled_crops, spread_crops
from visage.training.batches import open_split


def test_crops_are_taken_from_the_whole_of_a_split(tmp_path: Path) -> None:
    network = one_convolution()
    split = open_split("test", [str(drawn_crops.write_split(tmp_path, "test", drawn_crops.people(19, seed=1)))])
    every = np.stack([pixels for pixels, _, _ in labelled_crops(split, network)])
    np.testing.assert_array_equal(spread_crops(split, network, 10), every[::2])
    np.testing.assert_array_equal(spread_crops(split, network, 3), every[[0, 7, 13]])
    np.testing.assert_array_equal(spread_crops(split, network, 100), every)
