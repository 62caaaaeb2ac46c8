"""The card of any split, however few or similar its records, and of any evaluation, whatever was measured."""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from components.model_card.statistics import read_statistics
from tests.components.model_card.some_statistics import Person, people, statistics_of, write_statistics
from tests.helpers.page_text import Page
from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.data.labels import GENDERS, UNKNOWN
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import Evaluation
from visage.evaluation.metrics import metrics_of
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.settings import EvaluatorSettings
from visage.model_card.content import make_card
from visage.model_card.render import render
from visage.model_card.splits import SplitStatistics
from visage.saved_model.metadata import ModelMetadata
from visage.training.settings import TrainerSettings

DESCRIPTION = {
    "network": "compact",
    "input_size": 80,
    "channels": 3,
    "parameters": 935654,
    "alignment": {"detector": "none", "size": 80, "eye_middle": [0.5, 0.3]},
}
RECIPE = TrainerSettings(network="compact", epochs=3, learning_rate=0.002)
LIMITS = EvaluatorSettings(
    age_mae_max=0.5,
    gender_accuracy_min={"limit": 0.5, "evidence": "safe"},
    age_mae_increase_max={"limit": 0.5, "evidence": "harm"},
    gender_accuracy_decrease_max={"limit": 0.5, "evidence": "point"},
    slices=["gender", "source"],
    min_people=3,
    slice_gates=[
        {"feature": "age_group", "value": "0-2", "age_mae_max": 9},
        {"feature": "gender", "value": "female", "age_mae_max": 9},
    ],
    gap_gates=[{"feature": "race", "age_mae_gap_max": 0.5}],
)
SPLITS = ("train", "val", "test")


def read(folder: Path, found: Sequence[Person]) -> SplitStatistics:
    write_statistics(folder, "val", statistics_of(found))
    return read_statistics(str(folder), ["val"])["val"]


def by_tfdv(found: Sequence[Person]) -> Any:
    """Returns TFDV's own statistics of the same people."""
    rows = {
        "age": np.array([-1 if person.age is None else person.age for person in found], np.float32),
        "age_known": np.array([person.age is not None for person in found], np.float32),
        **{name: [getattr(person, name) for person in found] for name in ("gender", "race", "source")},
    }
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(rows), n_jobs=1)


def edges(split: SplitStatistics) -> list[float]:
    return [edge for bucket in split.ages for edge in (bucket.low, bucket.high)]


@pytest.mark.parametrize(
    ("ages", "bars"),
    [
        ([30.0], [(30, 31)]),
        ([30.0, 30.0, 30.0], [(30, 31)]),
        ([29.5], [(29, 30)]),
        ([0.0], [(0, 1)]),
        ([100.0], [(100, 101)]),
        ([None], []),
        ([None, None], []),
        ([0.0, None], [(0, 1)]),
        ([30.0, 30.001], [(30, 31)]),
        ([30.0, 31.0], [(30, 31)]),
        ([30.0, 32.0], [(30, 31), (31, 32)]),
        ([1.0, 5.0, None], [(0, 1.4), (1.4, 2.6), (2.6, 3.8), (3.8, 5)]),
    ],
    ids=str,
)
def test_tfdvs_own_statistics_of_the_fewest_and_the_most_alike(
    tmp_path: Path, ages: list[float | None], bars: list[tuple[float, float]]
) -> None:
    found = [Person(age) for age in ages]
    write_statistics(tmp_path, "val", by_tfdv(found))
    write_statistics(tmp_path, "test", statistics_of(found))
    of_tfdv, ours = read_statistics(str(tmp_path), ["val", "test"]).values()
    known = [age for age in ages if age is not None]
    assert (of_tfdv.records, of_tfdv.age_unknown) == (len(ages), len(ages) - len(known))
    assert edges(of_tfdv) == pytest.approx([edge for bar in bars for edge in bar], abs=1e-5)
    assert sum(bucket.count for bucket in of_tfdv.ages) == pytest.approx(len(known), abs=0.01)
    # The properties below are checked on TFDV's own output.
    assert edges(ours) == pytest.approx(edges(of_tfdv), abs=1e-5)
    assert [b.count for b in ours.ages] == pytest.approx([b.count for b in of_tfdv.ages], abs=0.01)
    assert ours.counts == of_tfdv.counts


@given(found=people())
def test_every_known_age_is_in_one_bar_and_no_bar_is_narrower_than_a_year(
    tmp_path_factory: pytest.TempPathFactory, found: list[Person]
) -> None:
    split = read(tmp_path_factory.getbasetemp(), found)
    known = [person.age for person in found if person.age is not None]
    assert split.age_unknown == len(found) - len(known)
    assert sum(bucket.count for bucket in split.ages) == pytest.approx(len(known))
    assert all(bucket.high - bucket.low >= 1 - 1e-4 for bucket in split.ages)
    assert all(one.high <= other.low + 1e-4 for one, other in zip(split.ages, split.ages[1:], strict=False))
    for age in known:
        assert any(bucket.low - 1e-4 <= age <= bucket.high + 1e-4 for bucket in split.ages)
    assert all(sum(counts.values()) == len(found) for counts in split.counts.values())


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    """Of one to nine records, of which some or none know the age or the gender; predictions may be no numbers."""
    count = draw(st.integers(1, 9))

    def some(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=count, max_size=count))

    broken = [math.nan] if draw(st.booleans()) else []
    truths = truths_of(
        some(st.none() | st.floats(0, 99)) if draw(st.booleans()) else [None] * count,
        some(st.sampled_from([*GENDERS, UNKNOWN])) if draw(st.booleans()) else [draw(st.sampled_from(GENDERS))] * count,
        some(st.sampled_from(["white", "black"])),
    )
    roles = ["candidate", "baseline"] if draw(st.booleans()) else ["candidate"]
    outputs = {
        role: outputs_of(some(st.sampled_from([0.0, 30.0, 99.0, *broken])), some(st.sampled_from([0.0, 0.9, *broken])))
        for role in roles
    }
    return evaluate(PredictionTable(truths, outputs), LIMITS)


