"""What is known of a run outlives the versions of VisAge that wrote its files."""

from pathlib import Path

import pytest

from pipeline.metadata.details import details_of, evaluation_of
from pipeline.metadata.reader import PipelineMetadata
from tests.pipeline.recorded_runs import RecordedPipeline
from tests.pipeline.recorded_runs import evaluation_of as evaluation_with
from visage.evaluation.evaluation import EVALUATION_FILE
from visage.evaluation.gates.gate import Gate

MET = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "passed", 4.0)


@pytest.mark.parametrize("content", [b'{"blessed": true}', b"", None])
def test_a_run_whose_evaluation_cannot_be_read_is_still_known(tmp_path: Path, content: bytes | None) -> None:
    pipeline = RecordedPipeline(tmp_path / "faces")
    pipeline.run("old", evaluation=evaluation_with(MET))
    metadata = PipelineMetadata(pipeline.root)
    run = metadata.run("old")
    written = run.output("Evaluator", "evaluation")
    assert written is not None
    file = written.uri / EVALUATION_FILE
    assert evaluation_of(run) is not None
    file.unlink() if content is None else file.write_bytes(content)

    details = details_of(metadata, run)

    assert evaluation_of(run) is None
    assert (details.run.blessed, details.run.version) == (True, pipeline.runs[0].version)
    # As its model card has them.
    assert details.metrics["age_mae"] == 4.5
