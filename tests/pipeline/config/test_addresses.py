"""An address where a path of this machine is needed is refused in one line that says what to do."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from tests.helpers.project import PROJECT
from visage.errors import VisageError
from visage.settings import LocalPath

FIXES = {
    "s3://bucket/x": "mount the bucket or a shared volume",
    "gs://bucket/x": "mount the bucket or a shared volume",
    "https://host/x": "download it",
    "file:///tmp/x": "write the path alone, /tmp/x",
    "s3:/bucket/x": "mount the bucket or a shared volume",
}
# Entries of a mapping by names that people choose, within a folder of their own.
WITHIN = {"labels", "pictures"}
# Their addresses have a password, which no message repeats.
SECRETS = ("metadata.url_file", "notifications.webhook_file")


def local_paths(model: type[BaseModel], above: str = "") -> list[str]:
    """Returns the keys whose value may be a local path."""
    found = []
    for name, field in model.model_fields.items():
        key = f"{above}{name}"
        if any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts(field.annotation)):
            for part in parts(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    found += local_paths(part, f"{key}.")
        elif _is_local([field.annotation, *field.metadata]):
            found.append(key)
    return found


def parts(annotation: Any) -> list[Any]:
    return [annotation, *(below for part in get_args(annotation) for below in parts(part))]


def _is_local(annotations: list[Any]) -> bool:
    (validator,) = get_args(LocalPath)[1:]
    return any(validator in parts(annotation) for annotation in annotations) or validator in annotations


KEYS = [key for key in local_paths(PipelineConfig) if key.rpartition(".")[2] not in WITHIN and key not in SECRETS]


def refusal(tmp_path: Path, *overrides: str) -> str:
    with pytest.raises(VisageError) as error:
        load_config(PROJECT / "pipeline_config.yaml", overrides)
    assert list(tmp_path.iterdir()) == []
    return str(error.value)


def test_every_key_with_a_path_is_found() -> None:
    assert {*KEYS} >= {
        "workspace",
        "data.dir",
        "trainer.weights",
        "trainer.distillation.teacher",
        "evaluator.reference",
        "exports.openlineage.file",
        "exports.signing.private_key",
        "exports.signing.public_key",
    }


@pytest.mark.parametrize("key", KEYS)
def test_no_key_with_a_path_takes_an_address(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for address, fix in FIXES.items():
        reported = refusal(tmp_path, f"{key}={address}")
        expected = f"--set {key}: must be a path of this machine, not the address '{address}'; {fix}"
        assert any(line.startswith(expected) for line in reported.splitlines()), reported


@pytest.mark.parametrize("key", SECRETS)
def test_an_address_with_a_password_is_not_repeated(key: str, tmp_path: Path) -> None:
    line = refusal(tmp_path, f"workspace={tmp_path}", f"{key}=mysql://visage:secret@host/db")
    assert line == f"--set {key}: must be the path of a file that holds the address, not the address"


def test_the_base_of_a_file_and_the_shared_folder_take_none(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("extends: s3://bucket/pipeline_config.yaml\n")
    with pytest.raises(VisageError, match=r"extends: must be a path of this machine, not the address 's3://bucket/"):
        load_config(config)
    with pytest.raises(VisageError, match=r"shared_dir: write the path alone, /mnt/visage"):
        load_config(
            PROJECT / "pipeline_config.yaml",
            ["beam={engine: portable, options: ['--job_endpoint=h:1'], shared_dir: 'file:///mnt/visage'}"],
        )


def test_the_shared_folder_of_an_engine_may_be_a_bucket() -> None:
    config = load_config(
        PROJECT / "pipeline_config.yaml",
        ["beam={engine: portable, options: ['--job_endpoint=h:1'], shared_dir: 's3://bucket/visage'}"],
    )
    assert config.beam.shared_dir == "s3://bucket/visage"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("models/visage", "must be the address of a bucket, such as s3://BUCKET/visage, not 'models/visage'"),
        ("https://host/x", "must be the address of a bucket, such as s3://BUCKET/visage; https cannot be written to"),
        ("s3://key:secret@bucket/x", "must hold no password and no option"),
        ("S3://key:secret@bucket/x", "must be the address of a bucket, such as s3://BUCKET/visage, not one with an @"),
        ("key:secret@bucket", "must be the address of a bucket, such as s3://BUCKET/visage, not one with an @"),
        ("s3://bucket/x?secret=1", "must hold no password and no option"),
        ("zip::s3://bucket/x", "must be the address of a bucket"),
    ],
)
def test_copies_go_to_a_bucket_without_credentials_in_its_address(url: str, message: str) -> None:
    with pytest.raises(VisageError) as error:
        load_config(PROJECT / "pipeline_config.yaml", [f"serving.copy_to={url}"])
    assert str(error.value).startswith(f"--set serving.copy_to: {message}")
    assert "secret" not in str(error.value)


def test_the_address_of_a_bucket_may_name_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAGE_TEST_BUCKET", "models")
    config = load_config(PROJECT / "pipeline_config.yaml", ["serving.copy_to=gs://$VISAGE_TEST_BUCKET/visage/"])
    assert config.serving.copy_to == "gs://models/visage"


def test_an_address_for_a_path_is_not_repeated_if_it_may_hold_a_password(tmp_path: Path) -> None:
    line = refusal(tmp_path, "workspace=s3://key:hunter2@bucket/x")
    assert line.startswith(
        "--set workspace: must be a path of this machine, not an address with an @, which may hold a "
    )
    assert "hunter2" not in line
