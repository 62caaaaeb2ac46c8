"""The layout of a labelled folder is configured under its name, which a source has."""

import re
from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from tests.pipeline.config.refusal import DEFAULT
from visage.errors import VisageError


def test_the_layout_of_a_labelled_folder_is_configured_under_its_name(tmp_path: Path) -> None:
    labels = "data.labelled_folders={team: {labels: gt.csv, columns: {picture: file_name, age: real_age}}}"
    data = load_config(DEFAULT, ["data.sources=[labelled_folder/team, utkface]", labels], data_dir=tmp_path).data
    folder = data.labelled_folder("labelled_folder/team")
    assert folder is not None
    assert (folder.labels, folder.columns) == ("gt.csv", {"image": "file_name", "age": "real_age"})
    assert data.labelled_folder("utkface") is None


TEAM = "data.sources=[utkface, labelled_folder/team]"


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ("{taem: {labels: gt.csv}}", "labelled_folders.taem: no source is labelled_folder/taem; did you mean team?"),
        ("{team: {}, taem: {}}", "labelled_folders.taem: no source is labelled_folder/taem; name it in data.sources, "),
        ("{crew: {}}", "labelled_folders.crew: no source is labelled_folder/crew; name it in data.sources, or remove"),
    ],
)
def test_a_labelled_folder_without_a_source_is_an_error(folders: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=rf"^[^\n]*{re.escape(message)}[^\n]*$"):
        load_config(DEFAULT, [TEAM, f"data.labelled_folders={folders}"], data_dir=tmp_path)


def test_a_commands_own_source_may_have_an_entry_in_labelled_folders(tmp_path: Path) -> None:
    crew = "data.labelled_folders={crew: {labels: gt.csv}}"
    data = load_config(DEFAULT, [TEAM, crew], tmp_path, source="labelled_folder/crew").data
    assert data.labelled_folders["crew"].labels == "gt.csv"
    with pytest.raises(VisageError, match=r"did you mean crew\?$"):
        load_config(DEFAULT, [TEAM, crew.replace("crew", "crow")], tmp_path, source="labelled_folder/crew")


@pytest.mark.parametrize("source", ["labelled_folder/crew_2025", "utkface"])
def test_other_entries_do_not_matter_to_a_command_that_names_its_source(source: str, tmp_path: Path) -> None:
    others = "data.labelled_folders={crew_2024: {}, taem: {}, elsewhere: {labels: gt.csv}}"
    data = load_config(DEFAULT, [TEAM, others], tmp_path, source=source).data
    assert list(data.labelled_folders) == ["crew_2024", "taem", "elsewhere"]
