"""A run that has ended, without TFX: a record, a real evaluation, a small model and a card."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from pipeline.config.loader import load_config
from pipeline.exports.run import ExportedRun
from pipeline.metadata.records import ArtifactRecord, NodeExecution, Run, State
from tests.helpers.project import PROJECT
from tests.helpers.tiny_evaluation import evaluate
from tests.helpers.tiny_model import people
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation
from visage.evaluation.settings import EvaluatorSettings
from visage.model_card.content import make_card
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance, read_metadata, write_metadata

START = datetime(2026, 12, 1, 9, 30, 0, 250_000, tzinfo=timezone.utc)
RUN_ID = "20261201-093000-000000"


def node(name: str, second: int, state: State = "complete", reads: str = "", writes: str = "") -> NodeExecution:
    """Makes the record of a node that ran for one second, `second` seconds after START."""
    inputs = {"given": (ArtifactRecord(2 * second, "Examples", Path(reads)),)} if reads else {}
    outputs = {"made": (ArtifactRecord(2 * second + 1, "Model", Path(writes)),)} if writes else {}
    started = START + timedelta(seconds=second)
    return NodeExecution(second, name, RUN_ID, state, started, started + timedelta(seconds=1), {}, inputs, outputs)


def record(*nodes: NodeExecution) -> Run:
    """Makes the record of a run; without nodes of three: data, training, push."""
    default = (
        node("FaceExampleGen", 0, writes="/data/examples"),
        node("Trainer", 1, reads="/data/examples", writes="/data/model"),
        node("Pusher", 2, "cached", reads="/data/model"),
    )
    return Run(RUN_ID, {each.node: each for each in nodes or default})


def ended_run(folder: Path, *changes: str) -> ExportedRun:
    """Makes a run below a folder whose model was pushed as version 17; `changes` are those of `--set`."""
    config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder}", "name=faces", *changes])
    settings = EvaluatorSettings(age_mae_max=10, gender_accuracy_min=0.8, slices=["gender"])
    outcome = evaluate(folder / "evaluated", people(60), settings)
    model = config.model_base_path / "17"
    (model / "variables").mkdir(parents=True)
    (model / "saved_model.pb").write_text("graph")
    own = TrainingProvenance(sources=["imdb_wiki"], split={}, pipeline="faces", drawn=False, faces=100)
    write_metadata(model, ModelMetadata(network="compact", parameters=7, learned_from=[own]))
    card = folder / "card"
    card.mkdir()
    (card / "model_card.html").write_text("<p>card</p>")
    (card / "model_card.json").write_text(json.dumps(_card(outcome.read(), read_metadata(model))))
    return ExportedRun(
        config=config,
        record=record(),
        failed=None,
        model=model,
        version="17",
        evaluation=outcome.read(),
        evaluation_file=Path(outcome.evaluation.uri) / EVALUATION_FILE,
        model_card=card,
    )


def _card(evaluation: Evaluation, metadata: ModelMetadata) -> dict[str, Any]:
    return make_card(made_at="now", evaluation=evaluation, metadata=metadata, blessed=True, infra_blessed=True)


def failed_run(run: ExportedRun) -> ExportedRun:
    """Returns the run as if its Trainer had failed."""
    nodes = (node("FaceExampleGen", 0, writes="/data/examples"), node("Trainer", 1, "failed", "/data/examples"))
    return replace(
        run,
        record=record(*nodes),
        failed="Trainer",
        model=None,
        version=None,
        evaluation=None,
        evaluation_file=None,
        model_card=None,
    )
