"""The report of a task: gates and metrics of its run, and a version only where this run's execution made it."""

import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tfx.proto.orchestration import pipeline_pb2

from pipeline.cli.task_summary import print_task
from pipeline.output.console import Reporter
from pipeline.results import NodeEnd, NodeResult, Output
from pipeline.task_report import TaskReport, report_task
from tests.pipeline.recorded_runs import RecordedPipeline, evaluation_of
from visage.errors import VisageError
from visage.evaluation.gates.gate import Gate

GATES = [
    Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "passed", 4.0, unit="years"),
    Gate("age_mae_max", "age_mae", "gender female", 5.0, "harm", "not gated", 9.0, unit="years"),
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedPipeline:
    recorded = RecordedPipeline(tmp_path_factory.mktemp("workspace") / "faces")
    recorded.run("1", evaluation=evaluation_of(*GATES))
    return recorded


def pusher(cached: bool = False, **properties: Any) -> NodeEnd:
    pushed = {"pushed_model": (Output("/pushed", properties),)}
    return NodeEnd("Pusher", 1.234, NodeResult("Pusher", cached, pushed))


@pytest.fixture
def new(tmp_path: Path) -> dict[str, Any]:
    """The properties of a version that was newly pushed and is served."""
    return pushed_as(tmp_path, 17)


def pushed_as(base: Path, number: int) -> dict[str, Any]:
    folder = base / "serving" / str(number)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return {"pushed": 1, "newly_pushed": 1, "pushed_version": str(number), "pushed_destination": str(folder)}


def report(recorded: RecordedPipeline, *ends: NodeEnd, run_id: str = "1") -> TaskReport:
    ir = pipeline_pb2.Pipeline()
    ir.pipeline_info.id = "faces"
    root = ir.runtime_spec.pipeline_root.runtime_parameter.default_value
    root.string_value = str(recorded.root / "artifacts")
    return report_task(ir, run_id, ends)


def test_a_version_that_was_newly_pushed_has_metrics_and_card(recorded: RecordedPipeline, new: dict[str, Any]) -> None:
    done = report(recorded, pusher(**new))
    values = done.to_json()
    card = recorded.root / "artifacts" / "ModelCard" / "model_card" / "run-1" / "model_card.html"
    assert values["pushed"] == {
        "version": "17",
        "uri": new["pushed_destination"],
        "metrics": values["metrics"],
        "card": str(card),
    }
    assert values["metrics"]["age_mae"] == pytest.approx(1.0)
    assert values["nodes"][0]["state"] == "ran"
    assert values["nodes"][0]["seconds"] == 1.23
    first, second = values["gates"]
    assert (first["name"], first["limit"], first["value"], first["evidence"], first["ok"]) == (
        *("age_mae_max", 5.0, 4.0, "point"),
        True,
    )
    assert (second["of"], second["verdict"], second["ok"]) == ("gender female", "not gated", True)
    assert (done.withheld, done.exit_code()) == (None, 0)


AN_EARLIER_ONE: dict[str, Any] = {
    "pushed": 1,
    "newly_pushed": 1,
    "pushed_version": "17",
    "pushed_destination": "/serving/17",
}


@pytest.mark.parametrize(
    ("end", "withheld", "code"),
    [
        (pusher(cached=True, **AN_EARLIER_ONE), None, 0),
        (pusher(**{**AN_EARLIER_ONE, "newly_pushed": 0}), None, 0),
        (pusher(pushed=0), "not blessed", 3),
        (pusher(pushed=0, held="audit"), "held", 4),
        (NodeEnd("Pusher", error=VisageError("full")), None, 1),
        (NodeEnd("Pusher"), None, 0),
    ],
)
def test_nothing_else_counts_as_newly_pushed(
    recorded: RecordedPipeline, end: NodeEnd, withheld: str | None, code: int
) -> None:
    done = report(recorded, end)
    assert done.to_json()["pushed"] is None
    assert (done.withheld, done.exit_code()) == (withheld, code)


def test_the_decision_of_the_gate_takes_precedence_over_a_missing_card(
    recorded: RecordedPipeline, new: dict[str, Any]
) -> None:
    no_card = NodeEnd("ModelCard", error=VisageError("full"))
    assert report(recorded, pusher(pushed=0), no_card).exit_code() == 3
    done = report(recorded, pusher(**new), no_card)
    assert done.exit_code() == 1
    # It is pushed all the same, and the scheduler must hear of it.
    assert done.to_json()["pushed"]["version"] == "17"
    assert done.exit_code(last_try=True) == 0
    assert report(recorded, no_card).exit_code(last_try=True) == 1
    assert report(recorded, NodeEnd("Pusher", error=VisageError("full"))).exit_code(last_try=True) == 1


def test_a_version_that_is_not_served_any_more_is_not_reported_again(
    recorded: RecordedPipeline, new: dict[str, Any], tmp_path: Path
) -> None:
    pushed_as(tmp_path, 18)
    assert report(recorded, pusher(**new)).to_json()["pushed"] is None
    later, rolled_back = tmp_path / "serving" / "18", Path(new["pushed_destination"])
    shutil.rmtree(later)
    assert report(recorded, pusher(**new)).to_json()["pushed"] is not None
    shutil.rmtree(rolled_back)
    assert report(recorded, pusher(**new)).to_json()["pushed"] is None


def test_a_run_without_records_has_no_gates(recorded: RecordedPipeline) -> None:
    values = report(recorded, NodeEnd("FaceExampleGen"), run_id="2").to_json()
    assert values["gates"] is values["metrics"] is values["card"] is values["pushed"] is None


def printed(done: TaskReport) -> Sequence[str]:
    shown = io.StringIO()
    print_task(done, Reporter(shown))
    return shown.getvalue().splitlines()


def test_the_log_has_the_gates_after_evaluator_and_pusher_and_the_card_after_pusher(
    recorded: RecordedPipeline, new: dict[str, Any]
) -> None:
    evaluator = NodeEnd("Evaluator", result=NodeResult("Evaluator", False, {}))
    of_evaluator, of_pusher = printed(report(recorded, evaluator)), printed(report(recorded, pusher(**new)))
    assert of_evaluator[1].split()[:3] == ["age_mae_max", "overall", "4.000"]
    assert of_pusher == [*of_evaluator, f"model card  {report(recorded).card}"]
    assert printed(report(recorded, NodeEnd("Trainer", result=NodeResult("Trainer", False, {})))) == []
