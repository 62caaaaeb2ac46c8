"""Commands on runs and models read a configuration whose images may be elsewhere."""

from pathlib import Path

import pytest

from pipeline.cli.common import settings_of
from tests.pipeline.config.refusal import DEFAULT


@pytest.mark.parametrize(
    "data",
    [
        "{dir: '/gone/{span}', spans: 3, sources: [labelled_folder/staff]}",
        "{spans: 3, sources: [labelled_folder/staff]}",
        "{sources: [labelled_folder/staff]}",
        "{dir: $VISAGE_NOT_SET/archives, sources: [utkface]}",
    ],
)
def test_the_images_do_not_matter(data: str, tmp_path: Path) -> None:
    config = tmp_path / "faces.yaml"
    config.write_text(f"extends: {DEFAULT}\nname: faces\nworkspace: {tmp_path}\ndata: {data}\n")
    assert settings_of(config).root == tmp_path / "faces"
