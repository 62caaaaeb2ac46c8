"""The compiled runs of a cross-validation, and the checks before the first one."""

import io
from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.cross_validation.folds import fold_splits
from pipeline.cross_validation.run import cross_validate, plan
from pipeline.node import node_ids
from pipeline.output.console import Reporter
from tests.helpers.project import PROJECT
from visage.errors import VisageError


def config(workspace: Path, *overrides: str) -> PipelineConfig:
    """Few portraits that are crops already, and one epoch."""
    small = ["data.sources=[utkface]", "data.sample_portraits.count=40", "alignment.detector=none", "trainer.epochs=1"]
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}", *small, *overrides])


def test_nothing_is_compared_with_earlier_models_and_nothing_is_pushed(tmp_path: Path) -> None:
    planned = plan(config(tmp_path), fold_splits(config(tmp_path), 2), repeats=3)
    assert [(run.fold, run.seed) for run in planned] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]
    nodes = ["CuratedSchema", "Evaluator", "ExampleValidator", "FaceExampleGen", "StatisticsGen", "Trainer"]
    assert {tuple(sorted(node_ids(ir))) for ir in planned.values()} == {tuple(nodes)}


def test_the_first_weights_are_checked_before_an_image_is_read(tmp_path: Path) -> None:
    recipe = config(tmp_path, "trainer.freeze=conv9")
    with pytest.raises(VisageError, match=r"^trainer\.freeze: 'conv9' selects no layer with weights"):
        cross_validate(recipe, fold_splits(recipe, 2), 1, "1", Reporter(io.StringIO()))
    assert not recipe.root.exists()
