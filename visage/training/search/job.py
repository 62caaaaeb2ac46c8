"""Makes a search from the files of the splits, a recipe and what of it is searched."""

from __future__ import annotations

from pathlib import Path

from visage.errors import VisageError
from visage.training.batches import Split, open_split
from visage.training.checkpoint import Checkpoint, training_key
from visage.training.devices import choose_strategy, machines
from visage.training.known_labels import check_labels
from visage.training.predict_teacher import with_teacher
from visage.training.reports.reporting import FINE_TUNE, TRAIN
from visage.training.search.progress import SearchProgress
from visage.training.search.search import Search, trials_of
from visage.training.search.settings import TunerSettings
from visage.training.search.space import read_space
from visage.training.search.trainings import Trainings
from visage.training.settings import TrainerSettings


def make_search(
    *,
    recipe: TrainerSettings,
    settings: TunerSettings,
    train_files: list[str],
    val_files: list[str],
    code: str,
    checkpoint_dir: Path,
    base_model: str | None,
) -> Search:
    """Returns a search; its `search()` trains.

    Args:
        recipe: the recipe whose values are searched.
        settings: what is searched, and how.
        train_files: globs of gzip TFRecords to learn from.
        val_files: globs of those that the loss is measured on.
        code: `source_digest` of the training code.
        checkpoint_dir: folder for checkpoints and results of the trials, from which a later search resumes.
        base_model: SavedModel that was pushed last, if the recipe starts from it.

    Raises:
        VisageError: a split is empty, unreadable or without labels that the network learns, the teacher cannot
            predict, or `TF_CONFIG` names several machines.
    """
    if machines() > 1:
        raise VisageError("TF_CONFIG: names several machines, but a search runs on one; unset it for the node Tuner")
    space = read_space(settings.search, recipe)
    train_split, val_split = open_split("train", train_files), open_split("val", val_files)
    check_labels(train_split, val_split, recipe)
    # No searched value changes the teacher, so its predictions are shared by all trials.
    shared_dir = checkpoint_dir / f"search-{training_key(recipe, code, [train_split, val_split])}"
    train_split = with_teacher(train_split, recipe, Checkpoint(shared_dir))
    recipe = recipe_of_trials(recipe, settings)
    trainings = Trainings(
        train_split=train_split,
        val_split=val_split,
        recipe=recipe,
        code=code,
        checkpoint_dir=checkpoint_dir,
        base_model=base_model,
        strategy=choose_strategy(),
        progress=SearchProgress(trials_of(space, settings), _images(recipe, train_split)),
    )
    # The caller's own folder may differ at each attempt, so it would keep what a killed attempt left.
    return Search(space, settings, trainings.loss_of, str(checkpoint_dir / "keras_tuner"))


def recipe_of_trials(recipe: TrainerSettings, settings: TunerSettings) -> TrainerSettings:
    """Returns the recipe with both phases limited to `tuner.epochs`."""
    if settings.epochs is None:
        return recipe
    second = recipe.fine_tuning.model_copy(update={"epochs": min(recipe.fine_tuning.epochs, settings.epochs)})
    return recipe.model_copy(update={"epochs": settings.epochs, "fine_tuning": second})


def _images(recipe: TrainerSettings, split: Split) -> dict[str, int]:
    """Returns the number of images that each phase of a training learns from, repetitions counted."""
    of_epoch = recipe.epoch_size or split.size
    return {TRAIN: recipe.epochs * of_epoch, FINE_TUNE: recipe.fine_tuning.epochs * of_epoch}
