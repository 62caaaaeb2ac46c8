"""A damaged blessed model is an error of one line before any record is read."""

from pathlib import Path

import pytest
import tensorflow as tf

from components.evaluator.extractors import check_readable
from visage.errors import VisageError


@pytest.mark.parametrize("file", ["variables.index", "variables.data-00000-of-00001"])
def test_a_blessed_model_that_is_cut_short_is_an_error_of_one_line(tmp_path: Path, file: str) -> None:
    model = tf.Module()
    model.weight = tf.Variable(tf.zeros([9]))
    tf.saved_model.save(model, str(tmp_path))
    check_readable(str(tmp_path))
    cut = tmp_path / "variables" / file
    whole = cut.read_bytes()
    for fraction in (0, 0.5):
        cut.write_bytes(whole[: int(fraction * len(whole))])
        with pytest.raises(VisageError, match=r"variables: missing or damaged, .* the last blessed model; remove .*"):
            check_readable(str(tmp_path))
