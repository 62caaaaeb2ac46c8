"""A waiver is shown with the run that it concerns, and with the version that it let through."""

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.metadata.details import details_of
from pipeline.metadata.origin import find_origin
from pipeline.metadata.reader import PipelineMetadata
from pipeline.output.console import Reporter
from pipeline.output.lineage import print_lineage
from pipeline.output.run_details import print_run
from pipeline.output.runs import gate_text
from tests.pipeline.recorded_runs import RecordedPipeline, evaluation_of
from visage.evaluation.gates.gate import Gate
from visage.evaluation.waivers import WAIVERS_FILE, Waiver, add_waiver, failed_limits

MISSED = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "failed", 6.0, unit="years")
OF_WOMEN = replace(MISSED, slice="gender female")
SHORTFALL = "the waiver of Ada [QA] does not cover age_mae_max of gender female (6.00 years, limit at most 5.00 years)"


def waiver_for(model: Path) -> Waiver:
    return Waiver(
        str(model), "Ada [QA]", "the old one errs more", date(2999, 1, 31), date(2026, 12, 1), failed_limits([MISSED])
    )


@pytest.fixture
def pipeline(tmp_path: Path) -> RecordedPipeline:
    """A run whose model is withheld and waived, the run that pushes the model, and one in which it fails more."""
    pipeline = RecordedPipeline(tmp_path / "faces")
    withheld = pipeline.run("withheld", blessed=0, evaluation=evaluation_of(MISSED))
    waiver = waiver_for(withheld.folder)
    add_waiver(pipeline.root / WAIVERS_FILE, waiver)
    pipeline.run("pushed", model=withheld, evaluation=evaluation_of(MISSED, waiver=waiver))
    fails_more = evaluation_of(MISSED, OF_WOMEN, waiver=waiver)
    pipeline.run("fails more", blessed=0, model=withheld, evaluation=fails_more)
    pipeline.run("other model", blessed=0, evaluation=evaluation_of(MISSED))
    return pipeline


def test_each_run_says_whether_a_waiver_concerns_its_model(pipeline: RecordedPipeline) -> None:
    metadata = PipelineMetadata(pipeline.root)
    gates = {run.run_id: gate_text(run, details_of(metadata, run).waiver) for run in metadata.runs}
    assert gates == {
        "withheld": "not blessed, waiver of Ada [QA]",
        "pushed": "waived by Ada [QA]",
        "fails more": "not blessed, waiver of Ada [QA]",
        "other model": "not blessed",
    }


def test_a_run_is_shown_with_its_waiver(pipeline: RecordedPipeline) -> None:
    metadata = PipelineMetadata(pipeline.root)
    details = details_of(metadata, metadata.run("fails more"))
    stream = io.StringIO()
    print_run(details, Reporter(stream))
    shown = stream.getvalue().splitlines()
    assert shown[1:5] == [
        "gate        not blessed, waiver of Ada [QA]",
        "waiver      by Ada [QA] on 2026-12-01, until 2999-01-31: the old one errs more",
        "covers      age_mae_max of overall (6.00 years, limit at most 5.00 years)",
        f"too little  {SHORTFALL}",
    ]
    found = json.loads(json.dumps(details.to_json(), default=str))["waiver"]
    assert (found["by"], found["until"], found["used"], found["shortfall"]) == (
        *("Ada [QA]", "2999-01-31", False),
        SHORTFALL,
    )
    (limit,) = found["limits"]
    assert (limit["name"], limit["slice"], limit["limit"], limit["measured"]) == ("age_mae_max", "overall", 5.0, 6.0)


def test_the_lineage_of_a_version_names_who_let_it_through(pipeline: RecordedPipeline) -> None:
    version = pipeline.runs[1].version
    assert version is not None
    origin = find_origin(PipelineMetadata(pipeline.root), version)
    assert origin.training.execution.run_id == "withheld"
    stream = io.StringIO()
    print_lineage(origin, Reporter(stream))
    assert "waiver      by Ada [QA] on 2026-12-01, until 2999-01-31: the old one errs more\n" in stream.getvalue()
    assert origin.to_json()["waiver"]["used"]


def test_a_waiver_that_has_ended_is_shown_where_it_was_used_alone(pipeline: RecordedPipeline) -> None:
    (pipeline.root / WAIVERS_FILE).unlink()
    metadata = PipelineMetadata(pipeline.root)
    found = {run.run_id: details_of(metadata, run).waiver for run in metadata.runs}
    assert found["withheld"] is None
    assert found["pushed"] is not None


def test_a_model_that_meets_every_limit_needs_no_waiver(tmp_path: Path) -> None:
    pipeline = RecordedPipeline(tmp_path / "faces")
    met = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "passed", 4.0)
    pipeline.run("blessed", evaluation=evaluation_of(met, waiver=waiver_for(tmp_path)))
    metadata = PipelineMetadata(pipeline.root)
    assert details_of(metadata, metadata.run(None)).waiver is None
