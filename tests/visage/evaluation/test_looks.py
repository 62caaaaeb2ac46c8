"""The number of models that were measured on one test split."""

from pathlib import Path

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import truths_of
from visage.evaluation.looks import count_look

TRUTHS = truths_of([30, 40, 50])


def test_each_model_counts_once_for_each_test_split(tmp_path: Path) -> None:
    file = tmp_path / "looks.json"
    assert [count_look(file, TRUTHS, model) for model in ("a", "b", "a", "c")] == [1, 2, 2, 3]
    assert count_look(file, truths_of([30, 40]), "a") == 1
    assert count_look(file, TRUTHS, "c") == 3


def test_the_order_of_the_records_makes_no_other_split_but_another_image_does(tmp_path: Path) -> None:
    file = tmp_path / "looks.json"
    count_look(file, TRUTHS, "a")
    assert count_look(file, TRUTHS.take(np.array([2, 0, 1])), "b") == 2
    assert count_look(file, truths_of([30, 40, 50], images="other"), "b") == 1


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"a": 1}'])
def test_a_damaged_file_is_begun_again(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "looks.json"
    file.write_bytes(content)
    assert count_look(file, TRUTHS, "a") == 1
    assert count_look(file, TRUTHS, "b") == 2
