"""Files extend each other, and the command line takes precedence; a broken file is an error of one line."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.loader import _merge, load_config
from tests.pipeline.config.refusal import DEFAULT, refusal
from visage.errors import VisageError


def test_a_recipe_inherits_the_other_values(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(DEFAULT.read_text())
    (tmp_path / "recipe.yaml").write_text("extends: base.yaml\nname: mine\ntrainer: {epochs: 2}\n")

    config = load_config(tmp_path / "recipe.yaml")

    assert (config.name, config.trainer.epochs) == ("mine", 2)
    assert config.trainer.network == load_config(DEFAULT).trainer.network


def test_the_command_line_takes_precedence(tmp_path: Path) -> None:
    config = load_config(DEFAULT, ["trainer.epochs=3", "data.sources=[utkface]"], data_dir=tmp_path)
    assert config.trainer.epochs == 3
    assert config.data.sources == ["utkface"]
    assert config.data.dir == str(tmp_path)


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "other")
    monkeypatch.setenv("TRAINER__EPOCHS", "99")
    assert load_config(DEFAULT).trainer.epochs == yaml.safe_load(DEFAULT.read_text())["trainer"]["epochs"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: [", ["line 1", "not valid YAML"]),
        ("- a\n", ["must hold keys and values"]),
        ("extends: [a]\n", ["extends", "path"]),
        ("extends: nowhere.yaml\n", ["config.yaml: extends: there is no ", "nowhere.yaml"]),
        ("name: a\ntrainer:\n  epochs: 1\n  epochs: 2\n", ["config.yaml, line 4", "'epochs'", "twice", "in line 3"]),
        ("extends: config.yaml\n", ["leads back to itself"]),
    ],
)
def test_a_broken_file_is_an_error_of_one_line(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    message = refusal(path=path)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("key", ["extend", "Extends", "extend s"])
def test_a_typo_of_extends_is_the_only_error(tmp_path: Path, key: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"{key}: {DEFAULT}\nname: a\ntrainer: {{epochs: 2}}\n")
    assert refusal(path=path) == f"{path}: {key}: unknown key; did you mean extends?"


def test_extends_is_an_allowed_key_and_unknown_keys_come_first(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"base: {DEFAULT}\nname: a\ntrainer: {{epochs: 2}}\n")
    first = refusal(path=path).splitlines()[0]
    assert first.startswith(f"{path}: base: unknown key; ")
    assert " extends, " in first
    assert refusal("extends=x") == "--set extends: extends is for files: write it into one"


def test_a_typo_is_reported_before_a_missing_data_dir(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"--set trainer\.epoch: unknown key"):
        load_config(DEFAULT, ["trainer.epoch=3"], data_dir=tmp_path / "nowhere")


def test_a_missing_data_dir_is_named(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"^--data-dir: .*/nowhere does not exist; name the folder"):
        load_config(DEFAULT, data_dir=tmp_path / "nowhere")


values = st.recursive(st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3))
mappings = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@given(mappings, mappings)
def test_merging_keeps_every_key_and_the_change_takes_precedence(base: dict, change: dict) -> None:
    merged = _merge(base, change)
    assert set(merged) == set(base) | set(change)
    assert _merge(merged, change) == merged
    assert _merge(base, {}) == base
