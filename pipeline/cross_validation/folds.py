"""Which folds a cross-validation tests on, one after another."""

from collections.abc import Iterable, Sequence

from pipeline.config.schema import PipelineConfig
from visage.data.records import FaceRecord
from visage.data.split import fold_of
from visage.errors import VisageError, shortened
from visage.faces.settings import SplitSettings
from visage.training.settings import TrainerSettings

DEFAULT_FOLDS = 5
_MOST_FOLDS = 100
# Eidinger, Enbar and Hassner (2014), Age and gender estimation of unfiltered faces: Adience's protocol.
_ADIENCE, _ADIENCE_SOURCE, _ADIENCE_FOLDS = "adience/", "adience", 5


def fold_splits(config: PipelineConfig, folds: int | None) -> list[SplitSettings]:
    """The split of each fold, by its number: the published folds where the data has some, else folds by identity.

    Args:
        config: what is to be cross-validated. Folds are published where it says so, and where it takes all of its
            images from Adience and names no folds of its own.
        folds: how many are asked for; None: as many as it names, or else 5.

    Raises:
        VisageError: that many folds cannot be, the configuration follows a protocol without folds, or its models would
            know something of the people that they are tested on.
    """
    _check_nothing_is_known_of_the_folds(config.trainer)
    split = config.split
    if split.method == "protocol":
        raise VisageError(
            f"split.protocol {split.protocol} has no folds: --set split.method=holdout shares the same people out into "
            "folds (cleaning.min_age and max_age then say which ages take part)"
        )
    named = split.folds if split.method == "folds" and isinstance(split.folds, int) else None
    count = named or DEFAULT_FOLDS if folds is None else folds
    if not 2 <= count <= _MOST_FOLDS:
        raise VisageError(f"--folds {count}: must be 2 to {_MOST_FOLDS}")
    only_adience = all(source.startswith(_ADIENCE) for source in config.data.sources)
    published = split.folds == "published" if split.method == "folds" else only_adience
    if published and only_adience and count != _ADIENCE_FOLDS:
        raise VisageError(
            f"--folds {count}: Adience has {_ADIENCE_FOLDS} published folds: --folds {_ADIENCE_FOLDS}, or "
            f"--set split.method=folds --set split.folds={count} for others, made by identity"
        )
    made = {"method": "folds", "folds": "published" if published else count}
    return [split.model_copy(update={**made, "fold": fold}) for fold in range(count)]


def check_folds(records: Iterable[FaceRecord], splits: Sequence[SplitSettings]) -> None:
    """Looks, before hours of training, whether somebody is in each fold, and nobody in two of them.

    Args:
        records: all that are left after cleaning.
        splits: as `fold_splits` gives them.

    Raises:
        VisageError: a fold is empty, the data has other folds, or somebody is in two of them.
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
                "models would be tested on people they have learned from: give each person one fold, or "
                f"--set split.method=folds --set split.folds={len(splits)} for others, made by identity"
            )
    wanted = set(range(len(splits)))
    if found == wanted:
        return
    if splits[0].folds == "published":
        raise _other_published_folds(found, wanted, may_be_fewer=sources != {_ADIENCE_SOURCE})
    raise VisageError(
        f"{len(folds)} people are too few for {len(splits)} folds: nobody is in {_in_words(wanted - found)}; ask for "
        "fewer by --folds, or give more data"
    )


def _other_published_folds(found: set[int], wanted: set[int], may_be_fewer: bool) -> VisageError:
    """Advises `--folds` only where that many are there, numbered from 0, and are allowed."""
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


def _check_nothing_is_known_of_the_folds(trainer: TrainerSettings) -> None:
    knows = "has learned from people that the folds are to be tested on: --set"
    if trainer.weights == "blessed":
        raise VisageError(f"trainer.weights: the blessed model {knows} trainer.weights=null, dlib, imagenet or a file")
    if trainer.distillation.teacher is not None:
        raise VisageError(f"trainer.distillation.teacher: it {knows} trainer.distillation.teacher=null")


def _in_words(folds: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(folds)))
