"""Proves, from what was really written, that every record went somewhere, and only once.

Engines exist that report success with nothing written, so nothing that an engine says counts here.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.tfrecordio import _TFRecordUtil

from components.errors import VisageError
from components.face_example_gen.transforms import Source
from components.faces.records import from_example

Report = dict[str, Any]


def reconcile(
    sources: Sequence[Source],
    rows: Mapping[str, Mapping[str, Any]],
    splits: Sequence[str],
    examples_dir: str,
    drops_dir: str,
) -> Report:
    """Reads back all that was written and makes the cleaning report of it.

    Args:
        sources: what was read.
        rows: by data set, what its builder counted: `rows`, `yielded`, `skipped` by reason.
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
        for key in _written_keys(f"{examples_dir}/Split-{split}"):
            seen[key] += 1
            by_split[_dataset_of(key, by_split)][split] += 1
    for drop in _written_drops(drops_dir):
        seen[drop["key"]] += 1
        dropped[drop["dataset"]][drop["rule"]] += 1

    _check_each_once(seen)
    report = {s.dataset: _account(s, rows[s.dataset], dropped[s.dataset], by_split[s.dataset]) for s in sources}
    total = _sum(list(report.values()))
    _check_nothing_empty(total)
    return {"sources": report, "total": total}


def _account(source: Source, rows: Mapping[str, Any], dropped: Counter[str], by_split: Mapping[str, int]) -> Report:
    out = sum(by_split.values())
    if source.records != sum(dropped.values()) + out or rows["rows"] != source.records + sum(rows["skipped"].values()):
        raise VisageError(
            f"{source.dataset}: of {rows['rows']} rows, {sum(rows['skipped'].values())} were skipped and "
            f"{source.records} read, but {sum(dropped.values())} drops and {out} faces were written; "
            "nothing is published: run again, and on another engine if it happens again"
        )
    return {
        "archive_rows": rows["rows"],
        "skipped": dict(rows["skipped"]),
        "records_in": source.records,
        "dropped": dict(dropped),
        "records_out": out,
        "by_split": dict(by_split),
    }


def _check_each_once(seen: Counter[str]) -> None:
    doubled = [key for key, count in seen.items() if count > 1]
    if doubled:
        raise VisageError(
            f"{len(doubled)} records were written more than once, e.g. {doubled[0]}; nothing is published"
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


def _dataset_of(key: str, datasets: Mapping[str, Any]) -> str:
    return next(dataset for dataset in datasets if key.startswith(f"{dataset}/"))


def _written_keys(folder: str) -> Iterator[str]:
    for path in _matching(f"{folder}/data_tfrecord-*.gz"):
        with FileSystems.open(path, compression_type=CompressionTypes.GZIP) as file:
            try:
                while (record := _TFRecordUtil.read_record(file)) is not None:
                    yield from_example(record).key
            except (ValueError, OSError, EOFError) as error:
                raise VisageError(f"{path} cannot be read back: {error}; nothing is published: run again") from error


def _written_drops(folder: str) -> Iterator[dict[str, str]]:
    for path in _matching(f"{folder}/dropped-*.jsonl"):
        yield from map(json.loads, Path(path).read_text(encoding="utf-8").splitlines())


def _matching(pattern: str) -> list[str]:
    (found,) = FileSystems.match([pattern])
    return sorted(metadata.path for metadata in found.metadata_list if ".partial-" not in metadata.path)
