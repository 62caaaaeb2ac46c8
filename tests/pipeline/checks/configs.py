"""Configurations to check, and the archives that they name."""

import json
import tarfile
from pathlib import Path
from typing import Any

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from tests.helpers.project import PROJECT


def config_of(workspace: Path, *overrides: str) -> PipelineConfig:
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}", *overrides])


def folder_config(tmp_path: Path, content: str, **reading: Any) -> PipelineConfig:
    """A configuration that reads the labelled folder `faces`."""
    folder = tmp_path / "archives" / "faces"
    folder.mkdir(parents=True)
    (folder / "labels.csv").write_text(content)
    return config_of(
        tmp_path / "runs",
        f"data.dir={tmp_path / 'archives'}",
        "data.sources=[labelled_folder/faces]",
        f"data.labelled_folders={{faces: {json.dumps(reading)}}}",
    )


def archive_config(tmp_path: Path, source: str) -> PipelineConfig:
    (tmp_path / "archives").mkdir(exist_ok=True)
    return config_of(tmp_path / "runs", f"data.dir={tmp_path / 'archives'}", f"data.sources=[{source}]")


def pack(tar: Path, *members: str) -> None:
    with tarfile.open(tar, "w:gz" if tar.suffix == ".gz" else "w") as archive:
        for member in members:
            archive.addfile(tarfile.TarInfo(member))
