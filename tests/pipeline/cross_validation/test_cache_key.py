"""The changes that invalidate finished runs of a cross-validation."""

from pathlib import Path

import keras
import pytest

from pipeline.config.loader import load_config
from pipeline.cross_validation.cache_key import cache_key
from pipeline.cross_validation.folds import fold_splits
from tests.helpers.project import PROJECT


def key(*overrides: str, folds: int = 2) -> str:
    config = load_config(PROJECT / "pipeline_config.yaml", overrides)
    return cache_key(config, fold_splits(config, folds))


@pytest.mark.parametrize(
    "change",
    [
        "trainer.epochs=2",
        "alignment.size=96",
        "cleaning.min_age=1",
        "data.sources=[utkface]",
        "data.sample_portraits.seed=8",
        "split.repeat=1",
    ],
)
def test_everything_that_changes_predictions_is_in_the_key(change: str) -> None:
    assert key(change) != key()


@pytest.mark.parametrize(
    "change",
    [
        "beam.workers=1",
        "evaluator.age_mae_max=99",
        "evaluator.slices=[gender]",
        "validation.min_examples=400",
        "trainer.checkpoint_steps=7",
        # Its file has fold and seed in its name.
        "trainer.seed=2",
    ],
)
def test_nothing_else_is_in_the_key(change: str) -> None:
    assert key(change) == key()


def test_another_number_of_folds_changes_the_key_even_of_published_ones() -> None:
    assert key(folds=3) != key(folds=5)
    published = ("split.method=folds", "split.folds=published")
    assert key(*published, folds=3) != key(*published, folds=5)


def test_other_weights_and_another_keras_change_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "my.weights.h5"
    weights.write_bytes(b"one")
    first = key(f"trainer.weights={weights}")
    weights.write_bytes(b"other")
    assert key(f"trainer.weights={weights}") != first
    before = key()
    monkeypatch.setattr(keras, "__version__", "0")
    assert key() != before
