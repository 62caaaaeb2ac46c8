"""Runs FaceExampleGen's executor as TFX's launcher does, and reads what it wrote."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from visage import progress
from visage.data.records import FaceRecord, from_example
from visage.faces.settings import AlignmentSettings

SOURCES = ["utkface", "adience/faces", "imdb_wiki/wiki"]
SPLITS = ("train", "val", "test")
SIZE = 48


@dataclass(frozen=True)
class Run:
    """The output of one run of the component."""

    examples: Path
    report: dict[str, Any]
    metrics: dict[str, Any]
    split_names: str
    steps: list[tuple[str, int, int | None]]

    def files(self) -> dict[str, bytes]:
        """Returns the files below the examples' folder."""
        found = sorted(path for path in self.examples.rglob("*") if path.is_file())
        return {path.relative_to(self.examples).as_posix(): path.read_bytes() for path in found}

    def examples_of(self, split: str) -> Iterator[bytes]:
        files = sorted(str(path) for path in (self.examples / f"Split-{split}").iterdir())
        yield from tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()

    def records(self, split: str) -> Iterator[FaceRecord]:
        yield from map(from_example, self.examples_of(split))

    def everybody(self) -> list[FaceRecord]:
        return [record for split in SPLITS for record in self.records(split)]


def settings_for(archives: Path, data_root: Path, **what: Any) -> FaceExampleGenSettings:
    settings: dict[str, Any] = {
        "data": DataSettings(dir=str(archives), sources=SOURCES),
        "alignment": AlignmentSettings(size=SIZE),
        "data_root": str(data_root),
        **what,
    }
    return FaceExampleGenSettings(**settings)


def run(settings: FaceExampleGenSettings, out: Path, archive_digests: Mapping[str, str] | None = None) -> Run:
    """Runs the executor as TFX's launcher does; by default with digests that say nothing of the archives."""
    from tfx.types.standard_artifacts import Examples

    from components.artifacts import CleaningReport
    from components.face_example_gen.executor import Executor

    examples, report = Examples(), CleaningReport()
    examples.uri, report.uri = str(out / "examples"), str(out / "report")
    steps: list[tuple[str, int, int | None]] = []
    with progress.listening(lambda step, done, total, note: steps.append((step, done, total))):
        Executor().Do(
            {}, {"examples": [examples], "cleaning_report": [report]}, exec_properties(settings, archive_digests)
        )
    written = json.loads((out / "report" / "cleaning_report.json").read_text())
    # Apart, for it holds times.
    metrics = written.pop("metrics")
    return Run(out / "examples", written, metrics, examples.split_names, steps)


def exec_properties(
    settings: FaceExampleGenSettings, archive_digests: Mapping[str, str] | None = None
) -> dict[str, Any]:
    if archive_digests is None:
        archive_digests = {dataset: f"of {dataset[:3]}" for dataset in settings.data.sources}
    return {"settings": settings.model_dump_json(), "archive_digests": json.dumps(dict(archive_digests))}
