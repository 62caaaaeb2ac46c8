"""`visage crossval` as a user calls it: killed after its first model, resumed, and the final measurements."""

import json
import subprocess
from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2

from tests.end_to_end.visage import VISAGE, visage
from tests.helpers.project import PROJECT
from visage.data.records import from_example
from visage.data.tfrecords import read_all
from visage.evaluation.evaluation import EVALUATION_FILE, read_evaluation
from visage.evaluation.predictions.files import read_predictions

pytestmark = pytest.mark.slow

# Half of the portraits, as crops, so that nothing has to be found.
SMALL = {
    "data.sources": ["utkface"],
    "data.sample_portraits.count": 120,
    "alignment.detector": "none",
    "trainer.epochs": 1,
}
PIPELINE = "sample-portraits-crossval"
NODES = {"CuratedSchema", "Evaluator", "ExampleValidator", "FaceExampleGen", "StatisticsGen", "Trainer"}


def test_a_killed_cross_validation_resumes_and_measures_each_model_as_the_evaluator_does(tmp_path: Path) -> None:
    values = {"workspace": str(tmp_path), **SMALL}
    options = [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    command = ["crossval", "--folds", "2", "--repeats", "1", *options]

    killed = subprocess.Popen([*VISAGE, *command], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    assert any("✓ run 1 of 2" in line for line in killed.stdout)
    killed.kill()
    killed.communicate()
    (finished,) = (tmp_path / PIPELINE / "crossval").glob("*.json")

    ended = visage(*command, "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["by_fold"][0]["models"][0]["run"] == json.loads(finished.read_text())
    assert found["records"] == found["images"] == len(kept(tmp_path))
    assert sorted(predicted_records(tmp_path)) == sorted(kept(tmp_path))
    runs = ended_nodes(tmp_path)
    for fold in found["by_fold"]:
        (model,) = fold["models"]
        assert runs[model["run"]["run_id"]] == NODES
        overall = read_evaluation(Path(model["run"]["evaluation"]) / EVALUATION_FILE).overall
        assert overall.records == fold["records"]
        scores = overall.scores()
        assert model["scores"] == pytest.approx({name: scores[name] for name in model["scores"]}, abs=1e-6)
    assert not list(tmp_path.rglob("serving"))


def kept(workspace: Path) -> set[str]:
    """Returns every record of any split of any fold."""
    examples = workspace / PIPELINE / "artifacts" / "FaceExampleGen" / "examples"
    files = examples.glob("*/Split-*/data_tfrecord-*.gz")
    return {from_example(record).key for file in files for record in read_all(file)}


def predicted_records(workspace: Path) -> list[str]:
    """Returns the records that the models predicted, once for each prediction."""
    files = (workspace / PIPELINE / "crossval").glob("*.parquet")
    return [key for file in files for key in read_predictions([file]).truths.key.tolist()]


def ended_nodes(workspace: Path) -> dict[str, set[str]]:
    """Returns the nodes that completed according to ML Metadata, by run."""
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(workspace / PIPELINE / "metadata.sqlite")
    connection.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
    store = mlmd.MetadataStore(connection)
    well = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
    types = {kind.id: kind.name.rpartition(".")[2] for kind in store.get_execution_types()}
    return {
        run.name: {
            types[execution.type_id]
            for execution in store.get_executions_by_context(run.id)
            if execution.last_known_state in well
        }
        for run in store.get_contexts_by_type("pipeline_run")
    }
