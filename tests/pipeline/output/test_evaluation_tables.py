"""What `visage evaluate` prints; `tests/pipeline/cli/commands/test_evaluate.py` has whole calls of it."""

import io

from pipeline.output.console import Reporter
from pipeline.output.evaluation_tables import print_evaluation, print_published
from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.evaluation.evaluate import evaluate
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.settings import EvaluatorSettings
from visage.model_card.published import CAPTION, PublishedRow

SETTINGS = EvaluatorSettings(age_mae_max=99, gender_accuracy_min=0)
ROW = PublishedRow(
    system="a network [large]",
    recipe="cnn_utkface",
    data="UTKFace",
    metric="age_mae",
    title="Mean absolute error of the age",
    published="4.65 years",
    own="4.44 years (4.30 to 4.58)",
    source="a paper",
)


def test_metrics_that_are_not_measured_and_intervals_that_are_missing_say_why() -> None:
    truths = truths_of([30.0] * 40, ["male"] * 40)
    found = evaluate(PredictionTable(truths, {"candidate": outputs_of([31.0] * 40, [0.9] * 40)}), SETTINGS)
    shown = io.StringIO()
    print_evaluation(found, Reporter(shown))
    lines = {line.split("  ")[0].strip(): " ".join(line.split()) for line in shown.getvalue().splitlines()}
    (auc,) = (line for title, line in lines.items() if "ROC" in title or "AUC" in title)
    assert "not measured: the records of known gender are all of one gender" in auc
    assert "none: its bootstrap is biased" in lines["Debiased expected calibration error of P(male)"]


def printed(*rows: PublishedRow) -> str:
    shown = io.StringIO()
    print_published(rows, Reporter(shown))
    return shown.getvalue()


def test_published_figures_stand_beside_the_measured_ones_as_context() -> None:
    lines = printed(ROW).splitlines()
    assert "4.65 years" in lines[2]
    assert "4.44 years" in lines[2]
    assert "[large]" in printed(ROW)
    assert lines[-1] == CAPTION


def test_without_rows_nothing_is_printed() -> None:
    assert printed() == ""
