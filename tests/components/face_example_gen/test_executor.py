"""FaceExampleGen on drawn archives with all their defects: the splits, the drops, and the errors."""

import csv
import hashlib
import json
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.face_example_gen.settings import BeamSettings, DataSettings, FaceExampleGenSettings
from tests.components.face_example_gen.executor_runs import SIZE, SOURCES, SPLITS, Run, run, settings_for
from tests.components.face_example_gen.validation import anomalies
from visage.data.settings import CleaningSettings
from visage.errors import VisageError
from visage.faces.image_io import decode
from visage.faces.settings import AlignmentSettings


@pytest.fixture(scope="module")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of prepared data sets, for all runs of this module."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def whole(portraits: Path, data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over the drawn portraits of three data sets."""
    return run(settings_for(portraits, data_root), tmp_path_factory.mktemp("whole"))


@dataclass(frozen=True)
class Truth:
    """The true content of one drawn image."""

    people: int
    damage: str


@pytest.fixture(scope="module")
def truth(portraits: Path) -> dict[str, Truth]:
    """By path."""
    with (portraits / "drawn.csv").open(newline="") as file:
        return {row["path"]: Truth(int(row["people"]), row["damage"]) for row in csv.DictReader(file)}


FOLDERS = {"utkface": "UTKFace/", "adience/faces": "adience/faces/", "imdb_wiki/wiki": "imdb_wiki/wiki_crop/"}


def test_every_row_is_accounted_for_from_archive_to_split(whole: Run) -> None:
    parts = [*whole.report["sources"].values(), whole.report["total"]]
    for part in parts:
        assert part["archive_rows"] == sum(part["skipped"].values()) + part["records_in"]
        assert part["records_in"] == sum(part["dropped"].values()) + part["records_out"]
        assert part["records_out"] == sum(part["by_split"].values())
    assert list(whole.report["sources"]) == SOURCES
    assert whole.report["total"]["records_out"] == len(whole.everybody())


@pytest.mark.parametrize("dataset", SOURCES)
def test_every_skipped_row_is_listed_beside_the_report(whole: Run, dataset: str) -> None:
    path = whole.examples.parent / "report" / f"skipped-{dataset.replace('/', '-')}.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert Counter(row["reason"] for row in rows) == whole.report["sources"][dataset]["skipped"]
    assert all(row["row"] and row["why"] for row in rows)
    assert whole.report["skipped_examples"][dataset].keys() == whole.report["sources"][dataset]["skipped"].keys()


@pytest.mark.parametrize("dataset", SOURCES)
def test_every_planted_defect_is_counted_under_its_rule(whole: Run, truth: dict[str, Truth], dataset: str) -> None:
    part = whole.report["sources"][dataset]
    drawn = [what for path, what in truth.items() if path.startswith(FOLDERS[dataset])]
    of = Counter(what.damage or {0: "nobody", 2: "second_face"}.get(what.people, "good") for what in drawn)
    assert min(of["empty"], of["truncated"], of["nobody"]) >= 1
    assert part["skipped"]["picture_empty"] == of["empty"]
    assert part["dropped"]["picture_undecodable"] == of["truncated"]
    assert part["dropped"].get("second_face", 0) == of["second_face"]
    # 98 % of the drawn faces are found.
    assert of["nobody"] <= part["dropped"]["no_face"] <= of["nobody"] + 0.1 * of["good"]


def test_failures_to_process_are_counted_by_group(whole: Run) -> None:
    counted, parts = whole.report["failures_to_process"], whole.report["sources"]
    failures = ("picture_undecodable", "no_face")
    failed = {dataset: sum(parts[dataset]["dropped"].get(rule, 0) for rule in failures) for dataset in SOURCES}
    sources = {"utkface": "utkface", "adience/faces": "adience", "imdb_wiki/wiki": "wiki"}
    assert {sources[dataset]: count for dataset, count in failed.items()} == {
        source: count["failed"] for source, count in counted["source"].items()
    }
    for counts in counted.values():
        assert sum(count["failed"] for count in counts.values()) == sum(failed.values())
    # Read images are those that are kept, those that failed, and those that are copies or show two people.
    assert counted["source"]["adience"]["records"] < parts["adience/faces"]["records_in"]
    assert sum(counted["gender"][gender]["failed"] for gender in ("female", "male")) > 0


