"""Every benchmark on published data takes it by `--data DIR` and names in one line what the folder lacks."""

import importlib
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT
from visage.errors import VisageError

LACKING = {
    "benchmarks.data_build": "UTKFace.tar.gz",
    "benchmarks.faces.throughput": "adience/faces.tar.gz",
    "benchmarks.faces.workers": "adience/faces.tar.gz",
    "benchmarks.faces.__main__": "photos/dlib/training_with_face_landmarks.xml",
    "benchmarks.new_rows": "UTKFace.tar.gz",
    "benchmarks.peers.__main__": "UTKFace.tar.gz",
    "benchmarks.wiki_table": "imdb_wiki/wiki.mat",
}
ARGUMENTS = {"benchmarks.new_rows": ["--utkface"], "benchmarks.peers.__main__": ["--model", "model"]}


def error_of(module: str, data: Path) -> str:
    program = importlib.import_module(module).main
    with pytest.raises(VisageError) as refused:
        program([*ARGUMENTS.get(module, ()), "--data", str(data)], standalone_mode=False)
    return str(refused.value)


def test_the_list_of_benchmarks_with_data_is_complete() -> None:
    files = [file for file in (PROJECT / "benchmarks").rglob("*.py") if "@data_option" in file.read_text()]
    assert {".".join(file.relative_to(PROJECT).with_suffix("").parts) for file in files} == {*LACKING}


@pytest.mark.parametrize("module", LACKING)
def test_a_missing_folder_is_an_error_of_one_line(module: str, tmp_path: Path) -> None:
    error = error_of(module, tmp_path / "gone")
    assert str(tmp_path / "gone") in error
    assert "--data DIR" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("module", LACKING)
def test_missing_files_of_a_folder_are_named(module: str, tmp_path: Path) -> None:
    error = error_of(module, tmp_path)
    assert LACKING[module] in error
    assert "--data DIR" in error
    assert len(error.splitlines()) == 1
