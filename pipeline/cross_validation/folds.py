"""Chooses and checks the folds of a cross-validation."""

from collections.abc import Iterable, Sequence

from pipeline.config.schema import PipelineConfig
from visage.data.datasets import DATASETS, dataset_spec
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings
from visage.data.split import fold_of
from visage.errors import VisageError, shortened
from visage.training.settings import TrainerSettings

DEFAULT_FOLDS = 5
_MOST_FOLDS = 100


def fold_splits(config: PipelineConfig, folds: int | None) -> list[SplitSettings]:
    """Returns the split of each fold, by its number: the published folds if the data has some, else folds by identity.

    Args:
        config: the recipe. Folds are published if it sets them so, or if all of its sources have
            published folds and it sets none.
        folds: the number of folds; None: that of the configuration, or else 5.

    Raises:
        VisageError: the number is invalid, the configuration has a protocol without folds, or its models would know
            people of their test split.
    """
    _check_no_leakage(config.trainer)
    split = config.split
    if split.method == "protocol":
        raise VisageError(
            f"split.protocol {split.protocol} has no folds: --set split.method=holdout distributes the same people "
            "into folds (cleaning.min_age and max_age then choose the ages)"
        )
    named = split.folds if split.method == "folds" and isinstance(split.folds, int) else None
    count = named or DEFAULT_FOLDS if folds is None else folds
    if not 2 <= count <= _MOST_FOLDS:
        raise VisageError(f"--folds {count}: must be 2 to {_MOST_FOLDS}")
    of_sources = _published_folds(config.data.sources)
    published = split.folds == "published" if split.method == "folds" else of_sources is not None
    if published and of_sources is not None and count != of_sources:
        raise VisageError(
            f"--folds {count}: {', '.join(config.data.sources)}: {of_sources} folds are published; "
            f"--folds {of_sources}, or --set split.method=folds --set split.folds={count} for others, made by identity"
        )
    made = {"method": "folds", "folds": "published" if published else count}
    return [split.model_copy(update={**made, "fold": fold}) for fold in range(count)]


def check_folds(records: Iterable[FaceRecord], splits: Sequence[SplitSettings]) -> None:
    """Checks, before hours of training, that no fold is empty and that nobody is in two folds.

    Args:
        records: all that are left after cleaning.
        splits: of `fold_splits`.

    Raises:
        VisageError: a fold is empty, the data has other folds, or somebody is in two folds.
    """
    folds: dict[str, int] = {}
    found, sources = set(), set()
    for record in records:
        sources.add(record.source)
        fold = fold_of(record, splits[0])
        found.add(fold)
        if folds.setdefault(record.identity, fold) != fold:
            raise VisageError(
                f"{shortened(record.identity)} is in the published folds {folds[record.identity]} and {fold}, so "
                "models would be tested on people that they trained on: give each person one fold, or "
                f"--set split.method=folds --set split.folds={len(splits)} for others, made by identity"
            )
    wanted = set(range(len(splits)))
    if found == wanted:
        return
    if splits[0].folds == "published":
        raise _other_published_folds(found, wanted, may_be_fewer=not sources <= _sources_with_published_folds())
    raise VisageError(
        f"{len(folds)} people are too few for {len(splits)} folds: nobody is in {_in_words(wanted - found)}; ask for "
        "fewer by --folds, or give more data"
    )


def _published_folds(sources: Sequence[str]) -> int | None:
    """Returns the number of published folds that all sources have in common; None if they have none."""
    counts = {dataset_spec(source).published_folds for source in sources}
    return counts.pop() or None if len(counts) == 1 else None


def _sources_with_published_folds() -> set[str]:
    return {spec.source for spec in DATASETS.values() if spec.published_folds}


def _other_published_folds(found: set[int], wanted: set[int], may_be_fewer: bool) -> VisageError:
    """Returns the error for other published folds; it advises `--folds` only for a number that is possible."""
    fixes = []
    count = len(found)
    if found == set(range(count)) and 2 <= count <= _MOST_FOLDS and may_be_fewer:
        fixes.append(f"--folds {count}")
    if wanted - found:
        fixes.append("give the images of all folds")
    fixes.append(f"--set split.method=folds --set split.folds={len(wanted)} for others, made by identity")
    return VisageError(
        f"the published folds of this data are {_in_words(found)}, not {_in_words(wanted)}: {', or '.join(fixes)}"
    )


def _check_no_leakage(trainer: TrainerSettings) -> None:
    knows = "was trained on people of the test folds: --set"
    if trainer.weights == "blessed":
        raise VisageError(f"trainer.weights: the blessed model {knows} trainer.weights=null, dlib, imagenet or a file")
    if trainer.distillation.teacher is not None:
        raise VisageError(f"trainer.distillation.teacher: it {knows} trainer.distillation.teacher=null")


def _in_words(folds: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(folds)))
