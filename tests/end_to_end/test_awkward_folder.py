"""A whole run in folders whose names look like patterns, beside neighbours that those patterns would match."""

import fnmatch
import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.end_to_end.visage import served_versions, settings, visage
from tfds_builders.sample_portraits.draw import draw_sample_portraits

pytestmark = pytest.mark.slow

NAME, NEIGHBOUR = "r[1] *?'ü ~", "r1 xy'ü ~"
SOURCES = ["utkface", "adience/faces", "imdb_wiki/wiki"]

# What components write, and the names under which libraries look for it by a pattern.
_FOLDERS = (
    *(f"FaceExampleGen/examples/{{}}/Split-{split}" for split in ("train", "val", "test")),
    *(f"StatisticsGen/statistics/{{}}/Split-{split}" for split in ("train", "val", "test")),
    "Evaluator/evaluation/{}",
    "Trainer/model/{}/Format-Serving/variables",
)
_FILES = (
    "data_tfrecord-0000000000.gz",
    "FeatureStats.pb",
    "eval_config.json",
    "metrics-00000-of-00001.tfrecord",
    "plots-00000-of-00001.tfrecord",
    "attributions-00000-of-00001.tfrecord",
    "validations.tfrecord",
    "variables.index",
)


def lay_out_neighbour(workspace: Path) -> None:
    """Lays out another pipeline's outputs under the ids that a run is going to use; none of them can be read."""
    artifacts = workspace / "sample-portraits" / "artifacts"
    for number in range(1, 25):
        for folder in _FOLDERS:
            path = artifacts / folder.format(number)
            path.mkdir(parents=True)
            for file in _FILES:
                (path / file).write_text(f"the neighbour's {file} {number}")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_run_writes_only_to_its_folder_whatever_the_name(tmp_path: Path) -> None:
    assert fnmatch.fnmatch(NEIGHBOUR, NAME)
    workspace, neighbour = tmp_path / NAME, tmp_path / NEIGHBOUR
    archives = tmp_path / f"archives {NAME}"
    draw_sample_portraits(archives, 160, 7, SOURCES)
    # A name that is no UTF-8, as an old disk has them.
    Path(os.fsdecode(os.fsencode(archives / "UTKFace") + b"/r\xe9sum\xe9.txt")).touch()
    lay_out_neighbour(neighbour)
    before = digests(neighbour)
    small = settings(workspace, trainer__epochs=1, evaluator__age_mae_max=90, evaluator__gender_accuracy_min=0.01)

    ended = visage("run", *small, "--data-dir", archives, "--json")

    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert outcome["pushed"]
    assert outcome["infra_validator"] == "ok"
    assert Path(outcome["model_card"]).is_file()
    assert served_versions(workspace)
    assert digests(neighbour) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([archives.name, NAME, NEIGHBOUR])

    again = visage("run", *small, "--data-dir", archives, "--json")
    assert {"FaceExampleGen", "StatisticsGen", "Trainer"} <= set(json.loads(again.stdout)["cached"])

    photo = min((archives / "UTKFace").rglob("*.jpg"))
    out = tmp_path / "annotated.jpg"
    prediction = visage("predict", photo, "--model", outcome["model_base_path"], "--out", out)
    assert prediction.returncode == 0, prediction.stderr
    assert out.read_bytes().startswith(b"\xff\xd8")

    page = visage("data", "inspect", *small, "--data-dir", archives, "--json")
    assert page.returncode == 0, page.stderr
    assert Path(json.loads(page.stdout)["page"]).is_file()
    assert digests(neighbour) == before
