import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from pipeline.output.output_file import check_output, check_output_folder, check_output_of
from tests.helpers.awkward_names import NAMES
from tests.helpers.project import PROJECT
from visage.errors import VisageError


def refusal(*arguments: object, **options: object) -> str:
    with pytest.raises(VisageError) as error:
        check_output(*arguments, **options)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    photo = tmp_path / "photos" / "a.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"a picture")
    return photo


def itself(photo: Path) -> Path:
    return photo


def relative(photo: Path) -> Path:
    return Path(os.path.relpath(photo))


def roundabout(photo: Path) -> Path:
    return photo.parent / ".." / photo.parent.name / photo.name


def hard_link(photo: Path) -> Path:
    (photo.parent / "hard.png").hardlink_to(photo)
    return photo.parent / "hard.png"


def symbolic_link(photo: Path) -> Path:
    (photo.parent / "soft.png").symlink_to(photo)
    return photo.parent / "soft.png"


def by_a_linked_folder(photo: Path) -> Path:
    (photo.parent.parent / "link").symlink_to(photo.parent)
    return photo.parent.parent / "link" / photo.name


@pytest.mark.parametrize("name", [itself, relative, roundabout, hard_link, symbolic_link, by_a_linked_folder])
def test_an_input_is_not_replaced_under_any_name(name: Callable[[Path], Path], photo: Path) -> None:
    out = name(photo)
    assert refusal(out, [".png", ".jpg"], [photo]) == (
        f"--out {out}: would replace the input {photo}; name another file"
    )


def test_files_beside_the_output_replace_no_input(photo: Path) -> None:
    config = photo.with_name("my.json")
    config.touch()
    message = refusal(photo.with_name("my.html"), [".html"], [config], beside=[config])
    assert "would replace the input" in message


def test_a_file_of_an_input_folder_is_not_replaced(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photo.parent)
    assert "a file of the input" in refusal(tmp_path / "link" / "a.jpg", [".jpg"], input_folders=[photo.parent])
    check_output(photo.parent / "new.jpg", [".jpg"], input_folders=[photo.parent])


def test_another_file_may_be_replaced(photo: Path) -> None:
    old = photo.with_name("old.png")
    old.touch()
    check_output(old, [".png"], [photo, photo.with_name("gone.jpg")])
    check_output(photo.with_name("NEW.PNG"), [".png"], [photo])


@pytest.mark.parametrize("name", ["a.gif", "a", "png", ".png"])
def test_an_unsupported_ending_is_an_error(name: str, photo: Path) -> None:
    assert "the name must end in .png or .jpg" in refusal(photo.with_name(name), [".png", ".jpg"])


def test_a_missing_folder_and_a_folder_are_errors(photo: Path, tmp_path: Path) -> None:
    assert f"the folder {tmp_path}/none does not exist" in refusal(tmp_path / "none" / "a.png", [".png"])
    (tmp_path / "a.png").mkdir()
    assert "a.png is a folder; name a file" in refusal(tmp_path / "a.png", [".png"])


@pytest.mark.parametrize("mode", [0o500, 0o200])
def test_an_unwritable_folder_is_an_error(mode: int, unprivileged_folder: Path) -> None:
    folder = unprivileged_folder / "photos"
    folder.mkdir(mode)
    assert "cannot be written" in refusal(folder / "out.png", [".png"])
    with pytest.raises(VisageError, match="cannot be written"):
        check_output_folder(folder / "new" / "found", [])


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_may_be_written(name: str, photo: Path, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    check_output(tmp_path / name / "out.png", [".png"], [photo])
    check_output_folder(tmp_path / name, [photo.parent])


def test_neither_the_configuration_nor_what_it_extends_is_replaced(tmp_path: Path) -> None:
    base, mine = tmp_path / "base.yaml", tmp_path / "mine.yaml"
    base.write_text((PROJECT / "pipeline_config.yaml").read_text())
    mine.write_text("extends: base.yaml\n")
    settings = load_config(mine)
    for config in (mine, base):
        with pytest.raises(VisageError, match="would replace the input"):
            check_output_of(mine, settings, config, [".yaml"])
    check_output_of(mine, settings, tmp_path / "pipeline.yaml", [".yaml"])


def test_nothing_is_exported_into_the_model(tmp_path: Path) -> None:
    version = tmp_path / "serving" / "visage" / "17"
    version.mkdir(parents=True)
    for inside in (version, version / "phones"):
        with pytest.raises(VisageError, match="this is in the input"):
            check_output_folder(inside, [version])
    (tmp_path / "file").touch()
    with pytest.raises(VisageError, match="this is a file; name a folder"):
        check_output_folder(tmp_path / "file", [version])
    check_output_folder(tmp_path / "phones", [version])


def test_a_file_in_the_folder_does_not_replace_an_input(tmp_path: Path) -> None:
    predictions = tmp_path / "predictions.parquet"
    predictions.touch()
    check_output_folder(tmp_path, [predictions], written=["evaluation.json"])
    with pytest.raises(VisageError, match="would replace the input"):
        check_output_folder(tmp_path, [predictions], written=["predictions.parquet"])
