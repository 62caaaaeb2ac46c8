"""Collects what the exports need of a run, from ML Metadata and the run's artifacts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfx.utils import path_utils

from pipeline.config.schema import PipelineConfig
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import SUCCEEDED, ArtifactRecord, Run
from pipeline.run_record import file_name
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation, read_evaluation


@dataclass(frozen=True)
class ExportedRun:
    """A run that has ended, as the exports describe it.

    Attributes:
        config: of the run.
        record: its nodes, from ML Metadata.
        failed: the node that failed; None if none did.
        model: folder of the trained SavedModel, or of the pushed version; None if the run made none.
        version: number of the pushed version; None if none was pushed.
        evaluation: on the test split; None if the run did not come that far.
        evaluation_file: its file.
        model_card: folder of the card; None without one.
    """

    config: PipelineConfig
    record: Run
    failed: str | None
    model: Path | None
    version: str | None
    evaluation: Evaluation | None
    evaluation_file: Path | None
    model_card: Path | None

    @property
    def folder(self) -> Path:
        """Returns the folder for the files of this run's exports, which may be missing."""
        return self.config.root / "exports" / file_name(self.record.run_id)


def read_exported_run(config: PipelineConfig, run_id: str) -> ExportedRun:
    """Reads a run that has ended, however it ended.

    Raises:
        VisageError: ML Metadata cannot be read or has no such run, or the evaluation cannot be read.
    """
    record = PipelineMetadata.of(config).run(run_id)
    trained = _made(record, "Trainer", "model")
    pushed = _made(record, "Pusher", "pushed_model")
    version = str(pushed.properties.get("pushed_version", "")) if pushed else ""
    destination = config.model_base_path / version if version else None
    model = Path(path_utils.serving_model_path(str(trained.uri))) if trained else None
    evaluated = _made(record, "Evaluator", "evaluation")
    evaluation_file = evaluated.uri / EVALUATION_FILE if evaluated else None
    card = _made(record, "ModelCard", "model_card")
    return ExportedRun(
        config=config,
        record=record,
        failed=next((name for name, node in record.nodes.items() if node.state not in SUCCEEDED), None),
        # The served files, with their signature.
        model=destination if destination is not None and destination.is_dir() else model,
        version=version or None,
        evaluation=read_evaluation(evaluation_file) if evaluation_file else None,
        evaluation_file=evaluation_file,
        model_card=card.uri if card else None,
    )


def _made(record: Run, node: str, key: str) -> ArtifactRecord | None:
    """Returns an output of a node that succeeded; None without one."""
    ended = node in record.nodes and record.nodes[node].state in SUCCEEDED
    return record.output(node, key) if ended else None
