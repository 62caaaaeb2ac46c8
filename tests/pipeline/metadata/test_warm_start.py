"""A run finds the model that its training will start from in the pipeline's metadata."""

from pathlib import Path

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.warm_start import warm_start_model
from tests.helpers.project import PROJECT
from tests.pipeline.pushed_model import record_push


def config(workspace: Path, *overrides: str) -> PipelineConfig:
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}", *overrides])


def test_the_last_pushed_model_that_still_exists_is_found(tmp_path: Path) -> None:
    recipe = config(tmp_path, "trainer.weights=blessed")
    assert warm_start_model(recipe) is None
    models = [recipe.root / "artifacts" / number for number in ("1", "2")]
    for version, model in enumerate(models):
        model.mkdir(parents=True)
        record_push(recipe.root, str(version), tmp_path, str(model))
    assert warm_start_model(recipe) == str(models[1] / "Format-Serving")
    models[1].rmdir()
    assert warm_start_model(recipe) == str(models[0] / "Format-Serving")
    assert warm_start_model(config(tmp_path)) is None
