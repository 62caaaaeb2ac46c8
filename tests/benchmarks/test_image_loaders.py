"""Keras's loaders augment as ours do, and return every image."""

from pathlib import Path

from benchmarks.image_loaders import augmentation_layers, measure_loaders
from tests.helpers.drawn_crops import people, write_split
from visage.training.batches import open_split
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings


def test_layers_are_those_of_what_the_recipe_changes() -> None:
    layers = augmentation_layers(AugmentationSettings(flip=True, shift=0, rotation=10, brightness=0, contrast=0))
    assert [type(layer).__name__ for layer in layers] == ["RandomFlip", "RandomRotation"]


def test_all_loaders_are_measured_on_the_same_images(tmp_path: Path) -> None:
    split = open_split("train", [str(write_split(tmp_path, "train", people(10, seed=1)))])
    settings = TrainerSettings(network="compact", epochs=1, batch_size=4, learning_rate=0.1)
    (tmp_path / "pictures").mkdir()
    loaders = measure_loaders(split, settings, tmp_path / "pictures", rounds=1)
    assert [loader.name for loader in loaders] == [
        "ours, first epoch",
        "ours, later epochs",
        "image_dataset_from_directory",
        "PyDataset",
    ]
    assert all(loader.cost.wall > 0 for loader in loaders)
