"""Systems run as processes of their own; one that fails is one line."""

import sys
from pathlib import Path

import pytest

from benchmarks.peers import node_environment
from benchmarks.peers.systems import System, predict_in_turn
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
