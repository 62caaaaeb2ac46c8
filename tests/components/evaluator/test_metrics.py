"""TFMA measures the metrics of the registry, and a metric of one entry is in every report."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from components.evaluator import metric_names
from tests.components.evaluator.test_gate import LIMITS
from tests.helpers.project import PROJECT
from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.helpers.tiny_model import people
from visage.evaluation.metrics import score


def test_tfma_measures_what_the_table_does(tmp_path: Path) -> None:
    records = [*people(33), *people(7, age=None), *people(5, gender="unknown")]
    found = evaluate(tmp_path, records, LIMITS, model=Errors(age_error=2.25, wrong_in_ten=2)).read().overall.scores
    # As the model of `tiny_model` predicts; all people are of the first group.
    truths = {
        "age": np.array([np.nan if person.age is None else person.age for person in records]),
        "age_group": np.array([-1 if person.age_group is None else person.age_group for person in records]),
        "gender": np.array([{"female": 0, "male": 1}.get(person.gender, -1) for person in records]),
    }
    wrong = np.array([int(person.key) % 10 < 2 for person in records])
    male = np.where(wrong, 0.95 - 0.9 * truths["gender"], 0.1 + 0.8 * truths["gender"])
    predicted = {"age": truths["age"] + 2.25, "age_group": np.zeros(len(records)), "gender": male}
    ours = score("evaluation", truths, predicted)  # type: ignore[arg-type]
    # TFMA's area is that below a curve of 10,000 points.
    assert found == pytest.approx(ours, rel=1e-6, abs=1e-4)
    assert set(found) == set(metric_names.TFMA_CLASSES)


TOYS = """
import json, sys
from pathlib import Path
import numpy as np
from visage.evaluation.metrics import METRICS, FRACTION, YEARS, Limits, MetricSpec

def bias(y_true, y_pred, mask):
    return float((y_pred - y_true)[mask].mean())

def older_group(y_true, y_pred, mask):
    return float((y_pred > y_true)[mask].mean())

METRICS["age_bias"] = MetricSpec(
    "age_bias", "Mean error of the age", "age bias", YEARS, "lower", "age", bias, limits=Limits(change=1.5)
)
METRICS["older_group"] = MetricSpec(
    "older_group", "Too old a group", "older", FRACTION, "lower", "age_group", older_group
)

from components.evaluator.settings import EvaluatorSettings, SliceGate
from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.helpers.tiny_model import people
from tests.components.model_card.test_model_card import make_model_card
from tests.pipeline.cross_validation.some_predictions import of
from tests.pipeline.cross_validation.test_result import result, shown, summary
from visage.tflite.quality import _quality

folder = Path(sys.argv[1])
settings = EvaluatorSettings(
    age_mae_max=3, gender_accuracy_min=0.5, age_bias_max=1.5, slices=["gender"],
    slice_gates=[SliceGate(feature="gender", value="male", age_bias_max=9)],
)
outcome = evaluate(folder, people(20), settings, model=Errors(2, 0), baseline=Errors(1, 0))
evaluation = outcome.read()
(folder / "card").mkdir()
card = make_model_card(outcome, folder / "card")
predictions = {"age": np.array([32.0])}
print(json.dumps({
    "overall": evaluation.overall.scores,
    "gates": {f"{gate.name} {gate.slice}": [gate.measured, gate.limit, gate.passed] for gate in evaluation.gates},
    "card": json.loads((card / "model_card.json").read_text())["evaluation"]["slices"][0]["age_bias"],
    "page": (card / "model_card.html").read_text(),
    "cross_validation": shown(summary([result(0, 1, of([30], [34])), result(1, 1, of([30], [32]))], 1, folder)),
    "tflite": _quality(predictions, predictions, {"age": np.array([30.0])}).to_json(),
}))
"""


def test_a_metric_of_one_entry_is_in_every_report_and_can_gate(tmp_path: Path) -> None:
    # In a process of its own: the settings are made when the table is read.
    ran = subprocess.run([sys.executable, "-c", TOYS, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert (found["overall"]["age_bias"], found["overall"]["older_group"]) == (2, 0)
    assert {name: gate for name, gate in found["gates"].items() if "bias" in name} == {
        "age_bias_max overall": [2, 1.5, False],
        "age_bias_increase_max overall": [1, 1.5, True],
        "age_bias_max gender male": [2, 9, True],
    }
    assert found["card"] == 2
    assert "2.00 years</b><span>Mean error of the age" in found["page"]
    assert "Mean error of the age, at most" in found["page"]
    assert "0.0 %</b><span>Too old a group" in found["page"]
    heading, first, *_ = found["cross_validation"]
    assert {"bias", "older"} <= set(heading)
    assert "4.00" in first
    assert found["tflite"]["age_bias"] == 2
    assert "older_group" not in found["tflite"]
