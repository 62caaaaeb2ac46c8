"""A configuration that was recorded is read back as it was."""

import json
from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from pipeline.config.recorded import read_recorded
from tests.helpers.project import PROJECT
from visage.errors import VisageError

CONFIGURATIONS = [PROJECT / "pipeline_config.yaml", *sorted((PROJECT / "recipes").glob("*.yaml"))]


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_every_recipe_is_read_back_as_it_was(path: Path, tmp_path: Path) -> None:
    config = load_config(path, data_dir=tmp_path)
    assert read_recorded(json.loads(config.model_dump_json()), "run 1", "run again") == config


def test_a_dollar_sign_that_was_expanded_before_stays(tmp_path: Path) -> None:
    config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={tmp_path}/a$$b"])
    assert config.workspace.endswith("/a$b")
    assert read_recorded(config.model_dump(mode="json"), "run 1", "run again") == config


@pytest.mark.parametrize("values", [None, {}, {"name": "faces", "colour": "red"}])
def test_a_record_of_another_version_is_an_error_of_one_line(values: dict[str, str] | None) -> None:
    with pytest.raises(VisageError) as raised:
        read_recorded(values, "run 1", "run again")
    assert str(raised.value) == "run 1: holds no configuration of this version of VisAge; run again"
