"""A distance above its limit is drift; too few faces are no drift, and no sign that there is none."""

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from tests.visage.monitoring.drawn_counts import drawn_counts
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable
from visage.monitoring.baseline import add_crops, counts_of
from visage.monitoring.compare import Verdict, compare, overall
from visage.monitoring.counts import Counts
from visage.monitoring.settings import MonitorLimits, MonitorSettings

BASELINE = drawn_counts(1000, seed=9)


def verdicts(served: Counts) -> dict[str, Verdict]:
    return {one.feature.name: one.verdict for one in compare(served, BASELINE, MonitorSettings())}


def test_requests_like_the_test_data_are_no_drift() -> None:
    served = drawn_counts(500)
    assert set(verdicts(served).values()) == {"ok"}
    assert overall(compare(served, BASELINE, MonitorSettings())) == "ok"


def test_older_faces_are_drift_of_the_ages_alone() -> None:
    found = verdicts(drawn_counts(500, older=20))
    assert {name for name, verdict in found.items() if verdict == "drift"} == {"age", "age_group"}


def test_more_men_are_drift_of_the_genders_alone() -> None:
    found = verdicts(drawn_counts(500, men=0.9))
    assert {name for name, verdict in found.items() if verdict == "drift"} == {"gender", "gender_probability"}


def test_refused_requests_are_drift_even_without_a_face() -> None:
    served = Counts()
    served.add_outcome("INVALID_ARGUMENT", 300)
    found = compare(served, BASELINE, MonitorSettings())
    assert overall(found) == "drift"
    assert {one.feature.name: one.verdict for one in found}["outcome"] == "drift"
    assert {one.feature.name: one.verdict for one in found}["age"] == "not seen"


def test_few_faces_are_not_compared_whatever_they_are() -> None:
    found = compare(drawn_counts(199, older=40), BASELINE, MonitorSettings())
    assert {one.verdict for one in found} == {"not enough"}
    assert all(one.distance is None for one in found)
    assert overall(found) == "not enough"


def test_a_small_baseline_is_not_compared_either() -> None:
    assert overall(compare(drawn_counts(500), drawn_counts(50), MonitorSettings())) == "not enough"


def test_no_request_at_all_is_not_enough() -> None:
    assert overall(compare(Counts(), BASELINE, MonitorSettings())) == "not enough"


def test_a_feature_without_a_limit_is_shown_and_never_drift() -> None:
    settings = MonitorSettings(limits=MonitorLimits(age=None, age_group=None))
    found = compare(drawn_counts(500, older=40), BASELINE, settings)
    assert overall(found) == "ok"
    age = next(one for one in found if one.feature.name == "age")
    assert (age.verdict, age.distance is not None) == ("no limit", True)


def test_what_the_baseline_lacks_has_no_distance() -> None:
    served = drawn_counts(500)
    for _ in range(500):
        served.numbers["photo_bytes"].add(1e6)
    assert verdicts(served)["photo_bytes"] == "no baseline"


def test_the_baseline_of_a_prediction_table_has_its_predictions_and_not_its_labels() -> None:
    table = PredictionTable(truths_of([20.0] * 4), {CANDIDATE: outputs_of([33, 34, 57, 70], [0.9, 0.2, 0.6, 0.5])})
    counts = counts_of(table)
    assert (counts.faces, counts.requests) == (4, 4)
    assert counts.texts["age_group"].values == {"25-32": 2, "60-100": 2}
    assert counts.texts["gender"].values == {"male": 2, "female": 2}
    add_crops(counts, [])
    assert counts.numbers["crop_bytes"].count == 0
