"""The command that is printed for the user works in the current folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.common import visage_command
from tests.helpers.project import PROJECT


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


def test_in_an_activated_environment_the_command_is_its_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    assert visage_command() == "visage"


def test_otherwise_the_command_has_its_path(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visage_command() == ".venv/bin/visage"
    monkeypatch.chdir("/")
    monkeypatch.setattr(sys, "argv", [str(script), "run"])
    assert visage_command() == str(script).removeprefix("/")


def test_the_command_has_its_path_if_another_has_its_name(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "visage"
    other.parent.mkdir()
    other.touch(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert visage_command() == ".venv/bin/visage"


def test_the_module_names_the_script_of_its_environment(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/project/pipeline/__main__.py", "run"])
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    assert visage_command() == ".venv/bin/visage"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "http://host:8501/a.jpg"], "http://host:8501/a.jpg: this is an address, not a path; download"),
        (["predict", "a.jpg", "--model", "http://host:8501"], "--model http://host:8501: this is an address, not a "),
        (["run", "--data-dir", "gs://bucket/x"], "--data-dir gs://bucket/x: this is an address, not a path; download"),
        (
            ["compile", "airflow", "--out", "s3://b/dags/x.py"],
            "--out s3://b/dags/x.py: this is an address, not a path",
        ),
        (["serve", "--model-base-path", "s3:/b/models"], "--model-base-path s3:/b/models: this is an address, not a "),
        (
            ["run", "--set", "workspace=s3://b/x"],
            "--set workspace: must be a path of this machine, not the ",
        ),
        (
            ["node", "Trainer", "--pipeline", "s3://b/i", "--run-id", "1"],
            "--pipeline s3://b/i: this is an address, not",
        ),
        (["node", "Trainer", "--pipeline", "none.json", "--run-id", "1"], "--pipeline: none.json does not exist; "),
        (["node", "Trainer", "--pipeline", "setup.py", "--run-id", "1"], "--pipeline setup.py: not a compiled "),
    ],
)
def test_a_url_is_reported_as_typed_before_tensorflow_is_imported(arguments: list[str], message: str) -> None:
    program = (
        f"import sys; from pipeline.cli.main import main; sys.argv[1:] = {arguments!r}\n"
        "try: main()\nfinally: print('tensorflow' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "False\n")
    assert ended.stderr.startswith(f"visage: {message}")
    assert ended.stderr.count("\n") == 1


def test_the_commands_are_named_without_importing_what_they_need() -> None:
    """`visage --help` takes as long as these imports."""
    heavy = ("google.protobuf", "numpy", "pydantic", "tensorflow", "yaml")
    program = f"import sys, pipeline.cli.main; print([name for name in {heavy} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
