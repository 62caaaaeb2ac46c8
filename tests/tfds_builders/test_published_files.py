"""Each published data set is entered wherever the early checks and the cache look for it."""

from pathlib import Path
from typing import get_args

import pytest

from components.face_example_gen.settings import Dataset
from tfds_builders.archive_state import state_of_archive
from tfds_builders.published_files import PUBLISHED


def test_exactly_the_data_sets_with_a_builder_are_published() -> None:
    assert PUBLISHED.keys() == set(get_args(Dataset))


@pytest.mark.parametrize("dataset", get_args(Dataset))
def test_the_state_of_each_is_known(dataset: str, tmp_path: Path) -> None:
    assert list(state_of_archive(tmp_path, dataset))
