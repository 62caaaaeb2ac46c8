"""Drift from the last run's data and skew between splits: measured by TFDV, compared with the limits."""

from pathlib import Path

import pytest

from components.example_validator.settings import DistributionLimits, ValidationSettings
from tests.components.example_validator.drawn_statistics import Faces
from tests.components.example_validator.validating import validate
from visage.data_validation.report import read_report
from visage.errors import VisageError

USUAL = Faces()


def splits(train: Faces = USUAL, val: Faces = USUAL, test: Faces = USUAL) -> dict[str, Faces]:
    return {"train": train, "val": val, "test": test}


def test_data_like_the_last_runs_pass_and_all_splits_are_compared(tmp_path: Path) -> None:
    validate(tmp_path, splits(), last_run=splits())
    report = read_report(tmp_path / "anomalies")
    assert (report.anomalies, report.drift, report.skew) == ([], ["train", "val", "test"], ["val", "test"])


def test_the_first_run_is_compared_with_nothing_but_its_own_train(tmp_path: Path) -> None:
    validate(tmp_path, splits())
    report = read_report(tmp_path / "anomalies")
    assert (report.drift, report.skew) == ([], ["val", "test"])


def test_more_men_than_in_the_last_run_stop_the_run_with_figures_and_the_fix(tmp_path: Path) -> None:
    more_men = splits(Faces(men=0.7), Faces(men=0.7), Faces(men=0.7))
    with pytest.raises(VisageError) as error:
        validate(tmp_path, more_men, last_run=splits())
    assert str(error.value) == (
        "the examples have anomalies: gender: drift: L-infinity distance from the last run's 0.2, limit 0.1"
        " (female 50.0% → 30.0%) (in train, val, test). If the change of the data is intended, accept it for this run:"
        " --set validation.drift.gender=null"
    )


@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        (
            Faces(wiki=0.8),
            "source: drift: L-infinity distance from the last run's 0.3, limit 0.1 (utkface 50.0% → 20.0%)",
        ),
        (Faces(older=20), "age: drift: Jensen-Shannon divergence from the last run's "),
        (Faces(older=20), "(median 40.0 → 60.0, unknown 0.0% → 0.0%)"),
        (Faces(older=20), "age_group: drift: Jensen-Shannon divergence from the last run's "),
        (Faces(older=20), "(60-100 26.5% → 55.0%)"),
        (Faces(age_unknown=0.3), "unknown 0.0% → 30.0%)"),
        (Faces(age_unknown=0.3), "(several or unknown 0.0% → 30.0%)"),
    ],
)
def test_each_drift_is_reported_in_terms_of_the_data(changed: Faces, reported: str, tmp_path: Path) -> None:
    with pytest.raises(VisageError) as error:
        validate(tmp_path, {"train": changed}, last_run={"train": USUAL})
    assert reported in str(error.value)


def test_one_unknown_age_more_is_no_drift(tmp_path: Path) -> None:
    validate(tmp_path, {"train": Faces(age_unknown=0.001)}, last_run={"train": USUAL})


def test_a_test_split_unlike_train_is_skew(tmp_path: Path) -> None:
    with pytest.raises(VisageError) as error:
        validate(tmp_path, splits(test=Faces(men=0.9)))
    assert "gender: skew: L-infinity distance from train's 0.4, limit 0.3 (female 50.0% → 10.0%) (in test)" in str(
        error.value
    )
    assert "--set validation.skew.gender=null" in str(error.value)


def test_the_key_that_the_message_names_accepts_the_change(tmp_path: Path) -> None:
    accepting = ValidationSettings(drift=DistributionLimits(gender=None))
    validate(tmp_path, {"train": Faces(men=0.9)}, last_run={"train": USUAL}, settings=accepting)


def test_warn_keeps_the_drift_in_the_artifact(tmp_path: Path) -> None:
    validate(
        tmp_path, {"train": Faces(men=0.9)}, last_run={"train": USUAL}, settings=ValidationSettings(anomalies="warn")
    )
    (line,) = read_report(tmp_path / "anomalies").anomalies
    assert line.startswith("gender: drift: L-infinity distance from the last run's 0.4, limit 0.1")


@pytest.mark.parametrize(("now", "then"), [(499, 1000), (1000, 499)])
def test_small_splits_are_not_compared(now: int, then: int, tmp_path: Path) -> None:
    validate(tmp_path, {"train": Faces(now, men=0.9)}, last_run={"train": Faces(then)})
    assert read_report(tmp_path / "anomalies").drift == []


def test_a_baseline_that_lacks_a_feature_or_a_split_is_no_anomaly(tmp_path: Path) -> None:
    older_code = USUAL.statistics()
    for feature in list(older_code.datasets[0].features):
        if list(feature.path.step) in (["race"], ["age_group"]):
            older_code.datasets[0].features.remove(feature)
    validate(tmp_path, splits(), last_run={"train": older_code})
    assert read_report(tmp_path / "anomalies").drift == ["train"]


def test_one_face_of_unknown_age_is_compared_and_has_no_median(tmp_path: Path) -> None:
    settings = ValidationSettings(min_examples=1, anomalies="warn")
    report = read_report(
        Path(validate(tmp_path, {"train": Faces(1), "val": Faces(1, age_unknown=1)}, settings=settings).uri)
    )
    (age,) = (line for line in report.anomalies if line.startswith("age:"))
    assert "(median 5.0 → unknown, unknown 0.0% → 100.0%)" in age
