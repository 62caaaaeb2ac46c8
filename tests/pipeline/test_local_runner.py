"""One run of a pipeline at a time; errors of its training that can be known before are found before."""

import io
from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline
from pipeline.output.console import Reporter
from pipeline.run_lock import hold_run_lock
from pipeline.runners.local import run_pipeline
from tests.helpers.project import PROJECT
from tests.pipeline.pushed_model import record_push
from visage.data.settings import SplitSettings
from visage.errors import VisageError
from visage.saved_model.metadata import ModelMetadata, write_metadata
from visage.saved_model.provenance import provenance_of_data


def test_a_second_run_of_one_pipeline_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with (
        hold_run_lock(tmp_path),
        pytest.raises(VisageError, match="another run of this pipeline is active"),
        hold_run_lock(tmp_path),
    ):
        pass
    with hold_run_lock(tmp_path):
        pass


def test_pipelines_of_other_names_do_not_wait(tmp_path: Path) -> None:
    with hold_run_lock(tmp_path / "one"), hold_run_lock(tmp_path / "other"):
        pass


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (["trainer.weights=nowhere.weights.h5"], r"^trainer\.weights: there is no file .*/nowhere\.weights\.h5"),
        (["trainer.weights=blessed"], r"^trainer\.weights: blessed: this pipeline has pushed no model yet"),
        (["trainer.network=mobilenet", "trainer.weights=imagenet"], r"^trainer\.weights: imagenet: there is no .*\.h5"),
        (["trainer.freeze=conv9"], r"^trainer\.freeze: 'conv9' selects no layer with weights; compact has "),
        (["trainer.freeze=999"], r"^trainer\.freeze: 999 leaves nothing of compact to train"),
    ],
)
def test_initial_weights_are_checked_before_an_image_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: list[str], line: str
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={tmp_path}", *changes])
    with pytest.raises(VisageError, match=line), hold_run_lock(config.root):
        run_pipeline(config, "1", Reporter(io.StringIO()))
    assert [path.name for path in config.root.iterdir()] == ["run.lock"]
    compile_pipeline(config)  # as a machine does that only compiles for others


def test_a_blessed_model_trained_on_test_faces_is_refused_before_an_image_is_read(
    tmp_path: Path,
) -> None:
    changes = [f"workspace={tmp_path}", "trainer.weights=blessed", "serving.model_name=other"]
    config = load_config(PROJECT / "pipeline_config.yaml", changes)
    blessed = config.root / "artifacts" / "1"
    (blessed / "Format-Serving").mkdir(parents=True)
    of_other_split = provenance_of_data(config.data.sources, SplitSettings(method="folds"))
    write_metadata(blessed / "Format-Serving", ModelMetadata(learned_from=[of_other_split]))
    record_push(config.root, "1", tmp_path, str(blessed))
    with (
        pytest.raises(VisageError, match=r"^trainer\.weights: blessed: .*/1/Format-Serving may have been trained on "),
        hold_run_lock(config.root),
    ):
        run_pipeline(config, "1", Reporter(io.StringIO()))
    assert {path.name for path in config.root.iterdir()} == {"run.lock", "metadata.sqlite", "artifacts"}
    compile_pipeline(config)
