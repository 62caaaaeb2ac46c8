"""The copy of a card beside the pushed version."""

from pathlib import Path

import pytest

from visage.errors import VisageError
from visage.model_card.publish import place_beside
from visage.saved_model.pushing.push import push, same_files
from visage.saved_model.versions import newest_version, version_folders


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "model_card.html").write_text("<p>page</p>")
    (folder / "model_card.json").write_text("{}")
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"graph")
    return tmp_path / "model"


def test_the_copy_lies_beside_the_version_and_leaves_it_as_it_is(tmp_path: Path, card: Path, model: Path) -> None:
    version = push(model, tmp_path / "serving")
    page = place_beside(card, version)
    assert page == tmp_path / "serving" / "model_cards" / f"{version.name}.html"
    assert page.read_text() == "<p>page</p>"
    assert page.with_suffix(".json").read_text() == "{}"
    # Neither a server nor a later push takes it for a version, or for another model.
    assert [found.path for found in version_folders(tmp_path / "serving")] == [version]
    assert same_files(model, version)
    assert push(model, tmp_path / "serving") == version


def test_a_newer_card_of_the_same_version_replaces_the_copy(tmp_path: Path, card: Path, model: Path) -> None:
    version = push(model, tmp_path / "serving")
    place_beside(card, version)
    (card / "model_card.html").write_text("<p>newer</p>")
    assert place_beside(card, version).read_text() == "<p>newer</p>"
    assert len(list((tmp_path / "serving" / "model_cards").iterdir())) == 2


def test_a_copy_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path, card: Path, model: Path) -> None:
    version = push(model, tmp_path / "serving")
    (tmp_path / "serving" / "model_cards").write_text("a file")
    with pytest.raises(VisageError, match=r"model_cards: cannot be written: "):
        place_beside(card, version)
    found = newest_version(tmp_path / "serving")
    assert found is not None
    assert found.has_model
