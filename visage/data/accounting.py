"""Accounts for every record of the prepared data sets: each was written to one split or dropped, once."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from visage import progress
from visage.data.datasets import dataset_spec
from visage.data.duplicates.decisions import CONFLICTING_LABELS, DUPLICATE_IMAGE, FEATURES
from visage.data.failures import KEPT, GroupLabels, failures_to_process, groups_of
from visage.data.prepared_dataset import PreparedDataset
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings
from visage.errors import VisageError, shortened

Report = dict[str, Any]

_REPORT_EVERY = 500


def account(
    sources: Sequence[PreparedDataset], written: Iterable[tuple[str, FaceRecord]], drops: Iterable[Mapping[str, Any]]
) -> Report:
    """Makes the cleaning report.

    Args:
        sources: the data sets that were read.
        written: split and record of each written record.
        drops: `key`, `rule` and, where known, `labels` of each dropped record; of byte-identical images also
            `picture_digest` and `disagree`.

    Returns:
        `sources` by data set, all its spans together, and `total`, each with `archive_rows`, `skipped`, `records_in`,
        `dropped`, `records_out` and `by_split`, where archive_rows = sum(skipped) + records_in and
        records_in = sum(dropped) + records_out = sum(dropped) + sum(by_split); and `duplicates`, the byte-identical
        images: `groups`, `pictures`, and by feature the groups that `disagree`; and `failures_to_process`, as
        `visage.data.failures` counts them.

    Raises:
        VisageError: records are missing or doubled; or a person or an image is in two splits.
    """
    parts = {source.name: source for source in sources}
    total = sum(source.records for source in sources)
    numbers = {split: number for number, split in enumerate(SPLITS)}
    keys, identities, images = _Seen("record"), _Seen("person"), _Seen("image")
    by_split = {name: dict.fromkeys(SPLITS, 0) for name in parts}
    dropped: dict[str, Counter[str]] = {name: Counter() for name in parts}
    duplicates = _Duplicates()
    outcomes: Counter[tuple[GroupLabels, str]] = Counter()
    for split, record in written:
        if len(keys) % _REPORT_EVERY == 0:
            progress.report("read back what was written", len(keys), total)
        keys.add(record.key, numbers[split])
        identities.add(record.identity, numbers[split])
        images.add(record.image_digest, numbers[split])
        by_split[_part_of(record.key, parts)][split] += 1
        outcomes[groups_of(record), KEPT] += 1
    for drop in drops:
        keys.add(drop["key"], len(SPLITS))
        part = _part_of(drop["key"], parts)
        dropped[part][drop["rule"]] += 1
        # An unreadable record has no labels.
        outcomes[
            GroupLabels(**drop.get("labels", {"source": dataset_spec(parts[part].dataset).source})), drop["rule"]
        ] += 1
        duplicates.add(drop)

    keys.check_each_once()
    identities.check_one_split_each()
    images.check_one_split_each()
    by_dataset: dict[str, list[Report]] = {}
    for source in sources:
        counts = _account_source(source, dropped[source.name], by_split[source.name])
        by_dataset.setdefault(source.dataset, []).append(counts)
    report = {dataset: _sum(counts) for dataset, counts in by_dataset.items()}
    return {
        "sources": report,
        "total": _sum(list(report.values())),
        "duplicates": duplicates.report(),
        "failures_to_process": failures_to_process(outcomes),
    }


def check_nothing_empty(report: Report, settings: SplitSettings) -> None:
    """Refuses data of which a split is empty.

    Raises:
        VisageError: a split has no record; names the folds if they are the cause, else the drops.
    """
    total = report["total"]
    empty = [split for split, count in total["by_split"].items() if not count]
    if empty and total["records_out"] and settings.method == "folds":
        _check_folds(total["by_split"], settings)
    if empty:
        drops = ", ".join(f"{rule} {count}" for rule, count in total["dropped"].items()) or "none"
        raise VisageError(
            f"no face is left for {', '.join(empty)} of {total['records_in']} records read (drops: {drops}); "
            "loosen `cleaning`, change `split`, or give more data; `visage data inspect SOURCE` shows what was dropped"
        )


def _check_folds(by_split: Mapping[str, int], settings: SplitSettings) -> None:
    """Refuses folds of which one has all faces, or the tested one has none."""
    fold, tested = settings.fold, by_split["test"]
    fix = "give images of the other folds, or split the people by split.method: holdout"
    if tested == sum(by_split.values()):
        raise VisageError(f"split.fold: {fold} holds all {tested} faces, so none is left to train on; {fix}")
    if not tested:
        raise VisageError(f"split.fold: {fold}, the tested fold, holds no face; name another, or {fix}")


class _Seen:
    """The splits in which each name was seen, in 9 bytes per name."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._hashes = array("Q")
        self._splits = array("B")

    def add(self, name: str, split: int) -> None:
        self._hashes.append(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))
        self._splits.append(split)

    def check_each_once(self) -> None:
        hashes = np.frombuffer(self._hashes, np.uint64)
        doubled = len(hashes) - len(np.unique(hashes))
        if doubled:
            raise VisageError(f"{doubled} {self._what}s were written more than once; nothing is published: run again")

    def check_one_split_each(self) -> None:
        both = np.unique(np.array([self._hashes, self._splits], np.uint64), axis=1)
        several = both.shape[1] - len(np.unique(both[0]))
        if several:
            raise VisageError(
                f"{several} {self._what}s are in more than one split; nothing is published: "
                "if the folds are published ones, their people must not be in two of them"
            )

    def __len__(self) -> int:
        return len(self._hashes)


