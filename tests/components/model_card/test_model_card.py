"""The card of an evaluated model, from artifacts as the pipeline passes them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from tfx.types import Artifact, Channel
from tfx.types.standard_artifacts import (
    Examples,
    ExampleStatistics,
    HyperParameters,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
)

from components import artifacts
from components.model_card.component import ModelCard
from tests.helpers.drawn_crops import draw_crop
from tests.helpers.page_text import Page
from tests.helpers.tiny_evaluation import Outcome, evaluate, make_artifact
from tests.helpers.tiny_model import people
from visage.evaluation.settings import EvaluatorSettings, SliceGate
from visage.faces.encode import encode
from visage.files import digest_of
from visage.model_card.settings import ModelCardSettings
from visage.source_digest import TRAINING_CODE, source_digest
from visage.training.settings import TrainerSettings

SPLITS = ("train", "val", "test")
SETTINGS = EvaluatorSettings(
    age_mae_max=3,
    gender_accuracy_min=0.8,
    slices=["gender", "age_group"],
    slice_gates=[SliceGate(feature="age_group", value="0-2", age_mae_max=2)],
)
RECIPE = TrainerSettings(network="compact", epochs=3, learning_rate=0.002)
SOURCE = {
    "archive_rows": 60,
    "skipped": {"picture_missing": 4},
    "records_in": 56,
    "dropped": {"no_face": 5, "<b>odd</b>": 1},
    "records_out": 50,
    "by_split": {"train": 0, "val": 0, "test": 50},
}
DESCRIPTION: dict[str, Any] = {
    "network": "compact",
    "input_size": 80,
    "channels": 3,
    "tta_flip": False,
    "parameters": 935654,
    "alignment": {"detector": "blazeface", "size": 80, "eye_middle": [0.5, 0.3]},
    "learned_from": [
        {"sources": ["utkface"], "split": {}, "pipeline": "faces", "drawn": True, "faces": 1265, "training": "8"}
    ],
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A model that misses one limit, because nobody is 0 to 2 years old."""
    records = [*people(40), *people(6, age=None), *people(4, gender="unknown")]
    return evaluate(tmp_path_factory.mktemp("evaluated"), records, SETTINGS)


