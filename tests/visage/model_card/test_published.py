"""What others published, beside a model's figures on the same data set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.helpers.page_text import Page
from tests.helpers.project import PROJECT
from tests.visage.evaluation.some_tables import outputs_of, truths_of
from tests.visage.model_card.some_cards import METADATA, card_of
from visage.errors import VisageError
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import Evaluation
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.settings import without_limits
from visage.model_card.published import CAPTION, published_beside, read_published
from visage.model_card.render import render
from visage.saved_model.metadata import TrainingProvenance

ENTRY = {
    "system": "another",
    "dataset": ["wiki"],
    "data": "WIKI, half",
    "metric": "age_mae",
    "value": 3.5,
    "unit": "years",
    "source": "a paper",
}


def evaluated(*sources: str) -> Evaluation:
    """Evaluates predictions that are 2 years wrong, of enough people of each source for an interval."""
    ages = [20.0, 40] * 6 * len(sources)
    truths = replace(truths_of(ages), source=np.repeat(sources, 12))
    table = PredictionTable(truths, {"candidate": outputs_of([age + 2 for age in ages])})
    return evaluate(table, without_limits(slices=["source"]))


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    (folder / "published.yaml").write_text(yaml.safe_dump(list(entries)))
    return folder / "published.yaml"


def test_the_file_is_valid_and_its_recipes_exist() -> None:
    figures = read_published()
    assert {figure.recipe for figure in figures} > {"cnn_utkface", "resnet_adience"}
    for figure in figures:
        assert figure.recipe is None or (PROJECT / "recipes" / f"{figure.recipe}.yaml").is_file()
    assert read_published(PROJECT / "docs" / "published.yaml") == figures


def test_the_rows_are_those_of_the_data_set_and_of_what_the_model_predicts() -> None:
    (row,) = published_beside(evaluated("wiki"), None)
    assert (row.system, row.recipe, row.metric) == (
        "VGG-Face, its last layers trained",
        "vggface_wiki_age",
        "age_mae",
    )
    assert row.published == "4.65 years"
    assert row.own.startswith("2.00 years (")
    assert published_beside(evaluated("team"), None) == []


def test_a_row_of_several_sources_needs_a_test_split_of_exactly_these() -> None:
    def data(*sources: str) -> list[str]:
        return [row.data for row in published_beside(evaluated(*sources), None)]

    assert data("imdb", "wiki") == ["WIKI, 70/30", "IMDB-WIKI, 80/20"]
    assert data("imdb", "utkface", "wiki") == ["WIKI, 70/30"]
    assert data("imdb") == []


def test_nothing_is_published_on_drawings() -> None:
    drawn = TrainingProvenance(["imdb_wiki"], {}, "faces", True, 10, "3")
    assert published_beside(evaluated("wiki"), [drawn]) == []


def test_a_deviation_is_shown_as_published(tmp_path: Path) -> None:
    file = written(tmp_path, {**ENTRY, "deviation": 0.25})
    assert [row.published for row in published_beside(evaluated("wiki"), None, file)] == ["3.5 ± 0.25 years"]


def test_the_card_shows_them_as_context() -> None:
    card = card_of(evaluated("wiki"), metadata=METADATA)
    page = str(Page(render(card)))
    assert f"{CAPTION.capitalize()}." in page
    assert "Serengil" in page
    assert "4.65 years" in page
    assert 'id="published"' not in render(card_of(evaluated("team"), metadata=METADATA))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"metric": "age_mea"}, "entry 2: metric: must be the name of a metric, not 'age_mea'"),
        ({"dataset": ["lfw"]}, "entry 2: dataset: must be among utkface, adience, imdb, wiki, not 'lfw'"),
        ({"unit": "%"}, "entry 2: unit: must be 'years', that of age_mae, not '%'"),
        ({"value": "low"}, "entry 2: value: must be a number"),
        ({"colour": "red"}, "entry 2: colour: is not allowed"),
    ],
)
def test_a_damaged_entry_is_one_line(tmp_path: Path, change: dict[str, Any], line: str) -> None:
    file = written(tmp_path, ENTRY, {**ENTRY, **change})
    with pytest.raises(VisageError) as raised:
        read_published(file)
    assert str(raised.value) == f"{file}: {line}; correct the file"


@pytest.mark.parametrize("content", [b"- {", b"\xff"])
def test_a_file_that_is_no_yaml_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "published.yaml").write_bytes(content)
    with pytest.raises(VisageError, match=r"published\.yaml: cannot be read: .*; install VisAge again") as raised:
        read_published(tmp_path / "published.yaml")
    assert "\n" not in str(raised.value)
