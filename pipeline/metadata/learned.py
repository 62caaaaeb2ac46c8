"""Finds the models that learned from an archive or from a person, in every pipeline of a workspace.

A model also counts if it started from such a model, or was taught by one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pipeline.metadata.lineage import PushedVersion, Training, pushed_versions, trainings
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.store import DATABASE
from visage.data.examples import read_records
from visage.data.protocols import SPLITS
from visage.errors import VisageError
from visage.names import did_you_mean
from visage.saved_model.metadata import TrainingProvenance, read_metadata

How = Literal["trained on it", "tested on it", "started from", "taught by", "not known"]
# Names a training: the pipeline and the id.
Key = tuple[str, str]


@dataclass(frozen=True)
class KnownTraining:
    """One training of a workspace, with the versions that were pushed of its model."""

    pipeline: str
    training: Training
    versions: tuple[PushedVersion, ...]

    @property
    def key(self) -> Key:
        """Returns its name in a workspace."""
        return self.pipeline, self.training.id

    @property
    def folders(self) -> list[Path]:
        """Returns the folders that hold the model: as it was trained, and as it was pushed."""
        pushed = [version.folder for version in self.versions]
        model = self.training.model
        return [*([model.uri / "Format-Serving"] if model.exists else []), *(one for one in pushed if one)]

    @cached_property
    def provenance(self) -> list[TrainingProvenance]:
        """Returns what the model itself records of its training, its teacher and its start; empty if it is gone."""
        for folder in self.folders:
            try:
                return read_metadata(folder).learned_from or []
            except (OSError, ValueError):
                continue
        return []


@dataclass(frozen=True)
class LearnedModel:
    """One model that learned from what was looked for.

    Attributes:
        pipeline: its name.
        training: id of the training.
        run_id: of the run that trained it.
        versions: number and place of each pushed version; none: it was not pushed.
        on_disk: whether a copy of the model exists.
        how: it was trained on the records itself, or tested alone; or it started from a model that was trained on
            them, or was taught by one; or its examples are gone, and whether they held the records is not known.
        of: the training that it started from or was taught by; None: it was trained on the records itself.
        records: number of records in each split of its own examples; empty if they are gone.
    """

    pipeline: str
    training: str
    run_id: str
    versions: tuple[tuple[str, str], ...]
    on_disk: bool
    how: How
    of: Key | None
    records: Mapping[str, int]


def workspace_trainings(workspace: Path) -> list[KnownTraining]:
    """Returns every training of every pipeline of a workspace of which a model or examples exist.

    Raises:
        VisageError: the metadata of a pipeline are damaged or locked.
    """
    found = []
    for database in sorted(workspace.glob(f"*/{DATABASE}")):
        metadata = PipelineMetadata(database.parent)
        pushed = pushed_versions(metadata)
        for training in trainings(metadata):
            versions = tuple(one for one in pushed if one.model and one.model.id == training.model.id)
            known = KnownTraining(metadata.pipeline, training, versions)
            if known.folders or (training.examples is not None and training.examples.exists):
                found.append(known)
    return found


def learned_from_archive(known: Sequence[KnownTraining], archive: str) -> list[LearnedModel]:
    """Returns the models that learned from a data set.

    Args:
        known: the trainings to search.
        archive: as in `data.sources`, e.g. 'imdb_wiki/wiki', or all parts of it, e.g. 'imdb_wiki'.

    Raises:
        VisageError: no training has such a data set.
    """

    def counts(training: Training) -> Mapping[str, int]:
        report = (training.cleaning_report or {}).get("sources", {})
        found: Counter[str] = Counter()
        for source in training.sources:
            if _is_of(source, archive):
                found.update(report.get(source, {}).get("by_split", {}))
        return found

    sources = {source for one in known for source in one.training.sources}
    if not any(_is_of(source, archive) for source in sources):
        fix = did_you_mean(archive, sources) or f"there are {', '.join(sorted(sources)) or 'none'}"
        raise VisageError(f"--archive {archive}: no model learned from it; {fix}")
    direct = [
        _model(one, "trained on it", None, counts(one.training))
        for one in known
        if any(_is_of(source, archive) for source in one.training.sources)
    ]
    return _with_dependent(known, direct, counts)


def learned_from_identity(known: Sequence[KnownTraining], identity: str) -> list[LearnedModel]:
    """Returns the models that learned from a person, those tested on it, and those of which it cannot be known.

    The splits `train` and `val` count: the first teaches the weights, the second chooses the epoch. Reads all examples.

    Args:
        known: the trainings to search.
        identity: as in the examples, e.g. 'adience/30000041@N01'.

    Raises:
        VisageError: no record has this identity, and all examples are there; or a file is damaged.
    """
    folders = {one.training.examples.uri for one in known if one.training.examples and one.training.examples.exists}
    people = {folder: _identities(folder) for folder in sorted(folders)}

    def counts(training: Training) -> Mapping[str, int]:
        by_split = people.get(training.examples.uri, {}) if training.examples else {}
        return {split: names[identity] for split, names in by_split.items()}

    direct = []
    for one in known:
        records = counts(one.training)
        if not records:
            direct.append(_model(one, "not known", None, records))
        elif any(records.values()):
            learns = records["train"] + records["val"] > 0
            direct.append(_model(one, "trained on it" if learns else "tested on it", None, records))
    if not direct:
        everyone = {name for by_split in people.values() for names in by_split.values() for name in names}
        fix = did_you_mean(identity, everyone) or "identities are as in the examples, e.g. adience/30000041@N01"
        raise VisageError(f"--identity {identity}: is in no example, so no model learned from it; {fix}")
    return _with_dependent(known, direct, counts)


def _with_dependent(
    known: Sequence[KnownTraining], direct: Iterable[LearnedModel], counts: Callable[[Training], Mapping[str, int]]
) -> list[LearnedModel]:
    """Adds the models that started from one that was trained on the records, or were taught by one."""
    found = {(model.pipeline, model.training): model for model in direct}
    parents = {one.key: dict(_parents(one, known)) for one in known}
    learned = {key for key, model in found.items() if model.how == "trained on it"}
    # Each round adds the models one step further away.
    while step := [
        (one, parent)
        for one in known
        if one.key not in learned and (parent := next((key for key in parents[one.key] if key in learned), None))
    ]:
        for one, parent in step:
            found[one.key] = _model(one, parents[one.key][parent], parent, counts(one.training))
            learned.add(one.key)
    return [found[one.key] for one in known if one.key in found]


def _model(one: KnownTraining, how: How, of: Key | None, records: Mapping[str, int]) -> LearnedModel:
    return LearnedModel(
        pipeline=one.pipeline,
        training=one.training.id,
        run_id=one.training.execution.run_id,
        versions=tuple((version.number, version.place) for version in one.versions),
        on_disk=bool(one.folders),
        how=how,
        of=of,
        records=dict(records),
    )


def _parents(one: KnownTraining, known: Iterable[KnownTraining]) -> Iterator[tuple[Key, How]]:
    """Yields the trainings that a model depends on, and how."""
    recorded = {(entry.pipeline, entry.training) for entry in one.provenance[1:]}
    teacher = Path(one.training.teacher) if one.training.teacher else None
    for other in known:
        start = one.training.start
        if start is not None and other.pipeline == one.pipeline and other.training.model.id == start.id:
            yield other.key, "started from"
        elif other.key != one.key and (other.key in recorded or (teacher is not None and _holds(other, teacher))):
            yield other.key, "taught by"


def _holds(one: KnownTraining, folder: Path) -> bool:
    return folder in (one.training.model.uri / "Format-Serving", *(version.destination for version in one.versions))


def _is_of(source: str, archive: str) -> bool:
    return source == archive or source.startswith(f"{archive}/")


def _identities(examples: Path) -> dict[str, Counter[str]]:
    """Returns the number of records of each person in each split."""
    splits = [split for split in SPLITS if (examples / f"Split-{split}").is_dir()]
    empty: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    return empty | {split: Counter(record.identity for record in read_records(examples, split)) for split in splits}
