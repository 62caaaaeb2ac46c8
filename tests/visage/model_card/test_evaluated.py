"""The card of an evaluation outside a run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.page_text import Page
from tests.visage.model_card.cyclonedx_schema import MODEL_CARD, check
from tests.visage.model_card.some_cards import METADATA, card_of, drawn_evaluation
from visage.model_card.content import FIGURES, PAGE
from visage.model_card.evaluated import card_of_model, card_of_predictions
from visage.model_card.render import render
from visage.model_card.subject import Subject
from visage.model_card.write import write_card
from visage.saved_model.metadata import write_metadata


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "visage" / "17"
    folder.mkdir(parents=True)
    write_metadata(folder, METADATA)
    return folder


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    file = tmp_path / "other.csv"
    file.touch()
    return file


def read_back(card: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(json.dumps(card, allow_nan=False))
    check(found["modelCard"], MODEL_CARD)
    return found


def sections(html: str) -> list[str]:
    return [part.partition('"')[0] for part in html.split('<section id="')[1:]]


def test_a_model_is_described_by_its_own_files(model: Path, tmp_path: Path) -> None:
    card = read_back(card_of_model(model, tmp_path, "test", drawn_evaluation()))
    html = render(card, {})
    page = Page(html)
    assert page.words_for_no_figure() == []
    assert "Trained on photos : utkface" in str(page)
    assert "measured as visage/17" in str(page)
    assert "does not read how the data were cleaned" in str(page)
    assert {"training", "faces", "data", "model", "lineage", "terms", "use"} <= set(sections(html))


def test_nothing_of_the_card_speaks_of_a_push(model: Path, tmp_path: Path) -> None:
    card = read_back(card_of_model(model, tmp_path, "val", drawn_evaluation(), tmp_path / "visage" / "16"))
    page = str(Page(render(card)))
    assert card["verdict"]["may_be_pushed"] is False
    assert "visage:blessed" not in json.dumps(card["modelCard"])
    assert "lessed" not in page.partition("Terms of the data")[0]
    assert "Compared with visage/16, on the same records" in page
    assert "previous model" not in page
    assert "validation records" in page
    assert "test record" not in page
    assert "never trained on" not in page


def test_of_a_file_of_predictions_only_the_figures_are_shown(predictions: Path) -> None:
    card = read_back(card_of_predictions(predictions, drawn_evaluation()))
    html = render(card)
    assert sections(html) == ["gates", "metrics", "groups", "errors", "thresholds", "quality", "lineage"]
    page = str(Page(html))
    assert "VisAge model card other.csv" in page
    assert "names neither the training of its system nor the terms of its data" in page
    assert "This project's models" not in page
    assert set(card["modelCard"]["modelParameters"]) == {"task"}


def test_a_card_that_cannot_be_rendered_replaces_neither_file(predictions: Path, tmp_path: Path) -> None:
    card = card_of_predictions(predictions, drawn_evaluation())
    write_card(tmp_path, card, None)
    before = {name: (tmp_path / name).read_bytes() for name in (FIGURES, PAGE)}
    with pytest.raises(KeyError):
        write_card(tmp_path, {**card, "heads": {}}, None)
    assert {name: (tmp_path / name).read_bytes() for name in (FIGURES, PAGE)} == before


def test_figures_that_are_no_evidence_stand_below_a_banner() -> None:
    card = card_of(drawn_evaluation(), subject=Subject(split="train", by_run=False, no_evidence="known records"))
    html = render(card)
    assert html.index("Warning: known records") < html.index('<div class="tile">')


def test_the_paired_differences_to_the_other_model_are_shown() -> None:
    changes = {change.metric: change for change in drawn_evaluation().changes}
    assert changes["age_mae"].compared_with == "baseline"
    assert changes["age_mae"].interval is not None
    page = str(Page(render(card_of(drawn_evaluation()))))
    assert "Against the previous model" in page
