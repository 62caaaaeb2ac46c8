"""The card of any split, however few or similar its records, and of any evaluation, whatever was measured."""

import json
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

from components.evaluator.gates import Gate
from components.evaluator.result import Evaluation
from components.evaluator.slices import SliceMetrics
from components.model_card.card import make_card
from components.model_card.statistics import SplitStatistics, read_statistics
from tests.components.model_card.some_statistics import Person, people, statistics_of, write_statistics
from tests.helpers.page_text import Page
from visage.data.labels import AGE_GROUPS
from visage.evaluation.metrics import limited_metrics, metrics_of
from visage.model_card.render import render
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
ONE_LIMIT = Gate("age_mae_max", "overall", measured=2.0, limit=3.0, passed=True)
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
def slice_metrics(draw: st.DrawFn, feature: str = "", value: str = "") -> SliceMetrics:
    """Draws metrics of a few records with known or unknown labels; predictions may be NaN."""
    count = draw(st.integers(1, 9))
    age_count, gender_count = draw(st.integers(0, count)), draw(st.integers(0, count))
    fraction = st.none() | st.floats(0, 1)
    return SliceMetrics(
        feature=feature,
        value=value,
        count=count,
        age_count=age_count,
        gender_count=gender_count,
        scores={
            "age_mae": draw(st.none() | st.floats(0, 99)) if age_count else None,
            "age_group_accuracy": draw(fraction) if age_count else None,
            "gender_accuracy": draw(fraction) if gender_count else None,
            "gender_auc": draw(fraction) if gender_count else None,
        },
    )


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    overall = draw(slice_metrics())
    baseline = draw(st.none() | slice_metrics())
    slices = [
        draw(slice_metrics(feature, value))
        for feature, values in (("gender", ["female", "unknown"]), ("age_group", AGE_GROUPS[:2]), ("source", ["team"]))
        for value in draw(st.lists(st.sampled_from(values), unique=True))
    ]
    gates = []
    for spec, limits in limited_metrics():
        measured, why = overall.scores[spec.name], overall.why_not_measured(spec.name)
        before = baseline.scores[spec.name] if baseline else None
        passed = measured is not None and draw(st.booleans())
        gates.append(Gate(spec.limit_name, "overall", measured, 0.5, passed, before, why))
        if baseline is not None and limits.change is not None:
            worse = None if measured is None or before is None else spec.worsening(measured, before)
            why = why or ("predictions are not finite numbers" if worse is None else None)
            gates.append(Gate(spec.change_limit_name, "overall", worse, 0.5, worse is not None, before, why))
    return Evaluation(all(gate.passed for gate in gates), overall, slices, gates, baseline)


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
        of_unknown_age = f", {'all' if unknown == len(found) else unknown} of unknown age" if unknown else ""
        assert f"{split} : {len(found)} records{of_unknown_age}" in str(page)
    assert f"{evaluation.overall.count} test records" in str(page)
    for x, width in re.findall(r'<rect x="([\d.-]+)" y="[\d.-]+" width="([\d.-]+)"', html):
        assert 10 <= float(x) < float(x) + float(width) <= 210
    for spec in metrics_of("evaluation"):
        if spec.head == silent:
            continue
        why = evaluation.overall.why_not_measured(spec.name)
        assert (why is None) == (evaluation.overall.scores[spec.name] is not None)
        assert why is None or f"not measured: {why}" in str(page)
    assert str(page).count("✗ not measured") == sum(gate.measured is None for gate in evaluation.gates)


def test_a_model_without_any_error_has_a_page(tmp_path: Path) -> None:
    perfect = SliceMetrics(
        *("gender", "female", 3, 3, 3),
        scores={"age_mae": 0.0, "age_group_accuracy": 1.0, "gender_accuracy": 1.0, "gender_auc": None},
    )
    evaluation = Evaluation(True, perfect, [perfect], [ONE_LIMIT], None)
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
    nothing = SliceMetrics(count=1)
    assert {metric: nothing.why_not_measured(metric) for metric in nothing.scores} == {
        "age_mae": "no test record of known age",
        "age_group_accuracy": "no test record of known age",
        "gender_accuracy": "no test record of known gender",
        "gender_auc": "no test record of known gender",
    }
    women = SliceMetrics(count=1, gender_count=1, scores={"gender_accuracy": 1.0})
    assert women.why_not_measured("gender_auc") == "the test records of known gender are all of one gender"
    assert SliceMetrics(count=1, age_count=1).why_not_measured("age_mae") == "predictions are not finite numbers"
    assert SliceMetrics().why_not_measured("age_mae") == "no such test record"
