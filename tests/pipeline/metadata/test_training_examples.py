"""A pushed model leads back to its examples through real records; where it does not, one line says why."""

from pathlib import Path

import pytest

from pipeline.metadata.training_examples import trained_on
from tests.pipeline.pushed_model import record_push
from visage.errors import VisageError


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline's folder, in whose records two models were trained on examples of their own and pushed as 7 and 8."""
    for number in ("7", "8"):
        (tmp_path / "serving" / "visage" / number).mkdir(parents=True)
        (tmp_path / "examples" / number).mkdir(parents=True)
        record_push(tmp_path, number, tmp_path / "examples" / number)
    return tmp_path


@pytest.mark.parametrize("number", ["7", "8"])
def test_each_version_leads_to_what_it_was_trained_on(pipeline: Path, number: str) -> None:
    assert trained_on(pipeline / "serving" / "visage" / number) == pipeline / "examples" / number


def test_a_model_without_records_beside_it_is_told_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"no records of the run that made it .*WORKSPACE/PIPELINE/serving"):
        trained_on(tmp_path / "serving" / "visage" / "7")


@pytest.mark.parametrize("folder", ["model", "/model"])
def test_a_model_elsewhere_is_told_where_pushed_ones_are(tmp_path: Path, folder: str) -> None:
    with pytest.raises(VisageError, match=r"model: not where a run pushes its models \(WORKSPACE") as error:
        trained_on(tmp_path / folder)
    assert "sqlite" not in str(error.value)


def test_a_model_that_the_records_do_not_know_is_refused(pipeline: Path) -> None:
    with pytest.raises(VisageError, match="does not know what it was trained on"):
        trained_on(pipeline / "serving" / "visage" / "9")


def test_examples_that_are_gone_are_told(pipeline: Path) -> None:
    (pipeline / "examples" / "8").rmdir()
    with pytest.raises(VisageError, match=r"8: gone, on which .*8 was trained and tested; run the pipeline again"):
        trained_on(pipeline / "serving" / "visage" / "8")
