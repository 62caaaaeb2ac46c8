"""Preparation of drawn archives with the three builders, with and without errors."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from tests.helpers.project import PROJECT
from tfds_builders.adience import adience_dataset_builder
from tfds_builders.imdb_wiki import imdb_wiki_dataset_builder
from tfds_builders.sample_portraits.draw import drawn_datasets
from tfds_builders.utkface import utkface_dataset_builder

BUILDERS: dict[str, Callable[..., tfds.core.GeneratorBasedBuilder]] = {
    "utkface": utkface_dataset_builder.Builder,
    "adience": adience_dataset_builder.Builder,
    "imdb_wiki": imdb_wiki_dataset_builder.Builder,
}


@pytest.mark.parametrize("source", drawn_datasets())
def test_every_row_of_the_portraits_is_a_record_or_a_counted_drop(source: str, portraits: Path, tmp_path: Path) -> None:
    name, _, config = source.partition("/")
    builder = BUILDERS[name](data_dir=tmp_path, config=config or None)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=portraits))
    reloaded = tfds.builder(source, data_dir=tmp_path)
    counts = reloaded.info.metadata
    assert counts["rows"] == counts["yielded"] + sum(counts["skipped"].values())
    assert counts["yielded"] == sum(split.num_examples for split in reloaded.info.splits.values())
    assert counts["skipped"]["picture_empty"] == 1
    assert counts["rows"] >= 37


def test_the_ordinary_tfds_build_prepares_and_tfds_load_reads(tmp_path: Path) -> None:
    pytest.importorskip("mlcroissant", reason="TFDS's command line imports mlcroissant, which is not installed")
    manual = PROJECT / "tfds_builders/utkface/dummy_data"
    tool = Path(sys.executable).with_name("tfds")
    command: list[str | Path] = [tool, "build", "tfds_builders/utkface", "--manual_dir", manual, "--data_dir", tmp_path]
    built = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    faces = tfds.load("utkface", split="train", data_dir=tmp_path)
    assert sorted(int(face["age"]) for face in faces.as_numpy_iterator()) == [7, 25, 28, 39, 55]


def test_leftovers_of_a_killed_preparation_are_not_used(tmp_path: Path) -> None:
    manual = PROJECT / "tfds_builders/utkface/dummy_data"
    killed = f"""
        import os, signal
        import tensorflow_datasets as tfds
        from visage.progress import listening
        from tfds_builders.utkface.utkface_dataset_builder import Builder
        config = tfds.download.DownloadConfig(manual_dir={str(manual)!r})
        with listening(lambda step, done, total, note: os.kill(os.getpid(), signal.SIGKILL) if done == total else None):
            Builder(data_dir={str(tmp_path)!r}).download_and_prepare(download_config=config)
    """
    code = subprocess.run([sys.executable, "-c", textwrap.dedent(killed)], check=False, capture_output=True).returncode
    assert code == -9
    assert list((tmp_path / "utkface").glob("incomplete.*"))
    builder = utkface_dataset_builder.Builder(data_dir=tmp_path)
    assert not builder.is_prepared()
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    assert utkface_dataset_builder.Builder(data_dir=tmp_path).info.metadata["yielded"] == 5
