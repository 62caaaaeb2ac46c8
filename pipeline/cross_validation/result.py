"""Summarizes a cross-validation, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from pipeline.config.schema import PipelineConfig
from pipeline.cross_validation.checkpoints import FinishedRun, Result
from pipeline.output.console import Reporter
from visage.data.settings import SplitSettings
from visage.evaluation.metrics import metrics_of
from visage.evaluation.metrics.spec import MetricSpec, Scores
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable, bag
from visage.evaluation.scores import Spread, mean, measure, spread
from visage.files import write_atomically


@dataclass(frozen=True)
class ModelResult:
    """One model: the run that trained it, and its own scores."""

    run: FinishedRun
    scores: Scores


@dataclass(frozen=True)
class FoldResult:
    """One fold.

    Attributes:
        fold: its number.
        records: in its test split.
        single: mean of its models' scores.
        bagged: scores of the mean of their predictions.
        models: each model.
    """

    fold: int
    records: int
    single: Scores
    bagged: Scores
    models: Sequence[ModelResult]


@dataclass(frozen=True)
class CrossValidation:
    """All folds.

    Attributes:
        pipeline: its name in ML Metadata.
        published_folds: whether the data's authors made the folds.
        repeats: models a fold.
        records: of all test splits.
        images: distinct ones; fewer than `records` if an image has several people, who are in several folds.
        single: over the folds, of the mean scores of a fold's models.
        bagged: over the folds, of the bagged scores.
        by_fold: each fold.
        settings: the configuration.
        file: path of the JSON.
    """

    pipeline: str
    published_folds: bool
    repeats: int
    records: int
    images: int
    single: Spread
    bagged: Spread
    by_fold: Sequence[FoldResult]
    settings: Mapping[str, Any]
    file: str


def summarize(
    config: PipelineConfig, splits: Sequence[SplitSettings], repeats: int, results: Sequence[Result]
) -> CrossValidation:
    """Measures every model, and the bagged predictions of each fold.

    Args:
        config: the recipe.
        splits: of the folds.
        repeats: models a fold.
        results: of all runs, fold by fold.
    """
    by_fold = [_fold_result(results[first : first + repeats]) for first in range(0, len(results), repeats)]
    return CrossValidation(
        pipeline=config.name,
        published_folds=splits[0].folds == "published",
        repeats=repeats,
        records=sum(fold.records for fold in by_fold),
        images=len({image for _, predictions in results for image in predictions.truths.image_digest.tolist()}),
        single=spread([fold.single for fold in by_fold]),
        bagged=spread([fold.bagged for fold in by_fold]),
        by_fold=by_fold,
        settings=config.model_dump(mode="json"),
        file=str(config.root / "crossval.json"),
    )


def write(result: CrossValidation) -> None:
    """Writes `result.file`.

    Raises:
        VisageError: it cannot be written.
    """
    write_atomically(Path(result.file), json.dumps(asdict(result), indent=2, allow_nan=False) + "\n")


def print_result(result: CrossValidation, reporter: Reporter) -> None:
    """Prints each fold, and mean and standard deviation of all; bagged rows only with several models a fold."""
    metrics = [spec for spec in metrics_of("cross_validation") if result.bagged.mean.get(spec.name) is not None]
    table = Table("fold", "records", "models", box=None, pad_edge=False, header_style="bold")
    for spec in metrics:
        table.add_column(spec.heading, justify="right")
    rows = [
        *((str(fold.fold), f"{fold.records:,}", fold.single, fold.bagged) for fold in result.by_fold),
        ("mean", f"{result.records:,}", result.single.mean, result.bagged.mean),
        ("±", "", result.single.deviation, result.bagged.deviation),
    ]
    for name, records, single, bagged in rows:
        table.add_row(name, records, "one", *(_shown(spec, single) for spec in metrics))
        if result.repeats > 1:
            table.add_row("", "", f"{result.repeats} bagged", *(_shown(spec, bagged) for spec in metrics))
    reporter.print()
    reporter.print(table)
    reporter.print()
    for line in _not_measured(result, metrics):
        reporter.print(line)
    if again := result.records - result.images:
        reporter.print(f"{again:,} of the {result.records:,} records show an image that an earlier fold tests as well")
    reporter.print(f"all of it  {escape(result.file)}")


def _not_measured(result: CrossValidation, metrics: Sequence[MetricSpec]) -> Iterator[str]:
    why = "no test record there knows the truth, or a prediction is not a finite number"
    if not metrics:
        yield f"nothing was measured: {why}"
    for spec in metrics:
        folds = [str(fold.fold) for fold in result.by_fold if fold.bagged[spec.name] is None]
        if folds:
            yield f"{spec.heading} was not measured in fold {', '.join(folds)}: {why}"


def _fold_result(results: Sequence[Result]) -> FoldResult:
    models = [ModelResult(run, measure(predictions)) for run, predictions in results]
    truths = results[0][1].truths
    bagged = bag([predictions.outputs[CANDIDATE] for _, predictions in results])
    together = PredictionTable(truths, {CANDIDATE: bagged})
    return FoldResult(
        fold=models[0].run.fold,
        records=len(together),
        single=mean([model.scores for model in models]),
        bagged=measure(together),
        models=models,
    )


def _shown(spec: MetricSpec, scores: Scores) -> str:
    value = scores.get(spec.name)
    return "\u2013" if value is None else spec.unit.number(value)
