"""The inputs of the Trainer's cache key, besides its records and its code."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tfx.types import Channel
from tfx.types.standard_artifacts import Examples

from components.trainer.component import create_trainer
from tests.visage.training.tiny_teacher import write_teacher
from visage.faces.settings import AlignmentSettings
from visage.training.settings import TrainerSettings


def custom_config(**changes: object) -> Any:
    given = {"network": "compact", "epochs": 1, "learning_rate": 0.001, **changes}
    recipe = TrainerSettings.model_validate(given)
    component = create_trainer(Channel(Examples), recipe, AlignmentSettings(), "checkpoints")
    return json.loads(component.exec_properties["custom_config"])


def test_another_weights_file_of_the_same_name_misses_the_cache(tmp_path: Path) -> None:
    file = tmp_path / "my.weights.h5"
    missing = custom_config(weights=str(file))
    file.write_bytes(b"one")
    one = custom_config(weights=str(file))
    file.write_bytes(b"other")
    other = custom_config(weights=str(file))
    assert missing["settings"] == one["settings"] == other["settings"]
    assert len({json.dumps(config["files"]) for config in (missing, one, other)}) == 3


def test_a_file_of_weights_is_named_so_that_any_folder_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = json.loads(custom_config(weights="my.weights.h5")["settings"])["weights"]
    assert named == str(tmp_path / "my.weights.h5")


def test_true_is_no_number_of_frozen_layers() -> None:
    with pytest.raises(ValidationError, match=r"freeze\n.* must be a number of layers, .*, not true"):
        custom_config(freeze=True)


def test_another_teacher_misses_the_cache(tmp_path: Path) -> None:
    write_teacher(tmp_path / "1")
    one = custom_config(distillation={"teacher": str(tmp_path)})
    assert json.loads(one["settings"])["distillation"]["teacher"] == str(tmp_path / "1")
    assert custom_config(distillation={"teacher": str(tmp_path)}) == one
    (tmp_path / "1" / "variables" / "variables.index").write_bytes(b"other")
    changed = custom_config(distillation={"teacher": str(tmp_path)})
    assert changed["settings"] == one["settings"]
    assert changed["files"] != one["files"]
    write_teacher(tmp_path / "2")
    newer = custom_config(distillation={"teacher": str(tmp_path)})
    assert json.loads(newer["settings"])["distillation"]["teacher"] == str(tmp_path / "2")