@pytest.fixture(scope="module")
def card(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model_card(outcome, tmp_path_factory.mktemp("card"))


def make_model_card(
    outcome: Outcome, folder: Path, best_values: dict[str, Any] | None = None, faces: bool | None = None
) -> Path:
    """Runs the component; returns the folder it wrote.

    Args:
        outcome: of the evaluation.
        folder: for what it reads and writes.
        best_values: what a search found; None: there was none.
        faces: `model_card.faces`, with the examples at hand; None: without examples.
    """
    description = Path(outcome.model.uri) / "Format-Serving/assets.extra/visage.json"
    description.parent.mkdir(exist_ok=True)
    description.write_text(json.dumps(DESCRIPTION))
    cleaning_report = make_artifact(artifacts.CleaningReport, folder / "cleaning_report")
    Path(cleaning_report.uri).mkdir()
    report = {"sources": {"utkface": SOURCE}, "total": SOURCE}
    (Path(cleaning_report.uri) / "cleaning_report.json").write_text(json.dumps(report))
    infra_blessing = make_artifact(InfraBlessing, folder / "infra_blessing")
    infra_blessing.set_int_custom_property("blessed", 1)
    infra_blessing.set_float_custom_property("milliseconds", 12.34)
    infra_blessing.set_string_custom_property("measured_on", "2 CPU cores")
    written = make_artifact(artifacts.ModelCard, folder / "model_card")
    component = ModelCard(
        cleaning_report=Channel(artifacts.CleaningReport),
        statistics=Channel(ExampleStatistics),
        model=Channel(Model),
        evaluation=Channel(ModelEvaluation),
        blessing=Channel(ModelBlessing),
        infra_blessing=Channel(InfraBlessing),
        settings=RECIPE,
        card=ModelCardSettings(faces=faces is not False),
    )
    assert component.id == "ModelCard"
    inputs = {
        "cleaning_report": [cleaning_report],
        "statistics": [_statistics(outcome, folder / "statistics")],
        "model": [outcome.model],
        "evaluation": [outcome.evaluation],
        "blessing": [outcome.blessing],
        "infra_blessing": [infra_blessing],
    }
    if best_values is not None:
        found = make_artifact(HyperParameters, folder / "best_values")
        Path(found.uri).mkdir()
        (Path(found.uri) / "best_hyperparameters.txt").write_text(json.dumps({"values": best_values}))
        inputs["best_values"] = [found]
    if faces is not None:
        examples = make_artifact(Examples, Path(outcome.model.uri).parent / "examples")
        examples.split_names = '["test"]'
        inputs["examples"] = [examples]
    component.executor_spec.executor_class().Do(inputs, {"model_card": [written]}, component.exec_properties)
    return Path(written.uri)


def _statistics(outcome: Outcome, folder: Path) -> Artifact:
    """Writes the statistics of the test records, the same for each split."""
    statistics = make_artifact(ExampleStatistics, folder)
    statistics.split_names = json.dumps(SPLITS)
    examples = Path(outcome.model.uri).parent / "examples/Split-test/*"
    found = tfdv.generate_statistics_from_tfrecord(str(examples)).SerializeToString()
    for split in SPLITS:
        (folder / f"Split-{split}").mkdir(parents=True)
        (folder / f"Split-{split}" / "FeatureStats.pb").write_bytes(found)
    return statistics


def read_figures(card: Path) -> dict[str, Any]:
    return json.loads((card / "model_card.json").read_text())


def test_the_json_has_the_blessing_and_every_gate(card: Path) -> None:
    figures = read_figures(card)
    assert figures["verdict"] == {"blessed": False, "infra_blessed": True, "may_be_pushed": False}
    assert [(gate["name"], gate["slice"], gate["verdict"]) for gate in figures["evaluation"]["gates"]] == [
        ("age_mae_max", "overall", "passed"),
        ("age_mae_max", "age_group 0-2", "failed"),
        ("gender_accuracy_min", "overall", "passed"),
    ]


def test_the_json_has_every_figure_with_its_interval(card: Path) -> None:
    overall, *groups = read_figures(card)["evaluation"]["slices"]
    assert (overall["name"], overall["values"], overall["records"], overall["people"]) == ("overall", {}, 50, 40)
    assert overall["figures"]["candidate"]["age_mae"] == {
        "value": 2.0,
        "records": 44,
        "people": 40,
        "interval": {"low": 2.0, "high": 2.0},
    }
    assert [group["values"] for group in groups[:3]] == [{"gender": gender} for gender in ("female", "male", "unknown")]


def test_the_json_holds_the_training_data_and_the_recipe(card: Path) -> None:
    figures = read_figures(card)
    assert figures["data"]["cleaning_report"]["sources"] == {"utkface": SOURCE}
    assert figures["recipe"] == RECIPE.model_dump(mode="json")
    own = {**DESCRIPTION["learned_from"][0], "weights": None, "uid": None}
    assert figures["model"] == {**DESCRIPTION, "learned_from": [own], "calibration": None, "third_party": None}


def test_a_model_of_drawn_portraits_is_named_so_before_any_figure(card: Path) -> None:
    page = (card / "model_card.html").read_text()
    assert page.index("Warning: trained on drawn portraits, not on photos of people") < page.index("years</b>")
    assert "Trained on drawn portraits : utkface (1\u202f265 faces). Pipeline faces, training 8;".replace(
        "\u202f", " "
    ) in str(Page(page))
    figures = read_figures(card)
    assert next(iter(figures)) == "identity"
    assert figures["identity"] == {
        "warning": "trained on drawn portraits, not on photos of people: its predictions for photos are meaningless",
        "pipeline": "faces",
        "training": "8",
        "trained_on": {"pictures": "drawn portraits", "data_sets": ["utkface"], "faces": 1265},
        "notice": None,
    }


def test_values_that_a_search_found_replace_the_recipes_and_are_marked(outcome: Outcome, tmp_path: Path) -> None:
    written = make_model_card(outcome, tmp_path, {"trainer.learning_rate": 0.005})
    figures = read_figures(written)
    assert figures["recipe"] == RECIPE.model_copy(update={"learning_rate": 0.005}).model_dump(mode="json")
    assert figures["searched"] == {"trainer.learning_rate": 0.005}
    assert (
        "Found by a search on the validation split: <code>trainer.learning_rate</code>."
        in (written / "model_card.html").read_text()
    )


def test_the_statistics_of_a_split_leave_unknown_ages_out(card: Path) -> None:
    split = read_figures(card)["data"]["splits"]["train"]
    assert (split["records"], split["age_unknown"]) == (50, 6)
    assert split["counts"]["gender"] == {"female": 23, "male": 23, "unknown": 4}
    assert sum(bucket["count"] for bucket in split["ages"]) == pytest.approx(44, abs=1)
    # Nobody is below 20; TFDV's buckets are estimates, and the first two together end at 11 years.
    assert sum(bucket["count"] for bucket in split["ages"][:2]) == pytest.approx(0, abs=0.5)
    assert split["ages"][0]["low"] == 0


@pytest.fixture(scope="module")
def page(card: Path) -> Page:
    return Page((card / "model_card.html").read_text())


def test_the_page_is_self_contained_and_well_formed(page: Page, card: Path) -> None:
    assert page.loaded == []
    assert page.open_tags == []
    assert "url(" not in (card / "model_card.html").read_text()


def test_the_page_shows_every_part_of_the_card(page: Page) -> None:
    for text in (
        "✗ Not blessed: 1 of 3 limits not met",
        "Mean absolute error of the age, age group 0-2: no such test record",
        "2.00 years 2.00 to 2.00 mean absolute error of the age",
        "Mean absolute error of the age : at most 2.00 years harm age group 0-2 \u2013 \u2013 0 ✗ not measured",
        "✗ not measured no such test record",
        "Gender accuracy : at least 80.0 % point all records 89.1 %",
        "picture missing 4",
        "no face 5",
        "By gender",
        "unknown 4 people, few",
        "epochs 3",
        "The model does not record the epochs of its training",
        "935 654 parameters",
        "latency of one image 12.3 ms on 2 CPU cores",
        "non-commercial research",
        "binary label that the data sets carry",
        "Decisions about people",
    ):
        assert text in str(page)


def test_names_from_outside_are_escaped(page: Page) -> None:
    assert "<b>odd</b> 1" in str(page)


def test_the_page_marks_a_blessed_model(outcome: Outcome, tmp_path: Path) -> None:
    blessing = make_artifact(ModelBlessing, tmp_path / "blessing")
    blessing.set_int_custom_property("blessed", 1)
    card = make_model_card(Outcome(outcome.model, outcome.evaluation, blessing), tmp_path)
    assert "✓ Blessed: meets every limit" in (card / "model_card.html").read_text()
    assert read_figures(card)["verdict"]["may_be_pushed"] is True


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The evaluation of records with images, the last of which cannot be decoded."""
    rng = np.random.default_rng(1)
    records = [replace(record, image=encode(draw_crop(30, "male", rng))) for record in people(11)]
    return evaluate(tmp_path_factory.mktemp("drawn"), [*records, people(12)[-1]], SETTINGS)


@pytest.mark.parametrize("faces", [True, False])
def test_a_key_turns_images_of_the_test_split_off(drawn: Outcome, tmp_path: Path, faces: bool) -> None:
    written = make_model_card(drawn, tmp_path, faces=faces)
    page = (written / "model_card.html").read_text()
    assert len(drawn.read().breakdown.faces) == 24
    # Each record is among the worst and among the typical errors.
    assert page.count('<img src="data:image/jpeg;base64,') == (22 if faces else 0)
    assert page.count("no image") == (2 if faces else 0)
    assert ("Images are turned off" in page) is not faces


def test_the_lineage_has_the_digests_of_data_model_and_code(outcome: Outcome, tmp_path: Path) -> None:
    lineage = read_figures(make_model_card(outcome, tmp_path, faces=False))["lineage"]
    assert lineage["data"] == {"test": digest_of(Path(outcome.model.uri).parent / "examples" / "Split-test")}
    assert lineage["model"] == digest_of(Path(outcome.model.uri) / "Format-Serving")
    assert lineage["code"] == source_digest(*TRAINING_CODE)
    assert {"keras", "tensorflow", "tfx"} <= set(lineage["packages"])


def test_nothing_unfinished_is_left_beside_the_card(card: Path) -> None:
    assert {path.name for path in card.iterdir()} == {"model_card.html", "model_card.json"}
