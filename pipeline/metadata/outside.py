"""Finds data from outside a workspace that its models learned from: through teachers, starts and first weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.metadata.workspace import KnownTraining, is_record_of, parents
from visage.networks.trunks import TRUNKS, joined, split_start
from visage.saved_model.metadata import TrainingProvenance, known_metadata
from visage.saved_model.versions import find_saved_model

# Pretrained weights by the name of their data; a file records none, 'random' and 'blessed' add none.
_OF_NAMED_DATA = (*TRUNKS, "imagenet")
_FILES = (".h5", ".keras")


@dataclass(frozen=True)
class OutsideData:
    """Data that a model learned from, though no training of the workspace read them.

    Attributes:
        sources: the data sets, or the name of pretrained weights; None: they are not recorded.
        through: the way by which the model learned, e.g. 'teacher /models/7 (pipeline faces, training 5)'.
    """

    sources: tuple[str, ...] | None
    through: str


def outside_data(one: KnownTraining, known: Sequence[KnownTraining]) -> list[OutsideData]:
    """Returns the data from outside that a model learned from, but for what other models of the workspace passed on.

    Its own record (`TrainingProvenance`) names the trainings of its teacher and of its start. Where the model is gone,
    or an earlier release wrote no record, its teacher's record counts.

    Args:
        one: the training of the model.
        known: every training of the workspace.
    """
    teacher = _record(Path(one.training.teacher)) if one.training.teacher else []
    found = list(_of_weights(_first_weights(one)))
    for entry in _entries(one, teacher, known):
        way = _way(one, entry, teacher)
        found.append(OutsideData(None if entry.sources is None else tuple(entry.sources), way))
        found += _of_weights(entry.weights, f" of {way}")
    if not one.provenance:
        found += _without_record(one, teacher, known)
    return found


def _entries(
    one: KnownTraining, teacher: Sequence[TrainingProvenance], known: Sequence[KnownTraining]
) -> list[TrainingProvenance]:
    """Returns each recorded training that may be none of the workspace and that no other model passed on."""
    # The first entry is the model's own training, of which ML Metadata has the sources unless its record is lost.
    recorded = [*(one.provenance[1:] if one.training.sources else one.provenance), *teacher]
    passed_on = [entry for parent, _ in parents(one, known) for entry in parent.provenance]
    return [
        entry
        for place, entry in enumerate(recorded)
        if entry not in recorded[:place]
        and entry not in passed_on
        and not any(is_record_of(entry, other) for other in known if other is not one)
    ]


def _way(one: KnownTraining, entry: TrainingProvenance, teacher: Sequence[TrainingProvenance]) -> str:
    which = f"(pipeline {entry.pipeline or 'unknown'}, training {entry.training or 'unknown'})"
    if one.provenance and entry == one.provenance[0]:
        return f"its own training {which}"
    ways = []
    if one.training.start is not None and entry not in teacher:
        ways.append(f"start {one.training.start.uri}")
    # Whether it is the teacher's is unknown where that model is gone.
    if one.training.teacher and (entry in teacher or not teacher):
        ways.append(f"teacher {one.training.teacher}")
    return f"{' or '.join(ways) or 'an earlier model'} {which}"


def _first_weights(one: KnownTraining) -> str | None:
    recorded = one.provenance[0].weights if one.provenance else None
    named = one.training.settings.get("weights")
    if recorded or not named:
        return recorded
    return joined(named) if isinstance(named, dict) else Path(named).name


def _of_weights(weights: str | None, whose: str = "") -> Iterator[OutsideData]:
    for start in split_start(weights or ""):
        if start in _OF_NAMED_DATA:
            yield OutsideData((start,), f"weights {start}{whose}")
        elif start.endswith(_FILES):
            yield OutsideData(None, f"weights file {start}{whose}")


def _without_record(
    one: KnownTraining, teacher: Sequence[TrainingProvenance], known: Sequence[KnownTraining]
) -> Iterator[OutsideData]:
    """Yields the teacher and the start of which neither a record nor a training is known."""
    of_workspace = {how for _, how in parents(one, known)}
    if one.training.teacher and not teacher and "taught by" not in of_workspace:
        yield OutsideData(None, f"teacher {one.training.teacher}")
    if one.training.start is not None and "started from" not in of_workspace:
        yield OutsideData(None, f"start {one.training.start.uri}")


def _record(folder: Path) -> list[TrainingProvenance]:
    model = find_saved_model(folder)
    return [] if model is None else known_metadata(model).learned_from or []