def test_every_face_is_measured(whole: Run) -> None:
    measured = [
        [np.nan if value is None else value for value in (record.face_size, record.blur, record.light, record.roll)]
        for record in whole.everybody()
    ]
    # A NaN is not above.
    assert (np.array(measured) > [5, 0, 0, -90]).all()
    assert (np.array(measured) < [1000, 1020**2, 255, 90]).all()


def test_defects_of_labels_are_counted_too(whole: Run) -> None:
    parts = whole.report["sources"]
    # Taken before the birth, and born in the year 0.
    assert parts["imdb_wiki/wiki"]["dropped"]["age_out_of_range"] == 2
    assert parts["imdb_wiki/wiki"]["dropped"]["identity_unknown"] == 1
    assert parts["imdb_wiki/wiki"]["skipped"]["picture_missing"] == 1
    assert parts["adience/faces"]["skipped"]["picture_missing"] == 1
    assert parts["adience/faces"]["skipped"]["duplicate_row"] == 1
    assert parts["adience/faces"]["dropped"]["label_unknown"] == 1


def test_a_bad_image_does_not_affect_others(whole: Run, truth: dict[str, Truth]) -> None:
    kept = {record.key for record in whole.everybody() if record.source == "utkface"}
    good = {f"utkface/{Path(path).name}" for path, what in truth.items() if path.startswith("UTKFace/") and what.people}
    good -= {f"utkface/{Path(path).name}" for path, what in truth.items() if what.damage}
    assert kept <= good
    drops = whole.report["sources"]["utkface"]["dropped"]
    copies = sum(drops.get(rule, 0) for rule in ("duplicate_picture", "conflicting_labels"))
    # One image has nobody on it.
    assert len(good - kept) == drops["no_face"] - 1 + copies


def test_images_are_crops_of_the_configured_size(whole: Run) -> None:
    for record in whole.everybody():
        assert decode(record.image).shape == (SIZE, SIZE, 3)


def test_nobody_is_in_two_splits(whole: Run) -> None:
    splits = defaultdict(set)
    for split in SPLITS:
        for record in whole.records(split):
            splits[record.identity].add(split)
    assert max(map(len, splits.values())) == 1
    # Or it would prove nothing.
    assert len(splits) < whole.report["total"]["records_out"]


def test_at_most_one_of_utkfaces_byte_identical_images_is_kept(whole: Run, portraits: Path) -> None:
    kept = {record.key for record in whole.everybody()}
    names = defaultdict(list)
    for path in (portraits / "UTKFace").iterdir():
        names[hashlib.sha256(path.read_bytes()).digest()].append(path.name)
    near_duplicates = [
        group for group in names.values() if len(group) > 1 and (portraits / "UTKFace" / group[0]).read_bytes() != b""
    ]
    assert len(near_duplicates) >= 2
    for group in near_duplicates:
        assert sum(f"utkface/{name}" in kept for name in group) <= 1
    assert whole.report["duplicates"]["groups"] >= len(near_duplicates)


def test_the_next_component_finds_its_inputs(whole: Run) -> None:
    assert whole.split_names == '["train", "val", "test"]'
    assert {Path(name).parent.name for name in whole.files()} == {f"Split-{split}" for split in SPLITS}
    assert all(Path(name).match("data_tfrecord-*.gz") for name in whole.files())


def test_the_curated_schema_finds_nothing_wrong_with_it(whole: Run) -> None:
    for split in SPLITS:
        assert anomalies(list(whole.examples_of(split))) == {}


def test_progress_goes_from_0_to_the_last_record(whole: Run) -> None:
    aligned = [(done, total) for step, done, total in whole.steps if step == "find and align faces"]
    records = whole.report["total"]["records_in"]
    assert aligned[-1] == (records, records)
    assert aligned == sorted(aligned)


