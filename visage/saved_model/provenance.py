"""Checks that a model's teacher and its starting weights were not trained on people of its test split.

Identities and settings alone decide a split (`visage/data/split.py`): if two models share a data set and the settings
of `split`, neither trains on people that the other is tested on; with different settings it may.

The check does not find faces that data sets of different names share, nor images under several identities. Of the
latter, the copy with the highest split precedence stays (`visage/data/duplicates/`), so a teacher with fewer sources
may have trained on a copy of an image that its student is tested on. Nor does it refuse a teacher of undisclosed images
(`UNDISCLOSED`): its student records them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from visage.data.settings import SplitSettings
from visage.errors import VisageError
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, known_metadata

UNDISCLOSED = "undisclosed"
"""The kind of sources, `undisclosed/NAME`, whose images nobody outside knows: any face may be among them."""

_DECIDES = {
    "holdout": ("train", "val", "test"),
    "folds": ("folds", "fold"),
    "protocol": ("protocol",),
}


def provenance_of_data(
    sources: Sequence[str], split: SplitSettings, pipeline: str | None = None, drawn: bool | None = None
) -> TrainingProvenance:
    """Returns the provenance of a training before it runs: `faces` and `training` are still unknown.

    Args:
        sources: `data.sources`.
        split: how they are split.
        pipeline: its name; None: unknown.
        drawn: whether the images are drawn portraits; None: unknown.
    """
    values = split.model_dump(mode="json")
    deciding = ("method", *_DECIDES[split.method], "repeat")
    return TrainingProvenance(
        sources=sorted({_data_set(source) for source in sources}),
        split={key: values[key] for key in deciding},
        pipeline=pipeline,
        drawn=drawn,
    )


def read_provenance(model: Path) -> list[TrainingProvenance] | None:
    """Reads the trainings of a SavedModel: its own, then those of its teacher and of the model that it started from.

    Returns:
        None if the model does not record them, as an older one or one of another program.
    """
    return recorded_trainings(known_metadata(model))


def recorded_trainings(model: ModelMetadata) -> list[TrainingProvenance] | None:
    """Returns the trainings of a model; None if it does not record the data and the split of each."""
    trainings = model.learned_from
    if not trainings or any(one.sources is None or one.split is None for one in trainings):
        return None
    return trainings


def check_provenance(own: TrainingProvenance, teacher: Path | None, blessed: Path | None) -> list[TrainingProvenance]:
    """Checks that neither a new model's teacher nor its initial weights were trained on faces of its test split.

    Args:
        own: provenance of the new model's training data.
        teacher: SavedModel of its teacher; None: it has none.
        blessed: SavedModel with its initial weights; None: it has none.

    Returns:
        The trainings that the new model depends on: its own first, then those of the other two.

    Raises:
        VisageError: one may have been trained on such faces, or does not record its data.
    """
    trainings = [own]
    if teacher is not None:
        trainings += _check(teacher, own, "trainer.distillation.teacher", "train without it")
    if blessed is not None:
        before, *earlier = _check(blessed, own, "trainer.weights: blessed", "start from null, dlib, imagenet or a file")
        # Else lists would grow from one run of a pipeline to the next.
        trainings += earlier if _alike(before, own) else [before, *earlier]
    return [one for number, one in enumerate(trainings) if not any(_same(one, other) for other in trainings[:number])]


def _check(model: Path, own: TrainingProvenance, key: str, fix: str) -> list[TrainingProvenance]:
    trainings = read_provenance(model)
    if trainings is None:
        raise VisageError(
            f"{key}: {model} does not record its training data (learned_from in assets.extra/visage.json), which may "
            f"include faces of the test split; train it again, or {fix}"
        )
    for one in trainings:
        shared = set(one.sources or ()) & set(own.sources or ())
        if shared and one.split != own.split:
            raise VisageError(
                f"{key}: {model} may have been trained on faces of the test split: it was trained on "
                f"{', '.join(sorted(shared))} by the split {_in_words(one.split)}, the new model uses the split "
                f"{_in_words(own.split)}; give both one split, or {fix}"
            )
    return trainings


def shares_test_faces(own: ModelMetadata, other: ModelMetadata) -> str | None:
    """Returns why a model may have been trained on faces of the test split of `own`; None if it was not, or is unknown.

    Args:
        own: the model whose test split it is; its own training comes first in `learned_from`.
        other: the other model.
    """
    if own.own_training.split is None:
        return None
    for training in other.learned_from or ():
        shared = set(training.sources or ()) & set(own.own_training.sources or ())
        if shared and training.split not in (None, own.own_training.split):
            return f"{', '.join(sorted(shared))} by the split {_in_words(training.split)}"
    return None


def may_share_training_faces(own: ModelMetadata, other: ModelMetadata) -> bool:
    """Returns whether a model may have been trained on faces of the training split of `own`.

    It was not where both record their data sets, disclosed ones, and share none.
    """
    named = own.own_training.sources
    others = [training.sources for training in other.learned_from or [TrainingProvenance()]]
    if named is None or undisclosed_sources(other.learned_from):
        return True
    return any(sources is None or set(sources) & set(named) for sources in others)


def undisclosed_sources(trainings: Sequence[TrainingProvenance] | None) -> list[str]:
    """Returns the sources of trainings whose images their owner did not publish, sorted."""
    sources = {source for training in trainings or () for source in training.sources or ()}
    return sorted(source for source in sources if source.startswith(f"{UNDISCLOSED}/"))


def _alike(one: TrainingProvenance, other: TrainingProvenance) -> bool:
    """Returns whether two trainings differ only in `faces`, `training` and `uid`."""
    return all(getattr(one, key) == getattr(other, key) for key in ("sources", "split", "pipeline", "drawn", "weights"))


def _same(one: TrainingProvenance, other: TrainingProvenance) -> bool:
    """Returns whether two entries are one training; of those without a `uid`, whether they are alike."""
    if one.uid is None and other.uid is None:
        return _alike(one, other)
    return one.uid == other.uid


def _data_set(source: str) -> str:
    """Returns the data set of a source: parts of one show the same people, but each labelled folder is its own."""
    kind, _, _ = source.partition("/")
    return source if kind == "labelled_folder" else kind


def _in_words(split: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{key} {value}" for key, value in (split or {}).items())
