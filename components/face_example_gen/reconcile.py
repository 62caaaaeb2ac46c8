"""Proves, from what was really written, that every record went somewhere, and only once.

Engines exist that report success with nothing written, so nothing that an engine says counts here.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.tfrecordio import _TFRecordUtil

from components.errors import VisageError
from components.face_example_gen.prepare import Source
from components.faces.records import from_example

Report = dict[str, Any]


def reconcile(sources: Sequence[Source], splits: Sequence[str], examples_dir: str, drops_dir: str) -> Report:
    """Reads back all that was written and makes the cleaning report of it.

    Args:
        sources: what was read.
        splits: names of the splits.
        examples_dir: holds `Split-<name>/data_tfrecord-*.gz`.
        drops_dir: holds `dropped-*.jsonl`.

    Returns: `sources` by data set and `total`, each with `archive_rows`, `skipped`, `records_in`, `dropped`,
        `records_out` and `by_split`, where archive_rows = sum(skipped) + records_in and
        records_in = sum(dropped) + records_out = sum(dropped) + sum(by_split).

    Raises:
        VisageError: records are missing, doubled, or unreadable; or a split came out empty.
    """
    seen: Counter[str] = Counter()
    by_split = {source.dataset: dict.fromkeys(splits, 0) for source in sources}
    dropped: dict[str, Counter[str]] = {source.dataset: Counter() for source in sources}
    for split in splits:
        for dataset, key in _written_keys(f"{examples_dir}/Split-{split}", by_split):
            seen[key] += 1
            by_split[dataset][split] += 1
    for dataset, key, rule in _written_drops(drops_dir, by_split):
        seen[key] += 1
        dropped[dataset][rule] += 1

    _check_each_once(seen)
    report = {s.dataset: _account(s, dropped[s.dataset], by_split[s.dataset]) for s in sources}
    total = _sum(list(report.values()))
    _check_nothing_empty(total)
    return {"sources": report, "total": total}


def _account(source: Source, dropped: Counter[str], by_split: Mapping[str, int]) -> Report:
    out, drops, skipped = sum(by_split.values()), sum(dropped.values()), sum(source.skipped.values())
    if source.records != drops + out or source.archive_rows != source.records + skipped:
        raise VisageError(
            f"{source.dataset}: of {source.archive_rows} rows, {skipped} were skipped and {source.records} read, "
            f"but {drops} drops and {out} faces were written; nothing is published: run again"
        )
    return {
        "archive_rows": source.archive_rows,
        "skipped": dict(source.skipped),
        "records_in": source.records,
        "dropped": dict(dropped),
        "records_out": out,
        "by_split": dict(by_split),
    }


def _check_each_once(seen: Counter[str]) -> None:
    doubled = [key for key, count in seen.items() if count > 1]
    if doubled:
        raise VisageError(
            f"{len(doubled)} records were written more than once, e.g. {doubled[0]}; nothing is published: run again"
        )


def _check_nothing_empty(total: Report) -> None:
    empty = [split for split, count in total["by_split"].items() if not count]
    if empty:
        drops = ", ".join(f"{rule} {count}" for rule, count in total["dropped"].items()) or "none"
        raise VisageError(
            f"no face is left for {', '.join(empty)} of {total['records_in']} records read (drops: {drops}); "
            "loosen `cleaning`, change `split`, or give more data"
        )


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


def _written_keys(folder: str, datasets: Collection[str]) -> Iterator[tuple[str, str]]:
    """Data set and key of every example."""
    for path in _matching(f"{folder}/data_tfrecord-*.gz"):
        with _reading(path), FileSystems.open(path, compression_type=CompressionTypes.GZIP) as file:
            while (record := _TFRecordUtil.read_record(file)) is not None:
                key = from_example(record).key
                yield _dataset_of(key, datasets), key


def _dataset_of(key: str, datasets: Collection[str]) -> str:
    for dataset in datasets:
        if key.startswith(f"{dataset}/"):
            return dataset
    raise ValueError(f"{key} belongs to none of {', '.join(datasets)}")


def _written_drops(folder: str, datasets: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Data set, key and rule of every drop."""
    for path in _matching(f"{folder}/dropped-*.jsonl"):
        with _reading(path), FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            for line in file.read().splitlines():
                drop = json.loads(line)
                yield _dataset_of(drop["key"], datasets), drop["key"], drop["rule"]


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except VisageError:
        raise
    except Exception as error:  # Damage shows as anything: in gzip, in TFRecord, in the message, in a missing feature.
        raise VisageError(
            f"{path} cannot be read back ({str(error) or type(error).__name__}); nothing is published: run again"
        ) from error


def _matching(pattern: str) -> list[str]:
    (found,) = FileSystems.match([pattern])
    return sorted(metadata.path for metadata in found.metadata_list)
