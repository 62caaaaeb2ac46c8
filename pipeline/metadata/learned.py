"""Finds the models that learned from an archive or from a person, in every pipeline of a workspace.

A model also counts if it started from such a model, or was taught by one, of the workspace or from outside.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.metadata.lineage import Training
from pipeline.metadata.outside import OutsideData, outside_data
from pipeline.metadata.workspace import Dependence, Key, KnownTraining, parents
from visage.data.examples import read_records
from visage.data.protocols import SPLITS
from visage.errors import VisageError
from visage.names import did_you_mean

How = Literal[
    "trained on it",
    "tested on it",
    "started from",
    "taught by",
    "learned from it",
    "may have learned from",
    "not known",
]
# What a model passes on to those that start from it or are taught by it, the surest first.
_PASSED_ON: tuple[tuple[How, ...], ...] = (
    ("trained on it", "learned from it"),
    ("may have learned from",),
    ("not known",),
)


@dataclass(frozen=True)
class LearnedModel:
    """One model that learned from what was looked for, or may have.

    Attributes:
        pipeline: its name.
        training: id of the training.
        run_id: of the run that trained it.
        versions: number and place of each pushed version; none: it was not pushed.
        on_disk: whether a copy of the model exists.
        how: it was trained on the records itself, or tested alone; or it started from a model of the workspace that
            learned from them, or was taught by one; or it learned from them by way of a model or of weights from
            outside, or may have; or it is not known.
        of: the training of the workspace that passed them on; None: none did.
        through: the way by which it learned, where `how` and `of` do not say it.
        unrecorded: what is not recorded, where it may have learned from the records or where it is not known.
        records: number of records in each split of its own examples; empty if they are gone.
    """

    pipeline: str
    training: str
    run_id: str
    versions: tuple[tuple[str, str], ...]
    on_disk: bool
    how: How
    of: Key | None
    through: str | None
    unrecorded: str | None
    records: Mapping[str, int]


@dataclass(frozen=True)
class _Finding:
    """How a model learned; the attributes are those of `LearnedModel`."""

    how: How
    of: Key | None = None
    through: str | None = None
    unrecorded: str | None = None


# Judges data from outside; None: they are other data.
_Judge = Callable[[tuple[str, ...]], _Finding | None]


def learned_from_archive(known: Sequence[KnownTraining], archive: str) -> list[LearnedModel]:
    """Returns the models that learned from a data set.

    Args:
        known: the trainings to search.
        archive: as in `data.sources`, e.g. 'imdb_wiki/wiki', or all parts of it, e.g. 'imdb_wiki'; or pretrained
            weights: 'dlib', 'imagenet'.

    Raises:
        VisageError: no training and no model from outside has such a data set, and none lacks a record of its data; or
            the name is similar to a known one.
    """

    def counts(training: Training) -> Mapping[str, int]:
        report = (training.cleaning_report or {}).get("sources", {})
        found: Counter[str] = Counter()
        for source in training.sources:
            if _is_of(source, archive):
                found.update(report.get(source, {}).get("by_split", {}))
        return found

    def judge(sources: tuple[str, ...]) -> _Finding | None:
        if any(_is_of(source, archive) for source in sources):
            return _Finding("learned from it")
        # Models record 'imdb_wiki', not its parts.
        whole = next((source for source in sources if _is_of(archive, source)), None)
        if whole is None:
            return None
        return _Finding("may have learned from", unrecorded=f"archive {whole}, parts not recorded")

    direct = {
        one.key: _Finding("trained on it")
        for one in known
        if any(_is_of(source, archive) for source in one.training.sources)
    }
    outside = {one.key: outside_data(one, known) for one in known}
    found = direct | _from_outside(outside, judge, direct)
    if _nothing_known(found):
        sources = {source for one in known for source in one.training.sources}
        sources |= {source for data in outside.values() for each in data for source in each.sources or ()}
        near = did_you_mean(archive, sources)
        if near or not found:
            fix = near or f"there are {', '.join(sorted(sources)) or 'none'}"
            raise VisageError(f"--archive {archive}: no model learned from it; {fix}")
    return _models(known, _with_dependent(known, found), counts)


def learned_from_identity(known: Sequence[KnownTraining], identity: str) -> list[LearnedModel]:
    """Returns the models that learned from a person, those tested on it, and those of which it cannot be known.

    The splits `train` and `val` count: the first teaches the weights, the second chooses the epoch. Reads all examples.
    Models from outside record their archives and not the people in them.

    Args:
        known: the trainings to search.
        identity: as in the examples, e.g. 'adience/30000041@N01'.

    Raises:
        VisageError: no record has this identity, all examples are there, and no model from outside learned from its
            archive or lacks a record of its data; or the name is similar to a known one; or a file is damaged.
    """
    folders = {one.training.examples.uri for one in known if one.training.examples and one.training.examples.exists}
    people = {folder: _identities(folder) for folder in sorted(folders)}

    def counts(training: Training) -> Mapping[str, int]:
        by_split = people.get(training.examples.uri, {}) if training.examples else {}
        return {split: names[identity] for split, names in by_split.items()}

    def judge(sources: tuple[str, ...]) -> _Finding | None:
        archive = next((source for source in sources if _is_of(identity, source)), None)
        if archive is None:
            return None
        return _Finding("may have learned from", unrecorded=f"archive {archive}, people not recorded")

    direct = {}
    for one in known:
        records = counts(one.training)
        if not records:
            direct[one.key] = _Finding("not known", unrecorded="examples removed")
        elif any(records.values()):
            learns = records["train"] + records["val"] > 0
            direct[one.key] = _Finding("trained on it" if learns else "tested on it")
    outside = _from_outside({one.key: outside_data(one, known) for one in known}, judge, direct)
    if not direct and _nothing_known(outside):
        everyone = {name for by_split in people.values() for names in by_split.values() for name in names}
        near = did_you_mean(identity, everyone)
        if near or not outside:
            fix = near or "identities are as in the examples, e.g. adience/30000041@N01"
            raise VisageError(f"--identity {identity}: is in no example, so no model learned from it; {fix}")
    return _models(known, _with_dependent(known, direct | outside), counts)


def _from_outside(
    outside: Mapping[Key, Sequence[OutsideData]], judge: _Judge, direct: Mapping[Key, _Finding]
) -> dict[Key, _Finding]:
    """Returns the surest finding of each model by way of data from outside, where it says more than the direct one."""
    found = {}
    for key, data in outside.items():
        findings = [finding for each in data if (finding := _judged(each, judge)) is not None]
        surest = min(findings, key=lambda finding: _rank(finding.how), default=None)
        if surest is not None and (key not in direct or _rank(surest.how) < _rank(direct[key].how)):
            found[key] = surest
    return found


def _nothing_known(found: Mapping[Key, _Finding]) -> bool:
    return all(finding.how == "not known" for finding in found.values())


def _judged(data: OutsideData, judge: _Judge) -> _Finding | None:
    if data.sources is None:
        return _Finding("not known", through=data.through, unrecorded="data not recorded")
    finding = judge(data.sources)
    return finding and replace(finding, through=data.through)


def _rank(how: How) -> int:
    """Returns the place in `_PASSED_ON`; what is not passed on comes last."""
    return next((rank for rank, level in enumerate(_PASSED_ON) if how in level), len(_PASSED_ON))


def _with_dependent(known: Sequence[KnownTraining], found: Mapping[Key, _Finding]) -> dict[Key, _Finding]:
    """Adds the models that started from one that learned from the records, or may have, or were taught by one."""
    found = dict(found)
    of_workspace = {one.key: {parent.key: how for parent, how in parents(one, known)} for one in known}
    settled: set[Key] = set()
    for level in _PASSED_ON:
        reached = {key for key, finding in found.items() if finding.how in level}
        # Each round adds the models one step further away.
        while step := [
            (one.key, parent)
            for one in known
            if one.key not in settled | reached
            and (parent := next((key for key in of_workspace[one.key] if key in reached), None))
        ]:
            for key, parent in step:
                found[key] = _passed_on(found[parent], parent, of_workspace[key][parent])
                reached.add(key)
        settled |= reached
    return found


def _passed_on(finding: _Finding, parent: Key, dependence: Dependence) -> _Finding:
    """Returns how a model learned that depends on another one; what is uncertain of that one stays uncertain."""
    if finding.unrecorded is None:
        return _Finding(dependence, of=parent)
    way = "start" if dependence == "started from" else "teacher"
    return replace(finding, of=parent, through=f"{way} {' training '.join(parent)}")


def _models(
    known: Sequence[KnownTraining],
    found: Mapping[Key, _Finding],
    counts: Callable[[Training], Mapping[str, int]],
) -> list[LearnedModel]:
    return [
        LearnedModel(
            pipeline=one.pipeline,
            training=one.training.id,
            run_id=one.training.execution.run_id,
            versions=tuple((version.number, version.place) for version in one.versions),
            on_disk=bool(one.folders),
            records=dict(counts(one.training)),
            **vars(found[one.key]),
        )
        for one in known
        if one.key in found
    ]


def _is_of(name: str, archive: str) -> bool:
    return name == archive or name.startswith(f"{archive}/")


def _identities(examples: Path) -> dict[str, Counter[str]]:
    """Returns the number of records of each person in each split."""
    splits = [split for split in SPLITS if (examples / f"Split-{split}").is_dir()]
    empty: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    return empty | {split: Counter(record.identity for record in read_records(examples, split)) for split in splits}
