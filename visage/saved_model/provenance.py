"""Whom a model has learned from, so that no model starts from one, or is taught by one, that knows its test split.

A split is decided by the identities and the settings alone (`visage/data/split.py`): of the people in a data set
that two models of one `split` share, neither learns from those that the other is tested on; of different ones, it may.

Not looked for are faces that data sets of different names share, and images under several identities: the copy in the
sternest of their splits stays (`visage/data/duplicates.py`), so a teacher of fewer sources may have learned from a
copy of what its student is tested on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from visage.errors import VisageError
from visage.faces.settings import SplitSettings
from visage.saved_model.metadata import TrainingProvenance, read_metadata

_DECIDES = {
    "holdout": ("train", "val", "test"),
    "folds": ("folds", "fold"),
    "protocol": ("protocol",),
}


def provenance_of_data(
    sources: Sequence[str], split: SplitSettings, pipeline: str | None = None, drawn: bool | None = None
) -> TrainingProvenance:
    """Returns what a training learns from; `faces` and `training` are known when it is done.

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


def provenance_of(model: Path) -> list[TrainingProvenance] | None:
    """Those of a SavedModel that VisAge wrote, and of all that it started from or was taught by.

    Returns:
        None where it says nothing: an older model, or another program's.
    """
    try:
        provenances = read_metadata(model).learned_from
    except (OSError, ValueError):
        return None
    if provenances is None or any(one.sources is None or one.split is None for one in provenances):
        return None
    return provenances


def check_provenance(own: TrainingProvenance, teacher: Path | None, blessed: Path | None) -> list[TrainingProvenance]:
    """Looks whether a new model would learn from one that may know faces that it is to be tested on.

    Args:
        own: what the new model learns from.
        teacher: SavedModel that teaches it; None: none does.
        blessed: SavedModel that it starts from; None: none.

    Returns:
        All that the new model will have learned from, by itself and through those two.

    Raises:
        VisageError: one may know such faces, or does not say what it has learned from.
    """
    provenances = [own]
    if teacher is not None:
        provenances += _check(teacher, own, "trainer.distillation.teacher", "learn without it")
    if blessed is not None:
        provenances += _check(blessed, own, "trainer.weights: blessed", "start from null, dlib, imagenet or a file")
    return [
        one for number, one in enumerate(provenances) if not any(_alike(one, other) for other in provenances[:number])
    ]


def _check(model: Path, own: TrainingProvenance, key: str, fix: str) -> list[TrainingProvenance]:
    provenances = provenance_of(model)
    if provenances is None:
        raise VisageError(
            f"{key}: {model} does not say whom it has learned from (learned_from in assets.extra/visage.json), so it "
            f"may know faces of the test split; train it again, or {fix}"
        )
    for one in provenances:
        shared = set(one.sources or ()) & set(own.sources or ())
        if shared and one.split != own.split:
            raise VisageError(
                f"{key}: {model} knows faces of the test split: it has learned from {', '.join(sorted(shared))} by the "
                f"split {_in_words(one.split)}, this one by {_in_words(own.split)}; give both one "
                f"split, or {fix}"
            )
    return provenances


def _alike(one: TrainingProvenance, other: TrainingProvenance) -> bool:
    """Whether two differ at most in what every training of a pipeline adds, so that no list grows from run to run."""
    return all(getattr(one, key) == getattr(other, key) for key in ("sources", "split", "pipeline", "drawn"))


def _data_set(source: str) -> str:
    """Parts of one data set show the same people; labelled folders are each a data set of their own."""
    kind, _, _ = source.partition("/")
    return source if kind == "labelled_folder" else kind


def _in_words(split: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{key} {value}" for key, value in (split or {}).items())
