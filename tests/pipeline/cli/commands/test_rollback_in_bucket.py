"""`visage runs rollback` and `release` update the copies in the bucket, and say so if they cannot."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.main import main
from tests.helpers.project import PROJECT
from tests.visage.saved_model.pushing.test_bucket_copy import configured, make_version
from visage.saved_model.pushing.bucket_copy import update_bucket
from visage.saved_model.versions import newest_version


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "sample-portraits" / "serving" / "visage"


def runs(tmp_path: Path, *words: str) -> Result:
    settings = (f"workspace={tmp_path / 'runs'}", f"serving.copy_to=file://{tmp_path / 'bucket'}")
    options = [word for setting in settings for word in ("--set", setting)]
    config = str(PROJECT / "pipeline_config.yaml")
    return CliRunner().invoke(main, ["runs", *words, "--config", config, *options])


def test_the_bucket_follows_a_rollback_and_a_release(tmp_path: Path, base: Path) -> None:
    bucket = tmp_path / "bucket"
    for number in (17, 18):
        make_version(base, number)
        update_bucket(base, f"file://{bucket}")
    assert runs(tmp_path, "rollback", "17").exit_code == 0
    assert configured(bucket) == "17"
    assert not (bucket / "18" / "saved_model.pb").exists()
    assert runs(tmp_path, "release").exit_code == 0
    assert configured(bucket) == "18"


def test_a_rollback_holds_although_the_bucket_cannot_be_reached(tmp_path: Path, base: Path) -> None:
    for number in (17, 18):
        make_version(base, number)
    (tmp_path / "bucket").write_text("where a folder should be")
    ended = runs(tmp_path, "rollback", "17")
    assert ended.exit_code == 1
    assert "version 17 is served; held back: 18" in ended.output
    assert ended.output.strip().endswith("; the next run tries again")
    newest = newest_version(base)
    assert newest is not None
    assert newest.number == 17