def test_beams_metrics_count_what_was_written(whole: Run) -> None:
    total = whole.report["total"]
    assert whole.metrics["pictures"] == total["records_in"]
    assert whole.metrics["faces"] == total["records_out"]
    assert whole.metrics["dropped"] == total["dropped"]
    for step in ("decode", "detect", "align", "encode"):
        assert 0 < whole.metrics["milliseconds"][step]["mean"] <= whole.metrics["milliseconds"][step]["max"]


def test_files_contain_no_time(whole: Run) -> None:
    for content in whole.files().values():
        assert content[:3] == b"\x1f\x8b\x08"
        assert content[4:8] == bytes(4)


@pytest.mark.one_stack
def test_two_worker_processes_write_the_same_bytes_as_one(
    whole: Run, portraits: Path, data_root: Path, tmp_path: Path
) -> None:
    shutil.rmtree(data_root / "aligned")
    twice = run(settings_for(portraits, data_root, beam=BeamSettings(workers=2)), tmp_path)
    assert twice.metrics["reused"] == 0
    assert twice.files() == whole.files()
    assert twice.report == whole.report


def test_prepared_data_is_kept_under_the_drivers_digests(whole: Run, data_root: Path) -> None:
    assert {path.name for path in (data_root / "prepared").iterdir()} == {"of utk", "of adi", "of imd"}


def test_files_of_a_killed_attempt_are_not_used(whole: Run, portraits: Path, tmp_path: Path) -> None:
    stale = tmp_path / "examples" / "Split-train" / "data_tfrecord-00001-of-00002.gz"
    stale.parent.mkdir(parents=True)
    shutil.copy(next((whole.examples / "Split-train").iterdir()), stale)
    again = run(utkface_crops(portraits, tmp_path), tmp_path)
    assert not stale.exists()
    assert again.report["total"]["records_out"] > 0


def utkface_crops(portraits: Path, folder: Path, **what: Any) -> FaceExampleGenSettings:
    """UTKFace's images as they are, without face detection, which is fast."""
    data = DataSettings(dir=str(portraits), sources=["utkface"])
    return settings_for(portraits, folder, data=data, alignment=AlignmentSettings(detector="none", size=SIZE), **what)


def test_without_a_detector_images_are_used_as_crops(portraits: Path, data_root: Path, tmp_path: Path) -> None:
    crops = run(utkface_crops(portraits, data_root), tmp_path)
    assert set(crops.report["total"]["dropped"]) == {"picture_undecodable", "conflicting_labels"}
    assert all(decode(record.image).shape == (SIZE, SIZE, 3) for record in crops.everybody())
    assert all(record.face_size is record.roll is None for record in crops.everybody())
    assert all(record.blur and record.light for record in crops.everybody())


def test_a_face_smaller_than_the_rule_allows_is_a_counted_drop(
    portraits: Path, data_root: Path, tmp_path: Path
) -> None:
    data = DataSettings(dir=str(portraits), sources=["utkface"])
    settings = settings_for(portraits, data_root, data=data, cleaning=CleaningSettings(min_face_size=1000))
    with pytest.raises(VisageError, match=r"no face is left for train, val, test of .*face_too_small \d+"):
        run(settings, tmp_path)


def test_a_run_that_fails_publishes_no_report(portraits: Path, data_root: Path, tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"no face is left for .* age_out_of_range .*loosen `cleaning`"):
        run(utkface_crops(portraits, data_root, cleaning=CleaningSettings(min_age=99, max_age=99)), tmp_path)
    assert not (tmp_path / "report" / "cleaning_report.json").exists()


def test_a_missing_folder_and_a_missing_archive_are_errors_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=rf"^data\.dir: {tmp_path}/none does not exist; "):
        run(utkface_crops(tmp_path / "none", tmp_path / "data"), tmp_path)
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "notes.txt").write_text("nothing here")
    with pytest.raises(VisageError, match=rf"no UTKFace\.tar\.gz.* in {tmp_path}/archives: download"):
        run(utkface_crops(tmp_path / "archives", tmp_path / "data"), tmp_path)
