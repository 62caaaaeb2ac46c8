"""Collects the content of an inspection in passes over FaceExampleGen's output, in bounded memory."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.face_example_gen.settings import FaceExampleGenSettings
from pipeline.data_inspection.ages import Ages, summaries
from pipeline.data_inspection.drops import Drop, PreparedRecords, read_drops
from pipeline.data_inspection.faces import face, unreadable
from pipeline.data_inspection.flow import flow_of
from pipeline.data_inspection.groups import DuplicateGroups, NearDuplicates
from pipeline.data_inspection.missing import Missing
from pipeline.data_inspection.rules import in_order, meaning
from pipeline.data_inspection.sample import Sample
from pipeline.data_inspection.suspects import SuspectFaces
from visage import progress
from visage.data.records import FaceRecord, from_example
from visage.data.tfrecords import read_all
from visage.errors import VisageError, shortened

FACES_A_RULE = 12
FACES_A_SPLIT = 12
_REPORT_EVERY = 200


@dataclass(frozen=True)
class CleanedData:
    """What FaceExampleGen wrote.

    Attributes:
        examples: folder with `Split-<name>/data_tfrecord-*.gz`.
        report: folder with `cleaning_report.json` and `dropped-*.jsonl`.
        settings: of the cleaning.
    """

    examples: Path
    report: Path
    settings: FaceExampleGenSettings


def collect(
    data: CleanedData, *, title: str, terms: Mapping[str, str], made_at: str, suspects: Path | None = None
) -> dict[str, Any]:
    """Returns everything that is known about cleaned data as one JSON object.

    Args:
        data: the cleaned data.
        title: of the page.
        terms: of use, by source; without sources that have none.
        made_at: date and time, ISO 8601.
        suspects: the table of a training that judged its labels; None: there is none.

    Raises:
        VisageError: the cleaned data is gone or damaged.
    """
    report = _read_report(data.report)
    sources, splits = list(report["sources"]), list(report["total"]["by_split"])
    looker = _Collector(sources, SuspectFaces(suspects))
    looker.add_drops(data, sum(report["total"]["dropped"].values()))
    looker.add_kept_faces(data, splits, report["total"]["records_out"])
    ages = looker.ages.table(sources, splits)
    return {
        "title": title,
        "made_at": made_at,
        "sources": sources,
        "drawn": data.settings.data.drawn,
        "splits": splits,
        "cleaning_report": report,
        "flow": flow_of(report),
        "ages": ages,
        "age_summaries": list(summaries(ages)),
        "kept_faces": {split: looker.kept_in(split) for split in splits},
        "dropped_faces": looker.dropped_by_rule(report["total"]["dropped"]),
        "conflicts": looker.duplicates.listed(conflicting=True),
        "duplicates": looker.duplicates.listed(conflicting=False),
        "near_duplicates": looker.near_duplicates.listed(),
        "suspects": looker.suspects.listed(),
        "missing": looker.missing.table(sources),
        "settings": data.settings.model_dump(include={"data", "cleaning", "alignment", "split"}),
        "terms": dict(terms),
    }


class _Collector:
    """Reads every drop twice and every kept record once."""

    def __init__(self, sources: Sequence[str], suspects: SuspectFaces) -> None:
        self._sources = sources
        self.suspects = suspects
        self._chosen_drops: dict[str, Sample[Drop]] = {}
        self._dropped: dict[str, list[dict[str, Any]]] = {}
        self.kept: dict[str, Sample[FaceRecord]] = {}
        self.ages = Ages()
        self.missing = Missing()
        self.duplicates = DuplicateGroups()
        self.near_duplicates = NearDuplicates()

    def add_drops(self, data: CleanedData, total: int) -> None:
        """Chooses the drops to show, then reads their records."""
        for drop in read_drops(data.report):
            self._chosen_drops.setdefault(drop.rule, Sample(FACES_A_RULE)).add(drop.key, drop)
            self.duplicates.choose(drop)
            self.near_duplicates.choose(drop)
        with PreparedRecords(data.settings.cleaning, by_span=data.settings.data.by_span) as records:
            for drop in _counted("read dropped records", read_drops(data.report), total):
                self._add_drop(drop, records.read(_source_of(drop.key, self._sources), drop))

    def _add_drop(self, drop: Drop, record: FaceRecord | str) -> None:
        if isinstance(record, FaceRecord):
            self.missing.add(_source_of(drop.key, self._sources), "dropped", record)
        if drop.key in self._chosen_drops[drop.rule]:
            shown = unreadable(drop.key, record) if isinstance(record, str) else face(record)
            self._dropped.setdefault(drop.rule, []).append(shown)
        self.duplicates.add_dropped(drop, record)
        self.near_duplicates.add_dropped(drop, record)

    def add_kept_faces(self, data: CleanedData, splits: Sequence[str], total: int) -> None:
        """Reads the kept faces, split after split."""
        for split, record in _counted("read kept faces", _kept(data.examples, splits), total):
            source = _source_of(record.key, self._sources)
            self.ages.add(source, split, record)
            self.missing.add(source, "kept", record)
            self.kept.setdefault(split, Sample(FACES_A_SPLIT)).add(record.key, record)
            self.duplicates.add_kept(record, split)
            self.near_duplicates.add_kept(record, split)
            self.suspects.add_kept(record, split)

    def kept_in(self, split: str) -> list[dict[str, Any]]:
        """Returns some faces of a split."""
        return [face(record) for record in self.kept[split].items()] if split in self.kept else []

    def dropped_by_rule(self, counts: Mapping[str, int]) -> list[dict[str, Any]]:
        """Returns the number of drops and some of them, for each rule that dropped something."""
        return [
            {
                "rule": rule,
                "meaning": meaning(rule),
                "count": counts[rule],
                "faces": sorted(self._dropped.get(rule, []), key=lambda shown: shown["key"]),
            }
            for rule in in_order({rule for rule, count in counts.items() if count})
        ]


def _read_report(folder: Path) -> dict[str, Any]:
    path = folder / "cleaning_report.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise VisageError(f"{path}: gone or damaged; run the pipeline again") from None


def _kept(examples: Path, splits: Sequence[str]) -> Iterator[tuple[str, FaceRecord]]:
    for split in splits:
        for path in sorted((examples / f"Split-{split}").glob("data_tfrecord-*.gz")):
            with _reading(path):
                for serialized in read_all(path):
                    yield split, from_example(serialized)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, IndexError, ValueError) as error:
        raise VisageError(f"{path}: cannot be read ({error}); run the pipeline again") from error


def _source_of(key: str, sources: Sequence[str]) -> str:
    for source in sources:
        if key.startswith(f"{source}/"):
            return source
    raise VisageError(f"{shortened(key)}: a record of none of {', '.join(sources)}; run the pipeline again")


def _counted(step: str, items: Iterator[Any], total: int) -> Iterator[Any]:
    for number, item in enumerate(items):
        if number % _REPORT_EVERY == 0:
            progress.report(step, number, total)
        yield item
    progress.report(step, total, total)