def cleaning_report(splits: dict[str, list[Person]]) -> dict[str, Any]:
    kept = {split: len(found) for split, found in splits.items()}
    total = sum(kept.values())
    part = {
        "archive_rows": total + 2,
        "skipped": {"picture_missing": 1, "row_unreadable": 0},
        "records_in": total + 1,
        "dropped": {"no_face": 1},
        "records_out": total,
        "by_split": kept,
    }
    return {"sources": {"labelled_folder/team": part}, "total": part}


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


@settings(max_examples=30, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.fixed_dictionaries({split: people() for split in SPLITS}), evaluations(), st.sampled_from(["age", "gender"]))
def test_the_page_holds_the_counts_and_a_dash_with_its_reason_where_no_figure_is(
    tmp_path_factory: pytest.TempPathFactory, splits: dict[str, list[Person]], evaluation: Evaluation, silent: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for split, found in splits.items():
        write_statistics(folder, split, statistics_of(found))
    card = make_card(
        made_at="2026-11-28T12:00:00+00:00",
        cleaning_report=cleaning_report(splits),
        statistics=read_statistics(str(folder), list(splits)),
        metadata=ModelMetadata.from_json(DESCRIPTION),
        recipe=RECIPE.model_copy(update={f"{silent}_head": "none"}),
        searched={},
        evaluation=evaluation,
        blessed=evaluation.blessed,
        infra_blessed=True,
    )
    html = render(json.loads(json.dumps(card, allow_nan=False)))
    page = Page(html)

    assert page.words_for_no_figure() == []
    for split, found in splits.items():
        unknown = sum(person.age is None for person in found)
        of_unknown_age = f", {len(found) - unknown} of them with an exact age" if unknown else ""
        assert f"{split} : {counted(len(found), 'record')}{of_unknown_age}" in str(page)
    assert counted(evaluation.overall.records, "test record") in str(page)
    for x, width in re.findall(r'<rect class="candidate" x="([\d.-]+)%" y="[\d.-]+%" width="([\d.-]+)%"', html):
        assert 0 <= float(x) < float(x) + float(width) <= 100
    for spec in metrics_of("evaluation"):
        if spec.head == silent:
            continue
        why = evaluation.overall.why_not_measured(spec.name)
        assert (why is None) == (evaluation.overall.scores().get(spec.name) is not None)
        assert why is None or not spec.caption or f"not measured: {why}" in str(page)
    failed = [gate for gate in evaluation.gates if gate.verdict == "failed"]
    assert str(page).count("✗ not measured") == sum(gate.measured is None for gate in failed)
    assert str(page).count("✗ not met") == sum(gate.measured is not None for gate in failed)
    for gate in evaluation.gates:
        assert gate.verdict != "not gated" or f"not gated {gate.reason}" in str(page)


def test_a_model_without_any_error_has_a_page(tmp_path: Path) -> None:
    truths = truths_of([30.0] * 4)
    evaluation = evaluate(PredictionTable(truths, {"candidate": outputs_of([30.0] * 4, [0, 1, 0, 1])}), LIMITS)
    splits = {split: [Person(30.0)] for split in SPLITS}
    for split, found in splits.items():
        write_statistics(tmp_path, split, statistics_of(found))
    card = make_card(
        made_at="now",
        cleaning_report=cleaning_report(splits),
        statistics=read_statistics(str(tmp_path), list(SPLITS)),
        metadata=ModelMetadata.from_json(DESCRIPTION),
        recipe=RECIPE,
        searched={},
        evaluation=evaluation,
        blessed=True,
        infra_blessed=True,
    )
    assert "0.00 years" in str(Page(render(card)))


def test_every_missing_metric_has_a_reason() -> None:
    truths = truths_of([None], [UNKNOWN])
    overall = evaluate(PredictionTable(truths, {"candidate": outputs_of([30], [0.9])}), LIMITS).overall
    reasons = {
        "age_mae": "no record of exact age",
        "age_group_accuracy": "no record of known age group",
        "age_interval_accuracy": "no record with an age group alone",
        "apparent_age_error": "no record of known apparent age",
        "gender_accuracy": "no record of known gender",
    }
    found = {metric: overall.why_not_measured(metric) for metric in overall.scores()}
    assert {metric: found[metric] for metric in reasons} == reasons
    assert set(found.values()) == set(reasons.values())
