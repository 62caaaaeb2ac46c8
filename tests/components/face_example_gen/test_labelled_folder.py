"""A folder of images with a labels file is processed like every other source, without code."""

import csv
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Literal

import pytest
import yaml

import tfds_builders.labelled_folder
from components.face_example_gen.prepare import prepare_source, source_of
from components.face_example_gen.settings import DataSettings
from tests.components.face_example_gen.executor_runs import SPLITS, Run, run, settings_for
from visage.data.settings import CleaningSettings
from visage.faces.settings import AlignmentSettings

PACKAGE = Path(tfds_builders.labelled_folder.__file__).parent
DUMMY = PACKAGE / "dummy_data"
PICTURES_A_PERSON = 3


@pytest.fixture(scope="module")
def prepared_team(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over 24 drawn portraits of 8 people with apparent ages, every second one with a real age too."""
    archives = tmp_path_factory.mktemp("archives")
    (archives / "team").mkdir()
    images = [path for path in sorted((portraits / "UTKFace").glob("[0-9]*_[01]_*_*.jpg")) if path.stat().st_size]
    with (archives / "team" / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("image", "age", "gender", "identity", "apparent_age_mean", "apparent_age_std"))
        for number, path in enumerate(images[:: len(images) // 24][:24]):
            shutil.copy(path, archives / "team" / f"{number}.jpg")
            real_age = "" if number % 2 else path.name.partition("_")[0]
            table.writerow((f"{number}.jpg", real_age, "f", f"p{number // PICTURES_A_PERSON}", 30.5, 4.25))
        table.writerow(("nobody.jpg", 30, "f", "p9", "", ""))
    settings = settings_for(
        archives,
        tmp_path_factory.mktemp("data"),
        data=DataSettings(dir=str(archives), sources=["labelled_folder/team"]),
        alignment=AlignmentSettings(detector="none", size=48),
    )
    return run(settings, tmp_path_factory.mktemp("out"))


def test_every_row_is_accounted_for(prepared_team: Run) -> None:
    counts = prepared_team.report["sources"]["labelled_folder/team"]
    assert (counts["archive_rows"], counts["skipped"], counts["records_in"]) == (25, {"picture_missing": 1}, 24)
    assert counts["records_out"] + sum(counts["dropped"].values()) == 24
    assert counts["records_out"] > 12


def test_the_folders_name_is_the_source_and_nobody_is_in_two_splits(prepared_team: Run) -> None:
    splits = defaultdict(set)
    for split in SPLITS:
        for record in prepared_team.records(split):
            assert record.source == "team"
            splits[record.identity].add(split)
    assert all(len(found) == 1 for found in splits.values())
    assert set(splits) <= {f"labelled_folder/team/p{number}" for number in range(8)}


def test_apparent_ages_are_written_and_replace_unknown_ages(prepared_team: Run) -> None:
    records = prepared_team.everybody()
    assert {(record.apparent_age_mean, record.apparent_age_std) for record in records} == {(30.5, 4.25)}
    for record in records:
        number = int(re.sub(r"\D", "", record.key))
        assert (record.age == 30.5) == bool(number % 2)


def test_forty_images_with_identity_nan_are_forty_people(portraits: Path, tmp_path: Path) -> None:
    team = tmp_path / "archives" / "team"
    team.mkdir(parents=True)
    images = [path for path in sorted((portraits / "UTKFace").glob("[0-9]*_[01]_*_*.jpg")) if path.stat().st_size]
    with (team / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("image", "age", "gender", "identity"))
        for number, path in enumerate(images[:40]):
            shutil.copy(path, team / f"{number}.jpg")
            table.writerow((f"{number}.jpg", 20 + number, "fm"[number % 2], "nan"))
    settings = settings_for(
        tmp_path / "archives",
        tmp_path / "data",
        data=DataSettings(dir=str(tmp_path / "archives"), sources=["labelled_folder/team"]),
        alignment=AlignmentSettings(detector="none", size=48),
        cleaning=CleaningSettings(near_duplicate_distance=0, conflicting_labels="majority"),
    )
    run_of_nobody = run(settings, tmp_path / "out")
    people = {record.identity for record in run_of_nobody.everybody()}
    assert len(people) == len(run_of_nobody.everybody()) > 30
    assert all(run_of_nobody.records(split) for split in SPLITS)


def readme_examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_readmes_example_of_fairface_and_lagenda_is_what_their_layouts_are_tested_with() -> None:
    """`tests/tfds_builders/labelled_folder/test_published_layouts.py` prepares drawn images with the same settings."""
    (example,) = (text for text in readme_examples() if "lagenda" in text)
    data = DataSettings(dir="archives", **yaml.safe_load(example)["data"])
    layouts = {name: (folder.labels, folder.columns) for name, folder in data.labelled_folders.items()}
    assert layouts == {
        "fairface": ("fairface_label_*.csv", {"image": "file"}),
        "fairface_hf": ("0.25/train-*.parquet", {}),
        "lagenda": ("lagenda_annotation.csv", {"image": "img_name"}),
    }


@pytest.mark.parametrize("conflicting_labels", ["drop", "majority"])
def test_copies_are_measured_by_their_own_labels_whichever_stays(
    portraits: Path, tmp_path: Path, conflicting_labels: Literal["drop", "majority"]
) -> None:
    team = tmp_path / "archives" / "team"
    team.mkdir(parents=True)
    files = [path for path in sorted((portraits / "UTKFace").glob("[0-9]*_[01]_*_*.jpg")) if path.stat().st_size]
    # The portraits have copies of their own.
    images = list({path.read_bytes(): path for path in files}.values())
    with (team / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("image", "age", "gender"))
        for number, path in enumerate(images[:40]):
            # Three copies of the first image and two of the second; the ages of the others are known once.
            ages = {0: (20, 24, 30), 1: (50, 50)}.get(number, (number,))
            for copy, age in enumerate(ages):
                shutil.copy(path, team / f"{number}-{copy}.jpg")
                table.writerow((f"{number}-{copy}.jpg", age, "fm"[copy % 2] if number == 0 else "f"))
    settings = settings_for(
        tmp_path / "archives",
        tmp_path / "data",
        data=DataSettings(dir=str(tmp_path / "archives"), sources=["labelled_folder/team"]),
        alignment=AlignmentSettings(detector="none", size=48),
        cleaning=CleaningSettings(near_duplicate_distance=0, conflicting_labels=conflicting_labels),
    )
    noise = run(settings, tmp_path / "out").report["label_noise"]["identical"]
    # 20, 24 and 30; 50 and 50.
    assert noise["pairs"] == noise["age"]["pairs"] == noise["gender"]["pairs"] == 4
    assert noise["age"]["mean_difference"] == pytest.approx((4 + 6 + 10 + 0) / 4)
    assert noise["gender"]["differ"] == pytest.approx(2 / 4)


def test_the_readmes_example_reads_appa_real_and_chalearn_lap_as_they_are_published(tmp_path: Path) -> None:
    (example,) = (text for text in readme_examples() if "appa_real" in text)
    archives = tmp_path / "archives"
    release = shutil.copytree(DUMMY / "appa_real", tmp_path / "appa-real-release")
    shutil.copytree(release / "train", release / "valid")
    shutil.copy(release / "gt_avg_train.csv", release / "gt_avg_valid.csv")
    shutil.copytree(DUMMY / "chalearn_lap", archives / "chalearn_lap")
    for part in ("train", "valid"):
        (archives / f"appa_real_{part}").symlink_to(release)

    data = DataSettings(dir=str(archives), **yaml.safe_load(example)["data"])

    sources = [
        source_of(name, prepare_source(name, archives, tmp_path / "prepared", data.labelled_folder(name)))
        for name in data.sources
    ]
    # The whole photos and the other part of APPA-REAL lie there too.
    beside = {"picture_unlisted": 6, "not_a_picture": 1}
    assert [(source.records, source.skipped) for source in sources] == [(2, beside), (2, beside), (3, {})]
