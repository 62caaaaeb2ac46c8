"""`import visage`: its names, its cost, and the examples of its page and its docstrings."""

import doctest
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import visage
from tests.helpers import drawn_crops
from tests.helpers.project import PROJECT
from tests.serving.conftest import RunningServer, saved_model, shared_server
from tests.visage.faces.drawn_photo import drawn_photo
from visage.faces.encode import encode

__all__ = ["saved_model", "shared_server"]

HEAVY = ("tensorflow", "tensorflow_datasets", "tfx", "apache_beam", "keras", "ml_metadata")
TOPS = ("visage", "components", "pipeline", "serving", "tfds_builders")
# `visage predict --server` in an empty environment is in tests/serving/test_client_installation.py.
LIGHT = "visage.decode, visage.make_detector, visage.choose, visage.align, visage.encode, visage.AlignmentSettings"
SECONDS = 0.3


def printed_by(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_name_is_there_and_documented() -> None:
    assert visage.__doc__ is not None
    for name in visage.__all__:
        assert getattr(visage, name).__name__ == name
        assert f"| `{name}" in visage.__doc__
    assert set(visage.__all__) <= set(dir(visage))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'visage' has no attribute 'trainer'"):
        visage.trainer  # noqa: B018


def test_importing_it_imports_nothing_else() -> None:
    loaded = printed_by("import sys; import visage; print([name for name in sys.modules if name.startswith('visage')])")
    assert loaded == "['visage']"


@pytest.mark.parametrize("used", [LIGHT, "visage.predict_photos, visage.read_records, visage.measure"])
def test_names_that_need_no_tensorflow_do_not_import_it(used: str) -> None:
    program = f"import sys; import visage; {used}; print([name for name in {HEAVY} if name in sys.modules])"
    assert printed_by(program) == "[]"


def test_faces_are_imported_at_once() -> None:
    """Measures CPU time, because other processes affect wall time."""
    program = "import time; before = time.process_time(); import visage.faces; print(time.process_time() - before)"
    assert float(printed_by(program)) < SECONDS


@pytest.fixture
def folder(tmp_path: Path, saved_model: Path, portraits: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the inputs of the page's examples: a photo, a pushed model, a run's examples and an archive."""
    photo = drawn_photo([((80.0, 100.0), 42.0, 4.0), ((240.0, 105.0), 48.0, -5.0)])
    (tmp_path / "photo.jpg").write_bytes(encode(photo))
    shutil.copytree(saved_model, tmp_path / "serving" / "visage" / "1")
    drawn_crops.write_split(tmp_path / "examples", "test", drawn_crops.people(100, seed=3))
    (tmp_path / "archives").symlink_to(portraits)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_examples_of_the_page_run(folder: Path, shared_server: RunningServer) -> None:
    page = (PROJECT / "docs" / "library.md").read_text(encoding="utf-8")
    program = "".join(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert program.count("http://localhost:8501") == 1
    found: dict[str, Any] = {}
    exec(compile(program.replace("http://localhost:8501", shared_server.url), "docs/library.md", "exec"), found)

    assert len(found["faces"]) == 2
    assert visage.decode((folder / "crop.jpg").read_bytes()).shape == (112, 112, 3)
    assert len(found["records"]) == 100
    assert found["rows"]
    assert [face.age for face in found["there"].faces] == pytest.approx([face.age for face in found["here"].faces])
    assert 0 < found["output"]["age"] < 100
    truths, outputs = found["table"].truths, found["table"].outputs["candidate"]
    keys = truths.key.tolist()
    assert keys == sorted(keys)
    first = next(record for record in found["records"] if record.key == keys[0])
    assert truths.age[0] == first.age
    assert outputs.gender_probability.shape == (100,)
    errors = np.abs(outputs.age - truths.age)
    assert str(float(np.float32(np.nanmean(errors))))[:5] in str(found["scores"])


def modules_with_examples() -> list[str]:
    folders = [str(PROJECT / top) for top in TOPS]
    names = [
        module.name
        for top, path in zip(TOPS, folders, strict=True)
        for module in pkgutil.walk_packages([path], f"{top}.")
        if not module.name.endswith("_test")
    ]
    files = {name: PROJECT / f"{name.replace('.', '/')}.py" for name in names}
    return [name for name, file in files.items() if file.is_file() and ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_docstring_run(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0
    assert done.failed == 0
