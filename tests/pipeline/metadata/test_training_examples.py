"""A pushed model leads back to its examples through ML Metadata, or one line has the reason."""

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
def test_each_version_leads_to_its_training_examples(pipeline: Path, number: str) -> None:
    assert trained_on(pipeline / "serving" / "visage" / number) == pipeline / "examples" / number


def test_a_model_without_metadata_is_an_error_that_names_pushers_folder(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"no metadata of its run .*WORKSPACE/PIPELINE/serving"):
        trained_on(tmp_path / "serving" / "visage" / "7")


@pytest.mark.parametrize("folder", ["model", "/model"])
def test_a_model_in_another_folder_is_an_error_that_names_pushers_folder(tmp_path: Path, folder: str) -> None:
    with pytest.raises(VisageError, match=r"model: not where a run pushes its models \(WORKSPACE") as error:
        trained_on(tmp_path / folder)
    assert "sqlite" not in str(error.value)


def test_a_model_that_is_not_in_the_metadata_is_an_error(pipeline: Path) -> None:
    with pytest.raises(VisageError, match="does not have its training data"):
        trained_on(pipeline / "serving" / "visage" / "9")


def test_missing_examples_are_an_error(pipeline: Path) -> None:
    (pipeline / "examples" / "8").rmdir()
    with pytest.raises(VisageError, match=r"8: missing, the examples of .*8; run the pipeline again"):
        trained_on(pipeline / "serving" / "visage" / "8")
