"""Finds the predictions of a pushed model for its test split, through ML Metadata."""

from pathlib import Path

from pipeline.metadata.lineage import version_record
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import SUCCEEDED
from visage.errors import VisageError
from visage.evaluation.evaluation import PREDICTIONS_FOLDER
from visage.evaluation.predictions.files import read_predictions
from visage.evaluation.predictions.table import PredictionTable

_NODE = "Evaluator"


def predictions_of(version: Path) -> PredictionTable:
    """Returns what the Evaluator of a model's run predicted; the model is its candidate.

    Args:
        version: the pushed model, `<workspace>/<pipeline>/serving/<name>/<number>`.

    Raises:
        VisageError: the metadata or the predictions are missing, or the metadata does not have the model.
    """
    root = Path(*version.parts[:-3])
    metadata = PipelineMetadata(root)
    pushed = version_record(metadata, version.name) if metadata.store is not None else None
    if pushed is None or pushed.model is None:
        raise VisageError(
            f"{version}: {metadata.location.name} does not have its run, so its test predictions are not found; "
            "give --baseline, e.g. the predictions.parquet of visage evaluate --out"
        )
    for execution in reversed(metadata.executions):
        model, evaluation = execution.input("model"), execution.output("evaluation")
        if execution.node != _NODE or execution.state not in SUCCEEDED or model is None or evaluation is None:
            continue
        files = sorted((evaluation.uri / PREDICTIONS_FOLDER).glob("*.parquet"))
        if model.id == pushed.model.id and files:
            return read_predictions(files)
    raise VisageError(
        f"{version}: the predictions of its evaluation are gone; give --baseline, e.g. the predictions.parquet of "
        "visage evaluate --out"
    )
