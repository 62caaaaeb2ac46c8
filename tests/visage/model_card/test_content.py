"""What a card holds, for people and for programs."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.page_text import Page
from tests.visage.evaluation.some_tables import outputs_of, truths_of
from tests.visage.model_card.cyclonedx_schema import MODEL_CARD, check
from tests.visage.model_card.some_cards import METADATA, OWN, SETTINGS, card_of, drawn_evaluation, drawn_table
from visage.data.labels import UNKNOWN
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import from_json
from visage.evaluation.label_noise import KINDS
from visage.evaluation.predictions.table import ModelOutputs, PredictionTable
from visage.evaluation.waivers import Waiver, failed_limits
from visage.model_card.content import make_card, size_of
from visage.model_card.render import render
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return card_of(drawn_evaluation())


@pytest.fixture(scope="module")
def page(card: dict[str, Any]) -> Page:
    return Page(render(card))


def test_the_evaluation_is_read_back_from_the_json(card: dict[str, Any]) -> None:
    assert from_json(card["evaluation"]) == drawn_evaluation()


def test_the_identity_stands_before_any_figure(card: dict[str, Any]) -> None:
    assert list(card)[:3] == ["identity", "made_at", "not_for_decisions"]


def test_the_part_for_other_programs_follows_the_schema_of_cyclonedx(card: dict[str, Any]) -> None:
    check(card["modelCard"], MODEL_CARD)
    metrics = card["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    overall = drawn_evaluation().overall.figures["candidate"]["age_mae"]
    assert overall.value is not None
    assert overall.interval is not None
    assert metrics[0] == {
        "type": "age_mae",
        "value": f"{overall.value:.6g}",
        "confidenceInterval": {
            "lowerBound": f"{overall.interval.low:.6g}",
            "upperBound": f"{overall.interval.high:.6g}",
        },
    }
    assert {metric["slice"] for metric in metrics if "slice" in metric} >= {"gender female", "race asian"}
    considerations = card["modelCard"]["considerations"]
    assert "not made for deciding about anybody" in considerations["ethicalConsiderations"][0]["name"]
    assert {part["groupAtRisk"] for part in considerations["fairnessAssessments"]} >= {"gender female", "race asian"}


@pytest.mark.parametrize("metadata", [ModelMetadata(), METADATA])
def test_a_model_that_says_nothing_of_itself_has_a_card(metadata: ModelMetadata) -> None:
    evaluation = evaluate(PredictionTable(truths_of([30, 40]), {"candidate": outputs_of([31, 50])}), SETTINGS)
    whole = make_card(made_at="now", evaluation=evaluation, metadata=metadata, blessed=False, infra_blessed=None)
    card = json.loads(json.dumps(whole, allow_nan=False))
    check(card["modelCard"], MODEL_CARD)
    assert card["heads"] == {"age": "unknown", "gender": None}
    page = Page(render(card))
    assert page.words_for_no_figure() == []
    assert "The model does not record the epochs of its training" in str(page)


def test_the_page_has_every_section_in_its_order(card: dict[str, Any]) -> None:
    html = render(card)
    order = ["gates", "metrics", "groups", "errors", "thresholds", "training", "faces", "quality", "data", "model"]
    places = [html.index(f'<section id="{name}"') for name in [*order, "resources", "lineage", "terms", "use"]]
    assert places == sorted(places)
    assert html.index("Trained on photos") < html.index("not made for deciding") < places[0]


def test_the_page_shows_what_each_node_used_and_which_came_from_the_cache(page: Page) -> None:
    assert "FaceExampleGen (from the cache) 20.0 s 31.5 s 300 MiB 309 MiB 4 MiB" in str(page)
    assert "Trainer 1234.6 s 2345.7 s 1 374 MiB \u2013 3 MiB" in str(page)


def test_the_page_shows_the_figures_with_their_intervals_beside_the_previous_models(page: Page) -> None:
    overall = drawn_evaluation().overall
    for role in ("candidate", "baseline"):
        figure = overall.figures[role]["age_mae"]
        assert figure.value is not None
        assert figure.interval is not None
        assert f"{figure.value:.2f} ({figure.interval.low:.2f} to {figure.interval.high:.2f})" in str(page)
    assert "previous model" in str(page)


def test_the_error_that_no_model_can_go_below_stands_beside_that_of_the_model(page: Page) -> None:
    text = str(page)
    assert "2.83 years" in text[: text.index("Metrics")]
    assert "a perfect model's error, if the labels of copies are typical" in text
    assert "20 pairs of byte-identical images: the ages differ by 4.00 years on average" in text


def test_the_table_of_copies_has_the_names_of_their_kinds(
    card: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "identical", "equal files")
    assert '<tr data-noise="identical"><td>equal files</td>' in render(card)


def test_labels_that_look_wrong_are_counted_by_group() -> None:
    by_race = {"asian": {"records": 20, "age": 1, "gender": 4}, "white": {"records": 80, "age": 2, "gender": 0}}
    judged = {"judged": 100, "suspect": 3}
    counts = {"action": "drop", "records": 100, "age": judged, "gender": {"judged": 90, "suspect": 4}}
    card = card_of(drawn_evaluation(), suspect_labels={**counts, "by": {"race": by_race}})
    assert card["suspect_labels"]["by"]["race"] == by_race
    text = str(Page(render(card)))
    assert "3 of 100 ages, 4 of 90 genders of train look wrong: dropped" in text
    assert "race asian 20 1 (5.0 %) 4 (20.0 %)" in " ".join(text.split())


def test_without_copies_the_card_claims_nothing_of_the_labels() -> None:
    text = str(Page(render(card_of(drawn_evaluation(), cleaning_report=None))))
    assert "perfect model" not in text
    assert "How good the labels are" not in text


def test_groups_with_few_people_are_shown_and_marked(page: Page) -> None:
    few = [part for part in drawn_evaluation().groups if part.people < SETTINGS.min_people]
    assert few
    for part in few:
        assert f"{next(iter(part.values.values()))} {part.people} people, few" in str(page)
    assert "fewer than 30 people" in str(page)
    # The bootstrap is not sure enough of these; fractions have Wilson's intervals.
    assert "no interval: under 10 people" in str(page)
    assert "no interval: its bootstrap is biased" in str(page)


def test_intervals_that_count_images_are_said_to(page: Page) -> None:
    # In the drawn table every record shows a person of its own.
    assert "the intervals count images" in str(page)
    truths = truths_of([30.0, 40, 50], identities=["ann", "ann", UNKNOWN])
    table = PredictionTable(truths, {"candidate": outputs_of([31.0, 41, 49])})
    partly = Page(render(card_of(evaluate(table, SETTINGS))))
    assert "The intervals count people; the 33.3 % of the records whose person is not named" in str(partly)


def test_a_missed_limit_stands_at_the_top(page: Page) -> None:
    missed = [gate for gate in drawn_evaluation().gates if gate.verdict == "failed"]
    assert missed
    top = str(page)[: str(page).index("parameters")]
    assert all(gate.title in top for gate in missed)


def test_a_waiver_is_named_before_any_figure() -> None:
    waiver = Waiver(
        *("model", "A. Person", "the labels of <b>one</b> source are wrong", date(2027, 1, 2), date(2026, 12, 1)),
        failed_limits(drawn_evaluation().gates),
    )
    evaluation = replace(drawn_evaluation(), waiver=waiver, looks=3)
    card = card_of(evaluation, blessed=True)
    assert card["evaluation"]["waiver"]["limits"][0]["name"] == "false_positive_rate_max"
    page = render(card)
    text = "A. Person lets it through until 2027-01-02: the labels of &lt;b&gt;one&lt;/b&gt; source are wrong"
    assert page.index(text) < page.index('<div class="tile">')
    assert f"The waiver covers {failed_limits(evaluation.gates)[0]}" in page
    assert "3 models were measured on this test split so far" in page
    assert "How many models were measured on this test split is not known" in render(
        card_of(replace(evaluation, looks=None))
    )


def test_a_waiver_that_does_not_cover_a_missed_limit_is_named_with_the_limit() -> None:
    waiver = Waiver("model", "A. Person", "demo", date(2027, 1, 2), date(2026, 12, 1), limits=())
    page = str(Page(render(card_of(replace(drawn_evaluation(), waiver=waiver)))))
    missed = failed_limits(drawn_evaluation().gates)[0]
    assert f"not met; the waiver of A. Person does not cover {missed}" in page
    assert "lets it through" not in page


def test_a_previous_model_that_may_know_the_test_faces_is_named_beside_its_comparisons() -> None:
    why = "it does not record its training data, which may include faces of this split"
    page = str(Page(render(card_of(replace(drawn_evaluation(), independence_unknown={"baseline": why})))))
    assert f"The previous model is not known to be independent of these records: {why}. Its figures may" in page
    assert "against the previous model (not known to be independent)" in page
    assert "not known to be independent" not in str(Page(render(card_of(drawn_evaluation()))))


def test_images_are_on_the_page_and_not_in_the_json(card: dict[str, Any]) -> None:
    faces = {face.key: "data:image/jpeg;base64,AAAA" for face in drawn_evaluation().breakdown.faces}
    html = render(card, faces)
    assert html.count('src="data:image/jpeg;base64,AAAA"') == len(drawn_evaluation().breakdown.faces)
    assert "base64" not in json.dumps(card)
    without = render(card, None)
    assert "<img" not in without
    assert "Images are turned off" in without
    assert render(card, {}).count("no image") == len(drawn_evaluation().breakdown.faces)


def test_the_page_of_a_model_of_age_groups_says_that_it_knows_no_years() -> None:
    probabilities = np_groups(len(truths_of([30.0] * 20)))
    table = PredictionTable(truths_of([30.0] * 20), {"candidate": ModelOutputs(None, probabilities)})
    settings = SETTINGS.model_copy(update={"age_mae_max": None, "gender_accuracy_min": None, "age_checks": []})
    page = Page(render(card_of(evaluate(table, settings), recipe=None)))
    assert page.words_for_no_figure() == []
    assert "The model predicts no age in years." in str(page)


def np_groups(count: int) -> Any:
    import numpy as np

    return np.full((count, 8), 1 / 8, np.float32)


def test_charts_have_a_title_and_a_description(card: dict[str, Any]) -> None:
    html = render(card)
    charts = html.split('<svg class="plot"')[1:]
    assert len(charts) > 10
    assert all(
        chart.startswith(' role="img"') and "<title>" in chart[:120] and "<desc>" in chart[:900] for chart in charts
    )


def test_older_models_without_their_first_weights_take_them_from_the_recipe() -> None:
    own = TrainingProvenance(["utkface"], {}, "faces", False, 10, "3")
    card = card_of(drawn_evaluation(), metadata=replace(METADATA, learned_from=[own]))
    assert [terms["what"] for terms in card["data_terms"]] == ["utkface"]
    assert OWN.weights == "random"


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "variables.data-00000-of-00001").write_bytes(b"1234567")
    (tmp_path / "saved_model.pb").write_bytes(b"123")
    size = size_of(tmp_path)
    assert (size.bytes, size.variables) == (10, 7)


def test_the_drawn_table_has_a_previous_model() -> None:
    assert set(drawn_table().outputs) == {"candidate", "baseline"}
    assert set(drawn_table(baseline=False).outputs) == {"candidate"}
