"""Our metrics equal TFMA's, and a metric of one entry is in every report."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow_model_analysis as tfma

from tests.helpers.page_text import Page
from tests.helpers.project import PROJECT
from visage.evaluation.metrics import METRICS
from visage.evaluation.metrics.score import score

# Our metric, and TFMA's class of it.
TFMA_CLASSES = {
    "age_mae": "MeanAbsoluteError",
    "age_group_accuracy": "BinaryAccuracy",
    "gender_accuracy": "BinaryAccuracy",
    "gender_precision_male": "Precision",
    "gender_recall_male": "Recall",
    "gender_auc": "AUC",
    "gender_brier": "MeanSquaredError",
}
RECORDS = 400


def by_tfma(metrics: list[str], label: np.ndarray, prediction: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """Returns TFMA's value of each metric of one target."""
    config = tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(label_key="label", prediction_key="prediction", example_weight_key="weight")],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(class_name=TFMA_CLASSES[name], config=json.dumps({"name": name}))
                    for name in metrics
                ]
            )
        ],
    )
    records = pd.DataFrame({"label": label.astype(float), "prediction": prediction.astype(float), "weight": weight})
    found = tfma.analyze_raw_data(records, config).get_metrics_for_slice()
    return {name: found[name]["doubleValue"] for name in metrics}


@pytest.mark.parametrize("weighted", [False, True])
def test_our_metrics_equal_those_of_tfma(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    weight = rng.gamma(1, 1, RECORDS) if weighted else np.ones(RECORDS)
    # A tenth of each label is unknown; the weights of unknown labels count nowhere.
    unknown = rng.uniform(size=(3, RECORDS)) < 0.1
    truths = {
        "age": np.where(unknown[0], np.nan, rng.uniform(0, 100, RECORDS)),
        "age_group": np.where(unknown[1], -1, rng.integers(0, 8, RECORDS)),
        "gender": np.where(unknown[2], -1, rng.integers(0, 2, RECORDS)),
    }
    predicted = {
        "age": rng.uniform(0, 100, RECORDS),
        "age_group": rng.integers(0, 8, RECORDS).astype(float),
        # Men rank higher than women, in general.
        "gender": np.clip(rng.normal(0.35 + 0.3 * truths["gender"], 0.2), 0, 1),
    }
    for target in ("age", "age_group", "gender"):
        metrics = [name for name in TFMA_CLASSES if METRICS[name].target == target]
        known = ~unknown[["age", "age_group", "gender"].index(target)]
        truth, prediction = truths[target][known], predicted[target][known]
        # TFMA has no class for indices of groups: each is right, 1, or wrong, 0.
        if target == "age_group":
            reference = by_tfma(metrics, np.ones(len(truth)), prediction == truth, weight[known])
        else:
            reference = by_tfma(metrics, truth, prediction, weight[known])
        for name in metrics:
            spec = METRICS[name]
            (ours,) = spec.summary(spec.values(truth, prediction), weight[None, known])
            # TFMA's area is that below a curve of 10,000 points.
            assert ours == pytest.approx(reference[name], abs=1e-4 if name == "gender_auc" else 1e-6), name
            if not weighted:
                of_all = score("evaluation", truths, predicted)  # type: ignore[arg-type]
                assert of_all[name] == pytest.approx(ours)


TOYS = """
import json, sys
from pathlib import Path
import numpy as np
from visage.evaluation.metrics import summaries
from visage.evaluation.metrics.spec import FRACTION, YEARS, Limits, MetricSpec
from visage.evaluation.metrics import METRICS

def overestimate(y_true, y_pred):
    return np.maximum(y_pred - y_true, 0.0)

def older_group(y_true, y_pred):
    return (y_pred > y_true) + 0.0

everywhere = ("evaluation", "cross_validation", "tflite")
METRICS["age_over"] = MetricSpec(
    "age_over", "Years too old", "over", YEARS, "lower", "age", overestimate, summaries.root_mean,
    caption="years too old", limits=Limits(change=1.5), reports=everywhere,
)
METRICS["older_group"] = MetricSpec(
    "older_group", "Too old a group", "older", FRACTION, "lower", "age_group", older_group,
    caption="too old a group", reports=everywhere,
)

from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.helpers.tiny_model import people
from visage.evaluation.settings import EvaluatorSettings, SliceGate
from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.helpers.tiny_model import people
from tests.components.model_card.test_model_card import make_model_card
from tests.visage.evaluation.some_tables import table_of
from tests.pipeline.cross_validation.test_result import result, shown, summary
from visage.tflite.quality import _quality

folder = Path(sys.argv[1])
settings = EvaluatorSettings(
    age_mae_max=3, gender_accuracy_min=0.5, age_over_max=1.2, slices=["gender"], min_people=5,
    slice_gates=[SliceGate(feature="gender", value="male", age_over_max=9)],
)
outcome = evaluate(folder, people(20), settings, model=Errors(2.25, 0), baseline=Errors(1, 0))
evaluation = outcome.read()
(folder / "card").mkdir()
card = make_model_card(outcome, folder / "card")
predictions = {"age": np.array([32.0])}
results = [result(0, 1, table_of([30], [34])), result(1, 1, table_of([30], [32]))]
print(json.dumps({
    "overall": evaluation.overall.scores(),
    "gates": {f"{gate.name} {gate.slice}": [gate.measured, gate.verdict] for gate in evaluation.gates},
    "card": json.loads((card / "model_card.json").read_text())["evaluation"]["slices"][0]["figures"]["candidate"],
    "page": (card / "model_card.html").read_text(),
    "cross_validation": shown(summary(results, 1, folder)),
    "tflite": _quality(predictions, predictions, {"age": np.array([30.0])}).to_json(),
}))
"""


@pytest.mark.one_stack
def test_a_metric_of_one_entry_is_in_every_report_and_can_gate(tmp_path: Path) -> None:
    # In a process of its own: the settings are made when the table is read.
    ran = subprocess.run([sys.executable, "-c", TOYS, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    # The root of the mean of 2.25.
    assert (found["overall"]["age_over"], found["overall"]["older_group"]) == (1.5, 0)
    assert {name: gate for name, gate in found["gates"].items() if name.startswith("age_over")} == {
        "age_over_max overall": [1.5, "failed"],
        "age_over_increase_max overall": [0.5, "passed"],
        "age_over_increase_max gender female": [0.5, "passed"],
        "age_over_increase_max gender male": [0.5, "passed"],
        "age_over_max gender male": [1.5, "passed"],
    }
    assert found["card"]["age_over"]["value"] == 1.5
    assert found["card"]["age_over"]["interval"] == {"low": 1.5, "high": 1.5}
    page = str(Page(found["page"]))
    assert re.search(r"1\.50 years 1\.50 to 1\.50 years too old", page)
    assert re.search(r"Years too old ?: at most", page)
    assert re.search(r"0\.0 % [\d. to]+ too old a group", page)
    heading, first, *_ = found["cross_validation"]
    assert {"over", "older"} <= set(heading)
    assert "2.00" in first
    assert found["tflite"]["age_over"] == pytest.approx(2**0.5)
    assert "older_group" not in found["tflite"]
