"""One run of a pipeline at a time."""

from pathlib import Path

import pytest

from components.errors import VisageError
from pipeline.runners.local import alone


def test_a_second_run_of_one_pipeline_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with (
        alone(tmp_path),
        pytest.raises(VisageError, match="another run of this pipeline is going on"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path):
        pass


def test_pipelines_of_other_names_do_not_wait(tmp_path: Path) -> None:
    with alone(tmp_path / "one"), alone(tmp_path / "other"):
        pass
