"""The command that is printed for the user works where it is typed."""

import sys
from pathlib import Path

import pytest

from pipeline.command_line import visage_command


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`.venv/bin/visage` below the current folder, called so, in an environment that is not activated."""
    script = tmp_path / ".venv" / "bin" / "visage"
    script.parent.mkdir(parents=True)
    script.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [".venv/bin/visage", "run"])
    monkeypatch.setenv("PATH", "/nowhere")
    return script


def test_in_an_activated_environment_it_is_the_name_alone(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    assert visage_command() == "visage"


def test_otherwise_it_has_its_path(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visage_command() == ".venv/bin/visage"
    monkeypatch.chdir("/")
    monkeypatch.setattr(sys, "argv", [str(script), "run"])
    assert visage_command() == str(script).removeprefix("/")


def test_it_has_its_path_where_the_name_means_another(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "visage"
    other.parent.mkdir()
    other.touch(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert visage_command() == ".venv/bin/visage"


def test_called_as_a_module_it_is_the_script_of_the_same_environment(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/project/pipeline/cli.py", "run"])
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    assert visage_command() == ".venv/bin/visage"
