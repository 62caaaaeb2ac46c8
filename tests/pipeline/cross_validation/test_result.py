"""The table and the JSON of a cross-validation."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path

from pipeline.config.loader import load_config
from pipeline.cross_validation.checkpoints import FinishedRun, Result
from pipeline.cross_validation.folds import fold_splits
from pipeline.cross_validation.result import CrossValidation, print_result, summarize, write
from pipeline.output.console import Reporter
from tests.helpers.project import PROJECT
from tests.visage.evaluation.some_tables import table_of
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.scores import spread


def result(fold: int, seed: int, predictions: PredictionTable) -> Result:
    return FinishedRun(fold, seed, f"run-{fold}-{seed}", "/model", "/evaluation"), predictions


# Each model is 10 years wrong, in fold 0 one above and one below; together they are right there.
RESULTS = [
    result(0, 1, table_of([30, 40], [40, 50])),
    result(0, 2, table_of([30, 40], [20, 30])),
    result(1, 1, table_of([30], [40], images="other")),
    result(1, 2, table_of([30], [40], images="other")),
]


def summary(results: list[Result], repeats: int, workspace: Path) -> CrossValidation:
    config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}"])
    return summarize(config, fold_splits(config, 2), repeats, results)


def shown(found: CrossValidation) -> list[list[str]]:
    stream = io.StringIO()
    print_result(found, Reporter(stream))
    return [line.split() for line in stream.getvalue().splitlines() if line.strip()]


def text(found: CrossValidation) -> str:
    return " ".join(" ".join(line) for line in shown(found))


def test_single_and_bagged_scores(tmp_path: Path) -> None:
    found = summary(RESULTS, repeats=2, workspace=tmp_path)

    assert [(fold.fold, fold.records) for fold in found.by_fold] == [(0, 2), (1, 1)]
    assert (found.single.mean["age_mae"], found.single.deviation["age_mae"]) == (10, 0)
    assert (found.bagged.mean["age_mae"], found.bagged.mean["age_cs5"]) == (5, 0.5)
    lines = shown(found)
    assert lines[0] == ["fold", "records", "models", "age", "MAE", "CS@5", "%", "group", "%", "1-off", "%"]
    assert lines[1][:4] == ["0", "2", "one", "10.00"]
    assert lines[2][:3] == ["2", "bagged", "0.00"]
    assert lines[5][:4] == ["mean", "3", "one", "10.00"]
    assert lines[8][:3] == ["2", "bagged", "7.07"]


def test_a_metric_without_predictions_has_no_column(tmp_path: Path) -> None:
    assert "gender" not in shown(summary(RESULTS, repeats=2, workspace=tmp_path))[0]
    with_gender = [result(fold, 1, table_of([30], [40], [0])) for fold in (0, 1)]
    assert "gender" in shown(summary(with_gender, repeats=1, workspace=tmp_path))[0]


def test_an_image_in_two_folds_is_counted(tmp_path: Path) -> None:
    assert summary(RESULTS, repeats=2, workspace=tmp_path).images == 3
    again = summary([*RESULTS[:1], result(1, 1, table_of([30, 30], [40, 40]))], repeats=1, workspace=tmp_path)
    assert (again.records, again.images) == (4, 2)
    assert ["2", "of", "the", "4", "records"] in [line[:5] for line in shown(again)]
    assert not any("earlier" in line for line in shown(summary(RESULTS, repeats=2, workspace=tmp_path)))


def test_one_model_a_fold_is_not_bagged(tmp_path: Path) -> None:
    lines = shown(summary(RESULTS[::2], repeats=1, workspace=tmp_path))
    assert not any("bagged" in line for line in lines)


def test_the_file_holds_every_run(tmp_path: Path) -> None:
    found = summary(RESULTS, repeats=2, workspace=tmp_path)
    Path(found.file).parent.mkdir()
    write(found)
    values = json.loads(Path(found.file).read_text())
    models = [model for fold in values["by_fold"] for model in fold["models"]]
    assert [model["run"]["run_id"] for model in models] == ["run-0-1", "run-0-2", "run-1-1", "run-1-2"]
    assert values["bagged"]["mean"]["age_mae"] == 5
    assert values["settings"]["trainer"]["network"] == "compact"


def test_a_fold_that_could_not_be_measured_is_named_and_has_a_dash(tmp_path: Path) -> None:
    unknown = [result(0, 1, table_of([30], [40], [0])), result(1, 1, table_of([None], [40], [0], images="other"))]
    found = summary(unknown, repeats=1, workspace=tmp_path)
    lines = shown(found)
    assert lines[1][:4] == ["0", "1", "one", "10.00"]
    assert lines[2][:4] == ["1", "1", "one", "\u2013"]
    assert "age MAE was not measured in fold 1: no test record" in text(found)
    broken = summary([result(0, 1, table_of([None], [math.nan])), result(1, 1, table_of([None], [40]))], 1, tmp_path)
    assert "nothing was measured" in text(replace(broken, bagged=spread([{}])))
    Path(broken.file).parent.mkdir()
    write(broken)
    assert "NaN" not in Path(broken.file).read_text()