class _Duplicates:
    """Counts of byte-identical images, from the drops."""

    def __init__(self) -> None:
        self._dropped: Counter[str] = Counter()
        self._conflicting: set[str] = set()
        self._disagree: dict[str, set[str]] = {feature: set() for feature in FEATURES}

    def add(self, drop: Mapping[str, Any]) -> None:
        if drop["rule"] not in (DUPLICATE_IMAGE, CONFLICTING_LABELS):
            return
        image = drop["picture_digest"]
        self._dropped[image] += 1
        if drop["rule"] == CONFLICTING_LABELS:
            self._conflicting.add(image)
        for feature in drop["disagree"]:
            self._disagree[feature].add(image)

    def report(self) -> Report:
        # One copy of each group without conflicting labels is kept, so it is not among the drops.
        kept = len(self._dropped) - len(self._conflicting)
        return {
            "groups": len(self._dropped),
            "pictures": sum(self._dropped.values()) + kept,
            "disagree": {feature: len(groups) for feature, groups in self._disagree.items()},
        }


def _account_source(source: PreparedDataset, dropped: Counter[str], by_split: Mapping[str, int]) -> Report:
    out, drops, skipped = sum(by_split.values()), sum(dropped.values()), sum(source.skipped.values())
    if source.records != drops + out or source.archive_rows != source.records + skipped:
        raise VisageError(
            f"{source.name}: of {source.archive_rows} rows, {skipped} were skipped and {source.records} read, "
            f"but {drops} drops and {out} faces were written; nothing is published: run again, and if that does not "
            f"help remove {PurePath(source.files[0]).parent if source.files else 'what was prepared'} first"
        )
    return {
        "archive_rows": source.archive_rows,
        "skipped": dict(source.skipped),
        "records_in": source.records,
        "dropped": dict(dropped),
        "records_out": out,
        "by_split": dict(by_split),
    }


def _sum(parts: Sequence[Report]) -> Report:
    total: Report = {}
    for key, value in parts[0].items():
        if isinstance(value, dict):
            counts: Counter[str] = Counter()
            for part in parts:
                counts.update(part[key])
            total[key] = dict(counts)
        else:
            total[key] = sum(part[key] for part in parts)
    return total


def _part_of(key: str, names: Collection[str]) -> str:
    """Returns the name that a key starts with."""
    end = key.find("/")
    while end >= 0:
        if key[:end] in names:
            return key[:end]
        end = key.find("/", end + 1)
    raise VisageError(
        f"{shortened(key)} was written, which belongs to none of {', '.join(names)}; nothing is published"
    )
