"""The notifications of a run: by `visage run` from its outcome, by a scheduler's task from its report."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.notifications.of_run import of_error, of_outcome, of_task
from pipeline.results import NodeEnd
from tests.pipeline.config.refusal import DEFAULT
from tests.pipeline.output.test_run_summary import MISSED, PASSED, PUSHED
from tests.pipeline.recorded_runs import RecordedPipeline, evaluation_of
from tests.pipeline.test_task_report import pushed_as, pusher, report
from visage.errors import VisageError


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedPipeline:
    """A run that pushed a version, and one that the gate withheld."""
    recorded = RecordedPipeline(tmp_path_factory.mktemp("workspace") / "faces")
    recorded.run("1", evaluation=evaluation_of(PASSED))
    recorded.run("2", evaluation=evaluation_of(MISSED, PASSED), blessed=0)
    return recorded


@pytest.fixture(scope="module")
def config(recorded: RecordedPipeline) -> PipelineConfig:
    return load_config(DEFAULT, ["name=faces", f"workspace={recorded.root.parent}"])


def told(config: PipelineConfig, recorded: RecordedPipeline, *ends: NodeEnd, run_id: str = "2") -> list[dict[str, Any]]:
    return [one.to_json() for one in of_task(config, report(recorded, *ends, run_id=run_id))]


def test_a_withheld_model_names_the_limits_the_card_and_what_stays_served(
    config: PipelineConfig, recorded: RecordedPipeline
) -> None:
    served = recorded.runs[0].version
    (one,) = told(config, recorded, pusher(pushed=0))
    assert one == {
        "text": f"faces: the model of run 2 is withheld, version {served} stays served: "
        "age_mae_max of overall is 14, must be at most 10",
        "event": "withheld",
        "pipeline": "faces",
        "run_id": "2",
        "version": served,
        "gates": ["age_mae_max of overall"],
        "card": str(recorded.root / "artifacts" / "ModelCard" / "model_card" / "run-2" / "model_card.html"),
    }


def test_a_model_that_a_person_holds_back_has_that_reason(config: PipelineConfig, recorded: RecordedPipeline) -> None:
    (one,) = told(config, recorded, pusher(pushed=0, held="held by Ada: audit"), run_id="1")
    assert one["event"] == "withheld"
    assert one["text"].endswith("stays served: held by Ada: audit")
    assert one["gates"] == []


def test_a_new_version_is_told_and_one_that_was_pushed_before_is_not(
    config: PipelineConfig, recorded: RecordedPipeline, tmp_path: Path
) -> None:
    new = pushed_as(tmp_path, 17)
    (one,) = told(config, recorded, pusher(**new), run_id="1")
    assert (one["event"], one["version"], one["text"]) == ("pushed", "17", "faces: run 1 pushed version 17")
    assert told(config, recorded, pusher(cached=True, **new), run_id="1") == []
    assert told(config, recorded, NodeEnd("Trainer"), run_id="1") == []


def test_a_failed_task_names_the_node_and_a_missing_card_hides_no_verdict(
    config: PipelineConfig, recorded: RecordedPipeline
) -> None:
    no_card = NodeEnd("ModelCard", error=VisageError("the disk\nis full"))
    withheld, failed = told(config, recorded, pusher(pushed=0), no_card)
    assert (withheld["event"], failed["event"]) == ("withheld", "failed")
    assert failed["text"].endswith("stays served: ModelCard failed: the disk is full")


def test_an_outcome_of_visage_run_is_told_alike(config: PipelineConfig) -> None:
    (pushed,) = of_outcome(config, PUSHED)
    assert (pushed.event, pushed.version, pushed.card) == ("pushed", "17", "/srv/card.html")
    assert of_outcome(config, replace(PUSHED, new_version=False)) == []
    (withheld,) = of_outcome(config, replace(PUSHED, pushed=False, new_version=False, gates=[MISSED]))
    assert (withheld.event, withheld.gates) == ("withheld", ["age_mae_max of overall"])
    rejected = replace(PUSHED, pushed=False, new_version=False, infra_validator="does not load")
    assert of_outcome(config, rejected)[0].text.endswith(": InfraValidator rejects it (does not load)")
    no_pusher = replace(PUSHED, pushed=False, new_version=False, failed={"Pusher": "full"})
    assert [one.event for one in of_outcome(config, no_pusher)] == ["failed"]


def test_a_run_that_an_error_stopped_has_its_line(tmp_path: Path) -> None:
    config = load_config(DEFAULT, ["name=faces", f"workspace={tmp_path}"])
    (one,) = of_error(config, "1", VisageError("Trainer: the loss is not finite (log: /x)"))
    assert one.text == "faces: run 1 failed, no version is served: Trainer: the loss is not finite (log: /x)"
    assert (one.event, one.version) == ("failed", None)
