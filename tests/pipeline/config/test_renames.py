"""Old names of keys, values and commands are errors that name the new ones."""

from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from pipeline.config.renames import renamed_command
from tests.helpers.project import PROJECT
from visage.errors import VisageError

DEFAULT = PROJECT / "pipeline_config.yaml"
RECIPE = PROJECT / "recipes" / "visage.yaml"
RENAMED = [
    ("trainer.accumulate_steps", "2", "trainer.gradient_accumulation_steps"),
    ("trainer.distillation.share", "0.7", "trainer.distillation.alpha"),
    ("trainer.flip_averaged", "true", "trainer.tta_flip"),
    ("trainer.frozen", "2", "trainer.freeze"),
    ("trainer.jit", "true", "trainer.jit_compile"),
    ("trainer.warm_up_steps", "3", "trainer.warmup_steps"),
]
OF_AGE_HEAD = [("distribution", "label_distribution"), ("groups", "age_groups"), ("ordinal", "coral")]
OF_PRESET = [("minutes", "head_only"), ("hours", "finetune"), ("gpu", "finetune_gpu")]


def refusal(path: Path, *overrides: str) -> str:
    with pytest.raises(VisageError) as error:
        load_config(path, overrides)
    return str(error.value)


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(f"extends: {DEFAULT}\n{text}\n")
    return path


def nested(key: str, value: str) -> str:
    """`a.b` and `c` as YAML's `{a: {b: c}}`."""
    *parents, leaf = key.split(".")
    return "".join(f"{{{parent}: " for parent in parents) + f"{{{leaf}: {value}}}" + "}" * len(parents)


@pytest.mark.parametrize(("old", "value", "new"), RENAMED)
def test_an_old_key_is_an_error_in_every_place(tmp_path: Path, old: str, value: str, new: str) -> None:
    line = f"{old}: renamed to {new}"
    assert refusal(DEFAULT, f"{old}={value}") == f"--set {line}"
    trainer = nested(old, value).removeprefix("{").removesuffix("}")
    path = written(tmp_path, trainer)
    assert refusal(path) == f"{path}: {line}"
    path = written(tmp_path, f"preset: a\npresets: {{a: {{{trainer}}}}}")
    assert refusal(path) == f"{path}: presets.a: {line}"
    path = written(tmp_path, f"tuner: {{search: {{{old}: [{value}, {value}]}}}}")
    assert refusal(path) == f"{path}: tuner.search: {line}"


@pytest.mark.parametrize(("old", "value", "new"), RENAMED)
def test_the_new_name_of_a_key_takes_the_same_values(old: str, value: str, new: str) -> None:
    trainer = load_config(DEFAULT, [f"{new}={value}"]).trainer.model_dump(mode="json")
    for key in new.split(".")[1:]:
        trainer = trainer[key]
    assert str(trainer).lower() == value


@pytest.mark.parametrize(("old", "new"), OF_AGE_HEAD)
def test_an_old_value_is_an_error(old: str, new: str) -> None:
    assert refusal(DEFAULT, f"trainer.age_head={old}") == f"--set trainer.age_head: {old}: renamed to {new}"
    assert load_config(DEFAULT, [f"trainer.age_head={new}"]).trainer.spec.age_head == new


@pytest.mark.parametrize(("old", "new"), OF_PRESET)
def test_sizes_were_renamed_to_presets(old: str, new: str) -> None:
    assert refusal(RECIPE, f"size={old}") == f"--set size={old}: renamed to preset={new}"
    assert refusal(RECIPE, f"preset={old}") == f"--set preset: {old}: renamed to {new}"
    load_config(RECIPE, [f"preset={new}"])


def test_a_recipes_own_preset_may_have_an_old_name(tmp_path: Path) -> None:
    path = written(tmp_path, "sizes: {hours: {trainer: {epochs: 9}}}\nsize: hours")
    assert refusal(path).splitlines() == [f"{path}: sizes: renamed to presets", f"{path}: size: renamed to preset"]
    path.write_text(path.read_text().replace("size", "preset"))
    assert load_config(path).trainer.epochs == 9
    assert refusal(path, "size=hours") == "--set size: renamed to preset"


def test_all_old_names_of_a_file_are_reported_together(tmp_path: Path) -> None:
    path = written(tmp_path, "trainer: {frozen: 3, jit: true, age_head: groups}")
    assert refusal(path).splitlines() == [
        f"{path}: trainer.frozen: renamed to trainer.freeze",
        f"{path}: trainer.jit: renamed to trainer.jit_compile",
        f"{path}: trainer.age_head: groups: renamed to age_groups",
    ]


def test_other_names_are_not_reported() -> None:
    assert renamed_command("data inspect") is None
    assert refusal(DEFAULT, "trainer.frost=3").startswith("--set trainer.frost: unknown key; ")
