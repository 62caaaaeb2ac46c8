"""Every published data set has its terms of use in one line."""

from typing import get_args

import pytest

from components.face_example_gen.settings import Dataset
from tfds_builders.terms import terms_of_use

PUBLISHED = [
    dataset for dataset in get_args(Dataset) if dataset.partition("/")[0] in ("adience", "imdb_wiki", "utkface")
]


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_the_terms_are_one_line_that_says_where_they_stand(dataset: str) -> None:
    terms = terms_of_use(dataset)
    assert "non-commercial" in terms
    assert "https://" in terms
    assert "\n" not in terms


def test_ones_own_pictures_have_none() -> None:
    assert terms_of_use("labelled_folder") == ""
