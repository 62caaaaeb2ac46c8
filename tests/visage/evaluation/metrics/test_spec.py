"""The units, names and directions of metrics."""

import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.project import PROJECT
from visage.evaluation.metrics import METRICS, metric_of_limit
from visage.evaluation.metrics.score import score
from visage.evaluation.metrics.spec import FRACTION, NUMBER, YEARS


def test_each_report_has_its_metrics() -> None:
    nothing = {report: set(score(report, {}, {})) for report in ("cross_validation", "tflite")}
    assert nothing["tflite"] == {"age_mae", "gender_accuracy"}
    assert nothing["cross_validation"] > nothing["tflite"]


def test_a_figure_is_written_in_its_unit() -> None:
    assert (YEARS.text(4.321), YEARS.cell(4.321), YEARS.text_of_change(0.5)) == ("4.32 years", "4.32", "0.50 years")
    assert (FRACTION.text(0.9314), FRACTION.cell(0.9314, 1), FRACTION.text_of_change(0.02)) == (
        "93.1 %",
        "93.14%",
        "2.0 points",
    )
    assert (NUMBER.text(0.95), NUMBER.cell(0.95), NUMBER.text_of_change(0.25)) == ("0.950", "0.950", "0.250")


def test_the_name_of_a_limit_shows_which_side_is_worse() -> None:
    age, gender, bias = METRICS["age_mae"], METRICS["gender_accuracy"], METRICS["age_bias"]
    assert (age.limit_name, age.change_limit_name) == ("age_mae_max", "age_mae_increase_max")
    assert (gender.limit_name, gender.change_limit_name) == ("gender_accuracy_min", "gender_accuracy_decrease_max")
    assert (age.gap_limit_name, gender.gap_limit_name) == ("age_mae_gap_max", "gender_accuracy_gap_max")
    assert metric_of_limit("age_mae_increase_max") is metric_of_limit("age_mae_max") is age
    assert metric_of_limit("gender_accuracy_gap_max") is gender
    assert (age.worsening(5, 4), gender.worsening(0.75, 1), bias.worsening(-3.0, 2.0)) == (1, 0.25, 1)
    assert (age.best([4, 5]), gender.best([4, 5]), bias.best([-3, 2])) == (4, 5, 2)


@pytest.mark.parametrize(("metric", "nominal"), [("age_coverage_50", 0.5), ("age_coverage_90", 0.9)])
def test_a_coverage_is_best_at_its_nominal_value(metric: str, nominal: float) -> None:
    spec = METRICS[metric]
    # Distributions that are far too wide hold every age: worse than a little too narrow.
    assert spec.worsening(1.0, nominal - 0.02) == pytest.approx(1 - nominal - 0.02)
    assert spec.worsening(np.array([nominal]), np.array([1.0])) == pytest.approx([nominal - 1])
    assert spec.best([1.0, nominal + 0.03, nominal - 0.04]) == nominal + 0.03


def test_the_settings_of_the_gate_are_read_without_numpy() -> None:
    program = "import sys, visage.evaluation.settings; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)
